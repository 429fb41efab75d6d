"""Tells what hints on the paper outside the figure mean, and the figure from that paper where the figure is open.

A dab by hand outside means all of the ground: one or a few in the open, well away from the ink; or any on a page that
lines divide from edge to edge, as hills do sky and field. A grey one under the figure is its shadow. A white one says
that the ground is paper, and others there are marks on it.

A hint in a region that holds a corner of the picture may belong to a figure that is open, or to the paper outside. It
is "open", on the paper outside, if two of the four straight ways from it to the picture's borders are free of ink.
"""

from typing import NamedTuple

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F64, U8, Index, Labels, Mask
from pipelines.flatting.hint_spots import HintSpots
from pipelines.flatting.hinted_drawing import HintedDrawing
from pipelines.structure.fill_rules import FillRules

_WAYS = 2  # of 4 that are free: the hint is open
_FEW = 0.3  # of how densely hints cover the rest: so densely covered, the paper outside is meant as a whole
_DIVIDED = 0.08  # of the picture: so much on both sides of a line from edge to edge divides a page
_OPEN = 3  # of 4 ways that are free: a dab there is about the ground
_MOST_DABS = 3  # more of them are a drawing without lines
_AWAY = 0.02  # of the longer side: a dab about the ground is no nearer to ink
_GREY = 16  # levels between its channels: a shadow has no more
_LOW, _NEAR = 0.7, 0.3  # of the figure's height, from its top, and of the longer side: shadows lie below, and near
_PAPER_WHITE = 250  # a hint with no channel below this is paper
_LEAST_STAIN, _GREATEST_STAIN = 0.03, 0.1  # of the longer side: the radius of a stain of colour on the paper outside
_REACH = 0.6  # of the distance to the next hint of the same colour outside
_MOST_COMPARED = 500  # hints outside whose distances are compared


class AskedAreas(NamedTuple):
    """What hints say of a drawing's regions beside the colours of its figure, (n + 1,) each."""

    ground: Mask  # it is ground
    empty: Mask  # it stays white
    coloured: Mask  # a hint colours it, or some of it
    filled: Mask  # ground that has a colour all over
    colours: U8  # (n + 1, 3), that colour; else white


def asked_areas(drawing: HintedDrawing, rules: FillRules) -> AskedAreas:
    """What hints ask for whatever paints the figure: of the ground, and by reserved colours of any region."""
    spots, count = drawing.spots, len(drawing.roots)
    ways = free_ways(drawing)
    filled = filled_regions(drawing, open_spots(drawing, ways), ways, rules) & drawing.outside
    colours = spots.colours[spots.colour]
    is_colour = ~is_paper_white(spots, rules)
    votes = np.zeros((count, len(spots.colours)))
    np.add.at(votes, (spots.region[is_colour], spots.colour[is_colour]), spots.area[is_colour])
    coloured = np.asarray(votes.any(axis=1))
    filled &= coloured
    ground = np.bincount(spots.region, rules.is_ground(colours), count) > 0
    empty = np.bincount(spots.region, rules.is_empty(colours), count) > 0
    if rules.outside == "paper":
        ground |= drawing.outside
    if rules.guess == "empty":
        empty |= ~drawing.hinted & ~drawing.outside
    filled_with = np.where(filled[:, None], spots.colours[votes.argmax(axis=1)], np.uint8(255))
    roots = drawing.roots  # pieces are as what they were joined to
    return AskedAreas(ground[roots], empty[roots], coloured[roots], filled[roots], filled_with[roots])


def open_spots(drawing: HintedDrawing, ways: Index) -> Mask:
    """Tell which spots, (spots,), lie on the paper outside the figure; ways: (spots,), as of `free_ways`."""
    return np.asarray(drawing.outside[drawing.spots.region] & (ways >= _WAYS))


def free_ways(drawing: HintedDrawing) -> Index:
    """How many of the straight ways from each spot, (spots,), to the picture's borders are free of ink."""
    spots, paper = drawing.spots, drawing.line_mask.paper
    left, right = ink_span(paper)
    above, below = ink_span(paper.T)
    x, y = spots.x, spots.y
    return np.asarray((x < left[y]).astype(np.intp) + (x > right[y]) + (y < above[x]) + (y > below[x]))


def ink_span(paper: U8) -> tuple[Index, Index]:
    """Return the first and last column of ink in each row, (H,) each; W and -1 where there is none."""
    ink, width = paper == 0, paper.shape[1]
    any_ink = ink.any(axis=1)
    last = width - 1 - ink[:, ::-1].argmax(axis=1)
    return np.where(any_ink, ink.argmax(axis=1), width), np.where(any_ink, last, -1)


def filled_regions(drawing: HintedDrawing, is_open: Mask, ways: Index, rules: FillRules) -> Mask:
    """Tell of which regions of the outside, (n + 1,), the open hints colour all.

    By themselves they do if they mean the ground, or cover enough of it, compared with how much of the rest the other
    hints cover: those found in a picture with a coloured ground do, or a stroke by hand.
    """
    spots, area = drawing.spots, drawing.properties.area
    coloured = is_open & ~is_paper_white(spots, rules)
    covered = np.bincount(spots.region[coloured], spots.area[coloured], len(area))
    if rules.outside != "auto":
        return (covered > 0) & (rules.outside == "fill")
    elsewhere = spots.area[~is_open].sum() if not is_open.all() else spots.area.max(initial=1)
    density = elsewhere / max(area[~drawing.outside].sum(), 1)
    dense = covered > np.maximum(_FEW * density * area, 0)
    return np.asarray(dense | _divided(drawing, ways, rules) | _dabbed(drawing, coloured, is_open, ways))


def _divided(drawing: HintedDrawing, ways: Index, rules: FillRules) -> Mask:
    """Tell which hinted regions, (n + 1,), are one side of a page that lines divide from edge to edge."""
    properties, spots = drawing.properties, drawing.spots
    sides = (properties.corners > 0) & (properties.area > _DIVIDED * drawing.regions.size)
    coloured = (ways > 0) & ~is_paper_white(spots, rules)
    hinted = np.bincount(spots.region[coloured], minlength=properties.labels) > 0
    return np.asarray(sides & hinted & (np.count_nonzero(sides) > 1))


def _dabbed(drawing: HintedDrawing, coloured: Mask, is_open: Mask, ways: Index) -> Mask:
    """Tell which regions, (n + 1,), have dabs that are about all of the ground; coloured, is_open: bool (spots,)."""
    spots, count = drawing.spots, drawing.properties.labels
    away = drawing.line_mask.distance[spots.y, spots.x] >= _AWAY * drawing.size
    meant = coloured & away & (ways >= _OPEN) & ~_is_shadow(drawing)
    dabs, meaning, white = (
        np.bincount(spots.region[mask], minlength=count) for mask in (coloured, meant, is_open & ~coloured)
    )
    return np.asarray((meaning > 0) & (meaning == dabs) & (dabs <= _MOST_DABS) & (white == 0))


def _is_shadow(drawing: HintedDrawing) -> Mask:
    """Tell which spots, (spots,), are grey, low, and near the figure."""
    spots, mask = drawing.spots, drawing.line_mask
    colours = spots.colours[spots.colour].astype(np.intp)
    rows = np.flatnonzero((mask.paper == 0).any(axis=1))
    if not len(rows):
        return np.zeros(len(spots.colour), bool)
    low = spots.y > rows[0] + _LOW * (rows[-1] - rows[0])
    near = mask.distance[spots.y, spots.x] <= _NEAR * drawing.size
    return np.asarray((np.ptp(colours, axis=1) <= _GREY) & low & near)


def is_paper_white(spots: HintSpots, rules: FillRules) -> Mask:
    """Tell which spots, (spots,), are nearly white, or say that they lie on paper."""
    colours = spots.colours[spots.colour]
    return np.asarray((colours.min(axis=1) >= _PAPER_WHITE) | rules.is_ground(colours) | rules.is_empty(colours))


def outside_colour(spots: HintSpots, is_open: Mask) -> U8:
    """Return the colour of the paper outside, uint8 (3,): the commonest nearly white hint on it, else white."""
    white = is_open & (spots.colours[spots.colour].min(axis=1) >= _PAPER_WHITE)
    area = np.bincount(spots.colour[white], spots.area[white], len(spots.colours))
    return np.asarray(spots.colours[int(area.argmax())])


def beyond_the_hull(paper: U8, ground: Mask) -> tuple[Mask, Mask]:
    """Return what of the ground, bool (H, W), lies beyond the convex hull of the ink, and what lies on its border."""
    hull = np.zeros(paper.shape, np.uint8)
    left, right = ink_span(paper)
    rows = np.flatnonzero(right >= 0)
    if len(rows):
        ends = np.concatenate([np.column_stack([left[rows], rows]), np.column_stack([right[rows], rows])])
        cv2.fillConvexPoly(hull, cv2.convexHull(ends.astype(np.int32)), 1)
    core = cv2.erode(hull, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=1)
    beyond = ground & (hull == 0)
    if not beyond.any():
        corners = np.ix_([0, -1], [0, -1])
        beyond[corners] = ground[corners]
    return beyond, ground & (hull > core)


def stains(drawing: HintedDrawing, contested: Mask, is_open: Mask, rules: FillRules) -> Labels:
    """Return the colour, int32 (H, W), 0 = none, of what is coloured on the paper outside, where it is not filled.

    A hint there colours its own pixels and a disc: up to the nearest ink and most of the way to the next of its colour.
    contested: bool (n + 1,), the regions that hold the figure and the paper outside.
    """
    spots = drawing.spots
    staining = np.flatnonzero(is_open & contested[spots.region] & ~is_paper_white(spots, rules))
    colours = np.zeros(len(spots.colour) + 1, np.int32)
    colours[staining + 1] = spots.colour[staining]
    stained = colours[spots.labels]
    free = drawing.line_mask.distance[spots.y[staining], spots.x[staining]] - 1
    for spot, radius in zip(staining, np.minimum(free, _reach(spots, staining, drawing.size)), strict=True):
        centre = int(spots.x[spot]), int(spots.y[spot])
        cv2.circle(stained, centre, max(int(radius), 0), int(spots.colour[spot]), cv2.FILLED)
    return stained


def _reach(spots: HintSpots, staining: Index, size: int) -> F64:
    """Return how far, px, each of the spots `staining` may colour, (len(staining),)."""
    least, most = _LEAST_STAIN * size, _GREATEST_STAIN * size
    if not 1 < len(staining) <= _MOST_COMPARED:
        return np.full(len(staining), least)
    x, y, colour = spots.x[staining], spots.y[staining], spots.colour[staining]
    apart = np.hypot(np.subtract.outer(x, x), np.subtract.outer(y, y))
    apart[np.not_equal.outer(colour, colour) | np.eye(len(staining), dtype=bool)] = np.inf
    nearest = apart.min(axis=1)
    return np.where(np.isfinite(nearest), np.clip(_REACH * nearest, least, most), least)
