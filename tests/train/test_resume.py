"""A training run that was stopped, however, goes on as if nothing had happened."""

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipelines.core.errors import ColorizeError, UsageError
from pipelines.inference import checkpoint
from pipelines.inference.checkpoint_info import read_info
from pipelines.nn import devices
from tests.runs import LEARNING, Watcher, content, go, metrics

pytestmark = pytest.mark.usefixtures("one_thread")

VARIED = {"accumulate": 2, "jitter": 0.2, "hue": 0.4, "batch_size": 2, "workers": 1}
VARIED |= {"vary_hints": True, "vary_lines": 0.5}
DRAWN = {"batch_size": 2, "redraw_hints": "strokes", "hintless": 0.3, "line_mix": "adaptive=1", "input_jitter": 0.1}
DRAWN |= {"validate_every": "2epochs"}  # with six pictures the same six steps
STOPPED = [
    *((model, (5,), {}) for model in LEARNING),  # test_run.py kills each of them too
    *((model, (1, 6, 7), VARIED) for model in ("pix2pix", "cyclegan", "fillnet")),  # alone, unpaired, own examples
    *((model, (5,), DRAWN) for model in ("pix2pix", "fillnet")),
]


@pytest.mark.parametrize(("model", "stops", "settings"), STOPPED)
def test_interrupted_and_resumed_equals_uninterrupted_bit_for_bit(
    train_pairs: dict[str, Path], tmp_path: Path, model: str, stops: tuple[int, ...], settings: dict[str, Any]
) -> None:
    straight = go(train_pairs[model], tmp_path / "straight", model, steps=8, **settings)
    for stop in stops:
        watcher = Watcher(stop)
        report = go(train_pairs[model], tmp_path / "stopped", model, watcher=watcher, steps=8, **settings)
        assert (report.stopped_by, report.exit_code, report.step) == ("interrupt", 130, stop)
    report = go(train_pairs[model], tmp_path / "stopped", model, steps=8, **settings)
    assert (report.stopped_by, report.exit_code, report.step) == ("", 0, 8)
    assert content(tmp_path / "stopped") == content(tmp_path / "straight")
    assert metrics(tmp_path / "stopped") == metrics(tmp_path / "straight")
    assert (report.best, report.figures) == (straight.best, straight.figures)
    names = set(content(tmp_path / "straight"))
    assert {"last/weights.safetensors", "last/training.safetensors", "best/weights.safetensors"} <= names
    assert {f"samples/step-{step:08d}.png" for step in (6, 8)} <= names


def test_a_run_that_was_killed_after_more_figures_than_its_checkpoint_forgets_them(
    train_pairs: dict[str, Path], tmp_path: Path
) -> None:
    go(train_pairs["pix2pix"], tmp_path / "straight", steps=8)
    go(train_pairs["pix2pix"], tmp_path / "killed", steps=8, watcher=Watcher(5))
    with (tmp_path / "killed" / "metrics.jsonl").open("a") as file:
        file.write('{"step": 6, "val_psnr": 99.0}\n{"step": 7, "gener')
    (tmp_path / "killed" / ".last.writing").mkdir()
    (tmp_path / "killed" / ".last.writing" / "weights.safetensors").write_bytes(b"half")
    go(train_pairs["pix2pix"], tmp_path / "killed", steps=8)
    assert metrics(tmp_path / "killed") == metrics(tmp_path / "straight")
    assert content(tmp_path / "killed") == content(tmp_path / "straight")


def test_a_best_checkpoint_killed_between_its_renames_does_not_stop_the_run(
    train_pairs: dict[str, Path], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    go(train_pairs["pix2pix"], run, steps=6)
    shutil.copytree(run / "best", run / ".best.writing")
    (run / "best").rename(run / ".best.old")
    report = go(train_pairs["pix2pix"], run, steps=12)
    assert report.best["step"] == 12
    assert read_info(run / "best").step == 12
    assert not [path.name for path in run.iterdir() if path.name.startswith(".")]


def test_the_number_of_workers_changes_no_byte(train_pairs: dict[str, Path], tmp_path: Path) -> None:
    for workers in (0, 3):
        go(
            train_pairs["cyclegan"],
            tmp_path / str(workers),
            "cyclegan",
            steps=5,
            workers=workers,
            cache_gb=workers * 1e-6,
        )
    assert content(tmp_path / "0") == content(tmp_path / "3")


def test_a_finished_run_stays_as_it_is_and_can_be_made_longer(train_pairs: dict[str, Path], tmp_path: Path) -> None:
    run = tmp_path / "run"
    go(train_pairs["pix2pix"], run, steps=6)
    before = content(run)
    watcher = Watcher()
    report = go(train_pairs["pix2pix"], run, steps=6, watcher=watcher)
    assert (watcher.first, watcher.shares, report.step) == (6, [], 6)
    assert content(run) == before
    assert go(train_pairs["pix2pix"], run, steps=8).step == 8
    assert json.loads((run / "run.json").read_text())["settings"]["steps"] == 8


def test_another_number_of_threads_is_noted(train_pairs: dict[str, Path], tmp_path: Path) -> None:
    go(train_pairs["cyclegan"], tmp_path / "run", "cyclegan", steps=1)
    state = tmp_path / "run" / "last" / "training.json"
    state.write_text(json.dumps({**json.loads(state.read_text()), "threads": 7}))
    report = go(train_pairs["cyclegan"], tmp_path / "run", "cyclegan", steps=2)
    assert any("had 7 threads so far" in note for note in report.notes)


def test_a_run_goes_on_in_the_precision_in_which_it_began(
    train_pairs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the processor is faster in on which it goes on."""
    for begun, here, steps in (("bf16", "bf16", 2), ("bf16", "fp32", 4)):
        monkeypatch.setattr(devices, "_has_bf16", lambda _, here=here: here == "bf16")
        report = go(train_pairs["pix2pix"], tmp_path / "run", "pix2pix", steps=steps)
        assert json.loads((tmp_path / "run" / "run.json").read_text())["computed_in"] == begun
        noted = [note for note in report.notes if "goes on in bf16" in note]
        assert bool(noted) == (begun != here)
    go(train_pairs["pix2pix"], tmp_path / "whole", "pix2pix", steps=4, precision="bf16")
    files = ("last/weights.safetensors", "last/training.safetensors")
    assert all((tmp_path / "run" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes() for file in files)
    with pytest.raises(UsageError, match="precision"):
        go(train_pairs["pix2pix"], tmp_path / "run", "pix2pix", steps=6, precision="fp32")


def test_a_run_of_a_version_that_did_not_say_its_precision_goes_on(
    train_pairs: dict[str, Path], tmp_path: Path
) -> None:
    go(train_pairs["pix2pix"], tmp_path / "run", "pix2pix", steps=1)
    path = tmp_path / "run" / "run.json"
    about = json.loads(path.read_text())
    del about["computed_in"]
    path.write_text(json.dumps(about))
    assert go(train_pairs["pix2pix"], tmp_path / "run", "pix2pix", steps=2).step == 2


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_stops_and_the_same_command_goes_on(
    train_pairs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    go(train_pairs["cyclegan"], tmp_path / "straight", "cyclegan", steps=8)
    go(train_pairs["cyclegan"], run, "cyclegan", steps=8, watcher=Watcher(3))
    before = {path.name: path.read_bytes() for path in (run / "last").iterdir()}
    opened = Path.open

    def unappendable(path: Path, *arguments: Any, **options: Any) -> Any:
        return full() if "a" in arguments else opened(path, *arguments, **options)

    for place, name, instead in (
        (checkpoint, "write_tensors", full),
        (os, "replace", full),
        (Path, "open", unappendable),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, instead)
            with pytest.raises(ColorizeError, match=r"cannot be written: .*(disk is full|no space left)") as raised:
                go(train_pairs["cyclegan"], run, "cyclegan", steps=8)
        assert raised.value.exit_code == 1
        assert "same command again" in raised.value.hint
        assert {path.name: path.read_bytes() for path in (run / "last").iterdir()} == before
    go(train_pairs["cyclegan"], run, "cyclegan", steps=8)
    assert content(run) == content(tmp_path / "straight")
    assert metrics(run) == metrics(tmp_path / "straight")


def test_a_run_killed_in_its_very_first_write_can_begin(train_pairs: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".run.json.writing").write_bytes(b'{"kind"')
    assert go(train_pairs["cyclegan"], tmp_path / "run", "cyclegan", steps=1).step == 1
