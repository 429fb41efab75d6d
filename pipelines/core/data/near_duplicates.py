"""Finds near-duplicates among many pictures: a perceptual hash, the coarse colours, and a search over all pairs.

The picture is cut to what is not its background, so that padding makes no difference. The hash holds the 256 lowest
frequencies of its grey: of the cosine transform of 64 x 64 grey pixels the 16 x 16 lowest coefficients without the
mean, one bit each. Two renderings of one drawing differ in a few bits, two drawings in half of those that are set. A
recolouring has nearly the same hash, so the colours of an 8 x 8 thumbnail must agree as well.

Source of the hash: C. Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010, section 3.2;
there with 64 bits, too few to tell emoji apart, and with the median for a threshold, which for symmetrical drawings,
where half of the coefficients are zero but for noise, makes half of the bits noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.core.imaging.arrays import F32, U8, Mask
from pipelines.core.imaging.framing import resized

BITS = 256
_SIDE = 64  # px of the grey picture that is transformed
_THRESHOLD = 32.0  # of a coefficient of the orthonormal transform of 64 x 64 grey levels: well above noise of JPEG
_ROUGH_SIDE, _FINE_SIDE = 128, 256  # px, the longer side at which the figure is found, roughly and exactly
_BACKGROUND_TOLERANCE = 64  # levels by which a background's channel may differ from the border's median: JPEG rings
_THUMBNAIL = 8  # px of the side of the coarse colours
_BLOCK = 512  # pictures that are compared with all others at once


@dataclass(frozen=True, slots=True)
class PictureHash:
    """What of a picture is compared: 32 bytes of hash and 192 bytes of coarse RGB."""

    bits: bytes
    colours: bytes


def picture_hash(rgb: U8) -> PictureHash:
    """The hash of a picture, `rgb` uint8 (H, W, 3), over white where it is transparent."""
    square = _figure_square(rgb)
    grey = cv2.cvtColor(square, cv2.COLOR_RGB2GRAY).astype(np.float32)
    bits = cv2.dct(grey)[:16, :16].ravel() > _THRESHOLD
    bits[0] = False  # the mean
    return PictureHash(np.packbits(bits).tobytes(), resized(square, (_THUMBNAIL, _THUMBNAIL)).tobytes())


def find_duplicates(hashes: Sequence[PictureHash], *, max_bits: int, max_levels: float) -> dict[int, int]:
    """Which pictures repeat an earlier one: its index -> the index of the earlier one, which stays.

    Two pictures are alike where at most `max_bits` of the 256 bits differ and their coarse colours differ by
    `max_levels` on average. The first of several stays, so put the best first. Takes time in proportion to the
    pictures times those that stay, a few seconds for 10,000, and memory in proportion to the pictures, 0.3 KB each.
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
        bits, colours = b"".join(item.bits for item in hashes), b"".join(item.colours for item in hashes)
        self._bits = np.frombuffer(bits, np.uint8).reshape(-1, BITS // 8)
        self._colours = np.frombuffer(colours, np.uint8).reshape(-1, 3 * _THUMBNAIL**2)
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
        distances = (BITS - _signs(self._bits[rows]) @ _signs(self._bits[others]).T) / 2  # whole numbers, exact
        alike: Mask = distances <= self._max_bits
        for place in np.flatnonzero(alike.any(axis=1)):
            near = np.flatnonzero(alike[place])
            colours = self._colours[[others[index] for index in near]].astype(np.int16)
            alike[place, near] = np.abs(colours - self._colours[rows[place]]).mean(axis=1) <= self._max_levels
        return alike


def _signs(packed: U8) -> F32:
    """Bits as -1 and 1, (n, 256): their products count agreeing bits less differing ones."""
    return np.unpackbits(packed, axis=1).astype(np.float32) * 2 - 1


def _figure_square(rgb: U8) -> U8:
    """The figure stretched to (_SIDE, _SIDE, 3): cut out roughly, then to a part of a pixel at one scale for all.

    A pixel more or less on one side would turn a dozen bits; so the edges are where, in a copy that is always equally
    large, the difference from the background passes the tolerance between two pixels.
    """
    close = _scaled(_rough_crop(rgb), _FINE_SIDE)
    distance = _background_distance(cv2.blur(close, (5, 5)))
    (left, right), (top, bottom) = _edges(distance.max(axis=0)), _edges(distance.max(axis=1))
    across, down = (right - left) / _SIDE, (bottom - top) / _SIDE
    smooth = cv2.blur(close, (max(1, round(across)), max(1, round(down))))
    to_close = np.array([[across, 0, left + (across - 1) / 2], [0, down, top + (down - 1) / 2]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    square = cv2.warpAffine(smooth, to_close, (_SIDE, _SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(square, np.uint8)


def _rough_crop(rgb: U8) -> U8:
    """The figure and a tenth of its longer side of background around it; the whole picture where there is none."""
    small = cv2.blur(_scaled(rgb, _ROUGH_SIDE), (3, 3))
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


def _background(image: ArrayLike) -> NDArray[np.int16]:
    """The colour of the background: the median of the border."""
    rgb = np.asarray(image)
    border = np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]])
    return np.asarray(np.rint(np.median(border, axis=0)), np.int16)


def _background_distance(image: ArrayLike) -> NDArray[np.int16]:
    """How far each pixel is from the background, the greatest of its channels, int16 (H, W)."""
    difference: NDArray[np.int16] = np.abs(np.asarray(image) - _background(image)).max(axis=2)
    return difference


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
