"""Judges a generator by pictures that never change: figures, a sheet to look at, and whether it collapsed."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.compositing import composite
from pipelines.inference.encoding import Encoding, to_picture
from pipelines.metrics import delta_e, ssim
from pipelines.metrics.base.case import Case
from pipelines.training.config import Figure
from pipelines.training.pair_dataset import Example, PairDataset, encode_example
from pipelines.training.task import TrainingError

_BATCH_SIZE = 8  # pictures that go through the network together
_FLAT = 1.0  # levels of 255: a picture whose colours spread less is of one colour
_UNTRAINED = 100  # steps: a network that learned less may still paint in one colour
_ROWS = 8  # pictures on a sheet
_GAP = 4  # px between the pictures of a sheet
_METRICS = {"val_ssim": ssim, "val_delta_e": delta_e}
_FLOOR = 1e-10  # least mean squared error of 1: equal pictures have 100 dB, not infinitely many


class ValidationResult(NamedTuple):
    """What came of validation."""

    figures: dict[str, float]  # keys: Figure
    sheet: U8  # RGB: a row a picture: lines, with hints, result, truth; of no line art the picture, result, truth


class Validator:
    """Fixed pictures of a split, spread evenly over it, and their truth."""

    def __init__(
        self,
        pairs: PairDataset,
        encoding: Encoding,
        *,
        count: int,
        device: torch.device,
        best_by: Figure = "val_psnr",
        paints_by_domain: bool = False,
    ) -> None:
        indices = np.unique(np.linspace(0, len(pairs) - 1, min(count, len(pairs))).round().astype(int))
        self._examples = [pairs[int(index)] for index in indices]
        self._encoding, self._device, self._best_by = encoding, device, best_by
        self._paints_by_domain = paints_by_domain

    def validate(self, generator: nn.Module, *, step: int) -> ValidationResult:
        """Colour the pictures; raises TrainingError where after many steps all of them came out in one colour each."""
        results = self._colour(generator)
        spread = max(float(result.std(axis=(0, 1)).max()) for result in results)
        true_spread = max(float(example.colour.std(axis=(0, 1)).max()) for example in self._examples)
        if not np.isfinite(spread) or (step >= _UNTRAINED and spread < _FLAT <= true_spread):
            raise TrainingError(
                "every validation picture came out in one flat colour: training has collapsed",
                hint="Start a new run with another --seed or a lower --learning-rate; the checkpoints so far stay",
            )
        errors = [_error(result, example.colour) for result, example in zip(results, self._examples, strict=True)]
        psnr = float(np.mean([-10 * np.log10(max(squared, _FLOOR)) for squared, _ in errors]))
        figures = {
            "val_psnr": round(psnr, 4),
            "val_l1": round(float(np.mean([l1 for _, l1 in errors])), 4),
        }
        if self._best_by not in figures:  # these take a while, so only where they were asked for
            cases = zip(results, self._examples, strict=True)
            metric = _METRICS[self._best_by].Metric()
            measured = [metric.measure(Case(result, example.colour)) for result, example in cases]
            figures[self._best_by] = round(float(np.mean(measured)), 4)
        return ValidationResult(figures, _sample_sheet(self._examples[:_ROWS], results[:_ROWS]))

    def sample_sheet(self, generator: nn.Module) -> U8:
        """The sheet of a validation without its figures."""
        examples = self._examples[:_ROWS]
        return _sample_sheet(examples, self._colour(generator, len(examples)))

    @torch.inference_mode()
    def _colour(self, generator: nn.Module, count: int | None = None) -> list[U8]:
        """What a generator makes of the first pictures, None: of all of them."""
        pictures: list[U8] = []
        for first in range(0, len(self._examples[:count]), _BATCH_SIZE):
            examples = self._examples[:count][first : first + _BATCH_SIZE]
            inputs = np.stack([encode_example(self._encoding, example) for example in examples])
            outputs = generator(torch.from_numpy(inputs).to(self._device), *self._domains(examples))
            if not bool(torch.isfinite(outputs).all()):
                raise TrainingError(
                    "the network gives values that are no numbers: training has broken down",
                    hint="Start a new run with a lower --learning-rate; the checkpoints so far stay as they are",
                )
            pictures += [to_picture(output) for output in outputs]
        return pictures

    def _domains(self, examples: Sequence[Example]) -> list[torch.Tensor]:
        """The domains of examples, (B,), where the generator paints each in its own."""
        numbers = torch.tensor([example.domain for example in examples], device=self._device)
        return [numbers] if self._paints_by_domain else []


def _error(result: U8, truth: U8) -> tuple[float, float]:
    """Mean squared error of values in [0, 1], and mean absolute error in levels of 255."""
    difference = result.astype(np.float32) - truth
    return float(np.mean(np.square(difference / 255))), float(np.abs(difference).mean())


def _sample_sheet(examples: Sequence[Example], results: Sequence[U8]) -> U8:
    rows = []
    for example, result in zip(examples, results, strict=True):
        given = np.repeat(example.lines[..., None], 3, axis=2) if example.picture is None else example.picture
        hinted = [composite(example.hints, given)] if example.picture is None else []
        cells = [given, *hinted, result, example.colour]
        rows.append(np.hstack([np.pad(cell, ((0, _GAP), (0, _GAP), (0, 0)), constant_values=255) for cell in cells]))
    return np.vstack(rows)
