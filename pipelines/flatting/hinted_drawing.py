"""Holds a line drawing with its regions, their properties, and the hints on it."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from pipelines.core.imaging.arrays import U8, Index, Labels, Mask
from pipelines.core.imaging.picture import HINT_ALPHA
from pipelines.flatting.hint_spots import HintSpots, read_hints
from pipelines.segmentation.adjacency import merge_into_named
from pipelines.segmentation.label_maps import map_labels
from pipelines.segmentation.line_mask import LineMask, cell_edges
from pipelines.segmentation.properties import RegionProperties, merge_properties, region_properties

_PASS, _STRIP = 0.6, 6.0  # of its width: how wide a strip of paper is open; how long it is
_OUTSIDE_SHARE = 0.25  # of the longer side: a region with that much of the picture's border is outside
_OPEN = 0.5  # of a region's border: over paper
_BESIDE = 0.15  # of a region's border: bodies have 0.22 and more with the ground, gaps between legs 0.09 at most


class HintedDrawing(NamedTuple):
    """A drawing whose regions are known, and its hints."""

    line_mask: LineMask
    regions: Labels  # (H, W), labels >= 1, ink included
    properties: RegionProperties
    spots: HintSpots
    size: int  # px, the longer side
    roots: Index  # (n + 1,), the region that each region of the drawing has become

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


def shrink_hints(hints: U8, shape: tuple[int, ...]) -> U8:
    """Shrink hints, uint8 RGBA (H, W, 4), so that none is lost: each cell of the shape (h, w) takes its last one."""
    if hints.shape[:2] == shape:
        return hints
    down, right = (cell_edges(side, count) for side, count in zip(hints.shape, shape, strict=False))
    rows, columns = np.nonzero(hints[..., 3] >= HINT_ALPHA)
    small_hints = np.zeros((*shape, 4), np.uint8)
    place = np.searchsorted(down, rows, "right") - 1, np.searchsorted(right, columns, "right") - 1
    small_hints[place] = hints[rows, columns]
    return small_hints


def read_drawing(
    lines: U8,
    hints: U8,
    regions: Labels,
    line_mask: LineMask,
    *,
    properties: RegionProperties | None = None,
    apart: Mask | None = None,
) -> HintedDrawing:
    """Read the hints on regions, int32 (H, W), and join the pieces of paper without a hint to those with one.

    No ink divides what is joined; two pieces with hints stay two, and nothing is joined to the paper outside.
    properties: of the regions, where they are known already. apart: bool (n + 1,), those that are joined to each other
    alone: a balloon with an open tail is not joined to what is around it.
    """
    pieces = HintedDrawing(
        line_mask,
        regions,
        region_properties(regions, line_mask) if properties is None else properties,
        read_hints(hints, lines, regions, line_mask),
        max(lines.shape),
        np.arange(int(regions.max(initial=0)) + 1),
    )
    borders = pieces.properties.borders
    if apart is not None and apart.any():
        borders = replace(borders, paper=borders.paper * (apart[borders.first] == apart[borders.second]))
    roots = merge_into_named(borders, pieces.hinted, pieces.outside)
    if (roots == np.arange(len(roots))).all():
        return pieces
    return pieces._replace(
        regions=map_labels(roots.astype(np.int32), regions),
        properties=merge_properties(pieces.properties, roots),
        spots=pieces.spots._replace(region=roots[pieces.spots.region]),
        roots=roots,
    )


def is_outside(properties: RegionProperties, size: int) -> Mask:
    """Tell which regions, (n + 1,), hold a corner of the picture or much of its border. size: the longer side, px.

    One without a corner, on one side of the page alone, that borders on paper at a corner for a good part is a figure
    that runs off the page: lines part it from the ground. The ground between two legs touches that paper hardly. What
    lies open to the paper outside with most of its border is outside too, as where the gutters of a page cross.
    """
    at_corner = properties.corners > 0
    much = ~at_corner & (properties.edge > _OUTSIDE_SHARE * size)
    if not much.any():
        return _with_open(properties, at_corner)
    sides = (properties.left, properties.top, properties.right, properties.bottom)
    reached = sum((side == edge).astype(np.intp) for side, edge in zip(sides, _page(properties), strict=True))
    borders = properties.borders
    here, there = np.concatenate([borders.first, borders.second]), np.concatenate([borders.second, borders.first])
    length = np.tile(borders.length, 2)
    border = np.bincount(here, length, properties.labels)
    beside = np.bincount(here, length * at_corner[there], properties.labels) >= _BESIDE * border
    return _with_open(properties, at_corner | (much & ~(beside & (reached == 1))))


def _with_open(properties: RegionProperties, outside: Mask) -> Mask:
    """Regions outside, (n + 1,), with those that lie open to them, and the strips that lead on from them."""
    borders = properties.borders
    here, there = np.concatenate([borders.first, borders.second]), np.concatenate([borders.second, borders.first])
    length, paper = np.tile(borders.length, 2), np.tile(borders.paper, 2)
    border = np.bincount(here, length, properties.labels)
    open_border = np.bincount(here, paper * outside[there], properties.labels)
    width = np.zeros(properties.labels)
    np.maximum.at(width, here, np.tile(borders.pass_radius, 2) * (outside[there] & (paper > 0)))
    strip = (width >= _PASS * properties.radius) & (properties.area >= _STRIP * (2 * properties.radius) ** 2)
    return np.asarray(outside | ((border > 0) & (open_border >= _OPEN * border)) | (strip & (width > 0)))


def _page(properties: RegionProperties) -> tuple[int, int, int, int]:
    """The first and last column and row that any region reaches: left, top, right, bottom."""
    right, bottom = properties.right.max(initial=0), properties.bottom.max(initial=0)
    return 0, 0, int(right), int(bottom)
