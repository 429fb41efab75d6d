"""Reads a hint map: which colours are asked for, and in which regions each spot of colour counts.

A hint is a spot: connected pixels of one colour. It counts where its middle is, not where its rim happens to reach:
a pixel's weight is its depth in the spot squared, and the spot counts in the region that holds the most weight and
in others that hold nearly as much (a stroke through two regions). Dark spots whose middle lies on a line say what
colour the line has, and are left out.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import F64, U8, Index, Labels, Mask
from pipelines.core.imaging.picture import HINT_ALPHA
from pipelines.segmentation.line_mask import LineMask

LUMA = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue in lightness, ITU-R BT.601."""

_RIVAL = 0.4  # of the greatest weight in one region: a spot counts there too
_DARK = 72  # luma, levels: ink is no lighter
_INK = 160  # level of a line drawing: a pixel this dark is more line than soft edge
_MOST_COLOURS = 4096  # of a hint map with more, the commonest count


class HintSpots(NamedTuple):
    """The hints of one picture: k colours, and spots, listed once for each region where they count."""

    colours: U8  # (k + 1, 3): 0 is white, for paper; 1..k are asked for
    marks: Labels  # (H, W): 0 = no hint, 1..spots = this spot, only where it counts
    colour: Index  # (spots,): 1..k
    region: Index  # (spots,): where it counts
    area: F64  # (spots,): px in that region
    x: Index  # (spots,): px, the middle of the spot
    y: Index


def read_hints(hints: U8, lines: U8, regions: Labels, drawing: LineMask) -> HintSpots:
    """Read hints, uint8 RGBA (H, W, 4), over regions, int32 (H, W), 1..n, ink included."""
    colours, marks = _colours(hints)
    pixels, spot = _spots(marks)
    colour = np.zeros(int(spot.max(initial=-1)) + 1, np.intp)
    colour[spot] = marks.reshape(-1)[pixels]
    where = regions.reshape(-1)[pixels].astype(np.intp)
    weight = _depth(marks).reshape(-1)[pixels].astype(np.float64) ** 2
    middle = _deepest(pixels, spot, weight, len(colour))
    speaks = ~_is_line_colour(colours[colour], middle, lines, drawing)
    on_paper = drawing.paper.reshape(-1)[pixels] > 0
    on_paper |= (np.bincount(spot, on_paper, len(colour)) == 0)[spot]  # a spot on ink alone counts in the region below
    counted, region, area, number = _votes(spot, where, weight * on_paper, speaks)
    clean = np.zeros_like(marks)
    clean.reshape(-1)[pixels] = number
    row, column = np.divmod(middle[counted], marks.shape[1])
    return HintSpots(colours, clean, colour[counted], region, area, column, row)


def _colours(hints: U8) -> tuple[U8, Labels]:
    """Return white and the colours of a hint map, uint8 (k + 1, 3), and each pixel's index, int32 (H, W), 0 = none."""
    pixels = np.flatnonzero(hints[..., 3] >= HINT_ALPHA)
    packed = hints.reshape(-1, 4)[pixels, :3].astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)
    values, inverse, counts = np.unique(packed, return_inverse=True, return_counts=True)
    common = np.sort(np.argsort(-counts, kind="stable")[:_MOST_COLOURS])
    index = np.zeros(len(values), np.int32)
    index[common] = np.arange(1, len(common) + 1)
    marks = np.zeros(hints.shape[:2], np.int32)
    marks.reshape(-1)[pixels] = index[inverse]
    packed = values[common]
    rgb = np.column_stack([packed >> 16, packed >> 8 & 255, packed & 255])
    return np.vstack([np.full((1, 3), 255), rgb]).astype(np.uint8), marks


def _spots(marks: Labels) -> tuple[Index, Index]:
    """Return the flat indices of all marked pixels and the number of the spot, 0.., that each belongs to."""
    _, parts = cv2.connectedComponents((marks > 0).view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    pixels = np.flatnonzero(marks)
    key = parts.reshape(-1)[pixels].astype(np.int64) * (_MOST_COLOURS + 1) + marks.reshape(-1)[pixels]
    return pixels, np.unique(key, return_inverse=True)[1]


def _depth(marks: Labels) -> NDArray[np.float32]:
    """Return how far inside its colour each pixel is, px, at least 1, float32 (H, W)."""
    inside = marks > 0
    inside[:, 1:] &= marks[:, 1:] == marks[:, :-1]
    inside[1:] &= marks[1:] == marks[:-1]
    depth = cv2.distanceTransform(np.pad(inside.view(np.uint8), 1), cv2.DIST_L2, 3)
    return np.asarray(depth[1:-1, 1:-1] + 1, np.float32)


def _deepest(pixels: Index, spot: Index, weight: F64, count: int) -> Index:
    """Return the flat index of each spot's middle: its deepest pixel, the first of equals."""
    order = np.lexsort((pixels, -weight, spot))
    first = np.searchsorted(spot[order], np.arange(count))
    return pixels[order[first]]


def _is_line_colour(colours: U8, middle: Index, lines: U8, drawing: LineMask) -> Mask:
    on_line = (drawing.paper.reshape(-1)[middle] == 0) & (lines.reshape(-1)[middle] < _INK)
    return np.asarray(on_line & (colours @ LUMA < _DARK))


def _votes(spot: Index, region: Index, weight: F64, speaks: Mask) -> tuple[Index, Index, F64, Index]:
    """Return the pairs of a spot and a region where it counts, their px, and each pixel's pair, 1.., 0 = none."""
    span = int(region.max(initial=0)) + 1
    pairs, which = np.unique(spot * span + region, return_inverse=True)
    sums, area = np.bincount(which, weight, len(pairs)), np.bincount(which, weight > 0, len(pairs))
    one, where = pairs // span, pairs % span
    most = np.zeros(len(speaks))
    np.maximum.at(most, one, sums)
    counts = (sums >= _RIVAL * most[one]) & speaks[one]
    number = np.where(counts, np.cumsum(counts), 0)[which]
    return one[counts], where[counts], area[counts].astype(np.float64), np.where(weight > 0, number, 0)
