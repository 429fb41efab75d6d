"""Hands out batches of a dataset in an order that only seed and step decide, read ahead by threads.

Pictures are decoded once and kept as bytes up to a limit of memory. OpenCV lets go of Python's lock while it decodes,
so threads do; and a killed run leaves no worker processes behind.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from pipelines.core.dataset import Dataset, Loaded, Sample
from pipelines.core.errors import ColorizeError, PictureError, UsageError
from pipelines.models._batch import Batch, InputKind, network_input, to_floats
from pipelines.models._stock import Stock
from pipelines.models._variation import other_hints, other_lines, turn_hue

_UNREADABLE_SHARE = 0.05  # of the pictures: more than that and the run stops
_TURNS = 0  # first number of the seeds of augmentation, beside those of the orders


@dataclass(frozen=True)
class Augmentation:
    """How a picture is varied each time it is seen."""

    flip: bool = True  # mirrored in half of the cases
    jitter: float = 0.0  # enlarged by up to this share and cut to size again at random (.12 is 286 -> 256)
    hue: float = 0.0  # colours and hints turned together by up to this share of the hue circle (.5 is any turn)
    hints: bool = False  # other hints: none, some of them, or dabs anywhere
    lines: float = 0.0  # share of pictures whose lines are drawn otherwise: width, gaps, tone


class View(NamedTuple):
    """A picture as it is learned from."""

    colour: NDArray[np.uint8]  # (H, W, 3)
    lines: NDArray[np.uint8]  # (H, W)
    hints: NDArray[np.uint8]  # (H, W, 4)


class Shelf:
    """The pictures of one split of several datasets, decoded once, kept up to a limit of memory; safe for threads."""

    def __init__(self, datasets: Sequence[Dataset], split: str, *, size: int, cache_bytes: int) -> None:
        self._samples = [(dataset, sample) for dataset in datasets for sample in dataset.samples[split]]
        self._size, self._room = size, cache_bytes
        self._kept: OrderedDict[int, View] = OrderedDict()
        self._lock = threading.Lock()
        self.unreadable: dict[int, str] = {}  # by number, with the reason

    def __len__(self) -> int:
        return len(self._samples)

    def sample(self, number: int) -> Sample:
        """What the manifest says of a picture."""
        return self._samples[number][1]

    def view(self, number: int) -> View:
        """A picture, or where it cannot be read the next one that can; PictureError where too many cannot."""
        for step in range(len(self)):
            found = self._try((number + step) % len(self))
            if found is not None:
                return found
        raise self._too_many()

    def _try(self, number: int) -> View | None:
        with self._lock:
            if number in self.unreadable:
                self._check_left_out()
                return None
            if number in self._kept:
                return self._kept[number]
        dataset, sample = self._samples[number]
        try:
            found = _view(dataset.load(sample), self._size, sample.name)
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


class Feed:
    """Batches by step: what is in them depends on seed, step and the number of pictures alone."""

    def __init__(
        self,
        shelf: Shelf,
        kind: InputKind,
        *,
        batch_size: int,
        seed: int,
        augmentation: Augmentation,
        unpaired: bool = False,
        cache_bytes: int = 0,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        if not len(shelf):
            raise UsageError("the dataset has no pictures to train on", hint="Build it with a training split")
        self._shelf, self._kind, self._batch_size, self._seed = shelf, kind, batch_size, seed
        self._augmentation, self._unpaired = augmentation, unpaired
        self._stock = Stock(shelf, augmentation, seed=seed, cache_bytes=cache_bytes)
        self._rank, self._world = rank, world
        self._orders: OrderedDict[tuple[int, int], NDArray[np.intp]] = OrderedDict()
        self._lock = threading.Lock()

    def batch(self, turn: int) -> Batch:
        """The batch of a turn, counted from 0 over all epochs."""
        first = (turn * self._world + self._rank) * self._batch_size
        pairs = [self._pair(place) for place in range(first, first + self._batch_size)]
        return Batch(*(torch.from_numpy(np.stack(arrays)) for arrays in zip(*pairs, strict=True)))

    def ahead(self, turn: int, *, workers: int) -> Iterator[Batch]:
        """Batches from a turn on, without end, some read ahead by `workers` threads (0: none)."""
        if workers == 0:
            while True:
                yield self.batch(turn)
                turn += 1
        with ThreadPoolExecutor(workers, thread_name_prefix="feed") as pool:
            waiting: deque[Future[Batch]] = deque()
            try:
                while True:
                    while len(waiting) < 2 * workers:
                        waiting.append(pool.submit(self.batch, turn))
                        turn += 1
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _pair(self, place: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        rng = np.random.default_rng([self._seed, _TURNS, place])
        if self._kind == "filled":
            stocked = self._stock.turned(self._number(place, 1), place // len(self._shelf), rng)
            return to_floats(stocked[0]), to_floats(stocked[1])
        seen = vary(self._shelf.view(self._number(place, 1)), self._augmentation, rng)
        target = seen
        if self._unpaired:
            target = vary(self._shelf.view(self._number(place, 2)), self._augmentation, rng)
        return network_input(seen.lines, seen.hints, self._kind), to_floats(target.colour)

    def _number(self, place: int, order: int) -> int:
        """Which picture comes at a place: each epoch is a permutation of its own."""
        epoch, rest = divmod(place, len(self._shelf))
        with self._lock:
            if (epoch, order) not in self._orders:
                shuffled = np.random.default_rng([self._seed, order, epoch]).permutation(len(self._shelf))
                self._orders[epoch, order] = shuffled
                while len(self._orders) > 8:
                    self._orders.popitem(last=False)
            return int(self._orders[epoch, order][rest])


def vary(view: View, augmentation: Augmentation, rng: np.random.Generator) -> View:
    """Mirror, enlarge and recolour a picture by chance; lines, hints and colour stay in register."""
    colour, lines, hints = enlarged(view, augmentation.jitter, rng)
    if augmentation.hints:
        hints = other_hints(colour, lines, hints, rng)
    if augmentation.lines and rng.random() < augmentation.lines:
        lines = other_lines(lines, rng)
    if augmentation.flip and rng.random() < 0.5:
        colour, lines, hints = colour[:, ::-1], lines[:, ::-1], hints[:, ::-1]
    if augmentation.hue:
        turn = rng.uniform(-augmentation.hue, augmentation.hue)
        colour = turn_hue(colour, turn)
        hints = np.dstack([turn_hue(hints[..., :3], turn), hints[..., 3]])
    return View(np.ascontiguousarray(colour), np.ascontiguousarray(lines), np.ascontiguousarray(hints))


def enlarged(view: View, share: float, rng: np.random.Generator) -> View:
    """Enlarge a picture by up to a share, drawn by chance, and cut it to its size somewhere."""
    if not share:
        return view
    height, width = view.lines.shape
    scale = 1 + rng.uniform(0, share)
    right, down = rng.uniform(0, 1, 2) * (scale - 1) * (width, height)
    matrix = np.array([[scale, 0, -right], [0, scale, -down]], np.float32)
    ways = (cv2.INTER_LINEAR, cv2.INTER_LINEAR, cv2.INTER_NEAREST)
    moved = (
        cv2.warpAffine(array, matrix, (width, height), flags=way, borderMode=cv2.BORDER_REPLICATE)
        for array, way in zip(view, ways, strict=True)
    )
    return View(*moved)  # type: ignore[arg-type]


def _view(loaded: Loaded, size: int, name: str) -> View:
    view = View(loaded.colour, loaded.lines, loaded.hints)
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
    return View(*resized)  # type: ignore[arg-type]
