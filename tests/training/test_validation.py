"""Validation: figures by hand, which pictures, the sheet, and collapse."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pipelines.core import registry
from pipelines.core.data.manifest import open_dataset
from pipelines.inference.encoding import COMPOSITE
from pipelines.metrics.base.case import Case
from pipelines.training.config import HIGHER_IS_BETTER
from pipelines.training.pair_dataset import Example, PairDataset
from pipelines.training.task import TrainingError
from pipelines.training.validation import Validator

pytestmark = pytest.mark.usefixtures("one_thread")


def pairs_of(folder: Path, split: str = "val") -> PairDataset:
    return PairDataset([open_dataset(folder)], split, size=32, cache_bytes=0)


def validator_of(folder: Path, *, split: str = "val", count: int = 2) -> Validator:
    return Validator(pairs_of(folder, split), COMPOSITE, count=count, device=torch.device("cpu"))


@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0, float("nan")])
def test_black_white_and_no_numbers_are_collapse(train_pairs: dict[str, Path], value: float) -> None:
    validator = validator_of(train_pairs["cyclegan"])

    class Painter(nn.Module):
        def forward(self, pictures: Tensor) -> Tensor:
            return torch.full((len(pictures), 3, 32, 32), value)

    with pytest.raises(TrainingError, match="collapsed" if value == value else "no numbers"):
        validator.validate(Painter(), step=1000)
    assert validator.validate(nn.Identity(), step=1000).figures["val_psnr"] > 5  # the lines with their hints


def test_equal_pictures_have_a_finite_figure() -> None:
    from pipelines.training.validation import _error

    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    assert _error(picture, picture) == (0.0, 0.0)
    squared, l1 = _error(picture, picture + np.uint8(51))
    assert squared == pytest.approx(0.04)
    assert l1 == pytest.approx(51)


class Off(nn.Module):
    """Gives the true pictures, each value too high by a number of levels."""

    def __init__(self, examples: list[Any], levels: list[int]) -> None:
        super().__init__()
        self.pictures = [np.clip(e.colour.astype(int), 0, 200) + off for e, off in zip(examples, levels, strict=True)]

    def forward(self, pictures: Tensor) -> Tensor:
        floats = np.stack([np.moveaxis(picture, 2, 0) / 127.5 - 1 for picture in self.pictures])
        return torch.from_numpy(floats.astype(np.float32))


def test_figures_are_means_over_pictures_by_hand(train_pairs: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """PSNR = -10 log10(mean((d / 255)^2)): 51 levels are 20 log10(5) dB, 17 are 20 log10(15) dB."""
    getitem = PairDataset.__getitem__

    def dark(self: PairDataset, index: int) -> Any:
        example = getitem(self, index)
        return example._replace(colour=np.clip(example.colour, 0, 200))

    monkeypatch.setattr(PairDataset, "__getitem__", dark)
    validator, examples = validator_of(train_pairs["cyclegan"]), list(pairs_of(train_pairs["cyclegan"]))
    figures, sheet = validator.validate(Off(examples, [51, 17]), step=0)
    assert figures == pytest.approx({"val_psnr": 10 * np.log10(5) + 10 * np.log10(15), "val_l1": 34.0}, abs=1e-3)
    assert set(figures) < set(HIGHER_IS_BETTER)
    assert sheet.shape == (2 * 36, 4 * 36, 3)


@pytest.mark.parametrize(
    ("best_by", "low", "high"), [("val_ssim", 0.3, 0.999), ("val_delta_e", 1.0, 30.0), ("val_l1", 1.0, 60.0)]
)
def test_figures_that_take_a_while_are_measured_where_they_were_asked_for(
    train_pairs: dict[str, Path], best_by: Any, low: float, high: float
) -> None:
    """Each is the mean of the metric of its name over the pictures, which paints what the network painted."""
    pairs = pairs_of(train_pairs["cyclegan"])
    validator = Validator(pairs, COMPOSITE, count=2, device=torch.device("cpu"), best_by=best_by)
    figures = validator.validate(Off(list(pairs), [8, 16]), step=0).figures
    assert set(figures) == {"val_psnr", "val_l1", best_by}
    assert low < figures[best_by] < high
    name = best_by.removeprefix("val_")
    if name != "l1":
        metric = registry.load("metrics", name).Metric()
        results = [np.clip(example.colour, 0, 200) + np.uint8(off) for example, off in zip(pairs, (8, 16), strict=True)]
        cases = [Case(result, example.colour) for result, example in zip(results, pairs, strict=True)]
        assert figures[best_by] == pytest.approx(np.mean([metric.measure(case) for case in cases]), abs=2e-3)


def test_higher_is_better_as_the_metrics_say() -> None:
    metrics = {name: registry.load("metrics", name[4:]) for name in HIGHER_IS_BETTER if name != "val_l1"}
    assert {name: metric.HIGHER_IS_BETTER for name, metric in metrics.items()} == {
        name: better for name, better in HIGHER_IS_BETTER.items() if name in metrics
    }


def test_pictures_are_spread_evenly_over_the_split(train_pairs: dict[str, Path]) -> None:
    pairs = pairs_of(train_pairs["cyclegan"], "train")
    for count, numbers in ((1, [0]), (2, [0, 5]), (3, [0, 2, 5]), (99, [0, 1, 2, 3, 4, 5])):
        shown = validator_of(train_pairs["cyclegan"], split="train", count=count)._examples
        assert len(shown) == len(numbers)
        assert all(
            np.array_equal(each.colour, pairs[number].colour) for each, number in zip(shown, numbers, strict=True)
        )


# on pictures that are drawn here ----------------------------------------------------------------------------

SIDE = 4


def drawn(count: int, *, is_flat: bool = False) -> list[Example]:
    """Examples of one colour, or half white; the n-th has lines of level 10 n and a hint in its first pixel."""
    examples = []
    for number in range(count):
        colour = np.full((SIDE, SIDE, 3), 100, np.uint8)
        colour[: SIDE // 2] = 100 if is_flat else 255
        hints = np.zeros((SIDE, SIDE, 4), np.uint8)
        hints[0, 0] = (1, 2, 3, 255)
        examples.append(Example(colour, np.full((SIDE, SIDE), 10 * number, np.uint8), hints))
    return examples


class Same(nn.Module):
    """Gives each picture a level, and its first pixels another red; notes how many come together."""

    def __init__(self, level: int = 100, *, first: int | None = None, pixels: int = 8) -> None:
        super().__init__()
        self.level, self.first, self.pixels = level, first, pixels
        self.counts: list[int] = []

    def forward(self, pictures: Tensor) -> Tensor:
        levels = torch.full((len(pictures), 3, SIDE * SIDE), self.level)
        if self.first is not None and not self.counts:
            levels[0, 0, : self.pixels] = self.first  # of the first picture, in red alone
        self.counts.append(len(pictures))
        return levels.view(len(pictures), 3, SIDE, SIDE) / 127.5 - 1


def validator_of_drawn(count: int, *, is_flat: bool = False) -> Validator:
    pairs: Any = drawn(count, is_flat=is_flat)
    return Validator(pairs, COMPOSITE, count=count, device=torch.device("cpu"))


@pytest.mark.parametrize(
    ("step", "first", "collapsed"),
    [
        (99, None, False),  # it learned too little to tell
        (100, None, True),
        (100, 101, True),  # half a level of deviation
        (100, 102, False),  # one level, in one colour of one picture of three
    ],
)
def test_collapse_is_one_colour_in_every_picture_after_a_hundred_steps(
    step: int, first: int | None, collapsed: bool
) -> None:
    if not collapsed:
        assert validator_of_drawn(3).validate(Same(first=first), step=step).figures["val_l1"] > 0
        return
    with pytest.raises(TrainingError, match="collapsed") as raised:
        validator_of_drawn(3).validate(Same(first=first), step=step)
    assert "--seed" in raised.value.hint


def test_pictures_that_are_of_one_colour_in_truth_may_be_so() -> None:
    figures = validator_of_drawn(2, is_flat=True).validate(Same(100), step=1000).figures
    assert figures == {"val_psnr": 100.0, "val_l1": 0.0}  # equal pictures: the limit, not infinity
    figures = validator_of_drawn(2, is_flat=True).validate(Same(151), step=1000).figures
    assert figures == pytest.approx({"val_psnr": 20 * np.log10(5), "val_l1": 51.0}, abs=1e-4)


def test_the_sheet_has_lines_hints_result_and_truth_of_the_first_eight() -> None:
    network = Same(50)
    sheet = validator_of_drawn(11).validate(network, step=0).sheet
    assert network.counts == [8, 3]
    cell = SIDE + 4
    assert sheet.shape == (8 * cell, 4 * cell, 3)
    rows = sheet.reshape(8, cell, 4, cell, 3)
    for number, row in enumerate(rows):
        lines, hinted, result, truth = (row[:SIDE, column, :SIDE] for column in range(4))
        assert np.unique(lines).tolist() == [10 * number]
        assert hinted[0, 0].tolist() == [1, 2, 3]
        assert np.array_equal(hinted[1:], lines[1:])
        assert np.unique(result).tolist() == [50]
        assert np.array_equal(truth, drawn(1)[0].colour)
    assert (rows[:, SIDE:] == 255).all()
    assert (rows[:, :, :, SIDE:] == 255).all()
