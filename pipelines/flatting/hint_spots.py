"""Reads a hint map: which colours are asked for, and in which regions each spot of colour counts.

A hint is a spot: connected pixels of one colour. It counts where its middle is, not where its rim happens to reach:
a pixel's weight is its depth in the spot squared, and the spot counts in the region that holds the most weight and
in others that hold nearly as much (a stroke through two regions). Dark spots whose middle lies on a line say what
colour the line has, and are left out.
"""

from typing import NamedTuple

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F32, F64, U8, Index, Labels, Mask
from pipelines.core.imaging.colours import pack_rgb, unpack_rgb
from pipelines.core.imaging.picture import HINT_ALPHA
from pipelines.segmentation.line_mask import LineMask

LUMA = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue in lightness, ITU-R BT.601."""

_RIVAL = 0.7  # of the greatest weight in one region: a spot counts there too
_DARK = 72  # luma, levels: ink is no lighter
_INK = 160  # level of a line drawing: a pixel this dark is more line than soft edge
_MOST_COLOURS = 4096  # of a hint map with more, like ones count as one: 4 bits a channel make no more


class HintSpots(NamedTuple):
    """The hints of one picture: k colours, and spots, listed once for each region where they count."""

    colours: U8  # (k + 1, 3): 0 is white, for paper; 1..k are asked for
    labels: Labels  # (H, W): 0 = no hint, 1..spots = this spot, only where it counts
    colour: Index  # (spots,): 1..k
    region: Index  # (spots,): where it counts
    area: F64  # (spots,): px in that region
    x: Index  # (spots,): px, the middle of the spot
    y: Index

    def select(self, mask: Mask) -> "HintSpots":
        """Return the spots of a mask, bool (spots,), alone; `labels` stays."""
        return self._replace(
            colour=self.colour[mask], region=self.region[mask], area=self.area[mask], x=self.x[mask], y=self.y[mask]
        )


def read_hints(hints: U8, lines: U8, regions: Labels, line_mask: LineMask) -> HintSpots:
    """Read hints, uint8 RGBA (H, W, 4), over regions, int32 (H, W), 1..n, ink included."""
    pixels = np.flatnonzero(hints[..., 3] >= HINT_ALPHA)
    colours, colour_map = _index_colours(hints, pixels)
    spot = _find_spots(colour_map, pixels)
    colour = np.zeros(int(spot.max(initial=-1)) + 1, np.intp)
    colour[spot] = colour_map.reshape(-1)[pixels]
    region_below = regions.reshape(-1)[pixels].astype(np.intp)
    weight = _depth(colour_map).reshape(-1)[pixels].astype(np.float64) ** 2
    middle = _deepest(pixels, spot, weight, len(colour))
    speaks = ~_is_line_colour(colours[colour], middle, lines, line_mask)
    on_paper = line_mask.paper.reshape(-1)[pixels] > 0
    on_paper |= (np.bincount(spot, on_paper, len(colour)) == 0)[spot]  # a spot on ink alone counts in the region below
    votes = _vote(spot, region_below, weight * on_paper, speaks)
    labels = np.zeros_like(colour_map)
    labels.reshape(-1)[pixels] = votes.label
    row, column = np.divmod(middle[votes.spot], colour_map.shape[1])
    return HintSpots(colours, labels, colour[votes.spot], votes.region, votes.area, column, row)


def _index_colours(hints: U8, pixels: Index) -> tuple[U8, Labels]:
    """Return white and the colours of a hint map, uint8 (k + 1, 3), and each pixel's index, int32 (H, W), 0 = none.

    pixels: flat indices of those that are marked.
    """
    packed = pack_rgb(hints.reshape(-1, 4)[pixels])
    values, inverse, counts = np.unique(packed, return_inverse=True, return_counts=True)
    colours = unpack_rgb(values)
    if len(values) > _MOST_COLOURS:
        chosen, which = _commonest_of_alike(colours, counts)
        colours, inverse = colours[chosen], which[inverse]
    colour_map = np.zeros(hints.shape[:2], np.int32)
    colour_map.reshape(-1)[pixels] = inverse + 1
    return np.vstack([np.full((1, 3), 255, np.uint8), colours]), colour_map


def _commonest_of_alike(colours: U8, counts: Index) -> tuple[Index, Index]:
    """Return the commonest of colours, (n, 3), that agree in their highest bits, by number, and each one's."""
    bits = 8
    cells = cell = np.arange(len(colours))
    while len(cells) > _MOST_COLOURS:
        bits -= 1
        cells, cell = np.unique(pack_rgb(colours >> np.uint8(8 - bits)), return_inverse=True)
    order = np.lexsort((-counts, cell))
    return order[np.searchsorted(cell[order], np.arange(len(cells)))], cell


def _find_spots(colour_map: Labels, pixels: Index) -> Index:
    """Return the number of the spot, 0.., that each marked pixel, by flat index, belongs to."""
    _, parts = cv2.connectedComponents((colour_map > 0).view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    key = parts.reshape(-1)[pixels].astype(np.int64) * (_MOST_COLOURS + 1) + colour_map.reshape(-1)[pixels]
    return np.asarray(np.unique(key, return_inverse=True)[1], np.intp)


def _depth(colour_map: Labels) -> F32:
    """Return how far inside its colour each pixel is, px, at least 1, float32 (H, W)."""
    inside = colour_map > 0
    inside[:, 1:] &= colour_map[:, 1:] == colour_map[:, :-1]
    inside[1:] &= colour_map[1:] == colour_map[:-1]
    depth = cv2.distanceTransform(np.pad(inside.view(np.uint8), 1), cv2.DIST_L2, 3)
    return np.asarray(depth[1:-1, 1:-1] + 1, np.float32)


def _deepest(pixels: Index, spot: Index, weight: F64, count: int) -> Index:
    """Return the flat index of each spot's middle: its deepest pixel, the first of equals."""
    order = np.lexsort((pixels, -weight, spot))
    first = np.searchsorted(spot[order], np.arange(count))
    return pixels[order[first]]


def _is_line_colour(colours: U8, middle: Index, lines: U8, line_mask: LineMask) -> Mask:
    on_line = (line_mask.paper.reshape(-1)[middle] == 0) & (lines.reshape(-1)[middle] < _INK)
    return np.asarray(on_line & (colours @ LUMA < _DARK))


class _Votes(NamedTuple):
    """The pairs of a spot and a region where it counts, all (pairs,) but `label`."""

    spot: Index
    region: Index
    area: F64  # px
    label: Index  # (pixels,): each pixel's pair, 1.., 0 = none


def _vote(spot: Index, region: Index, weight: F64, speaks: Mask) -> _Votes:
    """Tell where spots count, by the spot, the region and the weight of each of their pixels, (pixels,)."""
    span = int(region.max(initial=0)) + 1
    pairs, which = np.unique(spot * span + region, return_inverse=True)
    total, area = np.bincount(which, weight, len(pairs)), np.bincount(which, weight > 0, len(pairs))
    pair_spot, pair_region = pairs // span, pairs % span
    greatest = np.zeros(len(speaks))
    np.maximum.at(greatest, pair_spot, total)
    counts = (total >= _RIVAL * greatest[pair_spot]) & speaks[pair_spot]
    label = np.where(counts, np.cumsum(counts), 0)[which]
    label = np.where(weight > 0, label, 0)
    return _Votes(pair_spot[counts], pair_region[counts], area[counts].astype(np.float64), label)
