"""Finds the areas inside a figure that show the ground: between arm and body, in handles, between spokes and strands.

Two kinds are told. A bay lies open to the ground through a narrow strait, and hardly borders on it over a line: a part
of the figure has all of its outline with the ground, a bay has its own with the parts around it. A loop is closed by
parts that have ground on their other side:

    bands     seven tenths of its border are with parts that border on the ground for as long at least
    thin      the parts are narrow, as arms, handles, straps, in the mean or along half of the border
    near      half of its border is as near to the ground as nine tenths of its own size, and near in the picture
    meetings  where two of the parts meet at the loop, they meet at the ground too (a third of the places), and the
              loop is never what goes straight on there: it lies behind all of them
    empty     nothing is drawn in it

An area with one neighbour alone is none: that is a patch, a button, a lens, a plate far more often than a hole.

Measured on areas without a hint, of 20 styles, train and val, each picture with four dabs: of 171 bays .98 are ground
(or white, in pictures without alpha), .98 of their area; of 77 loops .75, .86 of their area; of 9,031 other areas .09.
In pictures with alpha 82 of 83 bays and 28 of 34 loops are ground. Of areas with one neighbour, however thin the ring
around them, at most .4 are; of openings between spokes or panes, whose parts border on no ground, one cannot tell.

Source: what goes straight on where three areas meet lies in front: D. Waltz, "Understanding Line Drawings of Scenes
with Shadows", in P. H. Winston (ed.), The Psychology of Computer Vision, 1975.
"""

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F64, U8, Index, Labels, Mask
from pipelines.segmentation.adjacency import LEAST_TOUCH
from pipelines.segmentation.properties import RegionProperties
from pipelines.structure.meetings import Meetings, find_meetings

NO_GROUND = 0
"""What shows in an area that is no hole."""

_LEAST = 0.009  # of the longer side: the radius of the greatest ball in a hole is no smaller
_BAY_SHORE = 0.25  # of a bay's border, at most: with the ground, over lines
_LOOP_SHORE = 0.2  # of a loop's border, at most: with the ground
_BANDS = 0.7  # of a loop's border, at least: with parts that border on the ground as long
_THIN = 0.54  # of parts around a loop, in the mean, at most: the greatest ball's width to the root of the area
_NARROW = 0.4  # the same of parts that half of a loop's border is with: then the others may be of any shape
_NEAR_BORDER = 0.5  # of a loop's border, at least: near the ground
_RADII, _LINE = 3.0, 0.012  # near is so many of its radii, and so much of the longer side for the lines,
_NEAR = 0.09  # but no more than this of the longer side
_BEHIND = 0.3  # of the meetings at a loop, at least: of parts that meet at the ground too
_STRAIGHT = 0.42  # of the circle around a meeting: what fills more goes straight on there
_DRAWN = 0.02  # of a loop's area, at most: drawn in it


class _Neighbours:
    """The borders of regions, seen from each side."""

    def __init__(self, properties: RegionProperties, outside: Mask) -> None:
        borders = properties.borders
        self.count = properties.labels
        self.here = np.concatenate([borders.first, borders.second])
        self.there = np.concatenate([borders.second, borders.first])
        self.length, self.paper = np.tile(borders.length, 2), np.tile(borders.paper, 2)
        self.to_ground = outside[self.there]
        self.border = np.maximum(self.summed(self.length), 1)
        self.shore = self.summed(self.length * self.to_ground)

    def summed(self, values: F64) -> F64:
        """Sum over the borders of each region, (n + 1,)."""
        return np.bincount(self.here, values, self.count).astype(np.float64)


def find_holes(
    regions: Labels,
    paper: U8,
    properties: RegionProperties,
    outside: Mask,
    *,
    asked: Mask,
    meetings: Meetings | None = None,
) -> Index:
    """Return the region outside whose ground shows in each region, (n + 1,), NO_GROUND where it is no hole.

    regions: int32 (H, W), ink included; paper: uint8 (H, W), 0 = ink; outside: bool (n + 1,), the ground around the
    figure; asked: bool (n + 1,), which regions may be holes; meetings: of the regions, where they are known.
    """
    asked = asked & ~outside & (properties.radius >= _LEAST * max(regions.shape))
    shows = np.full(properties.labels, NO_GROUND, np.intp)
    if not (asked.any() and outside.any()):
        return shows
    neighbours = _Neighbours(properties, outside)
    bays = asked & _are_bays(neighbours)
    shows[bays] = _longest(neighbours, neighbours.paper * neighbours.to_ground)[bays]
    loops = np.flatnonzero(asked & ~bays & _are_banded(neighbours, properties))
    if len(loops):
        loops = loops[_lie_behind(loops, find_meetings(regions) if meetings is None else meetings, outside)]
    for loop in loops.tolist():
        if _is_near(loop, regions, paper, properties, outside):
            shows[loop] = _ground_beyond(neighbours, loop)
    return shows


def _are_bays(neighbours: _Neighbours) -> Mask:
    """Tell which regions, (n + 1,), are open to the ground over paper, and hardly border on it over lines."""
    strait = neighbours.summed(neighbours.paper * neighbours.to_ground)
    return np.asarray((strait > 0) & (neighbours.shore - strait <= _BAY_SHORE * neighbours.border))


def _are_banded(neighbours: _Neighbours, properties: RegionProperties) -> Mask:
    """Tell which regions, (n + 1,), lie between two thin parts or more that border on the ground."""
    here, there, length = neighbours.here, neighbours.there, neighbours.length
    open_to_ground = neighbours.paper * neighbours.to_ground
    part = np.minimum(length, neighbours.shore[there]) * ~neighbours.to_ground
    thinness = 2 * properties.radius / np.sqrt(np.maximum(properties.area, 1))
    several = np.bincount(here, length >= LEAST_TOUCH, neighbours.count) > 1
    several &= neighbours.summed(open_to_ground) == 0
    several &= neighbours.shore <= _LOOP_SHORE * neighbours.border
    several &= neighbours.summed(part) >= _BANDS * neighbours.border
    thin = neighbours.summed(length * thinness[there]) <= _THIN * neighbours.border
    thin |= neighbours.summed(length * (thinness[there] <= _NARROW) * ~neighbours.to_ground) >= neighbours.border / 2
    return np.asarray(several & thin)


def _lie_behind(loops: Index, meetings: Meetings, outside: Mask) -> Mask:
    """Tell which of the regions `loops`, (k,), never go straight on, while the parts around them meet at the ground."""
    count = len(outside)
    at_ground: dict[int, int] = {}
    at_loop: dict[int, dict[int, int]] = {loop: {} for loop in loops.tolist()}
    in_front: set[int] = set()
    for corners, share in zip(meetings.regions.tolist(), meetings.share.tolist(), strict=True):
        for place, region in enumerate(corners):
            first, second = corners[:place] + corners[place + 1 :]
            pair = first * count + second
            if outside[region]:
                at_ground[pair] = at_ground.get(pair, 0) + 1
            elif region in at_loop:
                if share[place] > _STRAIGHT:
                    in_front.add(region)
                at_loop[region][pair] = at_loop[region].get(pair, 0) + (not (outside[first] or outside[second]))
    behind = []
    for loop, pairs in at_loop.items():
        meets = sum(min(times, at_ground.get(pair, 0)) for pair, times in pairs.items())
        behind.append(loop not in in_front and 0 < meets >= _BEHIND * sum(pairs.values()))
    return np.array(behind)


def _is_near(loop: int, regions: Labels, paper: U8, properties: RegionProperties, outside: Mask) -> bool:
    """Whether a region has the ground near to half of its border, and nothing drawn in it."""
    size = max(regions.shape)
    reach = min(_RADII * float(properties.radius[loop]) + _LINE * size, _NEAR * size)
    margin = int(reach) + 2 + round(_LINE * size)
    rows = slice(max(int(properties.top[loop]) - margin, 0), int(properties.bottom[loop]) + margin + 1)
    columns = slice(max(int(properties.left[loop]) - margin, 0), int(properties.right[loop]) + margin + 1)
    window, on_paper = regions[rows, columns], paper[rows, columns] > 0
    inside = np.asarray(window == loop)
    border = inside & (cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
    ground = (outside[window] & on_paper).astype(np.uint8)
    distance = cv2.distanceTransform(1 - ground, cv2.DIST_L2, 5)
    is_near = np.count_nonzero(distance[border] <= reach) >= _NEAR_BORDER * np.count_nonzero(border)
    return bool(is_near and _drawn_area(inside & on_paper) <= _DRAWN * properties.area[loop])


def _drawn_area(mask: Mask) -> float:
    """Px within the outlines of what lies in a mask, bool (H, W), without being of it."""
    contours, hierarchy = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    around = np.reshape(hierarchy, (-1, 4))[:, 3] if len(contours) else np.zeros(0, np.intp)
    return sum(cv2.contourArea(contours[number]) for number in np.flatnonzero(around >= 0).tolist())


def _longest(neighbours: _Neighbours, length: F64) -> Index:
    """The neighbour of each region, (n + 1,), with the greatest length, (borders,)."""
    order = np.argsort(length, kind="stable")
    longest = np.full(neighbours.count, NO_GROUND, np.intp)
    longest[neighbours.here[order]] = neighbours.there[order]
    return longest


def _ground_beyond(neighbours: _Neighbours, loop: int) -> int:
    """The region outside that borders most on the parts around a loop."""
    is_part = np.zeros(neighbours.count, bool)
    is_part[neighbours.there[neighbours.here == loop]] = True
    shores = np.flatnonzero(is_part[neighbours.here] & neighbours.to_ground)
    return int(np.bincount(neighbours.there[shores], neighbours.length[shores]).argmax())
