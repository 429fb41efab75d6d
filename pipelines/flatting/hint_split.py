"""Splits regions that hold hints of several colours.

The colours grow from their hints like water from springs, and meet where they would have to rise highest. The ground
rises where paper narrows, so that they meet in the gaps of lines, and with the distance from the nearest hint, so that
on open paper they meet half way:

    height = max(NECK * max(0, 1 - width / NARROW), min(SLOPE * distance from hints, CAP)),    ink = TOP

Not all colours are equal. Where one has fewer spots in the region than another, its spots have a rim, which gives the
common colour a start: the highlight or the blush does not take half of a face that has many hints. Spots smaller than
those of the main colour may be details of it: they stay as painted (hint_details.py).

An open figure and the paper outside are one region too. The outside grows from all that lies beyond the convex hull of
the ink, over a lid, the hull's border: so the open bottom of a bust is cut straight.
"""

from typing import NamedTuple

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F64, U8, Labels, Mask
from pipelines.flatting.background import beyond_the_hull, stains
from pipelines.flatting.hint_details import details, spots_as_painted
from pipelines.flatting.hint_spots import HintSpots
from pipelines.flatting.hinted_drawing import HintedDrawing
from pipelines.segmentation.label_maps import map_labels
from pipelines.segmentation.watershed import TOP, watershed
from pipelines.structure.fill_rules import FillRules

_NECK = 63  # the height of the narrowest paper
_NARROW = 0.04  # of the longer side: paper whose distance from ink is less is narrow
_SLOPE = 100  # of height per longer side of distance
_CAP = 20
_LID = 45  # more than two steps of _CAP: a step costs the heights of both its ends, and the lid is one pixel wide
_RIM = 8  # of height, on one pixel too, for each halving of a colour's spots
_HIGHEST_RIM = 14
_MOST_COMPARED = 500  # spots with rims whose distances are compared
_WALL = TOP - 1  # between regions: higher than any paper


class HintSplit(NamedTuple):
    """How regions with hints of several colours are divided."""

    labels: Labels  # (H, W): 1..k colour, k + 1 outside; 0 elsewhere and on ink
    is_detail: Mask  # (spots,): it stays as large as painted


def split_by_hints(
    drawing: HintedDrawing, several: Mask, contested: Mask, is_open: Mask, *, rules: FillRules | None = None
) -> HintSplit:
    """Divide the paper of regions with hints of several colours.

    several: bool (n + 1,), the regions to split. contested: those of them that hold the figure and the paper outside.
    is_open: bool (spots,), the spots that lie on the paper outside.
    """
    outside = len(drawing.spots.colours)
    spot_labels = np.where(is_open & contested[drawing.spots.region], outside, drawing.spots.colour)
    seed_of_spot = np.concatenate([[0], spot_labels]).astype(np.int32)
    labels = np.zeros(drawing.regions.shape, np.int32)
    window = _window(map_labels(several, drawing.regions))
    part = drawing.cut(window)
    inside = map_labels(several, part.regions) & (part.line_mask.paper > 0)
    seeds = np.where(inside, map_labels(seed_of_spot, part.spots.labels), np.int32(0))
    lid = np.zeros_like(inside)
    if contested.any():
        ground = map_labels(contested, drawing.regions) & (drawing.line_mask.paper > 0)
        beyond, border = beyond_the_hull(drawing.line_mask.paper, ground)
        seeds[beyond[window] & (seeds == 0)] = outside
        lid = border[window]
    grown, is_detail = _grow_around_details(part, seeds, inside, lid, several[part.spots.region] & ~is_open)
    labels[window] = np.where(inside & (grown <= outside), grown, 0)
    if contested.any():
        stained = stains(drawing, contested, is_open, rules or FillRules())
        np.copyto(labels, stained, where=(stained > 0) & (labels > 0))
    return HintSplit(labels, is_detail)


def _grow_around_details(
    drawing: HintedDrawing, seeds: Labels, inside: Mask, lid: Mask, counted: Mask
) -> tuple[Labels, Mask]:
    """Grow seeds as `_grow` does, but for details, which stay; counted: bool (spots,), those that may be."""
    ranked = np.ones(len(counted), bool)
    grown = _grow(drawing, seeds.copy(), inside, lid, ranked)
    is_detail = details(drawing.spots, drawing.properties.labels, counted, np.where(inside, grown, np.int32(0)))
    if is_detail.any():
        painted = spots_as_painted(drawing.spots, is_detail, inside)
        grown = _grow(drawing, np.where(painted > 0, np.int32(0), seeds), inside, lid, ~is_detail)
        np.copyto(grown, painted, where=painted > 0)
    return grown, is_detail


def _window(mask: Mask) -> tuple[slice, slice]:
    """Return the least window that holds all of a mask, bool (H, W), that is not empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _grow(drawing: HintedDrawing, seeds: Labels, inside: Mask, lid: Mask, ranked: Mask) -> Labels:
    """Grow seeds, int32 (H, W), over the paper inside, bool (H, W), from region to region only when all is filled.

    ranked: bool (spots,), those that are counted when it is told which colours are common.
    """
    paper = drawing.line_mask.paper
    elevation = _elevation(drawing, seeds, ranked)
    elevation[lid] = np.maximum(elevation[lid], _LID)
    elevation[_seams(drawing.regions) & inside] = _WALL
    elevation[paper == 0] = TOP
    seeds[(paper > 0) & ~inside] = len(drawing.spots.colours) + 1  # other regions keep off
    return watershed(seeds, elevation)


def _elevation(drawing: HintedDrawing, seeds: Labels, ranked: Mask) -> U8:
    """Return the elevation, uint8 (H, W), over which colours grow from seeds, int32 (H, W)."""
    distance = cv2.distanceTransform((seeds == 0).view(np.uint8), cv2.DIST_L2, 5)
    slope = np.minimum(distance * np.float32(_SLOPE / drawing.size), _CAP)
    narrow = np.float32(_NARROW * drawing.size)
    neck = np.maximum(narrow - drawing.line_mask.distance, 0) * np.float32(_NECK / narrow)
    rim_of_spot = _rims(drawing, ranked)
    rims = cv2.dilate(map_labels(rim_of_spot, drawing.spots.labels), np.ones((3, 3), np.uint8))
    return np.asarray(np.maximum(np.maximum(slope, neck), np.where(seeds == 0, rims, 0)), np.uint8)


def _rims(drawing: HintedDrawing, ranked: Mask) -> U8:
    """Return the height of the rim around each spot, (spots + 1,), 0 for none.

    None is higher than the slope half way to the next one around another colour, or the spot that came over its rim
    first would take all paper between them.
    """
    spots = drawing.spots.select(ranked)
    key = spots.region * len(spots.colours) + spots.colour
    pairs, which, counts = np.unique(key, return_inverse=True, return_counts=True)
    region = pairs // len(spots.colours)
    greatest = np.zeros(drawing.properties.labels)
    np.maximum.at(greatest, region, counts)
    rim = np.minimum(_RIM * np.log2(greatest[region] / counts), _HIGHEST_RIM)[which]
    rims = np.zeros(len(ranked) + 1, np.uint8)
    rims[1:][ranked] = np.minimum(rim, _half_way(spots, rim > 0) * (_SLOPE / drawing.size))
    return rims


def _half_way(spots: HintSpots, rimmed: Mask) -> F64:
    """Return half of each spot's distance, (spots,), px, from the next rimmed one of another colour in its region."""
    half_way = np.full(len(spots.colour), np.inf)
    for number in np.flatnonzero(rimmed)[:_MOST_COMPARED].tolist():
        others = rimmed & (spots.region == spots.region[number]) & (spots.colour != spots.colour[number])
        apart = np.hypot(spots.x[others] - spots.x[number], spots.y[others] - spots.y[number])
        half_way[number] = apart.min(initial=np.inf) / 2
    return half_way


def _seams(regions: Labels) -> Mask:
    """Return the pixels beside another region, bool (H, W)."""
    seams = np.zeros(regions.shape, bool)
    across, down = regions[:, 1:] != regions[:, :-1], regions[1:] != regions[:-1]
    seams[:, 1:] |= across
    seams[:, :-1] |= across
    seams[1:] |= down
    seams[:-1] |= down
    return seams
