"""Training that comes to nothing stops, says why, and keeps the last good checkpoint."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pipelines.inference.checkpoint import load_checkpoint
from pipelines.training.task import TrainingError
from pipelines.training.trainer import Trainer
from pipelines.training.validation import Validator
from tests.runs import Watcher, content, go

pytestmark = pytest.mark.usefixtures("one_thread")


def test_losses_that_are_no_numbers_stop_and_keep_the_last_good_checkpoint(
    train_pairs: dict[str, Path], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with pytest.raises(TrainingError, match="training has broken down") as raised:
        go(train_pairs["pix2pix"], run, steps=50, learning_rate=1e30, log_every=1, validate_every=100)
    assert "lower --learning-rate" in str(raised.value)
    assert not (run / "last").exists()  # none had been good


@pytest.mark.parametrize("by", ["time", "interrupt"])
def test_weights_that_broke_in_the_last_step_replace_no_good_ones(
    train_pairs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """The losses of a step are those before its move: they are fine still."""
    run = tmp_path / "run"
    go(train_pairs["cyclegan"], run, "cyclegan", steps=9, watcher=Watcher(3))
    before = content(run)
    train_step = Trainer.train_step

    def breaking(self: Any, batches: Any, number: int, **options: Any) -> Any:
        terms = train_step(self, batches, number, **options)
        with torch.no_grad():
            next(self.task.networks["discriminator_b"].parameters()).fill_(float("nan"))
        return terms

    monkeypatch.setattr("pipelines.training.trainer.Trainer.train_step", breaking)
    watcher = Watcher(4) if by == "interrupt" else Watcher()
    with pytest.raises(TrainingError, match="weights of discriminator_b are no numbers after step 4"):
        go(train_pairs["cyclegan"], run, "cyclegan", steps=9, watcher=watcher, save_minutes=0 if by == "time" else 99)
    assert content(run) == before
    assert load_checkpoint(run / "last")[1].step == 3


class Constant(nn.Module):
    """A generator whose every picture is of one colour."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> Tensor:
        return self.network(pictures) * 0 + pictures.mean()


def test_output_of_one_colour_stops_and_keeps_the_last_good_checkpoint(
    train_pairs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    monkeypatch.setattr("pipelines.training.validation._UNTRAINED", 6)
    go(train_pairs["cyclegan"], run, "cyclegan", steps=3)
    before = content(run)
    validate = Validator.validate
    monkeypatch.setattr(
        Validator, "validate", lambda self, generator, *, step: validate(self, Constant(generator).eval(), step=step)
    )
    with pytest.raises(TrainingError, match="one flat colour: training has collapsed") as raised:
        go(train_pairs["cyclegan"], run, "cyclegan", steps=9)
    assert raised.value.exit_code == 1
    assert content(run) == before
    load_checkpoint(run)


def test_a_network_that_learned_little_may_still_paint_in_one_colour(
    train_pairs: dict[str, Path], tmp_path: Path
) -> None:
    values = {"norm": "none"}
    report = go(train_pairs["cyclegan"], tmp_path / "run", "cyclegan", values=values, steps=2)
    assert report.figures["val_psnr"] > 0
