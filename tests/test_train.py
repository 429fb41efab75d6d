"""The stage train: what a run leaves behind, that it learns, and that it goes on as if nothing had happened."""

import errno
import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pipelines.core.data.manifest import open_dataset
from pipelines.core.errors import ColorizeError, MissingPackageError, PictureError, SettingsError, UsageError
from pipelines.inference import checkpoint
from pipelines.inference.checkpoint import load_checkpoint
from pipelines.inference.checkpoint_info import read_info
from pipelines.models import cyclegan, fillnet, pix2pix
from pipelines.nn.devices import choose_device
from pipelines.train import TrainReport, settings_of, train
from pipelines.training.callbacks import NullCallback, Stop
from pipelines.training.config import TrainConfig
from pipelines.training.distributed import ProcessGroup, choose_precision, launch
from pipelines.training.task import TrainingError
from pipelines.training.trainer import Trainer
from pipelines.training.validation import Validator
from tests import drawings
from tests.pairs import build_pairs
from tests.runs import TIMING, content, metrics

VALUES: dict[str, dict[str, str]] = {
    "pix2pix": {"generator": "unet_128", "ngf": "4", "ndf": "4", "layers_d": "1"},
    "cyclegan": {"generator": "resnet_6blocks", "ngf": "4", "ndf": "4", "layers_d": "1", "size": "32", "pool": "3"},
    "fillnet": {"size": "64", "width": "8", "tokens": "16"},
}
OFTEN = {"log_every": 4, "validate_every": 6, "validate_pictures": 2, "ema": 0.9}


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Datasets of the models' sizes: six training pictures and two for validation."""
    made = {"pix2pix": 128, "cyclegan": 32, "fillnet": 64}
    return {
        model: build_pairs(tmp_path_factory.mktemp(model), size=size, train=6, val=2) for model, size in made.items()
    }


class Watcher(NullCallback):
    """Asks to stop after a step; remembers what it was told."""

    def __init__(self, stop_after: int | None = None, by: Stop = "interrupt") -> None:
        self.stop_after, self.by = stop_after, by
        self.step, self.rows, self.shares = 0, [], []  # type: ignore[var-annotated]
        self.about: Mapping[str, Any] = {}
        self.first = -1

    def began(self, about: Mapping[str, Any], *, step: int) -> None:
        self.about, self.first = about, step

    def stepped(self, step: int, progress: float) -> None:
        self.step = step
        self.shares.append(progress)

    def logged(self, row: Mapping[str, Any]) -> None:
        self.rows.append(dict(row))

    def stop_wanted(self) -> Stop:
        return self.by if self.stop_after is not None and self.step >= self.stop_after else ""


def go(
    dataset: Path,
    out: Path,
    model: str = "pix2pix",
    *,
    watcher: NullCallback | None = None,
    values: Mapping[str, str] | None = None,
    dry_run: bool = False,
    **settings: Any,
) -> TrainReport:
    return train(
        [dataset],
        out,
        model=model,
        values={**VALUES[model], **(values or {})},
        settings={**OFTEN, **settings},
        device="cpu",
        dry_run=dry_run,
        observer=watcher,
    )


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


def test_cyclegan_halves_its_cycle_loss_on_two_toy_domains(pairs: dict[str, Path], tmp_path: Path) -> None:
    watcher = Watcher()
    settings = {"batch_size": 2, "learning_rate": 2e-3, "log_every": 10, "validate_every": 1000}
    go(pairs["cyclegan"], tmp_path / "run", "cyclegan", watcher=watcher, steps=60, **settings)
    cycles = [row["cycle_a"] + row["cycle_b"] for row in watcher.rows if "cycle_a" in row]
    assert cycles[-1] < cycles[0] / 2


def test_fillnet_learns_shading_and_the_colours_that_it_is_not_told(pairs: dict[str, Path], tmp_path: Path) -> None:
    watcher = Watcher()
    settings = {"batch_size": 3, "learning_rate": 5e-3, "log_every": 10, "validate_every": 1000, "workers": 0}
    go(pairs["fillnet"], tmp_path / "run", "fillnet", watcher=watcher, steps=30, **settings)
    rows = [row for row in watcher.rows if "distance" in row]
    assert rows[-1]["distance"] < 0.7 * rows[0]["distance"]
    assert rows[-1]["guess"] < 0.8 * rows[0]["guess"]


# it goes on as if nothing had happened ----------------------------------------------------------------------

VARIED = {"accumulate": 2, "jitter": 0.2, "hue": 0.4, "batch_size": 2, "workers": 1}
VARIED |= {"vary_hints": True, "vary_lines": 0.5}


@pytest.mark.parametrize("model", ["pix2pix", "cyclegan", "fillnet"])
@pytest.mark.parametrize(("stops", "settings"), [((5,), {}), ((1, 6, 7), VARIED)])
def test_interrupted_and_resumed_equals_uninterrupted_bit_for_bit(
    pairs: dict[str, Path], tmp_path: Path, model: str, stops: tuple[int, ...], settings: dict[str, Any]
) -> None:
    straight = go(pairs[model], tmp_path / "straight", model, steps=8, **settings)
    for stop in stops:
        watcher = Watcher(stop)
        report = go(pairs[model], tmp_path / "stopped", model, watcher=watcher, steps=8, **settings)
        assert (report.stopped_by, report.exit_code, report.step) == ("interrupt", 130, stop)
    report = go(pairs[model], tmp_path / "stopped", model, steps=8, **settings)
    assert (report.stopped_by, report.exit_code, report.step) == ("", 0, 8)
    assert content(tmp_path / "stopped") == content(tmp_path / "straight")
    assert metrics(tmp_path / "stopped") == metrics(tmp_path / "straight")
    assert (report.best, report.figures) == (straight.best, straight.figures)
    names = set(content(tmp_path / "straight"))
    assert {"last/weights.safetensors", "last/training.safetensors", "best/weights.safetensors"} <= names
    assert {f"samples/step-{step:08d}.png" for step in (6, 8)} <= names


def test_a_run_that_was_killed_after_more_figures_than_its_checkpoint_forgets_them(
    pairs: dict[str, Path], tmp_path: Path
) -> None:
    go(pairs["pix2pix"], tmp_path / "straight", steps=8)
    go(pairs["pix2pix"], tmp_path / "killed", steps=8, watcher=Watcher(5))
    with (tmp_path / "killed" / "metrics.jsonl").open("a") as file:
        file.write('{"step": 6, "val_psnr": 99.0}\n{"step": 7, "gener')
    (tmp_path / "killed" / ".last.writing").mkdir()
    (tmp_path / "killed" / ".last.writing" / "weights.safetensors").write_bytes(b"half")
    go(pairs["pix2pix"], tmp_path / "killed", steps=8)
    assert metrics(tmp_path / "killed") == metrics(tmp_path / "straight")
    assert content(tmp_path / "killed") == content(tmp_path / "straight")


def test_a_best_checkpoint_killed_between_its_renames_does_not_stop_the_run(
    pairs: dict[str, Path], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    go(pairs["pix2pix"], run, steps=6)
    shutil.copytree(run / "best", run / ".best.writing")
    (run / "best").rename(run / ".best.old")
    report = go(pairs["pix2pix"], run, steps=12)
    assert report.best["step"] == 12
    assert read_info(run / "best").step == 12
    assert not [path.name for path in run.iterdir() if path.name.startswith(".")]


def test_the_number_of_workers_changes_no_byte(pairs: dict[str, Path], tmp_path: Path) -> None:
    for workers in (0, 3):
        go(pairs["cyclegan"], tmp_path / str(workers), "cyclegan", steps=5, workers=workers, cache_gb=workers * 1e-6)
    assert content(tmp_path / "0") == content(tmp_path / "3")


def test_a_finished_run_stays_as_it_is_and_can_be_made_longer(pairs: dict[str, Path], tmp_path: Path) -> None:
    run = tmp_path / "run"
    go(pairs["pix2pix"], run, steps=6)
    before = content(run)
    watcher = Watcher()
    report = go(pairs["pix2pix"], run, steps=6, watcher=watcher)
    assert (watcher.first, watcher.shares, report.step) == (6, [], 6)
    assert content(run) == before
    assert go(pairs["pix2pix"], run, steps=8).step == 8
    assert json.loads((run / "run.json").read_text())["settings"]["steps"] == 8


def test_another_number_of_threads_is_noted(pairs: dict[str, Path], tmp_path: Path) -> None:
    go(pairs["cyclegan"], tmp_path / "run", "cyclegan", steps=1)
    state = tmp_path / "run" / "last" / "training.json"
    state.write_text(json.dumps({**json.loads(state.read_text()), "threads": 7}))
    report = go(pairs["cyclegan"], tmp_path / "run", "cyclegan", steps=2)
    assert any("had 7 threads so far" in note for note in report.notes)


# what a run leaves behind -----------------------------------------------------------------------------------


def test_a_run_says_what_it_is_and_its_checkpoints_rebuild_alone(pairs: dict[str, Path], tmp_path: Path) -> None:
    watcher = Watcher()
    report = go(pairs["pix2pix"], tmp_path / "run", steps=12, watcher=watcher)
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
        painter, card = load_checkpoint(tmp_path / "run" / name)
        assert (card.model, card.step) == ("pix2pix", step)
        assert painter(torch.zeros(1, 3, 128, 128)).shape == (1, 3, 128, 128)
    sheet = drawings.read(tmp_path / "run" / "samples" / "step-00000012.png")
    assert sheet.shape == (2 * 132, 4 * 132, 3)
    first = open_dataset(pairs["pix2pix"])
    truth = first.load(first.samples["val"][0])
    assert np.array_equal(sheet[:128, :128], np.dstack([truth.lines] * 3))
    assert np.array_equal(sheet[:128, 132:260], truth.composite)
    assert np.array_equal(sheet[:128, 396:524], truth.colour)


def test_the_figures_say_how_fast_it_went_from_line_to_line(
    pairs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock on which every step takes a second, and a validation a hundred."""
    clock = [0.0]
    monkeypatch.setattr("pipelines.train.time.monotonic", lambda: clock[0])
    judged = Validator.__call__

    def slow(self: Validator, painter: nn.Module, *, step: int) -> Any:
        clock[0] += 100
        return judged(self, painter, step=step)

    step = Trainer.step

    def ticking(self: Any, *arguments: Any, **options: Any) -> Any:
        clock[0] += 1
        return step(self, *arguments, **options)

    monkeypatch.setattr("pipelines.training.trainer.Trainer.step", ticking)
    monkeypatch.setattr(Validator, "__call__", slow)
    settings = {"steps": 8, "log_every": 4, "validate_every": 3, "batch_size": 2, "save_minutes": 1000}
    watcher = Watcher(5)
    go(pairs["cyclegan"], tmp_path / "run", "cyclegan", watcher=watcher, **settings)
    resumed = Watcher()
    go(pairs["cyclegan"], tmp_path / "run", "cyclegan", watcher=resumed, **settings)
    speeds = [row["pictures_a_second"] for row in watcher.rows + resumed.rows if "pictures_a_second" in row]
    assert speeds == [2.0, 2.0]


def test_best_is_the_best_and_last_the_last(
    pairs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged, found = Validator.__call__, iter([10.0, 30.0, 20.0])

    def fixed(self: Validator, painter: nn.Module, *, step: int) -> Any:
        verdict = judged(self, painter, step=step)
        return verdict._replace(figures={**verdict.figures, "val_psnr": next(found)})

    monkeypatch.setattr(Validator, "__call__", fixed)
    report = go(pairs["cyclegan"], tmp_path / "run", "cyclegan", steps=6, validate_every=2)
    assert (report.best["step"], report.best["val_psnr"], report.figures["val_psnr"]) == (4, 30.0, 20.0)
    assert (read_info(tmp_path / "run" / "best").step, read_info(tmp_path / "run" / "last").step) == (4, 6)
    assert read_info(tmp_path / "run").step == 4
    assert read_info(tmp_path / "run" / "best").figures["val_psnr"] == 30.0


def test_last_is_saved_as_often_as_asked(pairs: dict[str, Path], tmp_path: Path) -> None:
    class Looking(Watcher):
        def stepped(self, step: int, progress: float) -> None:
            super().stepped(step, progress)
            last = tmp_path / "run" / "last"
            self.rows.append(read_info(last).step if last.exists() else None)

    watcher = Looking()
    go(pairs["cyclegan"], tmp_path / "run", "cyclegan", watcher=watcher, steps=3, save_minutes=0, log_every=99)
    assert [row for row in watcher.rows if not isinstance(row, dict)] == [None, 1, 2]


def test_tensorboard_has_the_same_figures(pairs: dict[str, Path], tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    go(pairs["cyclegan"], tmp_path / "run", "cyclegan", steps=12, tensorboard=True, watcher=Watcher(8))
    go(pairs["cyclegan"], tmp_path / "run", "cyclegan", steps=12, tensorboard=True)
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    events.Reload()
    rows = metrics(tmp_path / "run")
    for name in ("cycle_a", "val_psnr", "learning_rate"):
        found = [(event.step, event.value) for event in events.Scalars(name)]
        expected = [(row["step"], pytest.approx(row[name], rel=1e-5)) for row in rows if name in row]
        assert found == expected
    assert events.Tags()["images"] == ["samples"]


def test_without_tensorboard_the_option_says_what_to_install(
    pairs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingPackageError, match="needs TensorBoard") as raised:
        go(pairs["cyclegan"], tmp_path / "run", "cyclegan", steps=1, tensorboard=True)
    assert "pip install" in raised.value.hint
    assert raised.value.exit_code == 2
    assert not (tmp_path / "run").exists()


# how long, how fast -----------------------------------------------------------------------------------------


def test_the_learning_rate_stays_and_then_falls_to_nothing(pairs: dict[str, Path], tmp_path: Path) -> None:
    watcher = Watcher()
    go(pairs["cyclegan"], tmp_path / "a", "cyclegan", watcher=watcher, steps=8, log_every=1, learning_rate=1e-3)
    rates = [row["learning_rate"] for row in watcher.rows if "learning_rate" in row]
    assert rates == pytest.approx([1e-3, 1e-3, 1e-3, 1e-3, 0.75e-3, 0.5e-3, 0.25e-3, 0.0])
    watcher = Watcher()
    go(pairs["cyclegan"], tmp_path / "b", "cyclegan", watcher=watcher, steps=4, log_every=1, constant=1.0)
    assert [row["learning_rate"] for row in watcher.rows if "learning_rate" in row][:3] == [2e-4] * 3


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
    pairs: dict[str, Path], tmp_path: Path, settings: dict[str, Any], steps: int
) -> None:
    report = go(pairs["cyclegan"], tmp_path / "run", "cyclegan", **settings)
    assert (report.step, report.exit_code) == (steps, 0)


def test_minutes_end_a_run_also_over_several_goes(pairs: dict[str, Path], tmp_path: Path) -> None:
    watcher = Watcher(2)
    go(pairs["cyclegan"], tmp_path / "run", "cyclegan", watcher=watcher, minutes=0.03, log_every=1)
    before = watcher.shares[-1]
    again = Watcher()
    report = go(pairs["cyclegan"], tmp_path / "run", "cyclegan", watcher=again, minutes=0.03, log_every=1)
    assert report.step > 2
    assert 1.8 <= report.seconds < 6
    assert again.shares == sorted(again.shares)
    assert 0 < before < again.shares[0]
    assert again.shares[-1] == 1
    rates = [row["learning_rate"] for row in again.rows if "learning_rate" in row]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == 0
    assert read_info(tmp_path / "run" / "last").step == report.step


def test_settings_take_precedence_over_the_recipe_and_that_over_defaults() -> None:
    recipe = settings_of(pix2pix, "fakemon", {})
    assert (recipe.batch_size, recipe.epochs, recipe.ema) == (4, 200, 0.999)
    assert settings_of(pix2pix, None, {}).batch_size == 1
    chosen = settings_of(pix2pix, "fakemon", {"batch_size": 3, "hue": 0.1})
    assert (chosen.batch_size, chosen.hue, chosen.epochs) == (3, 0.1, 200)
    for name in ("steps", "minutes"):
        chosen = settings_of(cyclegan, "standard", {name: 5})
        assert chosen.epochs is None
        assert getattr(chosen, name) == 5


@pytest.mark.parametrize(("model", "epochs"), [(pix2pix, 200), (cyclegan, 200), (fillnet, 60)])  # 200 of the papers
def test_every_preset_has_a_recipe_that_settings_take(model: ModuleType, epochs: int) -> None:
    assert set(model.RECIPES) == set(model.PRESETS)
    for preset in model.PRESETS:
        assert settings_of(model, preset, {}).epochs == epochs


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": -1},
        {"epochs": float("inf")},
        {"epochs": float("nan")},
        {"minutes": -0.1},
        {"batch_size": 0},
        {"accumulate": 0},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"beta1": 1.0},
        {"beta2": 1.0},
        {"ema": 1.1},
        {"constant": -0.1},
        {"hue": 0.6},
        {"jitter": -0.1},
        {"vary_lines": 1.1},
        {"vary_lines": -0.1},
        {"cache_gb": float("inf")},
        {"seed": -1},
        {"seed": 10**30},
        {"workers": -1},
        {"threads": 0},
        {"log_every": 0},
        {"validate_every": 0},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=f"^{next(iter(wrong))} = .* is out of range") as raised:
        TrainConfig(**wrong)
    assert raised.value.hint


def test_the_largest_seed_works(pairs: dict[str, Path], tmp_path: Path) -> None:
    assert go(pairs["cyclegan"], tmp_path / "run", "cyclegan", steps=1, seed=2**32 - 1).step == 1


# a dry run --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["pix2pix", "cyclegan", "fillnet"])
def test_a_dry_run_says_sizes_and_writes_nothing(pairs: dict[str, Path], tmp_path: Path, model: str) -> None:
    watcher = Watcher()
    report = go(pairs[model], tmp_path / "run", model, dry_run=True, watcher=watcher, batch_size=2, epochs=10)
    assert list(tmp_path.iterdir()) == []
    module = {"pix2pix": pix2pix, "cyclegan": cyclegan, "fillnet": fillnet}[model]
    network = module.build_network(module.Params(**typed(model)))
    painter = {"pix2pix": "generator", "cyclegan": "generator_a", "fillnet": "painter"}[model]
    count = sum(weight.numel() for weight in network.parameters())
    estimate = report.estimate
    assert estimate["parameters"][painter] == count
    assert set(estimate["parameters"]) == set(module.build_task(module.Params(**typed(model))).networks)
    assert (estimate["training_pictures"], estimate["steps"]) == (6, 30)
    assert estimate["seconds_a_step"] > 0
    assert estimate["hours"] == pytest.approx(30 * estimate["seconds_a_step"] / 3600, abs=2e-3)
    assert estimate["peak_memory_gb"] > 0.05
    assert watcher.about["settings"]["batch_size"] == 2


def typed(model: str) -> dict[str, Any]:
    return {name: int(value) if value.isdigit() else value for name, value in VALUES[model].items()}


# breakdowns -------------------------------------------------------------------------------------------------


def test_losses_that_are_no_numbers_stop_and_keep_the_last_good_checkpoint(
    pairs: dict[str, Path], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with pytest.raises(TrainingError, match="training has broken down") as raised:
        go(pairs["pix2pix"], run, steps=50, learning_rate=1e30, log_every=1, validate_every=100)
    assert "lower --learning-rate" in str(raised.value)
    assert not (run / "last").exists()  # none had been good


@pytest.mark.parametrize("by", ["time", "interrupt"])
def test_weights_that_broke_in_the_last_step_replace_no_good_ones(
    pairs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """The losses of a step are those before its move: they are fine still."""
    run = tmp_path / "run"
    go(pairs["cyclegan"], run, "cyclegan", steps=9, watcher=Watcher(3))
    before = content(run)
    step = Trainer.step

    def breaking(self: Any, batches: Any, number: int, **options: Any) -> Any:
        terms = step(self, batches, number, **options)
        with torch.no_grad():
            next(self.learner.networks["discriminator_b"].parameters()).fill_(float("nan"))
        return terms

    monkeypatch.setattr("pipelines.training.trainer.Trainer.step", breaking)
    watcher = Watcher(4) if by == "interrupt" else Watcher()
    with pytest.raises(TrainingError, match="weights of discriminator_b are no numbers after step 4"):
        go(pairs["cyclegan"], run, "cyclegan", steps=9, watcher=watcher, save_minutes=0 if by == "time" else 99)
    assert content(run) == before
    assert load_checkpoint(run / "last")[1].step == 3


class Constant(nn.Module):
    """A painter whose every picture is of one colour."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> Tensor:
        return self.network(pictures) * 0 + pictures.mean()


def test_output_of_one_colour_stops_and_keeps_the_last_good_checkpoint(
    pairs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    monkeypatch.setattr("pipelines.training.validation._UNTRAINED", 6)
    go(pairs["cyclegan"], run, "cyclegan", steps=3)
    before = content(run)
    judged = Validator.__call__
    monkeypatch.setattr(
        Validator, "__call__", lambda self, painter, *, step: judged(self, Constant(painter).eval(), step=step)
    )
    with pytest.raises(TrainingError, match="one flat colour: training has collapsed") as raised:
        go(pairs["cyclegan"], run, "cyclegan", steps=9)
    assert raised.value.exit_code == 1
    assert content(run) == before
    load_checkpoint(run)


def test_a_network_that_learned_little_may_still_paint_in_one_colour(pairs: dict[str, Path], tmp_path: Path) -> None:
    values = {"norm": "none"}
    report = go(pairs["cyclegan"], tmp_path / "run", "cyclegan", values=values, steps=2)
    assert report.figures["val_psnr"] > 0


@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0, float("nan")])
def test_black_white_and_no_numbers_are_collapse(pairs: dict[str, Path], value: float) -> None:
    from pipelines.training.pair_dataset import PairDataset

    shelf = PairDataset([open_dataset(pairs["cyclegan"])], "val", size=32, cache_bytes=0)
    judge = Validator(shelf, "composite", count=2, device=torch.device("cpu"))

    class Painter(nn.Module):
        def forward(self, pictures: Tensor) -> Tensor:
            return torch.full((len(pictures), 3, 32, 32), value)

    with pytest.raises(TrainingError, match="collapsed" if value == value else "no numbers"):
        judge(Painter(), step=1000)
    assert judge(nn.Identity(), step=1000).figures["val_psnr"] > 5  # the lines with their hints


def test_equal_pictures_have_a_finite_figure() -> None:
    from pipelines.training.validation import _error

    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    assert _error(picture, picture) == (0.0, 0.0)
    squared, l1 = _error(picture, picture + np.uint8(51))
    assert squared == pytest.approx(0.04)
    assert l1 == pytest.approx(51)


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_stops_and_the_same_command_goes_on(
    pairs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    go(pairs["cyclegan"], tmp_path / "straight", "cyclegan", steps=8)
    go(pairs["cyclegan"], run, "cyclegan", steps=8, watcher=Watcher(3))
    before = {path.name: path.read_bytes() for path in (run / "last").iterdir()}
    opened = Path.open

    def unappendable(path: Path, *arguments: Any, **options: Any) -> Any:
        return full() if "a" in arguments else opened(path, *arguments, **options)

    for place, name, instead in (
        (checkpoint, "save_file", full),
        (os, "replace", full),
        (Path, "open", unappendable),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, instead)
            with pytest.raises(ColorizeError, match=r"cannot be written: .*(disk is full|no space left)") as raised:
                go(pairs["cyclegan"], run, "cyclegan", steps=8)
        assert raised.value.exit_code == 1
        assert "same command again" in raised.value.hint
        assert {path.name: path.read_bytes() for path in (run / "last").iterdir()} == before
    go(pairs["cyclegan"], run, "cyclegan", steps=8)
    assert content(run) == content(tmp_path / "straight")
    assert metrics(run) == metrics(tmp_path / "straight")


# bad datasets -----------------------------------------------------------------------------------------------


def damage(pairs: Path, split: str, numbers: list[int]) -> list[str]:
    dataset = open_dataset(pairs)
    files = [dataset.samples[split][number].colour for number in numbers]
    for file in files:
        (pairs / file).write_bytes(b"damaged")
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


def test_datasets_that_cannot_be_trained_on(pairs: dict[str, Path], tmp_path: Path) -> None:
    empty = shutil.copytree(pairs["cyclegan"], tmp_path / "empty")
    (empty / "manifest.jsonl").write_text("")
    unfinished = shutil.copytree(pairs["cyclegan"], tmp_path / "unfinished")
    about = json.loads((unfinished / "dataset.json").read_text())
    (unfinished / "dataset.json").write_text(json.dumps({**about, "complete": False}))
    untrained = shutil.copytree(pairs["cyclegan"], tmp_path / "untrained")
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


def test_several_datasets_are_one(pairs: dict[str, Path], tmp_path: Path) -> None:
    values, settings = VALUES["cyclegan"], {**OFTEN, "epochs": 1}
    both = [pairs["cyclegan"], pairs["pix2pix"]]  # the other one's pictures are reduced
    report = train(both, tmp_path / "run", model="cyclegan", values=values, settings=settings, device="cpu")
    assert report.step == 12
    assert len(json.loads((tmp_path / "run" / "run.json").read_text())["datasets"]) == 2


# other folders, other devices -------------------------------------------------------------------------------


def test_the_folder_of_another_run_is_refused_and_says_what_differs(pairs: dict[str, Path], tmp_path: Path) -> None:
    run = tmp_path / "run"
    go(pairs["cyclegan"], run, "cyclegan", steps=1)
    before = content(run)
    with pytest.raises(UsageError, match="is another run: it differs in learning_rate, hue"):
        go(pairs["cyclegan"], run, "cyclegan", steps=1, learning_rate=1e-3, hue=0.2)
    with pytest.raises(UsageError, match=r"it differs in params\.ngf"):
        go(pairs["cyclegan"], run, "cyclegan", steps=1, values={"ngf": "6"})
    with pytest.raises(UsageError, match="it differs in datasets"):
        go(pairs["pix2pix"], run, "cyclegan", steps=1)
    with pytest.raises(UsageError, match="it differs in model"):
        go(pairs["pix2pix"], run, steps=1)
    assert content(run) == before
    free = {"workers": 1, "cache_gb": 1.0, "save_minutes": 9.0, "log_every": 3, "tensorboard": False}
    assert go(pairs["cyclegan"], run, "cyclegan", steps=2, **free).step == 2


def test_a_folder_with_other_things_is_left_alone(pairs: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "photo.jpg").write_bytes(b"x")
    with pytest.raises(UsageError, match="has other things in it"):
        go(pairs["cyclegan"], tmp_path / "holiday", "cyclegan", steps=1)
    assert [path.name for path in (tmp_path / "holiday").iterdir()] == ["photo.jpg"]
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(UsageError, match="has other things in it"):
        go(pairs["cyclegan"], tmp_path / "file", "cyclegan", steps=1)
    for text in ("{", "[]", '{"kind": "other"}', '{"kind": "colorize-cli run", "version": 99}'):
        (tmp_path / "foreign").mkdir(exist_ok=True)
        (tmp_path / "foreign" / "run.json").write_text(text)
        with pytest.raises(UsageError, match="is not of a run of this version"):
            go(pairs["cyclegan"], tmp_path / "foreign", "cyclegan", steps=1)


def test_a_run_killed_in_its_very_first_write_can_begin(pairs: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".run.json.writing").write_bytes(b'{"kind"')
    assert go(pairs["cyclegan"], tmp_path / "run", "cyclegan", steps=1).step == 1


def test_devices_that_are_not_there_are_refused() -> None:
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("auto").type in ("cpu", "cuda", "mps")
    for name in ("tpu", "cpu:first", ""):
        with pytest.raises(UsageError, match=f"there is no device '{name}'"):
            choose_device(name)
    for name, present in (("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())):
        if not present:
            with pytest.raises(UsageError, match=f"has no {name}"):
                choose_device(name)
    with pytest.raises(UsageError, match="here are 1 devices of the kind mps, not 2"):
        launch(torch.device("mps"), devices=2, nodes=1)
    team, device = launch(torch.device("cpu"), devices=1, nodes=1)
    assert (team.rank, team.size, device) == (0, 1, torch.device("cpu"))


def test_precision_is_chosen_by_the_device() -> None:
    cpu = torch.device("cpu")
    assert choose_precision("auto", cpu) in ("fp32", "bf16")
    assert [choose_precision(name, cpu) for name in ("fp32", "bf16")] == ["fp32", "bf16"]
    with pytest.raises(SettingsError, match="fp16 training needs a GPU"):
        choose_precision("fp16", cpu)


def test_bf16_learns_about_the_same(pairs: dict[str, Path], tmp_path: Path) -> None:
    rows = {}
    for precision in ("fp32", "bf16"):
        go(pairs["cyclegan"], tmp_path / precision, "cyclegan", steps=2, log_every=2, precision=precision)
        rows[precision] = metrics(tmp_path / precision)[0]
    assert rows["fp32"] != rows["bf16"]
    for name, value in rows["fp32"].items():
        assert rows["bf16"][name] == pytest.approx(value, rel=0.1, abs=0.02)


def test_models_that_do_not_learn_and_models_that_are_not_there(pairs: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the model 'flat' does not learn") as raised:
        train([pairs["cyclegan"]], tmp_path / "run", model="flat", device="cpu")
    assert "cyclegan, fillnet, pix2pix" in raised.value.hint
    with pytest.raises(UsageError, match="pix3pix"):
        train([pairs["cyclegan"]], tmp_path / "run", model="pix3pix", device="cpu")
    with pytest.raises(SettingsError, match="no preset 'huge'"):
        train([pairs["cyclegan"]], tmp_path / "run", preset="huge", device="cpu")


def test_a_team_of_one_changes_nothing() -> None:
    team, tensor = ProcessGroup(), torch.arange(3.0)
    team.share({"a": tensor})
    team.average([tensor])
    team.wait()
    assert team.means({"a": 0.1}) == {"a": 0.1}
    assert team.agree(2) == 2
    assert tensor.tolist() == [0, 1, 2]
