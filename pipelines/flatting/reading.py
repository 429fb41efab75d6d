"""Reads a line drawing once for all who colour it: paper and ink, regions, what is known of them, areas at full size.

Each thing is worked out when it is first asked for, and kept. Regions are found at a working size of 2048 px at most.
"""

from functools import cached_property

import numpy as np

from pipelines.core.imaging.arrays import U8, Labels, Mask
from pipelines.flatting.areas import AreaMap
from pipelines.flatting.hinted_drawing import HintedDrawing, is_outside, read_drawing, shrink_hints
from pipelines.regions import trapped_ball
from pipelines.segmentation.label_maps import resize_labels
from pipelines.segmentation.line_mask import LineMask, ink_elevation, line_mask_of, shrink_lines, shrunk_shape
from pipelines.segmentation.properties import RegionProperties, region_properties
from pipelines.segmentation.watershed import watershed
from pipelines.structure.lettering import Lettering, find_lettering

WORK_SIZE = 2048
"""The longer side, px, at which regions are found."""


class LineReading:
    """A line drawing, uint8 (H, W), 0 = ink, and what is read off it; not to be written to."""

    def __init__(self, lines: U8, *, work_size: int | None = WORK_SIZE, gap: float | None = None) -> None:
        self.lines = lines
        self.gap = gap
        """Px of the drawing: openings in lines up to this wide are closed; None: 2 % of its side."""
        self.work_size = work_size
        """Px of the longer side at which regions are found; None: the drawing's own size."""

    @cached_property
    def small_lines(self) -> U8:
        """The drawing at its working size, shrunk so that no line breaks, (h, w)."""
        return shrink_lines(self.lines, shrunk_shape(self.lines.shape, self.work_size or max(self.lines.shape)))

    @cached_property
    def mask(self) -> LineMask:
        """Paper and ink at the working size."""
        return line_mask_of(self.small_lines)

    @cached_property
    def regions(self) -> Labels:
        """Trapped-ball regions, (h, w), 1..n, ink included; gaps in lines of up to `gap` are closed."""
        scale = max(self.small_lines.shape) / max(self.lines.shape)
        gap = None if self.gap is None else self.gap * scale
        return trapped_ball.enclose(self.mask, trapped_ball.Params(gap=gap))

    @cached_property
    def properties(self) -> RegionProperties:
        """What is known of the regions."""
        return region_properties(self.regions, self.mask)

    @cached_property
    def outside(self) -> Mask:
        """Which regions may be paper outside the figure, (n + 1,)."""
        return is_outside(self.properties, max(self.small_lines.shape))

    @cached_property
    def lettering(self) -> Lettering:
        """Letters among the regions, and the balloons that hold them."""
        return find_lettering(self.regions, self.mask, self.properties, self.outside)

    def with_hints(self, hints: U8) -> HintedDrawing:
        """Read hints, uint8 RGBA (H, W, 4), at the working size."""
        return read_drawing(
            self.small_lines,
            shrink_hints(hints, self.small_lines.shape),
            self.regions,
            self.mask,
            properties=self.properties,
            apart=self.lettering.in_balloons,
        )

    @cached_property
    def paper(self) -> U8:
        """1 = paper, 0 = ink, at full size, (H, W)."""
        is_full_size = self.small_lines.shape == self.lines.shape
        return self.mask.paper if is_full_size else line_mask_of(self.lines).paper

    @cached_property
    def elevation(self) -> U8:
        """Heights over which colours grow at full size, (H, W): they meet under the darkest of the ink."""
        return ink_elevation(self.lines, self.paper)

    @cached_property
    def areas(self) -> AreaMap:
        """The regions at full size, reaching under the ink."""
        markers: Labels = self.regions * self.mask.paper
        if markers.shape != self.lines.shape:
            markers = resize_labels(markers, self.lines.shape) * self.paper
        borders = self.properties.borders
        meet = borders.paper > 0
        return AreaMap(
            labels=watershed(markers, self.elevation),
            outside=self.outside,
            size=self.properties.area,
            open=np.column_stack([borders.first[meet], borders.second[meet]]),
        )
