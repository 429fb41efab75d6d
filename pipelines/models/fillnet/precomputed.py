"""Keeps pictures filled with flat colour for training: each in a few variants, worked out once and kept packed.

Filling a picture costs about as much as learning from it. So each is filled in four variants, with other hints and
other lines, and epochs take turns; what costs little, mirroring and hues, is drawn anew each time. Where hints are to
be redrawn, left out by chance, or lines mixed each time a picture is seen, it is filled each time.
"""

import threading
import zlib
from typing import TYPE_CHECKING

import numpy as np

from pipelines.core.imaging.arrays import U8
from pipelines.inference.encoding import to_floats
from pipelines.models.fillnet.inputs import UNKNOWN, fill_and_pack, stack_channels
from pipelines.training.augmentation import change_brightness, choose_hints, enlarge, restyle_lines, rotate_hue
from pipelines.training.pair_dataset import EncodedExample

if TYPE_CHECKING:
    from pipelines.training.augmentation import Augmentation
    from pipelines.training.pair_dataset import PairDataset

_VARIANTS = 4
_VARIANT_SEED = 3  # first number of the seeds of variants, beside those of `BatchLoader`
_INPUTS, _CHANNELS = 7, 11  # of the input, and with colour and line art
_PACKING = 1  # zlib's fastest
_SLOW = (
    "hints or lines are drawn anew each time, so pictures are filled with flat colour anew too, which takes about as "
    "long as learning from them"
)


def draws_each_time(pairs: "PairDataset", augmentation: "Augmentation") -> bool:
    """Whether a run asks for hints or lines that are drawn anew each time a picture is seen."""
    draws_hints = augmentation.hintless < 1 and (augmentation.hintless > 0 or augmentation.redraw is not None)
    return draws_hints or pairs.mixes_lines


class PrecomputedFills:
    """The examples of fillnet: pictures filled with flat colour by their hints; safe for threads."""

    def __init__(self, pairs: "PairDataset", augmentation: "Augmentation", *, seed: int, cache_bytes: int) -> None:
        self._pairs, self._augmentation, self._seed, self._room = pairs, augmentation, seed, cache_bytes
        self._cache: dict[tuple[int, int], bytes] = {}
        self._shape = pairs.shape
        self._lock = threading.Lock()
        self._each_time = draws_each_time(pairs, augmentation)
        self.notes: tuple[str, ...] = (_SLOW,) if self._each_time else ()  # what people should know of them

    def example(
        self, index: int, epoch: int, rng: np.random.Generator, *, target_index: int | None = None
    ) -> EncodedExample:
        """A picture as an epoch sees it: input (7, S, S), and colour with line art (4, S, S); pairs only."""
        inputs, target = self.levels(index, epoch, rng)
        return EncodedExample(to_floats(inputs), to_floats(target))

    def levels(self, index: int, epoch: int, rng: np.random.Generator) -> tuple[U8, U8]:
        """A picture as an epoch sees it, in levels: input (S, S, 7), and colour with line art (S, S, 4)."""
        channels = self._fill(index, rng) if self._each_time else self._variant(index, epoch % _VARIANTS)
        if self._augmentation.flip and rng.random() < 0.5:
            channels = channels[:, ::-1]
        inputs, target = channels[..., :_INPUTS].copy(), channels[..., _INPUTS:].copy()
        if self._augmentation.hue and inputs[..., 4].max() > UNKNOWN and rng.random() < 0.5:
            turn = rng.uniform(-self._augmentation.hue, self._augmentation.hue)
            inputs[..., 1:4] = rotate_hue(inputs[..., 1:4], turn)
            paper = target[..., 3:].astype(np.float32) / 255  # ink keeps its colour: nothing tells how it was turned
            mixed = rotate_hue(target[..., :3], turn) * paper + target[..., :3] * (1 - paper)
            target[..., :3] = np.rint(mixed)
        return inputs, target

    def _variant(self, index: int, variant: int) -> U8:
        with self._lock:
            packed = self._cache.get((index, variant))
        if packed is not None:
            levels = np.frombuffer(zlib.decompress(packed), np.uint8)
            return levels.reshape(*self._shape, _CHANNELS)
        channels = self._fill(index, np.random.default_rng([self._seed, _VARIANT_SEED, index, variant]))
        packed = zlib.compress(channels.tobytes(), _PACKING)
        with self._lock:
            if self._room >= len(packed) and (index, variant) not in self._cache:
                self._room -= len(packed)
                self._cache[index, variant] = packed
        return channels

    def _fill(self, index: int, rng: np.random.Generator) -> U8:
        """A picture with other hints and lines, filled: its input, colour and line art, (S, S, 11)."""
        augmentation = self._augmentation
        example = choose_hints(enlarge(self._pairs.visit(index, rng), augmentation.jitter, rng), augmentation, rng)
        restyled = restyle_lines(example.lines, rng) if rng.random() < augmentation.lines else example.lines
        seen = change_brightness(example._replace(lines=restyled), augmentation.input_jitter, rng)
        return np.dstack([stack_channels(fill_and_pack(seen.lines, seen.hints)), example.colour, example.lines])
