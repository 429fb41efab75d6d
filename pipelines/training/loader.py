"""Hands out batches of a dataset in an order that only seed and step decide, read ahead by threads.

Pictures are decoded once and kept as bytes up to a limit of memory. OpenCV lets go of Python's lock while it decodes,
so threads do; and a killed run leaves no worker processes behind.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipelines.core.errors import UsageError
from pipelines.core.imaging.arrays import Index
from pipelines.inference.encoding import Encoding, to_floats
from pipelines.training.augmentation import Augmentation, augment
from pipelines.training.pair_dataset import EncodedExample, Example, ExampleSource, PairDataset, encode_example
from pipelines.training.task import Batch

_AUGMENTATION, _INPUTS, _TARGETS = 0, 1, 2  # first numbers of the seeds: of what is drawn, and of the two orders
_ORDERS_KEPT = 8  # permutations of epochs that are remembered: threads read ahead into the next

Preparation = Callable[[Example, np.random.Generator], Mapping[str, NDArray[Any]]]
"""What a model makes of an example beside input and target, by name; a batch stacks it."""


class AugmentedPairs:
    """The examples of any model that has none of its own: pictures varied anew each time, then encoded.

    prepare: what the model adds by name, for the example as it is seen and random numbers.
    """

    def __init__(
        self, pairs: PairDataset, encoding: Encoding, augmentation: Augmentation, prepare: Preparation | None = None
    ) -> None:
        self._pairs, self._encoding, self._augmentation, self._prepare = pairs, encoding, augmentation, prepare

    def example(
        self, index: int, epoch: int, rng: np.random.Generator, *, target_index: int | None = None
    ) -> EncodedExample:
        """A picture as a network learns from it, or two, each varied by draws of its own."""
        seen = self._see(index, rng)
        target = seen if target_index is None else self._see(target_index, rng)
        named = self._prepare(seen, rng) if self._prepare is not None else {}
        return EncodedExample(encode_example(self._encoding, seen), to_floats(target.colour), named)

    def _see(self, index: int, rng: np.random.Generator) -> Example:
        return augment(self._pairs.visit(index, rng), self._augmentation, rng)


class BatchLoader:
    """Batches by step: what is in them depends on seed, step and the number of pictures alone."""

    def __init__(
        self,
        examples: ExampleSource,
        count: int,
        *,
        batch_size: int,
        seed: int,
        unpaired: bool = False,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        if not count:
            raise UsageError("the dataset has no pictures to train on", hint="Build it with a training split")
        self._examples, self._count, self._unpaired = examples, count, unpaired
        self._batch_size, self._seed, self._rank, self._world_size = batch_size, seed, rank, world_size
        self._orders: OrderedDict[tuple[int, int], Index] = OrderedDict()
        self._lock = threading.Lock()

    def batch(self, batch_index: int) -> Batch:
        """A batch, counted from 0 over all epochs."""
        first = (batch_index * self._world_size + self._rank) * self._batch_size
        examples = [self._example(position) for position in range(first, first + self._batch_size)]
        return Batch(
            _stack([example.inputs for example in examples]),
            _stack([example.target for example in examples]),
            {name: _stack([example.named[name] for example in examples]) for name in examples[0].named},
        )

    def prefetch(self, batch_index: int, *, workers: int) -> Generator[Batch, None, None]:
        """Batches from one on, without end, some read ahead by `workers` threads (0: none)."""
        if workers == 0:
            while True:
                yield self.batch(batch_index)
                batch_index += 1
        with ThreadPoolExecutor(workers, thread_name_prefix="loader") as pool:
            waiting: deque[Future[Batch]] = deque()
            try:
                while True:
                    while len(waiting) < 2 * workers:
                        waiting.append(pool.submit(self.batch, batch_index))
                        batch_index += 1
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _example(self, position: int) -> EncodedExample:
        """The example at a position, counted from 0 over all epochs, processes and batches."""
        rng = np.random.default_rng([self._seed, _AUGMENTATION, position])
        index = self._index(position, _INPUTS)
        target_index = self._index(position, _TARGETS) if self._unpaired else None
        return self._examples.example(index, position // self._count, rng, target_index=target_index)

    def _index(self, position: int, order: int) -> int:
        """Which picture comes at a position: each epoch is a permutation of its own."""
        epoch, place = divmod(position, self._count)
        with self._lock:
            if (epoch, order) not in self._orders:
                permutation = np.random.default_rng([self._seed, order, epoch]).permutation(self._count)
                self._orders[epoch, order] = permutation
                while len(self._orders) > _ORDERS_KEPT:
                    self._orders.popitem(last=False)
            return int(self._orders[epoch, order][place])


def _stack(arrays: Sequence[NDArray[Any]]) -> Tensor:
    return torch.from_numpy(np.stack(arrays))
