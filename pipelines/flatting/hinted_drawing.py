"""Holds a line drawing with its regions, their properties, and the hints on it."""

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

    line_mask: LineMask
    regions: Labels  # (H, W), labels >= 1, ink included
    properties: RegionProperties
    spots: HintSpots
    size: int  # px, the longer side

    @property
    def hinted(self) -> Mask:
        """Which regions hold a hint, (n + 1,)."""
        return np.bincount(self.spots.region, minlength=self.properties.labels) > 0

    @property
    def outside(self) -> Mask:
        """Which regions hold the paper outside the figure, (n + 1,)."""
        return is_outside(self.properties, self.size)

    def cut(self, window: tuple[slice, slice]) -> "HintedDrawing":
        """Return a window of it; lengths stay relative to the whole, and properties are those of the whole."""
        mask = self.line_mask
        return self._replace(
            line_mask=mask._replace(paper=mask.paper[window], distance=mask.distance[window]),
            regions=self.regions[window],
            spots=self.spots._replace(labels=self.spots.labels[window]),
        )


def read_drawing(
    lines: U8, hints: U8, regions: Labels, line_mask: LineMask, *, properties: RegionProperties | None = None
) -> HintedDrawing:
    """Read the hints on regions, int32 (H, W), and join the pieces of paper without a hint to those with one.

    No ink divides what is joined; two pieces with hints stay two, and nothing is joined to the paper outside.
    properties: of the regions, where they are known already.
    """
    pieces = HintedDrawing(
        line_mask,
        regions,
        region_properties(regions, line_mask) if properties is None else properties,
        read_hints(hints, lines, regions, line_mask),
        max(lines.shape),
    )
    roots = merge_into_named(pieces.properties.borders, pieces.hinted, pieces.outside)
    if (roots == np.arange(len(roots))).all():
        return pieces
    return pieces._replace(
        regions=map_labels(roots.astype(np.int32), regions),
        properties=merge_properties(pieces.properties, roots),
        spots=pieces.spots._replace(region=roots[pieces.spots.region]),
    )


def is_outside(properties: RegionProperties, size: int) -> Mask:
    """Tell which regions, (n + 1,), hold a corner of the picture or much of its border. size: the longer side, px."""
    return np.asarray((properties.corners > 0) | (properties.edge > _OUTSIDE_SHARE * size))
