"""Looks up, counts and numbers the labels of a label map."""

from typing import Any, NamedTuple, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import Index, Labels


class Runs(NamedTuple):
    """Runs in scan order; none goes on from one row into the next."""

    start: NDArray[np.intp]  # (n,), index into the flattened array
    length: NDArray[np.intp]  # (n,)


def row_runs(plane: NDArray[Any]) -> Runs:
    """Find the runs of an array (H, W) of at least one element."""
    begins = np.ones(plane.shape, bool)
    begins[:, 1:] = plane[:, 1:] != plane[:, :-1]
    start = np.flatnonzero(begins)
    return Runs(start, np.diff(start, append=plane.size))


def resize_labels(labels: Labels, shape: tuple[int, ...]) -> Labels:
    """Bring labels, int32 (H, W), to another size: each pixel takes the nearest one."""
    return np.asarray(cv2.resize(labels, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST_EXACT), np.int32)


Entry = TypeVar("Entry", bound=np.generic)

_BLOCK = 1 << 15  # pixels looked up at a time: what is in between stays in the processor's cache


def map_labels(table: NDArray[Entry], labels: Labels) -> NDArray[Entry]:
    """Return table[labels], shape (H, W, ...), for labels, int32 (H, W), from 0 to len(table) - 1."""
    found = np.empty((*labels.shape, *table.shape[1:]), table.dtype)
    flat, places = found.reshape(-1, *table.shape[1:]), labels.reshape(-1)
    for start in range(0, labels.size, _BLOCK):
        part = slice(start, start + _BLOCK)
        np.take(table, places[part], axis=0, out=flat[part], mode="clip")
    return found


def runs_of(labels: Labels) -> tuple[Index, Index, Index, Index]:
    """Return the row, the first and last column, and the label of each run of equal labels in a row."""
    starts = np.ones(labels.shape, bool)
    np.not_equal(labels[:, 1:], labels[:, :-1], out=starts[:, 1:])
    first = np.flatnonzero(starts)
    last = np.append(first[1:], labels.size) - 1
    width = labels.shape[1]
    return first // width, first % width, last % width, labels.reshape(-1)[first].astype(np.intp)


def in_scan_order(labels: Labels) -> Labels:
    """Number the labels >= 0 of a map, int32 (H, W), 1..n by their first pixel, row by row; 0 stays 0."""
    return map_labels(scan_order(labels), labels)


def scan_order(labels: Labels) -> Labels:
    """Return the number, 1..n, that each label of a map gets by its first pixel, int32 (greatest label + 1,)."""
    found, first = np.unique(runs_of(labels)[3], return_index=True)
    number = np.zeros(int(found.max(initial=0)) + 1, np.int32)
    present = found > 0
    number[found[present][np.argsort(first[present])]] = np.arange(1, np.count_nonzero(present) + 1)
    return number
