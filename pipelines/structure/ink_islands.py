"""Finds the islands of ink in a drawing, and the pieces of paper that ink divides: what lies in what.

Ink hangs together over corners, paper over sides alone. So the pixel above an island's first is the paper that it lies
on, and the pixel above a piece of paper's first is the ink that encloses it.
"""

from typing import NamedTuple

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F64, U8, Index, Labels
from pipelines.segmentation.label_maps import row_runs

AROUND = 0
"""The piece of paper in place of what lies around the picture."""


class InkIslands(NamedTuple):
    """Islands of ink 1..m, and pieces of paper 1..n."""

    ink: Labels  # (H, W), 0 = paper
    left: Index  # (m + 1,), px, the box
    top: Index
    width: Index
    height: Index
    area: F64  # (m + 1,), px
    paper: Labels  # (H, W), 0 = ink
    paper_area: F64  # (n + 1,), px
    lies_on: Index  # (m + 1,), the piece of paper around each island; AROUND at the picture's upper border
    enclosed_by: Index  # (n + 1,), the island around each piece of paper; 0 where it reaches the upper border


class InkPieces(NamedTuple):
    """The islands of ink alone, which cost little to find."""

    labels: Labels  # (H, W), 1..m, 0 = paper
    left: Index  # (m + 1,), px, the box
    top: Index
    width: Index
    height: Index
    area: F64  # (m + 1,), px


def find_ink(paper: U8) -> InkPieces:
    """Find the islands of ink of a drawing, uint8 (H, W), 1 = paper, 0 = ink."""
    _, labels, statistics, _ = cv2.connectedComponentsWithStatsWithAlgorithm(
        1 - paper, connectivity=8, ltype=cv2.CV_32S, ccltype=cv2.CCL_GRANA
    )  # in half the time of the default
    stats = np.asarray(statistics, np.intp)
    left, top, width, height, area = (np.ascontiguousarray(column) for column in stats.T)
    return InkPieces(np.asarray(labels, np.int32), left, top, width, height, area.astype(np.float64))


def find_islands(paper: U8, ink: InkPieces) -> InkIslands:
    """Find what the islands of ink and the pieces of paper of a drawing, uint8 (H, W), 1 = paper, 0 = ink, lie in."""
    count, islands = len(ink.area), ink.labels
    pieces, divided = cv2.connectedComponents(paper, connectivity=4, ltype=cv2.CV_32S)
    parts = np.asarray(divided, np.int32)
    return InkIslands(
        ink=islands,
        left=ink.left,
        top=ink.top,
        width=ink.width,
        height=ink.height,
        area=ink.area,
        paper=parts,
        paper_area=np.bincount(parts.reshape(-1), minlength=pieces).astype(np.float64),
        lies_on=_looked_up(parts, _above_first(islands, count)),
        enclosed_by=_looked_up(islands, _above_first(parts, pieces)),
    )


def _above_first(labels: Labels, count: int) -> Index:
    """Return the flat index of the pixel above the first, in scan order, of each label, (count,); below 0 for none."""
    runs = row_runs(labels)
    first = np.zeros(count, np.intp)
    first[runs.labels(labels)[::-1]] = runs.start[::-1]
    first[0] = 0
    return np.asarray(first - labels.shape[1])


def _looked_up(labels: Labels, index: Index) -> Index:
    """Return the labels at flat indices, (n,); 0 below 0."""
    return np.where(index >= 0, labels.reshape(-1)[index], 0).astype(np.intp)
