"""Hands out batches of a dataset in an order that only seed and step decide, read ahead by threads.

Pictures are decoded once and kept as bytes up to a limit of memory. OpenCV lets go of Python's lock while it decodes,
so threads do; and a killed run leaves no worker processes behind.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray

from pipelines.core.errors import UsageError
from pipelines.inference.encoding import Encoding, to_floats
from pipelines.models.fillnet.precomputed import PrecomputedFills
from pipelines.training.augmentation import Augmentation, augment
from pipelines.training.pair_dataset import PairDataset
from pipelines.training.task import Batch

_TURNS = 0  # first number of the seeds of augmentation, beside those of the orders


class BatchLoader:
    """Batches by step: what is in them depends on seed, step and the number of pictures alone."""

    def __init__(
        self,
        shelf: PairDataset,
        encoding: Encoding,
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
        self._shelf, self._encoding, self._batch_size, self._seed = shelf, encoding, batch_size, seed
        self._augmentation, self._unpaired = augmentation, unpaired
        self._stock = PrecomputedFills(shelf, augmentation, seed=seed, cache_bytes=cache_bytes)
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
        if self._encoding.name == "filled":
            stocked = self._stock.turned(self._number(place, 1), place // len(self._shelf), rng)
            return to_floats(stocked[0]), to_floats(stocked[1])
        seen = augment(self._shelf.view(self._number(place, 1)), self._augmentation, rng)
        target = seen
        if self._unpaired:
            target = augment(self._shelf.view(self._number(place, 2)), self._augmentation, rng)
        return self._encoding.encode(seen.lines, seen.hints), to_floats(target.colour)

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
