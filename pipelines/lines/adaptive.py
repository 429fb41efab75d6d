"""Finds the ink of a coloured drawing by the colour its lines have and by how narrow they are.

The idea is Fakemon's (grey levels, a histogram, a threshold from the mean intensity and a tolerance that adapts to how
densely the character is drawn); every part of it is measured along lines here instead of over the whole picture:

1. Lines are dark valleys: a morphological closing of width w fills whatever is dark and narrower than w. Closings of
   growing widths sort the valleys by stroke width; each pixel on a valley's floor counts depth / w, so that a line
   weighs by its length and contrast, not by its area.
2. The ink's colour is the commonest colour among those pixels (a histogram over RGB, then medians around its peak). The
   tolerance is a fixed part plus twice the median deviation of the same pixels: tight for vector art, wide for a
   scanned pencil. A dark fill is not narrow, so it does not count, however much of the picture it covers.
3. e = max over R, G, B of (picture - ink colour), 0 where negative, says how much more than ink a pixel reflects; the
   closing c of e is what lies under the ink. A pixel covered to the share a by ink over a ground c has e = (1 - a) c:
   the drawn line is 1 - e / c, soft edges included, and more than half covered is ink.
4. Only what is near the ink colour counts, and the narrower it is, the less near it must be: thin lines are blended
   with what surrounds them, wide strokes are not. This keeps dark fills out, however small.
5. Areas in the ink's own colour are the designer's solid blacks, hair or hats, and ink in their line art too; the
   widest that were measured hold a disc of radius 0.18 sides. A wider one, and a dark background, is a fill, of which
   an outline as thick as the strokes is kept.
6. Chalk on a board and white on black are turned into their negative first, dots of one-bit pages into tones.
7. Where no single colour explains the lines (pixel art with an outline in a darker shade of each fill), every thin
   valley is a line.
"""

import math
from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import F64, U8
from pipelines.core.settings import check_number
from pipelines.lines._fills import without_fills
from pipelines.lines._strokes import (
    at_least,
    at_most,
    closing,
    darkest_within,
    depth_below,
    every_nth,
    excess_over,
    ground_under,
    has_wide_part,
    inner_parts,
    ladder,
    odd,
    opening,
    places_in,
    share_of,
    side_of,
    square,
    tone,
)
from pipelines.segmentation.pages import dark_on_light, without_dots

_LARGEST = 2048  # px: ground and nearness are worked out on a smaller copy of what is larger, coverage is not
_SAMPLED = 320  # px: the colour of the ink is measured on every n-th pixel of what is larger
_SAMPLES = 1024  # pixels, of each width, that are enough to tell the ink's colour
_CORES = ((5, 9, 17, 31), (0.5, 0.4, 0.25, 0.15))  # stroke width in px -> e / c below which a pixel is certainly ink
_NEAR = 24  # grey levels within which pixels count as of one colour
_SURE = 16  # grey levels of spread above which ink is looked for once more, at the lowest places alone
_SHADOWS = 4  # colours of shadows that may be commoner than ink
_LOWEST = 0.8  # of the depth of the darkest nearby: JPEG and blending leave a line above it, a shadow lies below
_VARIED = 28  # grey levels of spread above which a picture has no single ink colour
_BORDER_SHARE = 0.25  # of the picture's border: a solid area along more of it is background


@dataclass(frozen=True)
class Params:
    """Settings of the adaptive line extractor; one default serves every kind of picture that was measured."""

    window: Annotated[float, "widest stroke looked for, as a share of the picture's side"] = 0.06
    tolerance: Annotated[int, "grey levels by which ink may differ from its colour; the measured spread is added"] = 10
    contrast: Annotated[int, "grey levels by which a line is at least darker than what it lies on"] = 16
    solid: Annotated[
        float, "radius (share of the picture's side) up to which an area in ink colour stays solid ink"
    ] = 0.2
    soft: Annotated[bool, "keep the soft edges of lines; off: every pixel is ink or paper"] = True

    def __post_init__(self) -> None:
        check_number("window", self.window, 0.001, 0.5)
        check_number("tolerance", self.tolerance, 0, 128)
        check_number("contrast", self.contrast, 1, 255)
        check_number("solid", self.solid, 0.0, 1.0)


@dataclass(frozen=True)
class Ink:
    """What is known of a picture's ink: its colour (R, G, B) and how far its pixels typically stray from it."""

    colour: tuple[int, int, int]
    spread: int  # grey levels, median over the length of all lines


def extract(image: U8, params: Params, rng: np.random.Generator) -> U8:
    """Return the line drawing of a picture, uint8 (H, W), 0 = ink, 255 = paper; `rng` is not used.

    `image` is uint8 RGB (H, W, 3). A picture without lines gives blank paper.
    """
    image = without_dots(dark_on_light(image))
    ink = measure_ink(image, params)
    if ink is None:
        return np.full(image.shape[:2], 255, np.uint8)
    excess = excess_over(image, ink.colour)
    ground, near = _ground_and_ink(excess, ink, params)
    lines = _paper_share(excess, ground, params)
    lines |= ~near
    if ink.spread > _VARIED:
        lines = np.minimum(lines, _thin_valleys(image, params))
    lines = _with_solid_areas(lines, excess, ink, params)
    widest, own_level = params.window * side_of(image), _own_level(ink, params)
    lines = without_fills(lines, image, excess, level=params.tolerance, own_level=own_level, widest_stroke=widest)
    return lines if params.soft else np.where(lines < 128, np.uint8(0), np.uint8(255))


def measure_ink(image: U8, params: Params) -> Ink | None:
    """Measure the colour of the lines of a picture, uint8 RGB (H, W, 3), or None where there are none."""
    colours, weights, shares = _valley_floors(every_nth(image, math.ceil(side_of(image) / _SAMPLED)), params)
    if not len(weights):
        return None
    lowest = shares >= _LOWEST
    left = np.ones(len(weights), bool)
    ink = first = _ink_among(colours, weights)
    for _ in range(_SHADOWS):
        near = left & (_distance(colours, np.array(ink.colour)) <= _NEAR)
        if weights[near & ~lowest].sum() <= weights[near & lowest].sum():
            break
        left = left & ~near  # a colour that mostly has darker beside it is that of shadows, wherever it lies
        if not (left & lowest).any():
            return first
        ink = _ink_among(colours[:, left & lowest], weights[left & lowest])
    if ink.spread <= _SURE:
        return ink
    at_lowest = _ink_among(colours[:, left & lowest], weights[left & lowest])
    return at_lowest if at_lowest.spread < ink.spread else ink


def _ink_among(colours: NDArray[np.int32], weights: F64) -> Ink:
    """The commonest of weighted colours (3, n), and how far all of them typically stray from it."""
    colour = _commonest(colours, weights)
    near = _distance(colours, colour) <= _NEAR
    colour = np.array([_weighted_median(channel[near], weights[near]) for channel in colours])
    spread = _weighted_median(_distance(colours, colour), weights)
    red, green, blue = (int(level) for level in colour)
    return Ink((red, green, blue), spread)


def _valley_floors(image: U8, params: Params) -> tuple[NDArray[np.int32], F64, F64]:
    """Colours (3, n) of the darkest pixels of all valleys, weights depth / width, and how far down they lie.

    The last is the depth as a share of that of the darkest pixel nearby: 1 on a line, less in a shadow beside a line.
    """
    grey = tone(image)
    widths = ladder(odd(max(9, params.window * side_of(grey))))
    depths = [depth_below(ground_under(grey, width), grey) for width in widths]
    least = max(params.contrast, 0.2 * float(depths[-1].max()), 0.1 * float(np.ptp(grey)))
    left = at_most(depth_below(grey, darkest_within(grey, 3)), 0)  # the lowest of their neighbours
    deepest = _deepest_within(depths[-1], widths[-1])
    colours, weights, shares = [], [], []
    for width, depth in zip(widths, depths, strict=True):
        floor = left & at_least(depth, least)
        places = places_in(floor)
        step = max(1, len(places) // _SAMPLES)
        columns, rows = places[::step].T
        colours.append(image[rows, columns])
        weights.append(depth[rows, columns] * (step / width))
        shares.append(depths[-1][rows, columns] / np.maximum(deepest[rows, columns], 1.0))
        left &= ~floor
    return np.concatenate(colours).T.astype(np.int32, order="C"), np.concatenate(weights), np.concatenate(shares)


def _deepest_within(depth: U8, width: int) -> U8:
    """Largest depth within the square of `width` pixels around every pixel."""
    return np.asarray(cv2.dilate(depth, square(width)), np.uint8)


def _commonest(colours: NDArray[np.int32], weights: F64) -> NDArray[np.int32]:
    """Middle of the fullest 48-level cube of a weighted RGB histogram with 16 bins a channel."""
    red, green, blue = colours >> 4
    flat = np.bincount((red << 8) | (green << 4) | blue, weights, 4096)
    full = np.zeros((18, 18, 18))
    full[1:-1, 1:-1, 1:-1] = flat.reshape(16, 16, 16)
    full = full[1:-1] + full[:-2] + full[2:]
    full = full[:, 1:-1] + full[:, :-2] + full[:, 2:]
    full = full[:, :, 1:-1] + full[:, :, :-2] + full[:, :, 2:]
    peak = np.unravel_index(np.argmax(full), full.shape)
    return np.array(peak, np.int32) * 16 + 8


def _distance(colours: NDArray[np.int32], colour: NDArray[np.int32]) -> NDArray[np.int32]:
    """Largest difference over the channels between colours (3, n) and one colour."""
    return np.asarray(np.abs(colours - colour[:, None]).max(axis=0), np.int32)


def _weighted_median(levels: NDArray[np.int32], weights: F64) -> int:
    total = np.cumsum(np.bincount(levels, weights, 256))
    return int(np.searchsorted(total, total[-1] / 2))


def _ground_and_ink(excess: U8, ink: Ink, params: Params) -> tuple[U8, U8]:
    """Return what lies under the ink, as excess over it, and the mask of pixels at or next to certain ink."""
    height, width = excess.shape
    shrink = _LARGEST / side_of(excess)
    if shrink >= 1:
        return _ground_and_ink_at_size(excess, ink, params)
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    darkest = darkest_within(excess, math.ceil(1 / shrink))  # so that lines of one pixel are not lost
    small = np.asarray(cv2.resize(darkest, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    ground, near = _ground_and_ink_at_size(small, ink, params)
    return (
        np.asarray(cv2.resize(ground, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8),
        np.asarray(cv2.resize(near, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8),
    )


def _ground_and_ink_at_size(excess: U8, ink: Ink, params: Params) -> tuple[U8, U8]:
    side = side_of(excess)
    certain = at_most(excess, _tolerance(ink, params))
    ground = excess
    for width in ladder(odd(max(9, params.window * side))):
        ground = ground_under(excess, width)
        share = float(np.interp(np.log(width * min(1.0, 512 / side)), np.log(_CORES[0]), _CORES[1]))
        dark = cv2.compare(excess, cv2.convertScaleAbs(ground, alpha=share), cv2.CMP_LT)
        certain |= np.bitwise_and(dark, at_least(ground, params.contrast))
    reach = max(2, round(1 + side / 512))  # px of soft edge on either side of certain ink
    return ground, np.asarray(cv2.dilate(certain, square(2 * reach + 1)), np.uint8)


def _tolerance(ink: Ink, params: Params) -> int:
    """Grey levels above the ink's colour that still pass for it, whatever the width of the stroke."""
    return params.tolerance + (2 * ink.spread if ink.spread <= _VARIED else 0)


def _own_level(ink: Ink, params: Params) -> int:
    """Grey levels above the ink's colour up to which an area is in that colour."""
    return min(_tolerance(ink, params), 2 * params.tolerance)


def _paper_share(excess: U8, ground: U8, params: Params) -> U8:
    """Stretch e / c from 0.3 to 0.7 over 0 to 255: the middle stays, grain and shading beside an edge go."""
    steps = np.clip((np.arange(256) - 76.5) * 2.5, 0, 255).round().astype(np.uint8)
    share = np.asarray(cv2.LUT(share_of(excess, ground), steps), np.uint8)
    return share | at_most(ground, params.contrast - 1)


def _thin_valleys(image: U8, params: Params) -> U8:
    """Lines of any colour: narrower than half the window and about a seventh darker than what surrounds them."""
    grey = tone(image)
    ground = closing(grey, odd(max(5, params.window * side_of(grey) / 2)))
    steps = np.clip((np.arange(256) / 255 - 0.85) / 0.1 * 255 + 128, 0, 255).astype(np.uint8)
    share = np.asarray(cv2.LUT(share_of(grey, ground), steps), np.uint8)
    return share | at_most(depth_below(ground, grey), params.contrast - 1)


def _with_solid_areas(lines: U8, excess: U8, ink: Ink, params: Params) -> U8:
    """Add the areas in the ink's own colour that are too wide for a valley; of the widest, only the outline."""
    smooth = at_most(opening(excess, 3), params.tolerance)
    solid = smooth & at_most(excess, _own_level(ink, params))
    lines = lines & ~solid
    radius, stroke = params.solid * side_of(lines), params.window * side_of(lines)
    if has_wide_part(solid, radius, _BORDER_SHARE):
        lines[inner_parts(solid, radius, _BORDER_SHARE, widest_stroke=stroke) > 0] = 255
    return lines
