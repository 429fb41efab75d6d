"""The stage train: that it learns, what a run leaves behind, and when it ends."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from pipelines.core.data.manifest import open_dataset
from pipelines.core.errors import PictureError, SettingsError, UsageError
from pipelines.inference.checkpoint import load_checkpoint
from pipelines.inference.checkpoint_info import read_info
from pipelines.train import train
from pipelines.training.config import TrainConfig
from pipelines.training.trainer import Trainer
from pipelines.training.validation import Validator
from tests import drawings
from tests.pairs import build_pairs
from tests.runs import OFTEN, TIMING, VALUES, Watcher, go, metrics

pytestmark = pytest.mark.usefixtures("one_thread")


# it learns --------------------------------------------------------------------------------------------------


def test_pix2pix_overfits_four_pairs(tmp_path: Path) -> None:
    four = build_pairs(tmp_path, size=128, train=4, val=0)
    watcher = Watcher()
    report = go(
        four,
        tmp_path / "run",
        values={"dropout": "no", "ngf": "8"},
        watcher=watcher,
        steps=120,
        batch_size=4,
        learning_rate=1e-2,
        flip=False,
        log_every=20,
        validate_every=1000,
        ema=0.9,
    )
    losses = [row["generator_l1"] for row in watcher.rows if "generator_l1" in row]
    assert losses[0] > 20  # the first 20 steps; from black to white it is 200
    assert losses[-1] < 4
    assert report.figures["val_l1"] < 6  # levels of 255, on the training pictures as there are no others
    assert report.figures["val_psnr"] > 24
    assert any("no validation pictures" in note for note in report.notes)


def test_cyclegan_halves_its_cycle_loss_on_two_toy_domains(train_pairs: dict[str, Path], tmp_path: Path) -> None:
    watcher = Watcher()
    settings = {"batch_size": 2, "learning_rate": 2e-3, "log_every": 10, "validate_every": 1000}
    go(train_pairs["cyclegan"], tmp_path / "run", "cyclegan", watcher=watcher, steps=60, **settings)
    cycles = [row["cycle_a"] + row["cycle_b"] for row in watcher.rows if "cycle_a" in row]
    assert cycles[-1] < cycles[0] / 2


def test_fillnet_learns_shading_and_the_colours_that_it_is_not_told(
    train_pairs: dict[str, Path], tmp_path: Path
) -> None:
    watcher = Watcher()
    settings = {"batch_size": 3, "learning_rate": 5e-3, "log_every": 10, "validate_every": 1000, "workers": 0}
    go(train_pairs["fillnet"], tmp_path / "run", "fillnet", watcher=watcher, steps=30, **settings)
    rows = [row for row in watcher.rows if "distance" in row]
    assert rows[-1]["distance"] < 0.7 * rows[0]["distance"]
    assert rows[-1]["guess"] < 0.8 * rows[0]["guess"]


def test_bf16_learns_about_the_same(train_pairs: dict[str, Path], tmp_path: Path) -> None:
    rows = {}
    for precision in ("fp32", "bf16"):
        go(train_pairs["cyclegan"], tmp_path / precision, "cyclegan", steps=2, log_every=2, precision=precision)
        rows[precision] = metrics(tmp_path / precision)[0]
    assert rows["fp32"] != rows["bf16"]
    for name, value in rows["fp32"].items():
        assert rows["bf16"][name] == pytest.approx(value, rel=0.1, abs=0.02)


# what a run leaves behind -----------------------------------------------------------------------------------


def test_a_run_says_what_it_is_and_its_checkpoints_rebuild_alone(train_pairs: dict[str, Path], tmp_path: Path) -> None:
    watcher = Watcher()
    report = go(train_pairs["pix2pix"], tmp_path / "run", steps=12, watcher=watcher)
    about = json.loads((tmp_path / "run" / "run.json").read_text())
    assert about["model"] == watcher.about["model"] == "pix2pix"
    assert about["params"]["ngf"] == 4
    assert set(about["settings"]) == set(TrainConfig.__dataclass_fields__)
    assert about["settings"] == watcher.about["settings"]
    rows = metrics(tmp_path / "run")
    assert [row["step"] for row in rows] == [4, 6, 8, 12, 12]
    assert [row["step"] for row in rows if "val_psnr" in row] == [6, 12]
    terms = {"discriminator_fake", "discriminator_real", "generator_gan", "generator_l1"}
    assert set(rows[0]) == {"step", "epoch", "learning_rate", *terms}
    assert [row["epoch"] for row in rows if "epoch" in row] == [0.6667, 1.3333, 2.0]
    assert [{name: row[name] for name in row if name not in TIMING} for row in watcher.rows] == rows
    assert report.best == {**{name: rows[-1][name] for name in ("val_psnr", "val_l1")}, "step": 12}
    for name, step in (("last", 12), ("best", 12)):
        generator, card = load_checkpoint(tmp_path / "run" / name)
        assert (card.model, card.step) == ("pix2pix", step)
        assert generator(torch.zeros(1, 3, 128, 128)).shape == (1, 3, 128, 128)
    sheet = drawings.read(tmp_path / "run" / "samples" / "step-00000012.png")
    assert sheet.shape == (2 * 132, 4 * 132, 3)
    first = open_dataset(train_pairs["pix2pix"])
    truth = first.load(first.samples["val"][0])
    assert np.array_equal(sheet[:128, :128], np.dstack([truth.lines] * 3))
    assert np.array_equal(sheet[:128, 132:260], truth.composite)
    assert np.array_equal(sheet[:128, 396:524], truth.colour)


def test_the_figures_say_how_fast_it_went_from_line_to_line(
    train_pairs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock on which every step takes a second, and a validation a hundred."""
    clock = [0.0]
    monkeypatch.setattr("pipelines.train.time.monotonic", lambda: clock[0])
    validate = Validator.validate

    def slow(self: Validator, generator: nn.Module, *, step: int) -> Any:
        clock[0] += 100
        return validate(self, generator, step=step)

    train_step = Trainer.train_step

    def ticking(self: Any, *arguments: Any, **options: Any) -> Any:
        clock[0] += 1
        return train_step(self, *arguments, **options)

    monkeypatch.setattr("pipelines.training.trainer.Trainer.train_step", ticking)
    monkeypatch.setattr(Validator, "validate", slow)
    settings = {"steps": 8, "log_every": 4, "validate_every": 3, "batch_size": 2, "save_minutes": 1000}
    watcher = Watcher(5)
    go(train_pairs["cyclegan"], tmp_path / "run", "cyclegan", watcher=watcher, **settings)
    resumed = Watcher()
    go(train_pairs["cyclegan"], tmp_path / "run", "cyclegan", watcher=resumed, **settings)
    speeds = [row["pictures_a_second"] for row in watcher.rows + resumed.rows if "pictures_a_second" in row]
    assert speeds == [2.0, 2.0]


def test_best_is_the_best_and_last_the_last(
    train_pairs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    validate, figures = Validator.validate, iter([10.0, 30.0, 20.0])

    def fixed(self: Validator, generator: nn.Module, *, step: int) -> Any:
        result = validate(self, generator, step=step)
        return result._replace(figures={**result.figures, "val_psnr": next(figures)})

    monkeypatch.setattr(Validator, "validate", fixed)
    report = go(train_pairs["cyclegan"], tmp_path / "run", "cyclegan", steps=6, validate_every=2)
    assert (report.best["step"], report.best["val_psnr"], report.figures["val_psnr"]) == (4, 30.0, 20.0)
    assert (read_info(tmp_path / "run" / "best").step, read_info(tmp_path / "run" / "last").step) == (4, 6)
    assert read_info(tmp_path / "run").step == 4
    assert read_info(tmp_path / "run" / "best").figures["val_psnr"] == 30.0


@pytest.mark.parametrize(("best_by", "step"), [("val_psnr", 2), ("val_l1", 6)])
def test_the_best_is_chosen_by_the_figure_that_was_asked_for(
    train_pairs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, best_by: str, step: int
) -> None:
    """Of three validations the first has the highest PSNR and the last the lowest L1."""
    validate, figures = Validator.validate, iter([(30.0, 9.0), (10.0, 7.0), (20.0, 5.0)])

    def fixed(self: Validator, generator: nn.Module, *, step: int) -> Any:
        result = validate(self, generator, step=step)
        return result._replace(figures=dict(zip(("val_psnr", "val_l1"), next(figures), strict=True)))

    monkeypatch.setattr(Validator, "validate", fixed)
    run = tmp_path / "run"
    for steps in (4, 6):  # stopped in between: what was best is remembered
        report = go(train_pairs["cyclegan"], run, "cyclegan", steps=steps, validate_every=2, best_by=best_by)
    assert report.best["step"] == read_info(run / "best").step == step


def test_last_is_saved_as_often_as_asked(train_pairs: dict[str, Path], tmp_path: Path) -> None:
    class Looking(Watcher):
        def stepped(self, step: int, progress: float) -> None:
            super().stepped(step, progress)
            last = tmp_path / "run" / "last"
            self.rows.append(read_info(last).step if last.exists() else None)

    watcher = Looking()
    go(train_pairs["cyclegan"], tmp_path / "run", "cyclegan", watcher=watcher, steps=3, save_minutes=0, log_every=99)
    assert [row for row in watcher.rows if not isinstance(row, dict)] == [None, 1, 2]


# how long, how fast -----------------------------------------------------------------------------------------


def test_the_learning_rate_stays_and_then_falls_to_nothing(train_pairs: dict[str, Path], tmp_path: Path) -> None:
    watcher = Watcher()
    go(train_pairs["cyclegan"], tmp_path / "a", "cyclegan", watcher=watcher, steps=8, log_every=1, learning_rate=1e-3)
    rates = [row["learning_rate"] for row in watcher.rows if "learning_rate" in row]
    assert rates == pytest.approx([1e-3, 1e-3, 1e-3, 1e-3, 0.75e-3, 0.5e-3, 0.25e-3, 0.0])
    watcher = Watcher()
    go(train_pairs["cyclegan"], tmp_path / "b", "cyclegan", watcher=watcher, steps=4, log_every=1, constant=1.0)
    assert [row["learning_rate"] for row in watcher.rows if "learning_rate" in row][:3] == [2e-4] * 3


@pytest.mark.parametrize(
    ("settings", "factors"),
    [
        ({"schedule": "constant"}, [1, 1, 1, 1]),
        ({"schedule": "exponential", "lr_decay": 1 / 16}, [1 / 2, 1 / 4, 1 / 8, 1 / 16]),
        ({"schedule": "steps", "milestones": (0.5, 0.75), "lr_decay": 0.1}, [1, 0.1, 0.01, 0.01]),
    ],
)
def test_schedules_are_those_that_were_asked_for(
    train_pairs: dict[str, Path], tmp_path: Path, settings: dict[str, Any], factors: list[float]
) -> None:
    watcher = Watcher()
    go(train_pairs["cyclegan"], tmp_path / "run", "cyclegan", watcher=watcher, steps=4, log_every=1, **settings)
    rates = [row["learning_rate"] for row in watcher.rows if "learning_rate" in row]
    assert rates == pytest.approx([2e-4 * factor for factor in factors])


@pytest.mark.parametrize(
    ("settings", "steps"),
    [
        ({"steps": 3}, 3),
        ({"epochs": 2, "batch_size": 4}, 3),
        ({"epochs": 0.5, "batch_size": 1}, 3),
        ({"epochs": 1, "batch_size": 1, "accumulate": 4}, 2),
        ({"steps": 2, "epochs": 5, "minutes": 9}, 2),
        ({"steps": 0}, 0),
    ],
)
def test_steps_and_epochs_end_a_run(
    train_pairs: dict[str, Path], tmp_path: Path, settings: dict[str, Any], steps: int
) -> None:
    report = go(train_pairs["cyclegan"], tmp_path / "run", "cyclegan", **settings)
    assert (report.step, report.exit_code) == (steps, 0)


def test_minutes_end_a_run_also_over_several_goes(train_pairs: dict[str, Path], tmp_path: Path) -> None:
    watcher = Watcher(2)
    go(train_pairs["cyclegan"], tmp_path / "run", "cyclegan", watcher=watcher, minutes=0.03, log_every=1)
    before = watcher.shares[-1]
    again = Watcher()
    report = go(train_pairs["cyclegan"], tmp_path / "run", "cyclegan", watcher=again, minutes=0.03, log_every=1)
    assert report.step > 2
    assert 1.8 <= report.seconds < 6
    assert again.shares == sorted(again.shares)
    assert 0 < before < again.shares[0]
    assert again.shares[-1] == 1
    rates = [row["learning_rate"] for row in again.rows if "learning_rate" in row]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == 0
    assert read_info(tmp_path / "run" / "last").step == report.step


def test_the_largest_seed_works(train_pairs: dict[str, Path], tmp_path: Path) -> None:
    assert go(train_pairs["cyclegan"], tmp_path / "run", "cyclegan", steps=1, seed=2**32 - 1).step == 1


# datasets and models ----------------------------------------------------------------------------------------


def damage(pairs: Path, split: str, numbers: list[int]) -> list[str]:
    dataset = open_dataset(pairs)
    files = [dataset.samples[split][number].colour for number in numbers]
    for file in files:
        (pairs / file).write_bytes((pairs / file).read_bytes()[:33] + b"damaged")  # behind the header
    return files


def test_unreadable_pictures_are_named_skipped_and_counted_and_too_many_stop(tmp_path: Path) -> None:
    pairs = build_pairs(tmp_path, size=32, train=21, val=2)
    (named,) = damage(pairs, "train", [7])
    (also,) = damage(pairs, "val", [1])
    settings = {"epochs": 1, "batch_size": 3}
    with pytest.raises(PictureError, match="1 of 2 pictures of the dataset cannot be read"):
        go(pairs, tmp_path / "none", "cyclegan", **settings)
    (pairs / also).write_bytes((pairs / open_dataset(pairs).samples["val"][0].colour).read_bytes())
    report = go(pairs, tmp_path / "run", "cyclegan", **settings)
    assert (report.step, report.exit_code) == (7, 0)
    assert len(report.notes) == 1
    assert "left out, since it cannot be read" in report.notes[0]
    assert named in report.notes[0]
    damage(pairs, "train", [8])
    with pytest.raises(PictureError, match="2 of 21 pictures of the dataset cannot be read; the first: ") as raised:
        go(pairs, tmp_path / "more", "cyclegan", **settings)
    assert raised.value.exit_code == 1


def test_datasets_that_cannot_be_trained_on(train_pairs: dict[str, Path], tmp_path: Path) -> None:
    empty = shutil.copytree(train_pairs["cyclegan"], tmp_path / "empty")
    (empty / "manifest.jsonl").write_text("")
    unfinished = shutil.copytree(train_pairs["cyclegan"], tmp_path / "unfinished")
    about = json.loads((unfinished / "dataset.json").read_text())
    (unfinished / "dataset.json").write_text(json.dumps({**about, "complete": False}))
    untrained = shutil.copytree(train_pairs["cyclegan"], tmp_path / "untrained")
    lines = (untrained / "manifest.jsonl").read_text().splitlines(keepends=True)
    (untrained / "manifest.jsonl").write_text("".join(line for line in lines if '"train"' not in line))
    wrong = [(empty, "has no pairs"), (unfinished, "is not finished"), (untrained, "no pictures to train on")]
    for folder, words in [*wrong, (tmp_path / "nowhere", "there is no folder")]:
        with pytest.raises(UsageError, match=words) as raised:
            go(folder, tmp_path / "run", "cyclegan", steps=1)
        assert raised.value.hint
    with pytest.raises(UsageError, match="there is no dataset"):
        train([], tmp_path / "run", device="cpu")
    assert not (tmp_path / "run").exists()


def test_several_datasets_are_one(train_pairs: dict[str, Path], tmp_path: Path) -> None:
    values, settings = VALUES["cyclegan"], {**OFTEN, "epochs": 1}
    both = [train_pairs["cyclegan"], train_pairs["pix2pix"]]  # the other one's pictures are reduced
    report = train(both, tmp_path / "run", model="cyclegan", values=values, settings=settings, device="cpu")
    assert report.step == 12
    assert len(json.loads((tmp_path / "run" / "run.json").read_text())["datasets"]) == 2


def test_models_that_do_not_learn_and_models_that_are_not_there(train_pairs: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the model 'flat' does not learn") as raised:
        train([train_pairs["cyclegan"]], tmp_path / "run", model="flat", device="cpu")
    assert {"cyclegan", "fillnet", "pix2pix"} <= set(raised.value.hint.partition(": ")[2].split(", "))
    with pytest.raises(UsageError, match="pix3pix"):
        train([train_pairs["cyclegan"]], tmp_path / "run", model="pix3pix", device="cpu")
    with pytest.raises(SettingsError, match="no preset 'huge'"):
        train([train_pairs["cyclegan"]], tmp_path / "run", preset="huge", device="cpu")
