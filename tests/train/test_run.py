"""All that a model may ask of the loop, in whole runs: killed and gone on, with other memory, in several processes."""

import json
import typing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from pipelines.build_dataset import Recipe, Splitting, build_dataset
from pipelines.core import registry
from pipelines.core.batch.plan import BatchSettings
from pipelines.core.errors import UsageError
from pipelines.core.files import sha256_of_file
from pipelines.core.imaging.framing import Framing
from pipelines.core.settings import resolve
from pipelines.inference.checkpoint import load_checkpoint, read_training
from pipelines.inference.checkpoint_info import read_info, spec_of
from pipelines.inference.predictor import Predictor
from pipelines.nn.devices import Precision
from pipelines.train.run import agreed_precision, settle_precision
from pipelines.training.config import TrainConfig
from pipelines.training.distributed import ProcessGroup
from pipelines.training.task import TrainingError
from pipelines.training.trainer import Trainer
from tests import drawings
from tests.pairs import picture
from tests.runs import LEARNING, VALUES, Watcher, content, go, metrics, tiny
from tests.train.processes import run_apart, train_and_die, train_as_one_of_two

pytestmark = pytest.mark.usefixtures("one_thread", "guided")
EVERYTHING = "guided"
MODELS = [*LEARNING, EVERYTHING]
SHORT: dict[str, Any] = {"steps": 7, "batch_size": 2, "workers": 1, "validate_every": 2, "save_minutes": 0.0}
SHORT["precision"] = "fp32"  # what "auto" comes to is measured in each process: two might differ
FALLING = {"schedule": "plateau", "plateau": 1, "learning_rate": 1e-2, "best_by": "val_ssim"}


@pytest.fixture
def pairs(train_pairs: dict[str, Path]) -> dict[str, Path]:
    return {**train_pairs, EVERYTHING: train_pairs["cyclegan"]}  # of 32 px


def killed(pairs: dict[str, Path], run: Path, model: str, *, after: int, **settings: Any) -> None:
    """A run that SIGKILL ends after a step."""
    values = dict(VALUES.get(model, {}))
    task = partial(train_and_die, pairs[model], run, model, values, {**SHORT, **settings}, after=after)
    assert run_apart(task) == [-9]


# killed ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_a_run_that_was_killed_goes_on_bit_for_bit(pairs: dict[str, Path], tmp_path: Path, model: str) -> None:
    settings = FALLING if model == EVERYTHING else {}
    go(pairs[model], tmp_path / "straight", model, **{**SHORT, **settings})
    killed(pairs, tmp_path / "killed", model, after=4, **settings)
    watcher = Watcher()
    go(pairs[model], tmp_path / "killed", model, watcher=watcher, **{**SHORT, **settings})
    assert watcher.first == 3  # the fourth step was not saved
    abouts = [json.loads((tmp_path / name / "run.json").read_text()) for name in ("straight", "killed")]
    assert abouts[0] == abouts[1]
    assert content(tmp_path / "killed") == content(tmp_path / "straight")
    assert metrics(tmp_path / "killed") == metrics(tmp_path / "straight")


def test_plateaus_and_patience_go_on_where_a_run_was_killed(
    pairs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a rate that changes nothing no validation is better than the first: plateaus at 4, 6 and 8, the end at 8."""
    settings = {"learning_rate": 1e-30, "ema": 0.0, "schedule": "plateau", "plateau": 1, "patience": 3, "steps": 20}
    model = "pix2pix"  # no statistics move in its norm but those of the average
    values = {"norm": "none", "dropout": "no"}
    straight = go(pairs[model], tmp_path / "straight", model, values=values, **{**SHORT, **settings})
    assert (straight.step, straight.exit_code, straight.best["step"]) == (8, 0, 2)
    (note,) = straight.notes
    assert note.startswith("ended by patience: 3 validations were not better than val_psnr ")
    assert note.endswith("at step 2")
    monkeypatch.setitem(VALUES, model, {**VALUES[model], **values})
    killed(pairs, tmp_path / "killed", model, after=5, **settings)
    report = go(pairs[model], tmp_path / "killed", model, values=values, **{**SHORT, **settings, "log_every": 4})
    assert (report.step, report.notes) == (8, straight.notes)
    assert content(tmp_path / "killed") == content(tmp_path / "straight")
    rates = [row["learning_rate"] for row in metrics(tmp_path / "straight") if "learning_rate" in row]
    assert rates == [pytest.approx(5e-31), pytest.approx(1.25e-31)]
    state = read_training(tmp_path / "killed" / "last").about
    assert (state["plateaus"], state["since_best"]) == (3, 3)
    again = go(pairs[model], tmp_path / "killed", model, values=values, **{**SHORT, **settings})
    assert (again.step, again.notes) == (8, straight.notes)  # it stays at its end
    longer = go(pairs[model], tmp_path / "killed", model, values=values, **{**SHORT, **settings, "patience": 4})
    assert longer.step == 10


# memory, batches, processes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_gradient_checkpointing_changes_no_byte_of_a_run(pairs: dict[str, Path], tmp_path: Path, model: str) -> None:
    for on in (False, True):
        go(pairs[model], tmp_path / str(on), model, **{**SHORT, "steps": 3}, gradient_checkpointing=on)
    assert content(tmp_path / "True") == content(tmp_path / "False")


@pytest.mark.parametrize("model", MODELS)
def test_a_step_of_two_batches_is_one_step_and_reads_two(pairs: dict[str, Path], tmp_path: Path, model: str) -> None:
    report = go(pairs[model], tmp_path / "run", model, **{**SHORT, "epochs": 2, "steps": None, "accumulate": 2})
    assert report.step == 3  # 6 pictures by 2 * 2, twice
    state = read_training(tmp_path / "run" / "last").tensors
    counts = {tensor.item() for name, tensor in state.items() if name.endswith(".step")}
    assert counts <= {1, 2, 3}  # optimizers moved once a step, not once a batch
    assert max(counts) == 3


@pytest.mark.parametrize("model", MODELS)
def test_two_processes_keep_the_same_weights(pairs: dict[str, Path], tmp_path: Path, model: str) -> None:
    settings = {**SHORT, "steps": 4, "batch_size": 1}
    values = dict(VALUES.get(model, {}))
    run, meeting = tmp_path / "run", tmp_path / "meeting"
    member = partial(train_as_one_of_two, pairs[model], run, model, values, settings, meeting=meeting)
    assert run_apart(partial(member, rank=0), partial(member, rank=1)) == [0, 0]
    go(pairs[model], tmp_path / "alone", model, **settings)
    weights = [load_checkpoint(folder / "last")[0].state_dict() for folder in (run, tmp_path / "alone")]
    assert any(not torch.equal(tensor, weights[1][name]) for name, tensor in weights[0].items())
    assert metrics(run)[-1]["step"] == 4


@pytest.mark.parametrize("model", ["pix2pix", "cyclegan", EVERYTHING])  # with norms of batches, with image pools
def test_two_processes_that_were_stopped_go_on_bit_for_bit(pairs: dict[str, Path], tmp_path: Path, model: str) -> None:
    """Each has pools and statistics of its own, by which the weights of both and the mean of their figures go on."""
    settings = {**SHORT, "steps": 6, "batch_size": 1, "save_minutes": 60.0, "log_every": 2}
    values = {**VALUES[model], **({"norm": "batch", "pool": "1"} if model == "cyclegan" else {})}
    for name, stops in (("straight", (None,)), ("stopped", (3, None))):
        for number, stop in enumerate(stops):
            meeting = tmp_path / f"{name}-{number}"
            member = partial(
                train_as_one_of_two, pairs[model], tmp_path / name, model, values, settings, meeting=meeting
            )
            assert run_apart(*(partial(member, rank=rank, stop_after=stop) for rank in (0, 1))) == [0, 0]
    assert content(tmp_path / "stopped") == content(tmp_path / "straight")
    assert metrics(tmp_path / "stopped") == metrics(tmp_path / "straight")
    kept = read_training(tmp_path / "stopped" / "last").tensors
    own = {name.removeprefix("processes.1.") for name in kept if name.startswith("processes.1.")}
    assert any(name.startswith("extra.fake_a") for name in own) == (model == "cyclegan")
    statistics = {name.split(".")[-1] for name in own if not name.startswith(("extra.", "losses."))}
    assert statistics == {"running_mean", "running_var"}
    assert any(name.startswith("ema.") for name in own)


@pytest.mark.parametrize("model", MODELS)
def test_bf16_learns_with_every_model(pairs: dict[str, Path], tmp_path: Path, model: str) -> None:
    report = go(pairs[model], tmp_path / "run", model, **{**SHORT, "steps": 2, "precision": "bf16"})
    assert report.figures["val_psnr"] > 0


# frozen networks ------------------------------------------------------------------------------------------------


def test_frozen_weights_are_in_the_checkpoint_once_and_it_rebuilds_without_their_file(
    pairs: dict[str, Path], tmp_path: Path, guided: Path
) -> None:
    go(pairs[EVERYTHING], tmp_path / "run", EVERYTHING, **SHORT)
    given = load_file(guided)
    guided.unlink()
    network, _ = load_checkpoint(tmp_path / "run" / "last")
    for name, tensor in given.items():
        assert torch.equal(network.state_dict()[f"features.{name}"], tensor)
    tensors = read_training(tmp_path / "run" / "last").tensors
    assert not any("features" in name or "content" in name for name in tensors)
    assert any(name.startswith("networks.painter.hidden") for name in tensors)


def test_a_run_says_which_files_it_was_given_and_refuses_others(
    pairs: dict[str, Path], tmp_path: Path, guided: Path
) -> None:
    run = tmp_path / "run"
    go(pairs[EVERYTHING], run, EVERYTHING, **{**SHORT, "steps": 1})
    about = json.loads((run / "run.json").read_text())
    assert about["weight_files"] == {"features": sha256_of_file(guided)}
    elsewhere = guided.with_name("elsewhere.safetensors")
    guided.rename(elsewhere)
    values = {"features": str(elsewhere)}
    assert go(pairs[EVERYTHING], run, EVERYTHING, values=values, **{**SHORT, "steps": 2}).step == 2
    with pytest.raises(UsageError, match=r"features: .*features\.safetensors is no file") as raised:
        go(pairs[EVERYTHING], run, EVERYTHING, **{**SHORT, "steps": 3})
    assert raised.value.hint == "Give the file: --set features=FILE"
    elsewhere.write_bytes(elsewhere.read_bytes() + b" ")
    with pytest.raises(UsageError, match="differs in"):
        go(pairs[EVERYTHING], run, EVERYTHING, values=values, **{**SHORT, "steps": 3})


def test_no_lazy_term_no_painter_in_steps_of_the_critic_alone(pairs: dict[str, Path], tmp_path: Path) -> None:
    go(pairs[EVERYTHING], tmp_path / "run", EVERYTHING, **{**SHORT, "log_every": 1, "steps": 6})
    rows = [row for row in metrics(tmp_path / "run") if "critic" in row]
    assert [row["step"] for row in rows if "penalty" in row] == [1, 5]
    assert [row["step"] for row in rows if "distance" in row] == [2, 4, 6]


# breakdowns -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_a_loss_of_any_update_that_is_no_number_stops_and_keeps_the_last_good_checkpoint(
    pairs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    run = tmp_path / "run"
    go(pairs[model], run, model, watcher=Watcher(3), **SHORT)
    backward = Trainer._backward
    for name in update_names(model):

        def spoiled(self: Trainer, update: Any, outputs: Any, *, name: str = name, **options: Any) -> Any:
            terms = backward(self, update, outputs, **options)
            return {key: term * float("nan") for key, term in terms.items()} if update.name == name else terms

        monkeypatch.setattr(Trainer, "_backward", spoiled)
        with pytest.raises(TrainingError, match=r"became nan in step [4567]\b") as raised:
            go(pairs[model], run, model, **SHORT)
        network, info = load_checkpoint(run / "last")
        assert f"in step {info.step + 1}:" in raised.value.message
        assert all(bool(weight.isfinite().all()) for weight in network.parameters())


def update_names(model: str) -> list[str]:
    module = registry.load("models", model)
    small = tiny(model)
    return [update.name for update in module.build_task(resolve(module, small.values, preset=small.preset)).updates]


# what is learned from --------------------------------------------------------------------------------------


def test_frames_that_are_no_squares_are_learned_in_and_painted_in(tmp_path: Path) -> None:
    for split, count in (("train", 3), ("val", 1)):
        for number in range(count):
            drawings.write(tmp_path / "art" / split / f"{number}.png", picture(number, 32)[:24])
    recipe, settings = Recipe(Framing((32, 24)), lines=("adaptive",)), BatchSettings(jobs=1)
    build_dataset(
        [str(tmp_path / "art")], str(tmp_path / "pairs"), recipe=recipe, splitting=Splitting(keep=True), batch=settings
    )
    run = tmp_path / "run"
    go(tmp_path / "pairs", run, "cyclegan", values={"input": "lines", "identity_weight": "0"}, steps=2)
    info = read_info(run / "last")
    assert info.frame == (32, 24)
    assert spec_of(info).frame_size == (32, 24)
    result = Predictor(str(run / "last"), device="cpu").predict(np.full((48, 64), 255, np.uint8))
    assert result.steps["raw"].shape == (24, 32, 3)


def test_sample_sheets_have_an_interval_of_their_own(train_pairs: dict[str, Path], tmp_path: Path) -> None:
    run = tmp_path / "run"
    go(train_pairs["cyclegan"], run, "cyclegan", steps=7, validate_every=5, sample_every="0.5epochs")
    assert sorted(path.name for path in (run / "samples").iterdir()) == [
        f"step-{step:08d}.png"
        for step in (3, 6, 7)  # six pictures, one a step, and the end
    ]


def test_all_processes_learn_in_the_precision_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """What "auto" means is measured, so that it may differ between them."""
    group = ProcessGroup()
    assert agreed_precision("bf16", group) == "bf16"
    own = typing.get_args(Precision)
    monkeypatch.setattr(ProcessGroup, "number_of_first", lambda self, number: own.index("fp32"))
    assert agreed_precision("bf16", group) == "fp32"


def test_a_run_that_says_no_precision_that_there_is_is_damaged() -> None:
    with pytest.raises(UsageError, match=r"computed in 'fp\\x1b\[31m': it is damaged"):
        settle_precision(TrainConfig(), torch.device("cpu"), {"computed_in": "fp\x1b[31m"})
    assert settle_precision(TrainConfig(), torch.device("cpu"), {"computed_in": "bf16"}) == "bf16"
