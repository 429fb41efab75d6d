"""Finds near-duplicates among many pictures: a perceptual hash, the coarse colours, and a search over all pairs.

The picture is cut to what is not its background, so that padding makes no difference. The hash holds the 256 lowest
frequencies of its grey: of the cosine transform of 64 x 64 grey pixels the 16 x 16 lowest coefficients without the
mean, one bit each. Two renderings of one drawing differ in a few bits, two drawings in half of those that are set. A
recolouring has nearly the same hash, so the colours of an 8 x 8 thumbnail must agree as well. Mirrored copies are found
by the hash of the mirror image, which is had without another transform: there every odd column of coefficients has the
other sign.

Source of the hash: C. Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010, section 3.2;
there with 64 bits, too few to tell emoji apart, and with the median for a threshold, which for symmetrical drawings,
where half of the coefficients are zero but for noise, makes half of the bits noise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import F32, U8, Mask
from pipelines.core.imaging.framing import resized

BITS = 256
_SIDE = 64  # px of the grey picture that is transformed
_THRESHOLD = 32.0  # of a coefficient of the orthonormal transform of 64 x 64 grey levels: well above noise of JPEG
_ROUGH_SIDE, _FINE_SIDE = 128, 256  # px, the longer side at which the figure is found, roughly and exactly
_BACKGROUND_TOLERANCE = 64  # levels by which a background's channel may differ from the border's median: JPEG rings
_THUMBNAIL = 8  # px of the side of the coarse colours
_BYTES = {"bits": BITS // 8, "mirrored": BITS // 8, "colours": 3 * _THUMBNAIL**2}
_BLOCK = 512  # pictures that are compared with all others at once


@dataclass(frozen=True, slots=True)
class PictureHash:
    """What of a picture is compared: 32 bytes of hash, as many of its mirror image's, and 192 bytes of coarse RGB."""

    bits: bytes
    mirrored: bytes
    colours: bytes

    def as_json(self) -> dict[str, str]:
        """The hash as texts of hexadecimal digits."""
        return {name: getattr(self, name).hex() for name in _BYTES}


def hash_from_json(values: Mapping[str, str]) -> PictureHash:
    """The hash that `as_json` gave; raises KeyError, TypeError and ValueError for anything else."""
    fields = {name: bytes.fromhex(values[name]) for name in _BYTES}
    if any(len(fields[name]) != length for name, length in _BYTES.items()):
        raise ValueError("it is no hash of a picture")
    return PictureHash(**fields)


def picture_hash(rgb: U8) -> PictureHash:
    """The hash of a picture, `rgb` uint8 (H, W, 3), over white where it is transparent."""
    square = _figure_square(rgb)
    grey = cv2.cvtColor(square, cv2.COLOR_RGB2GRAY).astype(np.float32)
    lowest = cv2.dct(grey)[:16, :16]
    lowest[0, 0] = 0  # the mean
    mirrored = lowest * np.where(np.arange(16) % 2, -1, 1)
    bits, mirrored_bits = (np.packbits(values.ravel() > _THRESHOLD).tobytes() for values in (lowest, mirrored))
    return PictureHash(bits, mirrored_bits, resized(square, (_THUMBNAIL, _THUMBNAIL)).tobytes())


def find_duplicates(hashes: Sequence[PictureHash], *, max_bits: int, max_levels: float) -> dict[int, int]:
    """Which pictures repeat an earlier one: its index -> the index of the earlier one, which stays.

    Two pictures are alike where at most `max_bits` of the 256 bits differ and their coarse colours differ by
    `max_levels` on average, as they are or one of them mirrored. The first of several stays, so put the best first.
    Takes time in proportion to the pictures times those that stay, a few seconds for 10,000, and memory in proportion
    to the pictures, 0.3 KB each.
    """
    search = _HashSearch(hashes, max_bits, max_levels)
    originals: dict[int, int] = {}
    kept: list[int] = []
    for start in range(0, len(hashes), _BLOCK):
        block = list(range(start, min(start + _BLOCK, len(hashes))))
        originals |= search.first_alike(block, kept)
        within = search.alike(block, block)
        for place, index in enumerate(block):
            if index in originals:
                continue
            alike = (block[other] for other in np.flatnonzero(within[place, :place]))
            original = next((other for other in alike if other not in originals), None)
            if original is None:
                kept.append(index)
            else:
                originals[index] = original
    return originals


class _HashSearch:
    """Compares hashes in blocks."""

    def __init__(self, hashes: Sequence[PictureHash], max_bits: int, max_levels: float) -> None:
        self._plain, self._mirrored = code_tables(hashes)
        self._max_bits, self._max_levels = max_bits, max_levels

    def first_alike(self, rows: list[int], others: list[int]) -> dict[int, int]:
        """For each of `rows` that is like one of `others`: the first of those."""
        first: dict[int, int] = {}
        for start in range(0, len(others), _BLOCK):
            part = others[start : start + _BLOCK]
            alike = self.alike(rows, part)
            for place in np.flatnonzero(alike.any(axis=1)):
                first.setdefault(rows[place], part[int(alike[place].argmax())])
        return first

    def alike(self, rows: list[int], others: list[int]) -> Mask:
        """Which are alike, bool (rows, others)."""
        signs = _signs(self._plain.bits[others]).T
        either: Mask = self._compare(self._plain, rows, others, signs)
        either |= self._compare(self._mirrored, rows, others, signs)
        return either

    def _compare(self, table: "CodeTable", rows: list[int], others: list[int], signs: F32) -> Mask:
        """Which of `rows`, as they stand in the table, are like `others` as they are."""
        distances = (BITS - _signs(table.bits[rows]) @ signs) / 2  # whole numbers, exact
        alike: Mask = distances <= self._max_bits
        for place in np.flatnonzero(alike.any(axis=1)):
            near = np.flatnonzero(alike[place])
            colours = self._plain.colours[[others[index] for index in near]].astype(np.int16)
            alike[place, near] = np.abs(colours - table.colours[rows[place]]).mean(axis=1) <= self._max_levels
        return alike


class CodeTable(NamedTuple):
    """Hashes of many pictures as arrays."""

    bits: U8  # (n, 32)
    colours: U8  # (n, 192)


def code_tables(hashes: Sequence[PictureHash]) -> tuple[CodeTable, CodeTable]:
    """The hashes of pictures as they are, and of their mirror images."""
    bits, mirrored, colours = (
        np.frombuffer(b"".join(getattr(item, name) for item in hashes), np.uint8).reshape(-1, length)
        for name, length in _BYTES.items()
    )
    flipped = colours.reshape(-1, _THUMBNAIL, _THUMBNAIL, 3)[:, :, ::-1].reshape(colours.shape)
    return CodeTable(bits, colours), CodeTable(mirrored, flipped)


def _signs(packed: U8) -> F32:
    """Bits as -1 and 1, (n, 256): their products count agreeing bits less differing ones."""
    return np.unpackbits(packed, axis=1).astype(np.float32) * 2 - 1


def _figure_square(rgb: U8) -> U8:
    """The figure stretched to (_SIDE, _SIDE, 3): cut out roughly, then to a part of a pixel at one scale for all.

    A pixel more or less on one side would turn a dozen bits; so the edges are where, in a copy that is always equally
    large, the difference from the background passes the tolerance between two pixels.
    """
    close = _scaled(_rough_crop(rgb), _FINE_SIDE)
    distance = _background_distance(np.asarray(cv2.blur(close, (5, 5)), np.uint8))
    (left, right), (top, bottom) = _edges(distance.max(axis=0)), _edges(distance.max(axis=1))
    across, down = (right - left) / _SIDE, (bottom - top) / _SIDE
    columns, rows = max(1, round(across)), max(1, round(down))
    smooth = cv2.blur(close, (columns, rows))
    x, y = (-0.5 if length % 2 else 0.0 for length in (columns, rows))  # a box of even length lies half a pixel before
    to_close = np.array([[across, 0, left + across / 2 + x], [0, down, top + down / 2 + y]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    square = cv2.warpAffine(smooth, to_close, (_SIDE, _SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(square, np.uint8)


def _rough_crop(rgb: U8) -> U8:
    """The figure and a tenth of its longer side of background around it; the whole picture where there is none."""
    small = np.asarray(cv2.blur(_scaled(rgb, _ROUGH_SIDE), (3, 3)), np.uint8)
    figure = _background_distance(small) > _BACKGROUND_TOLERANCE
    if not figure.any():
        return rgb
    left, top, width, height = cv2.boundingRect(figure.astype(np.uint8))
    down, across = rgb.shape[0] / small.shape[0], rgb.shape[1] / small.shape[1]
    space = max(width * across, height * down) / 10
    rows = round(top * down - space), round((top + height) * down + space)
    columns = round(left * across - space), round((left + width) * across + space)
    inside = rgb[max(rows[0], 0) : rows[1], max(columns[0], 0) : columns[1]]
    beyond = (-rows[0], rows[1] - rgb.shape[0], -columns[0], columns[1] - rgb.shape[1])
    top, bottom, left, right = (max(missing, 0) for missing in beyond)
    colour = tuple(float(value) for value in _background(small))
    return np.asarray(cv2.copyMakeBorder(inside, top, bottom, left, right, cv2.BORDER_CONSTANT, value=colour), np.uint8)


def _scaled(rgb: U8, side: int) -> U8:
    """The picture with a longer side of `side` px, shrunk or enlarged."""
    scale = side / max(rgb.shape[:2])
    return resized(rgb, (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))))


def _background(rgb: U8) -> NDArray[np.int16]:
    """The colour of the background: the median of the border."""
    border = np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]])
    return np.asarray(np.rint(np.median(border, axis=0)), np.int16)


def _background_distance(image: U8) -> NDArray[np.int16]:
    """How far each pixel is from the background, the greatest of its channels, int16 (H, W)."""
    levels = _background(image)
    red, green, blue = (np.abs(image[..., channel] - levels[channel]) for channel in range(3))
    return np.asarray(np.maximum(np.maximum(red, green), blue), np.int16)


def _edges(profile: NDArray[np.int16]) -> tuple[float, float]:
    """Where a profile first and last passes the tolerance, between pixels; the whole of it where it does not."""
    beyond = np.flatnonzero(profile > _BACKGROUND_TOLERANCE)
    if not len(beyond):
        return 0.0, float(len(profile))
    first, last, values = int(beyond[0]), int(beyond[-1]), profile.astype(float)
    start, end = first - 0.5, last + 0.5
    if first > 0:
        start = first - (values[first] - _BACKGROUND_TOLERANCE) / (values[first] - values[first - 1])
    if last < len(values) - 1:
        end = last + (values[last] - _BACKGROUND_TOLERANCE) / (values[last] - values[last + 1])
    return start + 0.5, end + 0.5
