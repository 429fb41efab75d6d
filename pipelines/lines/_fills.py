"""Tells shadows from strokes: an even area of one colour is treated alike over its whole length.

Whether something dark is narrow is seen through a window, and a shadow in the folds of cloth is narrow at its ends and
wide in its middle. So what the window took for ink is looked at once more, area by area:

1. Suspects are even places (no edge within a pixel) that were drawn and are not in the ink's own colour. Line art and
   flats without shadows have none, and cost one erosion.
2. A suspect's area is what a flood of about its colour reaches from it.
3. An area wider than the strokes is a fill where part of it was left as paper, and so is each in the colour of one.
   What lines enclose all around may be a dark thing of its own: it is a fill if most of it was left. A narrow area is a
   stroke, and one drawn all over, whose colour is drawn everywhere, stays solid, unless it is far from ink and goes
   over into something brighter. What is nearly ink stays too: features of a face are often drawn in a black a little
   lighter than that of the lines.
4. Spots that are cut off when a fill is emptied go with it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import U8
from pipelines.lines._strokes import (
    at_least,
    at_most,
    darkest_within,
    depth_below,
    depth_in,
    places_in,
    square,
    stroke_width,
)

_EVEN = 10  # grey levels within 3 x 3 px: flats of a JPEG of quality 60 stay below
_ALIKE = 12  # grey levels in each channel by which an area's pixels may differ from its middle colour
_DRAWN = 0.85  # of an area: soft rims of a stroke leave out less
_MAJORITY = 0.5  # of an area that lines enclose, which may be a dark thing of its own: most of it decides
_ENCLOSED = 0.9  # of an area's border
_WIDER = 1.8  # times the width of the strokes: a brush's pressure varies less within a drawing of one pen
_MOST = 400  # areas looked at, largest first, so that grain costs no time
_SAMPLES = 1024  # pixels around an area that are enough to tell what surrounds it
_REACH = 2  # px of soft edge around a fill
_FAR_FROM_INK = 1 / 3  # e / c of an area that is no ink however much of it was drawn; in blurred and noisy pictures
_NEARLY_INK = 0.2  # e / c of an area (its excess over that of its surroundings) up to which designers count it as ink


@dataclass(frozen=True)
class Zone:
    """One area of about one colour, of a picture of which it knows the excess over ink, uint8 (H, W)."""

    page: U8  # excess
    place: tuple[slice, slice]
    mask: U8  # of the pixels within `place`, 0 or 255
    colour: NDArray[np.int16]  # R, G, B
    excess: float  # grey levels by which it is brighter than ink
    drawn: float  # share that was drawn

    @cached_property
    def width(self) -> float:
        """The width of its widest part, px."""
        return 2.0 * float(depth_in(np.pad(self.mask, 1)).max()) - 1.0

    @cached_property
    def most_drawn(self) -> float:
        """The share drawn from which on it stays as it is: less where it is darker all around."""
        beside = self._excess_within(1)
        enclosed = not beside.size or float((beside < self.excess).mean()) >= _ENCLOSED
        return _MAJORITY if enclosed else _DRAWN

    def is_shadow(self, reach: int, own_level: float) -> bool:
        """Tell whether, though it was drawn all over, it is far from ink and goes over into something brighter."""
        return self.most_drawn == _DRAWN and self.excess > own_level and self.contrast(reach) > _FAR_FROM_INK

    def contrast(self, reach: int) -> float:
        """Its excess e as a share e / c of that of the brightest quarter within `reach` px of it."""
        ring = self._excess_within(reach)
        return self.excess / max(float(np.sort(ring)[3 * (ring.size - 1) // 4]), 1.0) if ring.size else 1.0

    def framed(self, reach: int) -> tuple[tuple[slice, slice], U8]:
        """Return the place `reach` px wider on all sides, and the mask in it."""
        rows, columns = (
            slice(max(0, side.start - reach), min(length, side.stop + reach))
            for side, length in zip(self.place, self.page.shape, strict=True)
        )
        framed = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
        top, left = self.place[0].start - rows.start, self.place[1].start - columns.start
        framed[top : top + self.mask.shape[0], left : left + self.mask.shape[1]] = self.mask
        return (rows, columns), framed

    def _excess_within(self, reach: int) -> U8:
        """Excess (n,) of up to _SAMPLES pixels that lie within `reach` px around it."""
        around, inside = self.framed(reach)
        grown = np.asarray(cv2.dilate(inside, square(2 * reach + 1)), np.uint8)
        places = places_in(grown & ~inside)
        columns, rows = places[:: max(1, len(places) // _SAMPLES)].T
        return np.asarray(self.page[around][rows, columns], np.uint8)


def without_fills(lines: U8, image: U8, excess: U8, *, level: float, own_level: float, widest_stroke: float) -> U8:
    """Return `lines` without the parts of fills that were taken for strokes.

    `excess` is how much brighter than ink each pixel of `image` is. Up to `level` it is ink, and never touched; up to
    `own_level` an area passes for ink among brighter ones. Strokes are at most `widest_stroke` px wide.
    """
    suspects = _suspects(lines, excess, level)
    if not cv2.countNonZero(suspects):
        return lines
    zones = list(_zones(suspects, lines, image, excess))
    if not any(zone.drawn < zone.most_drawn or zone.excess > own_level for zone in zones):
        return lines
    stroke = _width_of_strokes(lines, widest_stroke)
    fills = _fills(zones, stroke, own_level=own_level, widest_stroke=widest_stroke)
    if not fills:
        return lines
    cleaned = lines.copy()
    for zone in fills:
        _empty(cleaned, zone, level)
    return _without_crumbs(cleaned, lines, excess, level=level, largest=4 * stroke**2)


def _width_of_strokes(lines: U8, widest: float) -> float:
    """Median width in px of the strokes of a line drawing up to `widest`, at least 1."""
    ink = at_most(lines, 127)
    left, top, width, height = cv2.boundingRect(ink)
    box = (slice(max(0, top - 1), top + height + 1), slice(max(0, left - 1), left + width + 1))
    return stroke_width(depth_in(np.ascontiguousarray(ink[box])), widest)


def _suspects(lines: U8, excess: U8, level: float) -> U8:
    """Mask of even places that were drawn, though brighter than ink."""
    drawn = cv2.bitwise_and(at_most(lines, 250), at_least(excess, level + 1))
    core = darkest_within(np.asarray(drawn, np.uint8), 3)
    if not cv2.countNonZero(core):
        return core
    contrast = depth_below(np.asarray(cv2.dilate(excess, square(3)), np.uint8), darkest_within(excess, 3))
    return core & at_most(contrast, _EVEN)


def _zones(suspects: U8, lines: U8, image: U8, excess: U8) -> Iterator[Zone]:
    """Flood the areas of all suspects, from the largest suspect down."""
    start_column, start_row, columns_there, rows_there = cv2.boundingRect(suspects)
    there = suspects[start_row : start_row + rows_there, start_column : start_column + columns_there]
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(there, connectivity=4)
    taken = np.zeros((image.shape[0] + 2, image.shape[1] + 2), np.uint8)
    order = 1 + np.argsort(-boxes[1:, cv2.CC_STAT_AREA], kind="stable")[:_MOST]
    for label in order:
        left, top, width, height = (int(side) for side in boxes[label, :4])
        mask = labels[top : top + height, left : left + width] == label
        top, left = top + start_row, left + start_column
        place = (slice(top, top + height), slice(left, left + width))
        rows, columns = np.nonzero(mask & (taken[1:-1, 1:-1][place] == 0))
        if not len(rows):
            continue
        colours = image[place][rows, columns].astype(np.int16)
        nearest = int(np.argmin(np.abs(colours - np.median(colours, axis=0)).max(axis=1)))
        row, column = top + int(rows[nearest]), left + int(columns[nearest])
        place, area = _flooded((column, row), taken, image)
        drawn = cv2.countNonZero(at_most(lines[place], 127) & area) / cv2.countNonZero(area)
        yield Zone(excess, place, area, image[row, column].astype(np.int16), float(excess[row, column]), drawn)


def _flooded(seed: tuple[int, int], taken: U8, image: U8) -> tuple[tuple[slice, slice], U8]:
    """Return the area of about the colour of the pixel `seed` (column, row) around it, and mark it in `taken`."""
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | (2 << 8)
    alike = (_ALIKE,) * 3
    left, top, width, height = cv2.floodFill(image, taken, seed, (0,), alike, alike, flags)[3]
    place = (slice(top, top + height), slice(left, left + width))
    marks = taken[1:-1, 1:-1][place]
    flooded = marks == 2
    marks[flooded] = 1
    return place, np.where(flooded, np.uint8(255), np.uint8(0))


def _fills(zones: Sequence[Zone], stroke: float, *, own_level: float, widest_stroke: float) -> list[Zone]:
    """Return the areas that are fills, among strokes of `stroke` px."""
    reach = math.ceil(stroke) + _REACH
    wide = [zone for zone in zones if zone.width > stroke + 1]
    bright = [
        zone
        for zone in wide
        if (zone.width > widest_stroke and zone.excess > own_level) or zone.contrast(reach) > _NEARLY_INK
    ]
    least = max(_WIDER * stroke, stroke + 2)
    fills = [
        zone
        for zone in bright
        if zone.width > least and (zone.drawn < zone.most_drawn or zone.is_shadow(reach, own_level))
    ]
    return [zone for zone in bright if _has_colour_of(zone, fills)]


def _has_colour_of(zone: Zone, others: Sequence[Zone]) -> bool:
    return any(int(np.abs(zone.colour - other.colour).max()) <= _ALIKE for other in others)


def _empty(lines: U8, zone: Zone, level: float) -> None:
    """Make an area paper, with the soft rim towards what is brighter than it."""
    around, inside = zone.framed(_REACH)
    grown = np.asarray(cv2.dilate(inside, square(2 * _REACH + 1)), np.uint8)
    rim = grown & at_least(zone.page[around], max(level + 1, zone.excess))
    lines[around][(inside | rim) > 0] = 255


def _without_crumbs(cleaned: U8, lines: U8, excess: U8, *, level: float, largest: float) -> U8:
    """Drop what emptying cut off: spots of up to `largest` px beside a fill without a pixel in the ink's own colour."""
    changed = cv2.compare(cleaned, lines, cv2.CMP_NE)
    margin = math.ceil(largest)
    left, top, width, height = cv2.boundingRect(changed)
    box = (slice(max(0, top - margin), top + height + margin), slice(max(0, left - margin), left + width + margin))
    drawn = at_most(cleaned[box], 250)
    _, components, boxes, _ = cv2.connectedComponentsWithStats(drawn, connectivity=8)
    beside = np.asarray(cv2.dilate(changed[box], square(2 * _REACH + 1)), np.uint8) & drawn
    for label in np.unique(components[beside > 0]):
        left, top, width, height, area = boxes[label]
        place = (slice(top, top + height), slice(left, left + width))
        crumb = components[place] == label
        if area <= largest and int(excess[box][place][crumb].min()) > level:
            cleaned[box][place][crumb] = 255
    return cleaned
