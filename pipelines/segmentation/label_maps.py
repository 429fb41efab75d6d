"""Looks up, measures and numbers the labels of a label map."""

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import F64, Index, Labels

Entry = TypeVar("Entry", bound=np.generic)

_BLOCK = 1 << 15  # pixels looked up at a time: what is in between stays in the processor's cache


def map_labels(table: NDArray[Entry], labels: Labels) -> NDArray[Entry]:
    """Return table[labels], shape (H, W, ...), for labels, int32 (H, W), from 0 to len(table) - 1."""
    result = np.empty((*labels.shape, *table.shape[1:]), table.dtype)
    flat_result, flat_labels = result.reshape(-1, *table.shape[1:]), labels.reshape(-1)
    for start in range(0, labels.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        np.take(table, flat_labels[block], axis=0, out=flat_result[block], mode="clip")
    return result


def resize_labels(labels: Labels, shape: tuple[int, ...]) -> Labels:
    """Bring labels, int32 (H, W), to another size: each pixel takes the nearest one."""
    return np.asarray(cv2.resize(labels, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST_EXACT), np.int32)


# runs: far fewer than pixels


@dataclass(frozen=True, eq=False)
class Runs:
    """The runs of equal values in the rows of an array (H, W), in scan order; none goes on into the next row."""

    start: Index  # (n,), index into the flattened array
    length: Index  # (n,), px
    columns: int  # of the array

    @property
    def row(self) -> Index:
        """The row of each run, (n,)."""
        return self.start // self.columns

    @property
    def first(self) -> Index:
        """The first column of each run, (n,)."""
        return self.start % self.columns

    @property
    def last(self) -> Index:
        """The last column of each run, (n,)."""
        return self.first + self.length - 1

    def labels(self, labels: NDArray[np.integer]) -> Index:
        """Return what a map of the array's shape has in each run, (n,), as indices."""
        return labels.reshape(-1)[self.start].astype(np.intp)

    def spread(self, values: NDArray[Entry]) -> NDArray[Entry]:
        """Return the array (H, W, ...) that has a value of `values`, (n, ...), all over each run."""
        if values.dtype == np.uint8 and values.shape[1:] == (3,):  # colours: four bytes at a time are copied faster
            padded = np.zeros((len(values), 4), np.uint8)
            padded[:, :3] = values
            pixels = self.spread(padded.view(np.uint32)[:, 0])
            return np.asarray(cv2.cvtColor(pixels[..., None].view(np.uint8), cv2.COLOR_RGBA2RGB), values.dtype)
        return np.repeat(values, self.length, axis=0).reshape(-1, self.columns, *values.shape[1:])


def row_runs(plane: NDArray[Any]) -> Runs:
    """Find the runs of an array (H, W) of at least one element."""
    begins = np.ones(plane.shape, bool)
    np.not_equal(plane[:, 1:], plane[:, :-1], out=begins[:, 1:])
    start = np.flatnonzero(begins)
    return Runs(start, np.diff(start, append=plane.size), plane.shape[1])


def label_sizes(labels: Labels, count: int) -> F64:
    """Return the px of each label, (count,); 0 for label 0, which is none."""
    runs = row_runs(labels)
    sizes = np.bincount(runs.labels(labels), runs.length, count).astype(np.float64)
    sizes[:1] = 0
    return sizes


class Boxes(NamedTuple):
    """The bounding boxes of the labels 0..n of a map, px, (n + 1,) each; empty where a label is not there."""

    top: Index
    bottom: Index  # the row after the last
    left: Index
    right: Index  # the column after the last

    def window(self, label: int) -> tuple[slice, slice]:
        """Return the rows and columns of a label's box."""
        rows = slice(int(self.top[label]), int(self.bottom[label]))
        return rows, slice(int(self.left[label]), int(self.right[label]))


def label_boxes(labels: Labels, count: int | None = None) -> Boxes:
    """Find the boxes of the labels of a map, int32 (H, W), those of 0..count - 1 where a count is given."""
    runs = row_runs(labels)
    label, row = runs.labels(labels), runs.row
    length = int(label.max()) + 1 if count is None else count
    boxes = Boxes(
        top=_extreme(np.minimum, label, row, np.full(length, labels.size)),
        bottom=_extreme(np.maximum, label, row + 1, np.zeros(length, np.intp)),
        left=_extreme(np.minimum, label, runs.first, np.full(length, labels.size)),
        right=_extreme(np.maximum, label, runs.last + 1, np.zeros(length, np.intp)),
    )
    absent = boxes.bottom == 0
    boxes.top[absent] = boxes.left[absent] = 0
    return boxes


def _extreme(ufunc: np.ufunc, label: Index, values: Index, start: Index) -> Index:
    """Bring each label's value, (n,), up or down to the extreme of its runs' values; changes `start`."""
    ufunc.at(start, label, values)
    return start


# numbers


def in_scan_order(labels: Labels) -> Labels:
    """Number the labels >= 0 of a map, int32 (H, W), 1..n by their first pixel, row by row; 0 stays 0."""
    return map_labels(scan_order(labels), labels)


def scan_order(labels: Labels) -> Labels:
    """Return the number, 1..n, that each label of a map gets by its first pixel, int32 (greatest label + 1,)."""
    present, first = np.unique(row_runs(labels).labels(labels), return_index=True)
    number = np.zeros(int(present.max(initial=0)) + 1, np.int32)
    counts = present > 0
    number[present[counts][np.argsort(first[counts])]] = np.arange(1, np.count_nonzero(counts) + 1)
    return number


def number_by_size(keys: NDArray[np.integer]) -> Labels:
    """Number the values of an array (H, W) other than 0, 1 the most frequent; int32, 0 stays 0."""
    runs = row_runs(keys)
    values, which = np.unique(keys.reshape(-1)[runs.start], return_inverse=True)
    size = np.bincount(which, runs.length)
    size[values == 0] = np.inf
    number = np.zeros(len(values), np.int32)
    number[np.argsort(-size, kind="stable")] = np.arange(len(values)) + (0 if (values == 0).any() else 1)
    return runs.spread(number[which])


def grow_within(labels: Labels, classes: Labels) -> None:
    """Let labels, int32 (H, W), grow over what is 0 and of their own class > 0, a pixel at a time, in place."""
    width = labels.shape[1] + 2
    label, klass = np.pad(labels, 1).reshape(-1), np.pad(classes, 1).reshape(-1)
    pending = np.flatnonzero((label == 0) & (klass > 0))
    while pending.size:
        reached = np.zeros(pending.size, np.int32)
        for step in (-width, -1, 1, width):
            beside = pending + step
            offered = np.where(klass[beside] == klass[pending], label[beside], 0)
            reached = np.where(reached == 0, offered, reached)
        if not reached.any():
            break
        label[pending] = reached
        pending = pending[reached == 0]
    labels[:] = label.reshape(-1, width)[1:-1, 1:-1]
