"""Measures the regions of a line drawing: size, place, and how they touch each other and the picture's border."""

from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import F64, Index, Labels
from pipelines.segmentation.adjacency import Borders, contract, find_borders
from pipelines.segmentation.label_maps import runs_of
from pipelines.segmentation.line_mask import LineMask, inscribed_radius

Values = TypeVar("Values", NDArray[np.float64], NDArray[np.intp])


class RegionProperties(NamedTuple):
    """What is known of the regions 1..n; arrays are (n + 1,), with nothing of interest at 0."""

    area: F64  # px of paper
    width: F64  # px, the radius of the greatest ball inside
    left: Index  # px, the first column, the box of its paper
    top: Index
    right: Index  # px, the last column
    bottom: Index
    edge: F64  # px of the picture's border
    corners: Index  # corners of the picture, 0..4
    borders: Borders

    @property
    def labels(self) -> int:
        """The number of labels, 0 included."""
        return len(self.area)

    @property
    def x(self) -> F64:
        """The middle of the box, px, (n + 1,)."""
        return (self.left + self.right) / 2

    @property
    def y(self) -> F64:
        """The middle of the box, px, (n + 1,)."""
        return (self.top + self.bottom) / 2


def region_properties(regions: Labels, drawing: LineMask) -> RegionProperties:
    """Measure regions, int32 (H, W), labels >= 1, ink included; a label that is not there has no area."""
    count = int(regions.max(initial=0)) + 1
    on_paper = regions * drawing.paper
    row, start, stop, label = runs_of(on_paper)
    frame = np.concatenate([on_paper[0], on_paper[-1], on_paper[:, 0], on_paper[:, -1]])
    corners = on_paper[[0, 0, -1, -1], [0, -1, 0, -1]]
    is_region = np.arange(count) > 0
    return RegionProperties(
        area=(np.bincount(label, stop - start + 1, count) * is_region).astype(np.float64),
        width=inscribed_radius(on_paper, drawing),
        left=_least(label, start, np.full(count, regions.shape[1])),
        top=_least(label, row, np.full(count, regions.shape[0])),
        right=_greatest(label, stop, count),
        bottom=_greatest(label, row, count),
        edge=(np.bincount(frame, minlength=count) * is_region).astype(np.float64),
        corners=np.bincount(corners, minlength=count) * is_region,
        borders=find_borders(regions, drawing.width),
    )


def merge_properties(facts: RegionProperties, roots: Index) -> RegionProperties:
    """Return the facts when each label becomes its root, (n + 1,)."""
    count = facts.labels
    return RegionProperties(
        area=np.bincount(roots, facts.area, count).astype(np.float64),
        width=_greatest(roots, facts.width, count).astype(np.float64),
        left=_least(roots, facts.left, facts.left.copy()),
        top=_least(roots, facts.top, facts.top.copy()),
        right=_greatest(roots, facts.right, count),
        bottom=_greatest(roots, facts.bottom, count),
        edge=np.bincount(roots, facts.edge, count).astype(np.float64),
        corners=np.bincount(roots, facts.corners, count).astype(np.intp),
        borders=contract(facts.borders, roots),
    )


def _least(label: Index, values: Index, least: Index) -> Index:
    np.minimum.at(least, label, values)
    return least


def _greatest(label: Index, values: Values, count: int) -> Values:
    greatest = np.zeros(count, values.dtype)
    np.maximum.at(greatest, label, values)
    return greatest


def dissimilarity(facts: RegionProperties, one: Index, other: Index) -> F64:
    """Return by how much regions differ in area, width and the sides of their boxes: the sum of |log ratio|, >= 0."""
    total = np.zeros(np.broadcast_shapes(one.shape, other.shape))
    sides = facts.right - facts.left + 1, facts.bottom - facts.top + 1
    for measure in (facts.area, 2 * facts.width, *sides):
        logarithm = np.log(np.maximum(measure, 1))
        total += np.abs(logarithm[one] - logarithm[other])
    return total
