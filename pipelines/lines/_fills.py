"""Tells shadows from strokes: an even area of one colour is treated alike over its whole length.

Whether something dark is narrow is seen through a window, and a shadow in the folds of cloth is narrow at its ends and
wide in its middle. So what the window took for ink is looked at once more, area by area:

1. Suspects are even places (no edge within a pixel) that were drawn and are not in the ink's own colour. Line art and
   flats without shadows have none, and cost one erosion.
2. A suspect's area is what a flood of about its colour reaches from it.
3. An area wider than the strokes is a fill where part of it was left as paper, and so is every wide one in its colour.
   A narrow one is a stroke; a wide one drawn all over, and whose colour is drawn everywhere, stays solid.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import Mask, U8
from pipelines.lines._strokes import at_least, at_most, darkest_within, depth_below, depth_in, square, stroke_width

_EVEN = 10  # grey levels within 3 x 3 px: flats of a JPEG of quality 60 stay below
_ALIKE = 12  # grey levels in each channel by which an area's pixels may differ from its middle colour
_DRAWN = 0.85  # of an area: soft rims of a stroke leave out less
_WIDER = 1.8  # times the width of the strokes: a brush's pressure varies less within a drawing of one pen
_MOST = 400  # areas looked at, largest first, so that grain costs no time
_REACH = 2  # px of soft edge around a fill


@dataclass(frozen=True)
class Zone:
    """One area of about one colour: where it lies, what it looks like and how much of it was drawn."""

    place: tuple[slice, slice]
    mask: Mask  # of the pixels within `place`
    colour: NDArray[np.int16]  # R, G, B
    drawn: float  # share
    width: float  # px, of the widest part


def without_fills(lines: U8, image: U8, excess: U8, *, level: float, widest_stroke: float) -> U8:
    """Return `lines` without the parts of fills that were taken for strokes.

    `excess` is how much brighter than ink each pixel of `image` is; up to `level` it is in the ink's own colour, and
    never touched. Strokes are at most `widest_stroke` px wide.
    """
    suspects = _suspects(lines, excess, level)
    if not cv2.countNonZero(suspects):
        return lines
    stroke = _usual_stroke(lines, widest_stroke)
    least = max(_WIDER * stroke, stroke + 2)
    wide = [zone for zone in _zones(suspects, lines, image) if zone.width > least]
    fills = [zone for zone in wide if zone.drawn < _DRAWN]
    fills += [zone for zone in wide if zone.drawn >= _DRAWN and _has_colour_of(zone, fills)]
    cleaned = lines.copy()
    for zone in fills:
        _empty(cleaned, excess, zone, level)
    return cleaned


def _suspects(lines: U8, excess: U8, level: float) -> U8:
    """Mask of even places that were drawn, though brighter than ink."""
    drawn = cv2.bitwise_and(at_most(lines, 250), at_least(excess, level + 1))
    core = darkest_within(np.asarray(drawn, np.uint8), 3)
    if not cv2.countNonZero(core):
        return core
    contrast = depth_below(np.asarray(cv2.dilate(excess, square(3)), np.uint8), darkest_within(excess, 3))
    return core & at_most(contrast, _EVEN)


def _usual_stroke(lines: U8, widest: float) -> float:
    """Width in px of the strokes of a drawing, along their middles."""
    return stroke_width(depth_in(at_most(lines, 127)), widest)


def _zones(suspects: U8, lines: U8, image: U8) -> Iterator[Zone]:
    """Flood the areas of all suspects, from the largest suspect down."""
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(suspects, connectivity=4)
    taken = np.zeros((image.shape[0] + 2, image.shape[1] + 2), np.uint8)
    order = 1 + np.argsort(-boxes[1:, cv2.CC_STAT_AREA], kind="stable")[:_MOST]
    for label in order:
        left, top, width, height = (int(side) for side in boxes[label, :4])
        place = (slice(top, top + height), slice(left, left + width))
        rows, columns = np.nonzero((labels[place] == label) & (taken[1:-1, 1:-1][place] == 0))
        if not len(rows):
            continue
        colours = image[place][rows, columns].astype(np.int16)
        middle = np.median(colours, axis=0)
        nearest = int(np.argmin(np.abs(colours - middle).max(axis=1)))
        seed = (left + int(columns[nearest]), top + int(rows[nearest]))
        yield _flooded(seed, taken, lines, image)


def _flooded(seed: tuple[int, int], taken: U8, lines: U8, image: U8) -> Zone:
    """Return the area of about the colour of the pixel `seed` (column, row) around it, and mark it in `taken`."""
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | (2 << 8)
    range_ = (_ALIKE,) * 3
    left, top, width, height = cv2.floodFill(image, taken, seed, (0,), range_, range_, flags)[3]
    place = (slice(top, top + height), slice(left, left + width))
    marks = taken[1:-1, 1:-1][place]
    mask = marks == 2
    marks[mask] = 1
    depth = depth_in(np.pad(mask.astype(np.uint8), 1))
    return Zone(
        place,
        mask,
        image[seed[1], seed[0]].astype(np.int16),
        float((lines[place][mask] < 128).mean()),
        2.0 * float(depth.max()) - 1.0,
    )


def _has_colour_of(zone: Zone, others: list[Zone]) -> bool:
    return any(int(np.abs(zone.colour - other.colour).max()) <= _ALIKE for other in others)


def _empty(lines: U8, excess: U8, zone: Zone, level: float) -> None:
    """Make an area paper, with the soft rim towards what is brighter than it."""
    rows, columns = (
        slice(max(0, side.start - _REACH), min(length, side.stop + _REACH))
        for side, length in zip(zone.place, lines.shape, strict=True)
    )
    around = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    top, left = zone.place[0].start - rows.start, zone.place[1].start - columns.start
    around[top : top + zone.mask.shape[0], left : left + zone.mask.shape[1]] = zone.mask
    inside = around > 0
    own = excess[zone.place][zone.mask]
    rim = (cv2.dilate(around, square(2 * _REACH + 1)) > 0) & (excess[rows, columns] >= max(level + 1, np.median(own)))
    lines[rows, columns][inside | rim] = 255
