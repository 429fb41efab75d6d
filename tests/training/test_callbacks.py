"""Who is told of a run: nobody, other processes, TensorBoard."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.core.errors import MissingPackageError
from pipelines.training import callbacks
from pipelines.training.callbacks import FollowerCallback, NullCallback, Stop, TensorBoardLogger, agree_to_stop
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


class Diary(NullCallback):
    """Writes down what it is told, in order."""

    def __init__(self) -> None:
        self.entries: list[str] = []

    def began(self, about: Mapping[str, Any], *, step: int) -> None:
        self.entries.append(f"began {about['model']} {step}")

    def stepped(self, step: int, progress: float) -> None:
        self.entries.append(f"stepped {step} {progress:.2f}")

    def logged(self, row: Mapping[str, Any]) -> None:
        self.entries.append(f"logged {row['step']} {'figures' if 'val_psnr' in row else 'losses'}")

    def stop_wanted(self) -> Stop:
        self.entries.append("asked")
        return ""


def test_a_run_tells_in_order_and_asks_before_every_step(train_pairs: dict[str, Path], tmp_path: Path) -> None:
    first, again = Diary(), Diary()
    settings = {"log_every": 2, "validate_every": 3}
    go(train_pairs["cyclegan"], tmp_path / "run", "cyclegan", steps=4, watcher=first, **settings)
    assert first.entries == [
        "began cyclegan 0",
        *("asked", "stepped 1 0.25"),
        *("asked", "stepped 2 0.50", "logged 2 losses"),
        *("asked", "stepped 3 0.75", "logged 3 figures"),
        *("asked", "stepped 4 1.00", "logged 4 losses", "logged 4 figures"),
    ]
    go(train_pairs["cyclegan"], tmp_path / "run", "cyclegan", steps=5, watcher=again, **settings)
    assert again.entries == ["began cyclegan 4", "asked", "stepped 5 1.00", "logged 5 figures"]


class EventWriter:
    """Notes what TensorBoard's writer would be given."""

    def __init__(self, folder: str, *, purge_step: int) -> None:
        self.calls: list[tuple[Any, ...]] = [("open", Path(folder).name, purge_step)]
        EVENT_WRITERS.append(self)

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.calls.append((name, value, step))

    def add_image(self, name: str, picture: Any, step: int, *, dataformats: str) -> None:
        self.calls.append((name, picture.shape, step, dataformats))

    def close(self) -> None:
        self.calls.append(("close",))


EVENT_WRITERS: list[EventWriter] = []


def test_the_event_file_begins_after_the_checkpoint_and_has_every_figure_but_the_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callbacks, "import_event_writer", lambda: EventWriter)
    sheet = np.zeros((4, 6, 3), np.uint8)
    for wanted in (False, True):
        EVENT_WRITERS.clear()
        logger = TensorBoardLogger(tmp_path, 7, wanted=wanted)
        logger.log({"step": 8, "loss": 0.5, "val_l1": 2.0})
        logger.log_samples(sheet, 9)
        logger.close()
        assert len(EVENT_WRITERS) == wanted
    assert EVENT_WRITERS[0].calls == [
        ("open", "tensorboard", 8),
        ("loss", 0.5, 8),
        ("val_l1", 2.0, 8),
        ("samples", (4, 6, 3), 9, "HWC"),
        ("close",),
    ]
    assert not list(tmp_path.iterdir())
