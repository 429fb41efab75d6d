"""Holds the pictures of one split of several datasets, decoded once and kept up to a limit of memory."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.data.manifest import Dataset, Sample, SampleArrays
from pipelines.core.errors import ColorizeError, PictureError

_UNREADABLE_SHARE = 0.05  # of the pictures: more than that and the run stops


class Example(NamedTuple):
    """A picture as it is learned from."""

    colour: NDArray[np.uint8]  # (H, W, 3)
    lines: NDArray[np.uint8]  # (H, W)
    hints: NDArray[np.uint8]  # (H, W, 4)


class PairDataset:
    """The pictures of one split of several datasets, decoded once, kept up to a limit of memory; safe for threads."""

    def __init__(self, datasets: Sequence[Dataset], split: str, *, size: int, cache_bytes: int) -> None:
        self._samples = [(dataset, sample) for dataset in datasets for sample in dataset.samples[split]]
        self._size, self._room = size, cache_bytes
        self._kept: OrderedDict[int, Example] = OrderedDict()
        self._lock = threading.Lock()
        self.unreadable: dict[int, str] = {}  # by number, with the reason

    def __len__(self) -> int:
        return len(self._samples)

    def sample(self, number: int) -> Sample:
        """What the manifest says of a picture."""
        return self._samples[number][1]

    def view(self, number: int) -> Example:
        """A picture, or where it cannot be read the next one that can; PictureError where too many cannot."""
        for step in range(len(self)):
            found = self._try((number + step) % len(self))
            if found is not None:
                return found
        raise self._too_many()

    def _try(self, number: int) -> Example | None:
        with self._lock:
            if number in self.unreadable:
                self._check_left_out()
                return None
            if number in self._kept:
                return self._kept[number]
        dataset, sample = self._samples[number]
        try:
            found = _example(dataset.load(sample), self._size, sample.name)
        except (ColorizeError, OSError) as error:
            with self._lock:
                self.unreadable[number] = str(error)
                self._check_left_out()
            return None
        with self._lock:
            weight = sum(array.nbytes for array in found)
            if self._room >= weight and number not in self._kept:
                self._room -= weight
                self._kept[number] = found
        return found

    def _check_left_out(self) -> None:
        """Every thread that meets a picture that cannot be read stops where they are too many, whoever met it first."""
        if len(self.unreadable) > _UNREADABLE_SHARE * len(self):
            raise self._too_many()

    def _too_many(self) -> PictureError:
        first = next(iter(self.unreadable.values()))
        return PictureError(
            f"{len(self.unreadable)} of {len(self)} pictures of the dataset cannot be read; the first: {first}",
            hint="Build the dataset again",
        )


def _example(loaded: SampleArrays, size: int, name: str) -> Example:
    view = Example(loaded.colour, loaded.lines, loaded.hints)
    if view.lines.shape == (size, size):
        return view
    if view.lines.shape[0] != view.lines.shape[1]:
        raise PictureError(
            f"{name} is {view.lines.shape[1]}x{view.lines.shape[0]}, networks learn from squares",
            hint=f"Build the dataset with --size {size}",
        )
    way = cv2.INTER_AREA if view.lines.shape[0] > size else cv2.INTER_LINEAR
    resized = (
        cv2.resize(array, (size, size), interpolation=one)
        for array, one in zip(view, (way, way, cv2.INTER_NEAREST), strict=True)
    )
    return Example(*resized)  # type: ignore[arg-type]
