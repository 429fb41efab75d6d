"""Holds the pictures of one split of several datasets, decoded once and kept up to a limit of memory."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.data.manifest import Dataset, Sample, SampleArrays
from pipelines.core.errors import ColorizeError, PictureError
from pipelines.core.imaging.arrays import F32, U8

_BYTES_A_PIXEL = 3 + 1 + 4  # of an example: colour, lines, hints
_UNREADABLE_SHARE = 0.05  # of the pictures: more than that and the run stops


class Example(NamedTuple):
    """A picture as it is learned from."""

    colour: U8  # (H, W, 3)
    lines: U8  # (H, W)
    hints: U8  # (H, W, 4)


class EncodedExample(NamedTuple):
    """What a network is given and what it should give, in [-1, 1]."""

    inputs: F32  # (Cin, H, W)
    target: F32  # (C, H, W)
    named: Mapping[str, NDArray[Any]] = MappingProxyType({})  # what else the model's own examples say, by name


class ExampleSource(Protocol):
    """What a network learns from, by the numbers of pictures; safe for threads."""

    def example(
        self, index: int, epoch: int, rng: np.random.Generator, *, target_index: int | None = None
    ) -> EncodedExample:
        """A picture as an epoch, counted from 0, sees it; chance is in `rng`.

        target_index: in tasks without pairs, the picture whose colours are the target; else None.
        """


class PairDataset:
    """The pictures of one split of several datasets, decoded once, kept up to a limit of memory; safe for threads."""

    def __init__(self, datasets: Sequence[Dataset], split: str, *, size: int, cache_bytes: int) -> None:
        self._samples = [(dataset, sample) for dataset in datasets for sample in dataset.samples[split]]
        self._size, self._room = size, cache_bytes
        self._cache: OrderedDict[int, Example] = OrderedDict()
        self._lock = threading.Lock()
        self.unreadable: dict[int, str] = {}  # by number, with the reason

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> Example:
        """A picture, or where it cannot be read the next one that can; PictureError where too many cannot."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        for step in range(len(self)):
            example = self._try_to_read((index + step) % len(self))
            if example is not None:
                return example
        raise self._too_many_unreadable()

    def resize_cache(self, cache_bytes: int) -> None:
        """Change the limit of memory; what is kept already is forgotten."""
        with self._lock:
            self._cache.clear()
            self._room = cache_bytes

    def bytes_to_come(self) -> int:
        """How much more memory the pictures take once all of them, or as many as there is room for, are kept."""
        with self._lock:
            missing = len(self._samples) - len(self._cache)
            return min(self._room, missing * self._size**2 * _BYTES_A_PIXEL)

    def sample(self, index: int) -> Sample:
        """What the manifest says of a picture."""
        return self._samples[index][1]

    def _try_to_read(self, index: int) -> Example | None:
        with self._lock:
            if index in self.unreadable:
                self._check_unreadable()
                return None
            if index in self._cache:
                return self._cache[index]
        dataset, sample = self._samples[index]
        try:
            example = _example(dataset.load(sample), self._size, sample.name)
        except (ColorizeError, OSError) as error:
            with self._lock:
                self.unreadable[index] = str(error)
                self._check_unreadable()
            return None
        with self._lock:
            weight = sum(array.nbytes for array in example)
            if self._room >= weight and index not in self._cache:
                self._room -= weight
                self._cache[index] = example
        return example

    def _check_unreadable(self) -> None:
        """Every thread that meets a picture that cannot be read stops where they are too many, whoever met it first."""
        if len(self.unreadable) > _UNREADABLE_SHARE * len(self):
            raise self._too_many_unreadable()

    def _too_many_unreadable(self) -> PictureError:
        first = next(iter(self.unreadable.values()))
        return PictureError(
            f"{len(self.unreadable)} of {len(self)} pictures of the dataset cannot be read; the first: {first}",
            hint="Build the dataset again",
        )


def _example(arrays: SampleArrays, size: int, name: str) -> Example:
    """A sample at the size at which it is learned from; PictureError where it is no square."""
    colour, lines, hints = arrays.colour, arrays.lines, arrays.hints
    height, width = lines.shape
    if (height, width) == (size, size):
        return Example(colour, lines, hints)
    if height != width:
        raise PictureError(
            f"{name} is {width}x{height}, networks learn from squares",
            hint=f"Build the dataset with --size {size}",
        )
    smooth = cv2.INTER_AREA if height > size else cv2.INTER_LINEAR
    return Example(_resize(colour, size, smooth), _resize(lines, size, smooth), _resize(hints, size, cv2.INTER_NEAREST))


def _resize(picture: U8, size: int, interpolation: int) -> U8:
    return np.asarray(cv2.resize(picture, (size, size), interpolation=interpolation), np.uint8)
