"""A dry run: sizes, memory and time, and nothing written."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from pipelines.models import cyclegan, fillnet, pix2pix
from pipelines.nn.frozen import FrozenNetwork
from pipelines.train import profiling
from pipelines.train.profiling import StepKind, count_parameters, kinds_of_steps
from pipelines.training.task import Losses, Outputs, Update
from pipelines.training.trainer import Trainer
from tests.runs import VALUES, Watcher, go

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("model", ["pix2pix", "cyclegan", "fillnet"])
def test_a_dry_run_says_sizes_and_writes_nothing(train_pairs: dict[str, Path], tmp_path: Path, model: str) -> None:
    watcher = Watcher()
    report = go(train_pairs[model], tmp_path / "run", model, dry_run=True, watcher=watcher, batch_size=2, epochs=10)
    assert list(tmp_path.iterdir()) == []
    module = {"pix2pix": pix2pix, "cyclegan": cyclegan, "fillnet": fillnet}[model]
    network = module.build_network(module.Params(**typed(model)))
    generator = {"pix2pix": "generator", "cyclegan": "generator_a", "fillnet": "generator"}[model]
    count = sum(weight.numel() for weight in network.parameters())
    estimate = report.estimate
    assert estimate["parameters"][generator] == count
    assert set(estimate["parameters"]) == set(module.build_task(module.Params(**typed(model))).networks)
    assert (estimate["training_pictures"], estimate["steps"]) == (6, 30)
    assert estimate["seconds_a_step"] > 0
    assert estimate["hours"] == pytest.approx(30 * estimate["seconds_a_step"] / 3600, abs=2e-3)
    assert estimate["peak_memory_gb"] > 0.05
    assert watcher.about["settings"]["batch_size"] == 2


def typed(model: str) -> dict[str, Any]:
    return {name: int(value) if value.isdigit() else value for name, value in VALUES[model].items()}


class Features(FrozenNetwork):
    """Nine numbers that nobody learns."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 3)


def test_what_is_frozen_is_not_counted_among_what_is_learned() -> None:
    assert count_parameters(nn.ModuleDict({"own": nn.Linear(2, 2), "features": Features()})) == 6
    assert count_parameters(Features()) == 0


def test_a_step_takes_the_mean_time_of_the_steps_until_every_update_was_made(
    train_pairs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The generator moves in every third step, which takes 7 s instead of 1 s."""
    clock, steps = [0.0], []

    def step(_trainer: Trainer, _batches: object, step: int, **_: object) -> dict[str, torch.Tensor]:
        clock[0] += 7.0 if step % 3 == 2 else 1.0
        steps.append(step)
        return {}

    monkeypatch.setattr(Trainer, "train_step", step)
    monkeypatch.setattr(profiling.time, "perf_counter", lambda: clock[0])
    report = go(train_pairs["pix2pix"], tmp_path / "run", values={"critic_steps": "3"}, dry_run=True, steps=10)
    assert report.estimate["seconds_a_step"] == 3.0
    assert sorted(steps) == [2, 2, 2, 2, 3, 3, 3, 3]


def nothing(outputs: Outputs) -> Losses:
    return {}


def test_steps_are_counted_by_what_happens_in_them_over_a_whole_cycle() -> None:
    """From step 1 on: painter 1 and 3, critic alone 2, lazy alone 4, since 4 = 0 (mod 4)."""
    critic = Update("critic", (), nothing, lazy=nothing, lazy_every=4)
    painter = Update("painter", (), nothing, every=2, start=1)
    assert kinds_of_steps([critic, painter]) == [StepKind(1, 2), StepKind(2, 1), StepKind(4, 1)]
    without_terms = Update("painter", (), nothing, lazy_every=16)
    assert kinds_of_steps([without_terms]) == [StepKind(0, 1)]


def test_the_time_of_lazy_terms_counts_as_often_as_they_come(
    guided: Path, train_pairs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model's painter moves in every second step, 3 s instead of 1; its penalty comes in every fourth, 5 s more."""
    clock, steps = [0.0], []

    def step(_trainer: Trainer, _batches: object, step: int, **_: object) -> dict[str, torch.Tensor]:
        clock[0] += (3.0 if step % 2 == 1 else 1.0) + (5.0 if step % 4 == 0 else 0.0)
        steps.append(step)
        return {}

    monkeypatch.setattr(Trainer, "train_step", step)
    monkeypatch.setattr(profiling.time, "perf_counter", lambda: clock[0])
    report = go(train_pairs["cyclegan"], tmp_path / "run", "guided", dry_run=True, steps=10)
    assert report.estimate["seconds_a_step"] == pytest.approx((3 + 1 + 3 + 6) / 4)
    assert any(step % 4 == 0 for step in steps), "memory is the most of all kinds of steps"
