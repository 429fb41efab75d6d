"""Finds the areas of a line drawing at full size, reaching under the ink."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import U8, Labels, Mask
from pipelines.flatting.hinted_drawing import is_outside
from pipelines.regions import trapped_ball
from pipelines.regions.trapped_ball import enclose
from pipelines.segmentation.label_maps import resize_labels
from pipelines.segmentation.line_mask import ink_elevation, line_mask_of, shrink_lines, shrunk_shape
from pipelines.segmentation.properties import region_properties
from pipelines.segmentation.watershed import watershed

WORK_SIZE = 2048
"""The longer side, px, at which areas are found."""


class AreaMap(NamedTuple):
    """A line drawing's areas at full size."""

    labels: Labels  # (H, W), 1..n, under the ink too
    outside: Mask  # (n + 1,), which may be paper outside the figure
    size: NDArray[np.float64]  # (n + 1,), px of paper at the scale at which they were found
    open: NDArray[np.intp]  # (pairs, 2), areas that meet over paper, where lines have a gap


def find_areas(lines: U8) -> AreaMap:
    """Find the areas of a line drawing, uint8 (H, W), 0 = ink."""
    small = shrink_lines(lines, shrunk_shape(lines.shape, WORK_SIZE))
    drawing = line_mask_of(small)
    labels = enclose(drawing, trapped_ball.Params())
    facts = region_properties(labels, drawing)
    meet = facts.borders.paper > 0
    pairs = np.column_stack([facts.borders.first[meet], facts.borders.second[meet]])
    paper = drawing.paper
    markers: Labels = labels * paper
    if small.shape != lines.shape:
        paper = line_mask_of(lines).paper
        markers = resize_labels(markers, lines.shape) * paper
    labels = watershed(markers, ink_elevation(lines, paper))
    return AreaMap(labels, is_outside(facts, max(small.shape)), facts.area, pairs)
