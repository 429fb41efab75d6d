"""Keeps pictures filled with flat colour for training: each in a few variants, worked out once and kept packed.

Filling a picture costs about as much as learning from it. So each is filled in four variants, with other hints and
other lines, and epochs take turns; what costs little, mirroring and hues, is drawn anew each time.
"""

import threading
import zlib
from typing import TYPE_CHECKING

import numpy as np

from pipelines.models.fillnet.inputs import UNKNOWN, fill_and_pack, stack_channels
from pipelines.training.augmentation import resample_hints, restyle_lines, rotate_hue

if TYPE_CHECKING:
    from pipelines.training.augmentation import Augmentation
    from pipelines.training.pair_dataset import PairDataset
from pipelines.core.imaging.arrays import U8

_VARIANTS = 4
_DRAWS = 3  # first number of the seeds of variants, beside those of orders and augmentation
_INPUTS, _CHANNELS = 7, 11  # of the input, and with colour and line art
_PACKING = 1  # zlib's fastest


class PrecomputedFills:
    """The pictures of a shelf as networks that paint on flat colour learn from them; safe for threads."""

    def __init__(self, shelf: "PairDataset", augmentation: "Augmentation", *, seed: int, cache_bytes: int) -> None:
        self._shelf, self._augmentation, self._seed, self._room = shelf, augmentation, seed, cache_bytes
        self._kept: dict[tuple[int, int], bytes] = {}
        self._lock = threading.Lock()

    def turned(self, number: int, epoch: int, rng: np.random.Generator) -> tuple[U8, U8]:
        """A picture as an epoch sees it: input (S, S, 7), and colour with line art (S, S, 4)."""
        whole = self._variant(number, epoch % _VARIANTS)
        if self._augmentation.flip and rng.random() < 0.5:
            whole = whole[:, ::-1]
        seen, truth = whole[..., :_INPUTS].copy(), whole[..., _INPUTS:].copy()
        if self._augmentation.hue and seen[..., 4].max() > UNKNOWN and rng.random() < 0.5:
            turn = rng.uniform(-self._augmentation.hue, self._augmentation.hue)
            seen[..., 1:4] = rotate_hue(seen[..., 1:4], turn)
            paper = truth[..., 3:].astype(np.float32) / 255  # ink keeps its colour: nothing tells how it was turned
            mixed = rotate_hue(truth[..., :3], turn) * paper + truth[..., :3] * (1 - paper)
            truth[..., :3] = np.rint(mixed)
        return seen, truth

    def _variant(self, number: int, variant: int) -> U8:
        with self._lock:
            packed = self._kept.get((number, variant))
        if packed is not None:
            whole = np.frombuffer(zlib.decompress(packed), np.uint8)
            side = int((len(whole) // _CHANNELS) ** 0.5)
            return whole.reshape(side, side, _CHANNELS)
        made = self._made(number, variant)
        packed = zlib.compress(made.tobytes(), _PACKING)
        with self._lock:
            if self._room >= len(packed) and (number, variant) not in self._kept:
                self._room -= len(packed)
                self._kept[number, variant] = packed
        return made

    def _made(self, number: int, variant: int) -> U8:
        from pipelines.training.augmentation import enlarge

        rng = np.random.default_rng([self._seed, _DRAWS, number, variant])
        rules = self._augmentation
        colour, lines, hints = enlarge(self._shelf.view(number), rules.jitter, rng)
        if rules.hints:
            hints = resample_hints(colour, lines, hints, rng)
        drawn = restyle_lines(lines, rng) if rng.random() < rules.lines else lines
        return np.dstack([stack_channels(fill_and_pack(drawn, hints)), colour, lines])
