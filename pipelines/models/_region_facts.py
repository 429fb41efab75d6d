"""Measures the regions of a line drawing: size, place, and how they touch each other and the picture's border."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.regions.trapped_ball import Borders, Paper, find_borders, widest_of

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
LabelArray = NDArray[np.int32]


class Facts(NamedTuple):
    """What is known of the regions 1..n; arrays are (n + 1,), with nothing of interest at 0."""

    area: FloatArray  # px of paper
    width: FloatArray  # px, the radius of the greatest ball inside
    left: IntArray  # px, the first column, the box of its paper
    top: IntArray
    right: IntArray  # px, the last column
    bottom: IntArray
    x: FloatArray  # px, the middle of the box
    y: FloatArray
    edge: FloatArray  # px of the picture's border
    corners: IntArray  # corners of the picture, 0..4
    borders: Borders

    @property
    def count(self) -> int:
        """The number of labels, 0 included."""
        return len(self.area)


def measure(regions: LabelArray, drawing: Paper) -> Facts:
    """Measure regions, int32 (H, W), 1..n, ink included."""
    count = int(regions.max(initial=0)) + 1
    on_paper = regions * drawing.paper
    row, start, stop, label = _runs(on_paper)
    left, top = np.full(count, regions.shape[1]), np.full(count, regions.shape[0])
    right, bottom = np.zeros(count, np.intp), np.zeros(count, np.intp)
    np.minimum.at(left, label, start)
    np.maximum.at(right, label, stop)
    np.minimum.at(top, label, row)
    np.maximum.at(bottom, label, row)
    area = np.bincount(label, stop - start + 1, count)
    frame = np.concatenate([on_paper[0], on_paper[-1], on_paper[:, 0], on_paper[:, -1]])
    corners = on_paper[[0, 0, -1, -1], [0, -1, 0, -1]]
    return Facts(
        area=np.where(np.arange(count) > 0, area, 0),
        width=widest_of(on_paper, drawing.width),
        left=left,
        top=top,
        right=right,
        bottom=bottom,
        x=(left + right) / 2,
        y=(top + bottom) / 2,
        edge=np.bincount(frame, minlength=count).astype(np.float64),
        corners=np.bincount(corners, minlength=count),
        borders=find_borders(regions, drawing.width),
    )


def _runs(labels: LabelArray) -> tuple[IntArray, IntArray, IntArray, LabelArray]:
    """Return the row, first and last column, and label of each run of equal labels in a row."""
    starts = np.ones(labels.shape, bool)
    np.not_equal(labels[:, 1:], labels[:, :-1], out=starts[:, 1:])
    first = np.flatnonzero(starts)
    last = np.append(first[1:], labels.size) - 1
    width = labels.shape[1]
    return first // width, first % width, last % width, labels.reshape(-1)[first]
