"""Who is told of a run: nobody, other processes, TensorBoard."""

import sys
from pathlib import Path

import pytest

from pipelines.core.errors import MissingPackageError
from pipelines.training.callbacks import FollowerCallback, NullCallback, agree_to_stop
from pipelines.training.distributed import ProcessGroup
from tests.runs import Watcher, go, metrics

pytestmark = pytest.mark.usefixtures("one_thread")


def test_tensorboard_has_the_same_figures(train_pairs: dict[str, Path], tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    go(train_pairs["cyclegan"], tmp_path / "run", "cyclegan", steps=12, tensorboard=True, watcher=Watcher(8))
    go(train_pairs["cyclegan"], tmp_path / "run", "cyclegan", steps=12, tensorboard=True)
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    events.Reload()
    rows = metrics(tmp_path / "run")
    for name in ("cycle_a", "val_psnr", "learning_rate"):
        found = [(event.step, event.value) for event in events.Scalars(name)]
        expected = [(row["step"], pytest.approx(row[name], rel=1e-5)) for row in rows if name in row]
        assert found == expected
    assert events.Tags()["images"] == ["samples"]


def test_without_tensorboard_the_option_says_what_to_install(
    train_pairs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingPackageError, match="needs TensorBoard") as raised:
        go(train_pairs["cyclegan"], tmp_path / "run", "cyclegan", steps=1, tensorboard=True)
    assert "pip install" in raised.value.hint
    assert raised.value.exit_code == 2
    assert not (tmp_path / "run").exists()


def test_a_callback_that_looks_away_never_stops_a_run() -> None:
    callback = NullCallback()
    callback.began({}, step=0)
    callback.stepped(1, 0.5)
    callback.logged({"step": 1})
    assert callback.stop_wanted() == ""


def test_other_processes_only_ask_whether_to_stop() -> None:
    watcher = Watcher(0, "termination")
    follower = FollowerCallback(watcher)
    follower.began({"model": "m"}, step=3)
    follower.stepped(4, 0.5)
    follower.logged({"step": 4})
    assert (watcher.first, watcher.step, watcher.rows) == (-1, 0, [])
    assert follower.stop_wanted() == "termination"


def test_all_processes_stop_for_the_same_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    for asked in ("", "interrupt", "termination"):
        watcher = Watcher(0, asked)  # type: ignore[arg-type]
        assert agree_to_stop(watcher, ProcessGroup()) == asked
    monkeypatch.setattr(ProcessGroup, "all_reduce_max", lambda self, value: max(value, 1))  # another was interrupted
    assert agree_to_stop(NullCallback(), ProcessGroup()) == "interrupt"
