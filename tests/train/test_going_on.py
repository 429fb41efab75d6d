"""A run that goes on says where its rate jumps, and that its checkpoint is damaged; other intervals change nothing."""

import json
import shutil
from pathlib import Path

import pytest

from pipelines.core.errors import UsageError
from pipelines.train.going_on import damaged_last_told, rate_note
from pipelines.training.config import TrainConfig
from pipelines.training.progress import Progress, RunLength
from tests.runs import Watcher, content, go

pytestmark = pytest.mark.usefixtures("one_thread")


def note(step: int, *, before: dict[str, object], schedule: str = "linear", **now: object) -> str:
    config = TrainConfig(schedule=schedule, **now)  # type: ignore[arg-type]
    return rate_note(
        config,
        {"settings": before},
        Progress(step=step, seconds=60.0),
        lambda config: RunLength.of(config, pictures=10, pictures_per_step=1),
    )


def test_a_longer_run_says_which_rate_it_had_and_has_now() -> None:
    assert note(20, before={"steps": 20}, steps=40) == (
        "the run had ended at step 20 with a learning rate of 0; with --steps 40 it goes on at 0.0002: this is not the "
        "run that --steps 40 makes from the beginning"
    )
    assert "stood at step 15 with a learning rate of 0.0001; with --epochs 4" in note(
        15, before={"steps": 20}, epochs=4
    )
    assert "had ended" in note(5, before={"minutes": 1.0}, minutes=1.5)


@pytest.mark.parametrize(
    ("step", "before", "now"),
    [
        (20, {"steps": 20}, {"steps": 20}),  # the same length
        (5, {"steps": 20}, {"steps": 40}),  # in the first half of both the rate is the full one
        (20, {"steps": 20}, {"steps": 10}),  # nothing is learned any more
        (20, {"steps": 20}, {"steps": 40, "schedule": "constant"}),
        (20, {}, {"steps": 40}),  # what the run says of itself is not whole
        (20, {"steps": "many"}, {"steps": 40}),
    ],
)
def test_where_nothing_jumps_nothing_is_said(step: int, before: dict[str, object], now: dict[str, object]) -> None:
    assert note(step, before=before, **now) == ""


def test_a_finished_run_that_is_made_longer_notes_it_before_its_first_step(
    train_pairs: dict[str, Path], tmp_path: Path
) -> None:
    go(train_pairs["pix2pix"], tmp_path / "run", steps=2)
    watcher = Watcher()
    report = go(train_pairs["pix2pix"], tmp_path / "run", steps=4, watcher=watcher)
    assert any("had ended at step 2 with a learning rate of 0" in text for text in watcher.notes)
    assert any("had ended at step 2" in text for text in report.notes)


def test_how_often_it_is_looked_at_may_change_and_changes_nothing_of_what_is_learned(
    train_pairs: dict[str, Path], tmp_path: Path
) -> None:
    looked_at = {"validate_every": 3, "sample_every": 2, "log_every": 1, "workers": 0, "cache_gb": 1.0}
    go(train_pairs["pix2pix"], tmp_path / "changed", steps=4, watcher=Watcher(2))
    go(train_pairs["pix2pix"], tmp_path / "changed", steps=4, **looked_at)
    go(train_pairs["pix2pix"], tmp_path / "straight", steps=4)
    changed, straight = (content(tmp_path / name)["last/weights.safetensors"] for name in ("changed", "straight"))
    assert changed == straight
    kept = json.loads((tmp_path / "changed" / "run.json").read_text())["settings"]
    assert kept["validate_every"] == 3


def test_where_validations_lower_the_rate_their_interval_stays(train_pairs: dict[str, Path], tmp_path: Path) -> None:
    go(train_pairs["pix2pix"], tmp_path / "run", steps=1, schedule="plateau")
    with pytest.raises(UsageError, match="it differs in validate_every"):
        go(train_pairs["pix2pix"], tmp_path / "run", steps=2, schedule="plateau", validate_every=3)


def kept(run: Path) -> dict[Path, bytes]:
    """All that a run has learned and measured."""
    return {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.name != "run.json"}


@pytest.mark.parametrize("file", ["training.json", "training.safetensors", "model.json", "weights.safetensors"])
def test_a_damaged_checkpoint_is_one_line_with_a_way_on_and_stays(
    train_pairs: dict[str, Path], tmp_path: Path, file: str
) -> None:
    go(train_pairs["cyclegan"], tmp_path / "whole", "cyclegan", steps=1)
    contents = [b"", b"\xff\xfe{", (tmp_path / "whole" / "last" / file).read_bytes()[:-9], None]
    if file.endswith(".json"):
        contents += [b"{}", b"[" * 100_000, b'{"step": "many"}', b'{"step": -1}']
    for number, data in enumerate(contents):
        run = tmp_path / f"run{number}"
        shutil.copytree(tmp_path / "whole", run)
        (run / "last" / file).unlink() if data is None else (run / "last" / file).write_bytes(data)
        before = kept(run)
        with pytest.raises(UsageError) as raised:
            go(train_pairs["cyclegan"], run, "cyclegan", steps=2)
        assert f"Give a new folder after -o, and --from {run / 'best'}" in str(raised.value)
        assert kept(run) == before


def test_want_of_memory_is_no_damage(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="bad_alloc"), damaged_last_told(tmp_path):
        raise RuntimeError("std::bad_alloc")
    with pytest.raises(UsageError, match=r"last is damaged\. Give a new folder after -o$"), damaged_last_told(tmp_path):
        raise KeyError("networks")
