"""Finds near-duplicates among many pictures: a perceptual hash, the coarse colours, and a search over all pairs.

The hash holds the 256 lowest frequencies of the picture's grey: the cosine transform of 64 x 64 grey pixels, its
16 x 16 lowest coefficients without the mean, one bit each for above or below their median. Two renderings of one
drawing differ in a few bits, two drawings in about half. Recolourings have nearly the same hash, so the colours of an
8 x 8 thumbnail must agree as well. Source of the hash: C. Zauner, "Implementation and benchmarking of perceptual image
hash functions", 2010, section 3.2 (there with 64 bits, too few to tell emoji apart).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.framing import resized

BITS = 256
_SIDE = 64  # px of the grey picture that is transformed
_THUMBNAIL = 8  # px of the side of the coarse colours
_BLOCK = 512  # pictures that are compared with all others at once


@dataclass(frozen=True, slots=True)
class Print:
    """What of a picture is compared: 32 bytes of hash and 192 bytes of coarse RGB."""

    bits: bytes
    colours: bytes


def print_of(rgb: NDArray[np.uint8]) -> Print:
    """The print of `rgb` uint8 (H, W, 3), laid over white and cut to its figure before, stretched to a square."""
    square = resized(rgb, (_SIDE, _SIDE))
    grey = cv2.cvtColor(square, cv2.COLOR_RGB2GRAY).astype(np.float32)
    lowest = cv2.dct(grey)[:16, :16].ravel()
    bits = np.rint(lowest * 8) > np.rint(np.median(lowest[1:]) * 8)  # eighths: noise of the last digits turns no bit
    bits[0] = False  # the mean
    return Print(np.packbits(bits).tobytes(), resized(square, (_THUMBNAIL, _THUMBNAIL)).tobytes())


def duplicates(prints: Sequence[Print], *, most_bits: int, most_levels: float) -> dict[int, int]:
    """Which pictures repeat an earlier one: its index -> the index of the earlier one that stays.

    Two pictures are alike where at most `most_bits` of the 256 bits differ and their coarse colours differ by
    `most_levels` on average. The first of several stays, so put the best first. Takes time in proportion to the
    square of the number of pictures, a second for 10,000, and 230 bytes of memory for each.
    """
    found: dict[int, int] = {}
    for later, earlier in _alike(prints, most_bits, most_levels):
        if later not in found and earlier not in found:
            found[later] = earlier
    return found


def _alike(prints: Sequence[Print], most_bits: int, most_levels: float) -> Iterator[tuple[int, int]]:
    """Pairs (later, earlier) that are alike, in ascending order."""
    if not prints:
        return
    packed = np.frombuffer(b"".join(item.bits for item in prints), np.uint8).reshape(len(prints), -1)
    colours = np.frombuffer(b"".join(item.colours for item in prints), np.uint8).reshape(len(prints), -1)
    for start in range(0, len(prints), _BLOCK):
        rows = _signs(packed[start : start + _BLOCK])
        pairs: list[tuple[int, int]] = []
        for other in range(0, start + len(rows), _BLOCK):
            distances = (BITS - rows @ _signs(packed[other : other + _BLOCK]).T) / 2  # bits: whole numbers, exact
            later, earlier = np.nonzero(distances <= most_bits)
            pairs += zip((later + start).tolist(), (earlier + other).tolist(), strict=True)
        for later_one, earlier_one in sorted(pairs):
            if earlier_one < later_one and _mean_difference(colours, later_one, earlier_one) <= most_levels:
                yield later_one, earlier_one


def _signs(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Bits as -1 and 1, (n, 256): their products count agreeing bits less differing ones."""
    return np.unpackbits(packed, axis=1).astype(np.float32) * 2 - 1


def _mean_difference(colours: NDArray[np.uint8], first: int, second: int) -> float:
    return float(np.abs(colours[first].astype(np.int16) - colours[second]).mean())
