"""Holds a line drawing with its regions, what is known of them, and the hints on it."""

from typing import NamedTuple

import numpy as np

from pipelines.core.imaging.arrays import U8, Labels, Mask
from pipelines.flatting.hint_spots import HintSpots, read_hints
from pipelines.segmentation.adjacency import merge_into_named
from pipelines.segmentation.label_maps import map_labels
from pipelines.segmentation.line_mask import LineMask
from pipelines.segmentation.properties import RegionProperties, merge_properties, region_properties

_OUTSIDE_SHARE = 0.25  # of the longer side: a region with that much of the picture's border is outside


class HintedDrawing(NamedTuple):
    """A drawing whose regions are known, and its hints."""

    drawing: LineMask
    regions: Labels  # (H, W), labels >= 1, ink included
    facts: RegionProperties
    hints: HintSpots
    size: int  # px, the longer side

    @property
    def hinted(self) -> Mask:
        """Which regions hold a hint, (n + 1,)."""
        return np.bincount(self.hints.region, minlength=self.facts.labels) > 0

    @property
    def outside(self) -> Mask:
        """Which regions hold the paper outside the figure, (n + 1,)."""
        return is_outside(self.facts, self.size)

    def cut(self, window: tuple[slice, slice]) -> "HintedDrawing":
        """Return a window of it; lengths stay relative to the whole, and facts are those of the whole."""
        drawing = self.drawing._replace(paper=self.drawing.paper[window], width=self.drawing.width[window])
        hints = self.hints._replace(marks=self.hints.marks[window])
        return HintedDrawing(drawing, self.regions[window], self.facts, hints, self.size)


def read_drawing(
    lines: U8, hints: U8, regions: Labels, drawing: LineMask, *, properties: RegionProperties | None = None
) -> HintedDrawing:
    """Read the hints on regions, int32 (H, W), and join the pieces of paper without a hint to those with one.

    No ink divides what is joined; two pieces with hints stay two, and nothing is joined to the paper outside.
    properties: of the regions, where they are known already.
    """
    sheet = HintedDrawing(
        drawing,
        regions,
        region_properties(regions, drawing) if properties is None else properties,
        read_hints(hints, lines, regions, drawing),
        max(lines.shape),
    )
    roots = merge_into_named(sheet.facts.borders, sheet.hinted, sheet.outside)
    if (roots == np.arange(len(roots))).all():
        return sheet
    asked = sheet.hints._replace(region=roots[sheet.hints.region])
    return HintedDrawing(
        drawing, map_labels(roots.astype(np.int32), regions), merge_properties(sheet.facts, roots), asked, sheet.size
    )


def is_outside(facts: RegionProperties, size: int) -> Mask:
    """Tell which regions, (n + 1,), hold a corner of the picture or much of its border. size: the longer side, px."""
    return np.asarray((facts.corners > 0) | (facts.edge > _OUTSIDE_SHARE * size))
