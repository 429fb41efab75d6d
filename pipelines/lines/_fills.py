"""Tells shadows from strokes: an even area of one colour is treated alike over its whole length.

Whether something dark is narrow is seen through a window, and a shadow in the folds of cloth is narrow at its ends and
wide in its middle. So what the window took for ink is looked at once more, area by area:

1. Suspects are even places (no edge within a pixel) that were drawn and are not in the ink's own colour. Line art and
   flats without shadows have none, and cost one erosion.
2. A suspect's area is what a flood of about its colour reaches from it.
3. An area wider than the strokes is a fill where part of it was left as paper, and so is each in the colour of one.
   What lines enclose all around may be a dark thing of its own: it is a fill if most of it was left. A narrow area is a
   stroke, and one drawn all over, whose colour is drawn everywhere, stays solid. So does what is nearly ink: features
   of a face are often drawn in a black a little lighter than that of the lines.
4. Spots that are cut off when a fill is emptied go with it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import U8, Mask
from pipelines.lines._strokes import at_least, at_most, darkest_within, depth_below, depth_in, square, stroke_width

_EVEN = 10  # grey levels within 3 x 3 px: flats of a JPEG of quality 60 stay below
_ALIKE = 12  # grey levels in each channel by which an area's pixels may differ from its middle colour
_DRAWN = 0.85  # of an area: soft rims of a stroke leave out less
_MAJORITY = 0.5  # of an area that lines enclose, which may be a dark thing of its own: most of it decides
_ENCLOSED = 0.9  # of an area's border
_WIDER = 1.8  # times the width of the strokes: a brush's pressure varies less within a drawing of one pen
_MOST = 400  # areas looked at, largest first, so that grain costs no time
_REACH = 2  # px of soft edge around a fill
_NEARLY_INK = 0.2  # e / c of an area (its excess over that of its surroundings) up to which designers count it as ink


@dataclass(frozen=True)
class Zone:
    """One area of about one colour: where it lies, what it looks like and how much of it was drawn."""

    place: tuple[slice, slice]
    mask: Mask  # of the pixels within `place`
    colour: NDArray[np.int16]  # R, G, B
    excess: float  # grey levels by which it is brighter than ink
    contrast: float  # e / c: the same as a share of that of what surrounds it
    drawn: float  # share
    enclosed: float  # share of its border behind which it is darker
    width: float  # px, of the widest part

    @property
    def most_drawn(self) -> float:
        """The share drawn from which on it stays as it is."""
        return _MAJORITY if self.enclosed >= _ENCLOSED else _DRAWN


def without_fills(lines: U8, image: U8, excess: U8, *, level: float, own_level: float, widest_stroke: float) -> U8:
    """Return `lines` without the parts of fills that were taken for strokes.

    `excess` is how much brighter than ink each pixel of `image` is. Up to `level` it is ink, and never touched; up to
    `own_level` an area passes for ink among brighter ones. Strokes are at most `widest_stroke` px wide.
    """
    suspects = _suspects(lines, excess, level)
    if not cv2.countNonZero(suspects):
        return lines
    stroke = _usual_stroke(lines, widest_stroke)
    least = max(_WIDER * stroke, stroke + 2)
    zones = list(_zones(suspects, lines, image, excess, reach=math.ceil(stroke) + _REACH))
    bright = [
        zone
        for zone in zones
        if zone.contrast > _NEARLY_INK or (zone.width > widest_stroke and zone.excess > own_level)
    ]
    fills = [zone for zone in bright if zone.width > least and zone.drawn < zone.most_drawn]
    fills += [zone for zone in bright if zone.width > stroke + 1 and _has_colour_of(zone, fills)]
    cleaned = lines.copy()
    for zone in fills:
        _empty(cleaned, excess, zone, level)
    return _without_crumbs(cleaned, lines, excess, level=level, largest=4 * stroke**2) if fills else lines


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


def _zones(suspects: U8, lines: U8, image: U8, excess: U8, *, reach: int) -> Iterator[Zone]:
    """Flood the areas of all suspects, from the largest suspect down."""
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(suspects, connectivity=4)
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
        yield _zone_at(seed, _flooded(seed, taken, image), lines, image, excess, reach=reach)


def _flooded(seed: tuple[int, int], taken: U8, image: U8) -> tuple[tuple[slice, slice], Mask]:
    """Return the area of about the colour of the pixel `seed` (column, row) around it, and mark it in `taken`."""
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | (2 << 8)
    alike = (_ALIKE,) * 3
    left, top, width, height = cv2.floodFill(image, taken, seed, (0,), alike, alike, flags)[3]
    place = (slice(top, top + height), slice(left, left + width))
    marks = taken[1:-1, 1:-1][place]
    mask = marks == 2
    marks[mask] = 1
    return place, mask


def _zone_at(
    seed: tuple[int, int], area: tuple[tuple[slice, slice], Mask], lines: U8, image: U8, excess: U8, *, reach: int
) -> Zone:
    """Measure an area: its excess against the brightest quarter of what lies within `reach` px of it."""
    place, mask = area
    around, inside = _framed(place, mask, lines.shape, reach)
    ring = (cv2.dilate(inside, square(2 * reach + 1)) > 0) & (inside == 0)
    beside = (cv2.dilate(inside, square(3)) > 0) & (inside == 0)
    own = float(np.median(excess[place][mask]))
    outside = float(np.percentile(excess[around][ring], 75)) if ring.any() else own
    depth = depth_in(np.pad(mask.astype(np.uint8), 1))
    return Zone(
        place,
        mask,
        image[seed[1], seed[0]].astype(np.int16),
        own,
        own / max(outside, 1.0),
        float((lines[place][mask] < 128).mean()),
        float((excess[around][beside] < own).mean()) if beside.any() else 1.0,
        2.0 * float(depth.max()) - 1.0,
    )


def _framed(
    place: tuple[slice, slice], mask: Mask, shape: tuple[int, ...], reach: int
) -> tuple[tuple[slice, slice], U8]:
    """Return the place `reach` px wider on all sides, within a picture of `shape`, and the mask (0 or 1) in it."""
    rows, columns = (
        slice(max(0, side.start - reach), min(length, side.stop + reach))
        for side, length in zip(place, shape, strict=False)
    )
    framed = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    top, left = place[0].start - rows.start, place[1].start - columns.start
    framed[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
    return (rows, columns), framed


def _has_colour_of(zone: Zone, others: list[Zone]) -> bool:
    return any(int(np.abs(zone.colour - other.colour).max()) <= _ALIKE for other in others)


def _empty(lines: U8, excess: U8, zone: Zone, level: float) -> None:
    """Make an area paper, with the soft rim towards what is brighter than it."""
    around, inside = _framed(zone.place, zone.mask, lines.shape, _REACH)
    rim = (cv2.dilate(inside, square(2 * _REACH + 1)) > 0) & (excess[around] >= max(level + 1, zone.excess))
    lines[around][(inside > 0) | rim] = 255


def _without_crumbs(cleaned: U8, lines: U8, excess: U8, *, level: float, largest: float) -> U8:
    """Drop what emptying cut off: spots of up to `largest` px beside a fill without a pixel in the ink's own colour."""
    drawn = at_most(cleaned, 250)
    count, components, boxes, _ = cv2.connectedComponentsWithStats(drawn, connectivity=8)
    labels = np.asarray(components, np.int32)
    crumbs = boxes[:, cv2.CC_STAT_AREA] <= largest
    crumbs &= np.bincount(labels[(drawn > 0) & (excess <= level)], minlength=count) == 0
    emptied = cv2.dilate(np.asarray((cleaned != lines).astype(np.uint8)), square(2 * _REACH + 1))
    crumbs &= np.bincount(labels[(drawn > 0) & (emptied > 0)], minlength=count) > 0
    crumbs[0] = False
    return np.where(crumbs[labels], np.uint8(255), cleaned)
