"""The fills of a drawing's regions: which pixels, which colours, which neighbours across a line."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import F32, Index, Labels


@dataclass(frozen=True)
class LabelledAreas:
    """The k regions that have any fill; their pixels lie one region after the other."""

    labels: Labels  # (H, W): 0 = no fill, else the number of its region
    number: Labels  # (k,): the number of each region in `labels`
    start: Index  # (k + 1,): where each region begins in the arrays of pixels
    result: F32  # (n, 3): L*a*b* of the pixels
    truth: F32  # (n, 3)

    def __len__(self) -> int:
        return len(self.number)

    def pixels(self, index: int) -> slice:
        """Where the pixels of one region lie in `result` and `truth`."""
        return slice(int(self.start[index]), int(self.start[index + 1]))

    @cached_property
    def result_medians(self) -> F32:
        """The median colour of each region in the result, (k, 3)."""
        return self._medians(self.result)

    @cached_property
    def truth_medians(self) -> F32:
        """The median colour of each region in the truth, (k, 3)."""
        return self._medians(self.truth)

    @cached_property
    def sizes(self) -> Index:
        """The pixels of each region, (k,)."""
        return np.diff(self.start)

    @cached_property
    def neighbours(self) -> list[Index]:
        """For each region the indices of those that it meets under a line."""
        spread = _spread(self.labels)
        sides = ((spread[:, :-1], spread[:, 1:]), (spread[:-1], spread[1:]))
        pairs = np.concatenate([np.stack([a[a != b], b[a != b]], axis=1) for a, b in sides])
        index = np.searchsorted(self.number, pairs)
        both = np.unique(np.concatenate([index, index[:, ::-1]]), axis=0) if len(index) else index
        return [both[both[:, 0] == own, 1] for own in range(len(self))]

    def _medians(self, colours: F32) -> F32:
        return np.array(
            [np.median(colours[self.pixels(index)], axis=0) for index in range(len(self))], np.float32
        ).reshape(-1, 3)


def gather_areas(labels: Labels, result: NDArray[np.float64], truth: NDArray[np.float64]) -> LabelledAreas:
    """Gather the fills of regions; labels int32 (H, W), 0 = no fill; result and truth L*a*b* (H, W, 3)."""
    flat = labels.reshape(-1)
    order = np.argsort(flat, kind="stable")
    order = order[np.searchsorted(flat[order], 1) :]
    number, start = np.unique(flat[order], return_index=True)
    return LabelledAreas(
        labels,
        number.astype(np.int32),
        np.append(start, len(order)),
        result.reshape(-1, 3)[order].astype(np.float32),
        truth.reshape(-1, 3)[order].astype(np.float32),
    )


def _spread(labels: Labels) -> Labels:
    """Give every pixel the number of the nearest region, (H, W)."""
    empty = (labels == 0).view(np.uint8)
    if empty.all() or not empty.any():
        return labels
    _, nearest = cv2.distanceTransformWithLabels(empty, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    table = np.zeros(int(nearest.max()) + 1, np.int32)
    table[nearest[empty == 0]] = labels[empty == 0]
    return np.asarray(table[nearest], np.int32)
