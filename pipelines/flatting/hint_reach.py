"""Tells which hints may speak for which areas that have none, before it is weighed which speaks best.

A hint in a detail (an iris, a button, a window: small, and enclosed) speaks for what is in the detail, for details that
look like it beside it, and for its twin at the same height. It says nothing of what lies outside of what encloses it.
Hints in one panel of a comic speak for another only where that has none. Areas that only a fold parts belong together.
The colour of the ground does not speak for what stands in it.
"""

from typing import NamedTuple

import numpy as np

from pipelines.core.imaging.arrays import F64, Index, Labels, Mask
from pipelines.flatting.hint_spots import HintSpots
from pipelines.segmentation.adjacency import LEAST_TOUCH, hanging_together
from pipelines.segmentation.properties import RegionProperties, dissimilarity
from pipelines.structure.comic_panels import find_panels
from pipelines.structure.folds import find_folds
from pipelines.structure.meetings import Meetings, find_meetings
from pipelines.structure.nesting import PAGE, Nesting, find_nesting

_DETAIL = 0.03  # of the figure's area: details are smaller, with all that they enclose
_EYE = 0.05  # of the figure's area: eyes are smaller
_WHITE = 250  # a colour with no channel below this is white
_ALIKE = 24  # levels: colours that differ less are one
_LIKE = 1.0  # the greatest dissimilarity of details that a hint in one of them speaks for
_TWIN, _LEVEL = 0.8, 0.05  # the same of twins; of the figure's height, by how much they differ in height
_FULL = 0.45  # of the box of an eye: paper; lines are the rest
_LONG = 4.0  # sides of an eye's box
_HOLE = 0.04  # of the box of a ring: its hole is no smaller
_CENTRED = 0.08  # of the sides of its box: nor farther from its middle
_SHAPE = 0.25  # of the logarithm of width to height, by which the two differ
_MIDDLE = 0.15  # of the sides of its box: an iris lies no farther from its middle


class HintReach(NamedTuple):
    """Where the hints of a drawing may speak."""

    properties: RegionProperties
    nesting: Nesting
    panel: Index  # (n + 1,), 0 = none
    figure: float  # px, the area of all but the paper outside
    height: float  # px, of the figure
    folds: Index  # (m,), the pairs of regions that only a fold parts, first * (n + 1) + second
    shores: Index  # (m,), the pairs of regions of the figure and of the ground that lines part, likewise
    meetings: Meetings

    def is_beyond_fold(self, spots: HintSpots, regions: Index) -> Mask:
        """Tell of each of the spots whether only a fold parts it from each of `regions`, (u, spots)."""
        return np.isin(self._keys(spots, regions), self.folds) & ~self._is_detail(regions[:, None])

    def _keys(self, spots: HintSpots, regions: Index) -> Index:
        region, hinted = regions[:, None], spots.region[None, :]
        return np.minimum(region, hinted) * self.properties.labels + np.maximum(region, hinted)

    def may_speak(self, spots: HintSpots, regions: Index) -> Mask:
        """Tell of each of the spots whether it may speak for each of `regions`, (u, spots)."""
        region, hinted = regions[:, None], spots.region[None, :]
        own_panel = self.panel[region] == self.panel[hinted]
        at_home = np.bincount(self.panel[spots.region], minlength=int(self.panel.max(initial=0)) + 1) > 0
        may = own_panel | (self.panel[region] == 0) | ~at_home[self.panel[region]]
        may &= ~np.isin(self._keys(spots, regions), self.shores)
        may |= (spots.colours[spots.colour].min(axis=1) >= _WHITE)[None, :] & own_panel
        details = np.flatnonzero(self._stands_out(spots))
        if len(details):
            may[:, details] &= self._in_reach(region, hinted[:, details])
        return np.asarray(may)

    def _is_detail(self, region: Index) -> Mask:
        """Tell which of some regions are small, and enclosed by another."""
        return np.asarray((self.nesting.parent[region] != PAGE) & (self.nesting.whole[region] < _DETAIL * self.figure))

    def _stands_out(self, spots: HintSpots) -> Mask:
        """Tell which spots lie in a detail: in a small region, enclosed by none that has a hint of their colour.

        White says nothing but paper, which any area may be.
        """
        around, is_detail = self.nesting.parent[spots.region], self._is_detail(spots.region)
        is_detail &= spots.colours[spots.colour].min(axis=1) < _WHITE
        details = np.flatnonzero(is_detail)
        colours = spots.colours[spots.colour].astype(np.int16)
        for detail in details.tolist():
            others = self.nesting.encloses(spots.region, around[detail])
            is_detail[detail] = not (np.abs(colours[others] - colours[detail]) <= _ALIKE).all(axis=1).any()
        return is_detail

    def _in_reach(self, region: Index, detail: Index) -> Mask:
        """Tell whether regions lie where a detail says something of them, (u, details)."""
        around = self.nesting.parent[detail]
        apart = dissimilarity(self.properties, region, detail)
        beside = self.nesting.encloses(around, region) & (region != around) & (apart <= _LIKE)
        level = np.abs(self.properties.y[region] - self.properties.y[detail]) <= _LEVEL * self.height
        return np.asarray(self.nesting.encloses(detail, region) | beside | (level & (apart <= _TWIN)))


def find_reach(regions: Labels, properties: RegionProperties, outside: Mask, ground: Mask) -> HintReach:
    """Find where hints may speak among regions, int32 (H, W).

    outside: bool (n + 1,), the paper outside the figure; ground: those of it that a hint colours all of.
    """
    inside = np.flatnonzero(~outside & (properties.area > 0))
    bottom, top = properties.bottom[inside].max(initial=0), properties.top[inside].min(initial=1 << 30)
    nesting, meetings = _within_figure(find_nesting(properties, outside), outside), find_meetings(regions)
    return HintReach(
        properties,
        nesting,
        find_panels(properties, outside),
        float(properties.area[inside].sum()),
        float(max(bottom - top, 1)),
        _folds(meetings, properties, outside),
        _shores(properties, ground),
        meetings,
    )


def _folds(meetings: Meetings, properties: RegionProperties, outside: Mask) -> Index:
    """The pairs of regions of the figure that only a fold parts, as keys."""
    borders = properties.borders
    folds = find_folds(meetings, borders, properties.labels) & ~outside[borders.first] & ~outside[borders.second]
    return np.asarray(borders.first[folds] * properties.labels + borders.second[folds])


def _shores(properties: RegionProperties, ground: Mask) -> Index:
    """The pairs of regions of which one alone is ground, as keys: the colour of the ground ends at the lines."""
    borders = properties.borders
    apart = (ground[borders.first] != ground[borders.second]) & (borders.length >= LEAST_TOUCH)
    return np.asarray(borders.first[apart] * properties.labels + borders.second[apart])


def _within_figure(nesting: Nesting, outside: Mask) -> Nesting:
    """The nesting, in which the paper outside encloses nothing."""
    return nesting._replace(parent=np.where(outside[nesting.parent], PAGE, nesting.parent))


def whites_of_eyes(reach: HintReach, hinted: Mask) -> Mask:
    """Tell which regions without a hint, (n + 1,), lie around a hinted iris: small details that are round together."""
    properties, nesting = reach.properties, reach.nesting
    small = (nesting.parent != PAGE) & (nesting.whole < _EYE * reach.figure) & (properties.area > 0)
    group = hanging_together(properties.borders, small)
    whites = np.zeros(properties.labels, bool)
    for head in np.unique(group[small & hinted]).tolist():
        members = np.flatnonzero(small & (group == head))
        irises, others = members[hinted[members]], members[~hinted[members]]
        if len(others) and _is_eye(properties, members, irises):
            whites[others[~nesting.encloses(irises[:, None], others).any(axis=0)]] = True
    return whites


def _is_eye(properties: RegionProperties, members: Index, irises: Index) -> bool:
    """Whether regions together are round, with the hinted ones among them in their middle."""
    left, right = properties.left[members].min(), properties.right[members].max() + 1
    top, bottom = properties.top[members].min(), properties.bottom[members].max() + 1
    width, height = float(right - left), float(bottom - top)
    area = properties.area[members].sum()
    weight: F64 = properties.area[irises] / properties.area[irises].sum()
    x, y = float(properties.x[irises] @ weight), float(properties.y[irises] @ weight)
    middle = max(abs(x - (left + right) / 2) / width, abs(y - (top + bottom) / 2) / height)
    slim = max(width / height, height / width)
    return bool(area >= _FULL * width * height and middle <= _MIDDLE and slim <= _LONG)


def holes_of_rings(reach: HintReach, hinted: Mask) -> Mask:
    """Tell which regions without a hint, (n + 1,), are holes of rings, as in a doughnut.

    A ring stands free and has a hint. Its hole lies in its middle, has its shape, and nothing in it.
    """
    properties, parent = reach.properties, reach.nesting.parent
    borders = properties.borders
    width = np.maximum(properties.right - properties.left + 1.0, 1)
    height = np.maximum(properties.bottom - properties.top + 1.0, 1)
    neighbours = np.bincount(np.concatenate([borders.first, borders.second]), minlength=properties.labels)
    middle = np.maximum(
        np.abs(properties.x - properties.x[parent]) / width[parent],
        np.abs(properties.y - properties.y[parent]) / height[parent],
    )
    slim = np.abs(np.log(width * height[parent] / (height * width[parent])))
    holes = (parent != PAGE) & (parent[parent] == PAGE) & hinted[parent] & ~hinted & (neighbours == 1)
    holes &= (properties.area >= _HOLE * width[parent] * height[parent]) & (middle <= _CENTRED) & (slim <= _SHAPE)
    return np.asarray(holes)
