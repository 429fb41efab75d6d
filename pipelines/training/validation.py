"""Judges a painter by validation pictures that never change: figures, a sheet to look at, and whether it collapsed."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pipelines.core.imaging.compositing import composite
from pipelines.inference.encoding import Encoding, to_picture
from pipelines.training.pair_dataset import Example, PairDataset
from pipelines.training.task import TrainingError

_AT_ONCE = 8  # pictures that go through the network together
_FLAT = 1.0  # levels of 255: a picture whose colours spread less is of one colour
_UNTRAINED = 100  # steps: a network that learned less may still paint in one colour
_ROWS = 8  # pictures on a sheet
_GAP = 4  # px between the pictures of a sheet
_FLOOR = 1e-10  # least mean squared error of 1: equal pictures have 100 dB, not infinitely many


class ValidationResult(NamedTuple):
    """What came of validation."""

    figures: dict[str, float]  # val_psnr in dB (higher is better), val_l1 in levels of 255 (lower is better)
    sheet: NDArray[np.uint8]  # RGB: a row a picture: input, result, truth


class Validator:
    """Fixed pictures of a split, spread evenly over it, and their truth."""

    def __init__(self, shelf: PairDataset, encoding: Encoding, *, count: int, device: torch.device) -> None:
        chosen = np.unique(np.linspace(0, len(shelf) - 1, min(count, len(shelf))).round().astype(int))
        self._views = [shelf.view(int(number)) for number in chosen]
        self._encoding, self._device = encoding, device

    def __call__(self, painter: nn.Module, *, step: int) -> ValidationResult:
        """Colour the pictures; raises TrainingError where after many steps all of them came out in one colour each."""
        results = self._painted(painter)
        spread = max(float(result.std(axis=(0, 1)).max()) for result in results)
        truth = max(float(view.colour.std(axis=(0, 1)).max()) for view in self._views)
        if not np.isfinite(spread) or (step >= _UNTRAINED and spread < _FLAT <= truth):
            raise TrainingError(
                "every validation picture came out in one flat colour: training has collapsed",
                hint="Start a new run with another --seed or a lower --learning-rate; the checkpoints so far stay",
            )
        errors = [_error(result, view.colour) for result, view in zip(results, self._views, strict=True)]
        psnr = float(np.mean([-10 * np.log10(max(squared, _FLOOR)) for squared, _ in errors]))
        figures = {"val_psnr": round(psnr, 4), "val_l1": round(float(np.mean([l1 for _, l1 in errors])), 4)}
        return ValidationResult(figures, _sheet(self._views[:_ROWS], results[:_ROWS]))

    @torch.inference_mode()
    def _painted(self, painter: nn.Module) -> list[NDArray[np.uint8]]:
        painted = []
        for first in range(0, len(self._views), _AT_ONCE):
            views = self._views[first : first + _AT_ONCE]
            inputs = np.stack([self._encoding.encode(view.lines, view.hints) for view in views])
            outputs = painter(torch.from_numpy(inputs).to(self._device))
            if not bool(torch.isfinite(outputs).all()):
                raise TrainingError(
                    "the network gives values that are no numbers: training has broken down",
                    hint="Start a new run with a lower --learning-rate; the checkpoints so far stay as they are",
                )
            painted += [to_picture(output) for output in outputs]
        return painted


def _error(result: NDArray[np.uint8], truth: NDArray[np.uint8]) -> tuple[float, float]:
    """Mean squared error of values in [0, 1], and mean absolute error in levels of 255."""
    off = result.astype(np.float32) - truth
    return float(np.mean(np.square(off / 255))), float(np.abs(off).mean())


def _sheet(views: Sequence[Example], results: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    rows = []
    for view, result in zip(views, results, strict=True):
        grey = np.repeat(view.lines[..., None], 3, axis=2)
        cells = [grey, composite(view.hints, grey), result, view.colour]
        rows.append(np.hstack([np.pad(cell, ((0, _GAP), (0, _GAP), (0, 0)), constant_values=255) for cell in cells]))
    return np.vstack(rows)
