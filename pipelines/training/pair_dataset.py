"""Holds the pictures of one split of several datasets, decoded once and kept up to a limit of memory."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.data.line_mix import mix_lines, single_samples
from pipelines.core.data.manifest import Dataset, Sample, SampleArrays
from pipelines.core.errors import ColorizeError, PictureError
from pipelines.core.imaging.arrays import F32, U8
from pipelines.inference.encoding import Encoding

_UNREADABLE_SHARE = 0.05  # of the pictures: more than that and the run stops
_FIXED = 4  # first number of the seeds of what is drawn once for a picture, beside those of `BatchLoader`


class Example(NamedTuple):
    """A picture as it is learned from."""

    colour: U8  # (H, W, 3)
    lines: U8  # (H, W)
    hints: U8  # (H, W, 4)
    picture: U8 | None = None  # (H, W, 3), what is to be turned into the colour where that is no line art
    domain: int = 0  # the number of its dataset, in their order


class EncodedExample(NamedTuple):
    """What a network is given and what it should give, in [-1, 1]."""

    inputs: F32  # (Cin, H, W)
    target: F32  # (C, H, W)
    named: Mapping[str, NDArray[Any]] = MappingProxyType({})  # what the model's own preparation adds


class ExampleSource(Protocol):
    """What a network learns from, by the numbers of pictures; safe for threads."""

    def example(
        self, index: int, epoch: int, rng: np.random.Generator, *, target_index: int | None = None
    ) -> EncodedExample:
        """A picture as an epoch, counted from 0, sees it; chance is in `rng`.

        target_index: in tasks without pairs, the picture whose colours are the target; else None.
        """


HintDrawing = Callable[[U8, np.random.Generator], U8]
"""Draws hints, uint8 RGBA (H, W, 4), for a picture, uint8 RGB (H, W, 3)."""


def encode_example(encoding: Encoding, example: Example) -> F32:
    """What a network reads of an example, (Cin, H, W) in [-1, 1]."""
    if not encoding.reads_picture:
        return encoding.encode(example.lines, example.hints)
    assert example.picture is not None, "train refuses such a dataset"
    return encoding.encode(example.picture, example.hints)


class PairDataset:
    """The pictures of one split of several datasets, decoded once, kept up to a limit of memory; safe for threads.

    size: px, the side of a square, or width and height of the frame. line_mix: shares of kinds of lines; then a picture
    is one example, of whose samples each visit draws one; else every sample is an example. redraw: draws the hints of
    `dataset[index]` once for all, in the place of the dataset's.
    """

    def __init__(
        self,
        datasets: Sequence[Dataset],
        split: str,
        *,
        size: int | tuple[int, int],
        cache_bytes: int,
        line_mix: Mapping[str, float] | None = None,
        redraw: HintDrawing | None = None,
    ) -> None:
        self._samples = [
            (number, dataset, sample) for number, dataset in enumerate(datasets) for sample in dataset.samples[split]
        ]
        known = [(number, sample) for number, _, sample in self._samples]
        mixed = mix_lines(known, line_mix) if line_mix else single_samples(len(known))
        self._pictures, self.notes = mixed.pictures, mixed.notes
        self._frame = (size, size) if isinstance(size, int) else size
        self._redraw, self._room = redraw, cache_bytes
        self._cache: OrderedDict[int, Example] = OrderedDict()  # by the number of the sample
        self._shared: dict[tuple[int, str], U8] = {}  # of the cache, by file: several samples may have one
        self._lock = threading.Lock()
        self.unreadable: dict[int, str] = {}  # by the number of the sample, with the reason

    def __len__(self) -> int:
        return len(self._pictures)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of all pictures."""
        return self._frame[1], self._frame[0]

    @property
    def mixes_lines(self) -> bool:
        """Whether a visit draws one of several kinds of lines."""
        return any(len(samples.numbers) > 1 for samples in self._pictures)

    def __getitem__(self, index: int) -> Example:
        """A picture that is always the same, its lines and hints drawn once where they are drawn at all."""
        rng = np.random.default_rng([_FIXED, max(index, 0)])
        example = self.visit(index, rng)
        return example if self._redraw is None else example._replace(hints=self._redraw(example.colour, rng))

    def visit(self, index: int, rng: np.random.Generator) -> Example:
        """A picture with one of its kinds of lines, drawn from `rng` where there are several.

        Where it cannot be read, the next one that can comes; PictureError where too many cannot.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        for step in range(len(self)):
            samples = self._pictures[(index + step) % len(self)]
            drawn = 0 if len(samples.numbers) == 1 else int(rng.choice(len(samples.numbers), p=samples.chances))
            example = self._try_to_read(samples.numbers[drawn])
            if example is not None:
                return example
        raise self._too_many_unreadable()

    def resize_cache(self, cache_bytes: int) -> None:
        """Change the limit of memory; what is kept already is forgotten."""
        with self._lock:
            self._cache.clear()
            self._shared.clear()
            self._room = cache_bytes

    def bytes_to_come(self) -> int:
        """How much more memory the pictures take once all of them, or as many as there is room for, are kept."""
        with self._lock:
            used = {number for picture in self._pictures for number in picture.numbers}
            missing = [self._samples[number] for number in used - self._cache.keys()]
            files: dict[tuple[int, str], int] = {}  # with their channels: several samples may have one
            for domain, _, sample in missing:
                files |= {(domain, sample.colour): 3, (domain, sample.lines): 1, (domain, sample.hints): 4}
            shared = sum(channels for file, channels in files.items() if file not in self._shared)
            pictures = 3 * sum(dataset.has_pictures for _, dataset, _ in missing)
            return min(self._room, (shared + pictures) * self._frame[0] * self._frame[1])

    def sample(self, index: int) -> Sample:
        """What the manifest says of a picture, of the first of its samples."""
        return self._samples[self._pictures[index].numbers[0]][2]

    def _try_to_read(self, number: int) -> Example | None:
        with self._lock:
            if number in self.unreadable:
                self._check_unreadable()
                return None
            if number in self._cache:
                return self._cache[number]
        domain, dataset, sample = self._samples[number]
        try:
            arrays = dataset.load(sample, composite=dataset.has_pictures)
            example = _example(arrays, self._frame, sample.name)._replace(domain=domain)
        except (ColorizeError, OSError) as error:
            with self._lock:
                self.unreadable[number] = str(error)
                self._check_unreadable()
            return None
        with self._lock:
            self._keep(number, example)
        return example

    def _keep(self, number: int, example: Example) -> None:
        """Take an example into the cache if there is room; what another sample of its picture has is kept once."""
        domain, _, sample = self._samples[number]
        files = [(domain, path) for path in (sample.colour, sample.lines, sample.hints)]
        parts = dict(zip(files, (example.colour, example.lines, example.hints), strict=True))
        weight = sum(array.nbytes for file, array in parts.items() if file not in self._shared)
        weight += 0 if example.picture is None else example.picture.nbytes
        if self._room < weight or number in self._cache:
            return
        self._room -= weight
        colour, lines, hints = (self._shared.setdefault(file, array) for file, array in parts.items())
        self._cache[number] = example._replace(colour=colour, lines=lines, hints=hints)

    def _check_unreadable(self) -> None:
        """Every thread that meets a picture that cannot be read stops where they are too many, whoever met it first."""
        if len(self.unreadable) > _UNREADABLE_SHARE * len(self._samples):
            raise self._too_many_unreadable()

    def _too_many_unreadable(self) -> PictureError:
        count, first = len(self.unreadable), next(iter(self.unreadable.values()))
        return PictureError(
            f"{count} of {len(self._samples)} pictures of the dataset cannot be read; the first: {first}",
            hint="Build the dataset again",
        )


def _example(arrays: SampleArrays, frame: tuple[int, int], name: str) -> Example:
    """A sample at the size at which it is learned from; PictureError where it has another shape."""
    height, width = arrays.lines.shape
    if (width, height) == frame:
        return Example(arrays.colour, arrays.lines, arrays.hints, arrays.composite)
    if round(width * frame[1] / height) != frame[0] and round(height * frame[0] / width) != frame[1]:
        size = f"{frame[0]}" if frame[0] == frame[1] else f"{frame[0]}x{frame[1]}"
        raise PictureError(
            f"{name} is {width}x{height}, this network learns from {frame[0]}x{frame[1]}",
            hint=f"Build the dataset with --size {size}",
        )
    smooth = cv2.INTER_AREA if height > frame[1] else cv2.INTER_LINEAR
    return Example(
        _resize(arrays.colour, frame, smooth),
        _resize(arrays.lines, frame, smooth),
        _resize(arrays.hints, frame, cv2.INTER_NEAREST),
        None if arrays.composite is None else _resize(arrays.composite, frame, smooth),
    )


def _resize(picture: U8, frame: tuple[int, int], interpolation: int) -> U8:
    return np.asarray(cv2.resize(picture, frame, interpolation=interpolation), np.uint8)
