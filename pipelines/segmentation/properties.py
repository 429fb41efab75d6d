"""Measures the regions of a line drawing: size, place, and how they touch each other and the picture's border."""

from typing import NamedTuple, TypeVar

import numpy as np

from pipelines.core.imaging.arrays import F64, Index, Labels
from pipelines.segmentation.adjacency import Borders, contract, find_borders
from pipelines.segmentation.label_maps import label_sizes, row_runs
from pipelines.segmentation.line_mask import LineMask, inscribed_radius

Values = TypeVar("Values", F64, Index)


class RegionProperties(NamedTuple):
    """What is known of the regions 1..n; arrays are (n + 1,), with nothing of interest at 0."""

    area: F64  # px of paper
    radius: F64  # px, of the greatest ball inside
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


def region_properties(regions: Labels, line_mask: LineMask) -> RegionProperties:
    """Measure regions, int32 (H, W), labels >= 1, ink included; a label that is not there has no area."""
    count = int(regions.max(initial=0)) + 1
    on_paper = regions * line_mask.paper
    runs = row_runs(on_paper)
    label, row = runs.labels(on_paper), runs.row
    frame = np.concatenate([on_paper[0], on_paper[-1], on_paper[:, 0], on_paper[:, -1]])
    corners = on_paper[[0, 0, -1, -1], [0, -1, 0, -1]]
    is_region = np.arange(count) > 0
    return RegionProperties(
        area=label_sizes(on_paper, count),
        radius=inscribed_radius(on_paper, line_mask),
        left=_least(label, runs.first, np.full(count, regions.shape[1])),
        top=_least(label, row, np.full(count, regions.shape[0])),
        right=_greatest(label, runs.last, count),
        bottom=_greatest(label, row, count),
        edge=(np.bincount(frame, minlength=count) * is_region).astype(np.float64),
        corners=np.bincount(corners, minlength=count) * is_region,
        borders=find_borders(regions, line_mask.distance),
    )


def merge_properties(properties: RegionProperties, roots: Index) -> RegionProperties:
    """Return the properties when each label becomes its root, (n + 1,)."""
    count = properties.labels
    return RegionProperties(
        area=np.bincount(roots, properties.area, count).astype(np.float64),
        radius=_greatest(roots, properties.radius, count).astype(np.float64),
        left=_least(roots, properties.left, properties.left.copy()),
        top=_least(roots, properties.top, properties.top.copy()),
        right=_greatest(roots, properties.right, count),
        bottom=_greatest(roots, properties.bottom, count),
        edge=np.bincount(roots, properties.edge, count).astype(np.float64),
        corners=np.bincount(roots, properties.corners, count).astype(np.intp),
        borders=contract(properties.borders, roots),
    )


def _least(label: Index, values: Index, least: Index) -> Index:
    np.minimum.at(least, label, values)
    return least


def _greatest(label: Index, values: Values, count: int) -> Values:
    greatest = np.zeros(count, values.dtype)
    np.maximum.at(greatest, label, values)
    return greatest


def dissimilarity(properties: RegionProperties, first: Index, second: Index) -> F64:
    """Return by how much regions differ in area, radius and the sides of their boxes: the sum of |log ratio|, >= 0."""
    total = np.zeros(np.broadcast_shapes(first.shape, second.shape))
    sides = properties.right - properties.left + 1, properties.bottom - properties.top + 1
    for measure in (properties.area, 2 * properties.radius, *sides):
        logarithm = np.log(np.maximum(measure, 1))
        total += np.abs(logarithm[first] - logarithm[second])
    return total
