"""Every backend makes the same of the same tasks; which one does them follows from the work."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from pipelines.core.batch.backends import Backend, choose_backend, notes_on_workers, run_tasks
from pipelines.core.batch.backends.processes import ProcessBackend
from pipelines.core.batch.backends.serial import SerialBackend
from pipelines.core.batch.backends.threads import ThreadBackend
from pipelines.core.batch.workers import Pipes, Produced, SingleTask
from tests.core.batch.backends.tasks import tasks_for
from tests.core.batch.texts import Together, Upper

BACKENDS = [SerialBackend(), ThreadBackend(2), ProcessBackend(2)]


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: type(backend).__name__)
def test_one_outcome_for_each_task_and_the_same_files(tmp_path: Path, backend: Backend) -> None:
    texts = ["a", "bad", "c", "d", "e", "f", "g"]
    alone = [tasks_for(tmp_path, texts, out="expected")]
    expected = {outcome.index: outcome for outcome in SerialBackend().run(SingleTask(Upper()), alone)}
    tasks = tasks_for(tmp_path, texts)
    groups = [tasks[:3], tasks[3:4], tasks[4:]]
    outcomes = {outcome.index: outcome for outcome in backend.run(SingleTask(Upper()), groups)}
    assert sorted(outcomes) == list(range(7))
    for index, outcome in outcomes.items():
        assert outcome.output_digests == expected[index].output_digests
        assert outcome.record.status == ("failed" if index == 1 else "done")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == {
        path.name: path.read_bytes() for path in (tmp_path / "expected").iterdir()
    }


@dataclass(frozen=True)
class Held(Upper):
    """Does the first task at once, and the others not before there is a certain file."""

    gate: Path = Path()

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        while files["picture"] != b"first" and not self.gate.exists():
            time.sleep(0.01)
        return super().__call__(files, rng)


# joblib's thread may meet a work item that was cancelled: colorize_cli/run.py hushes it
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: type(backend).__name__)
def test_closed_early_it_leaves_only_whole_files(tmp_path: Path, backend: Backend) -> None:
    groups = [[task] for task in tasks_for(tmp_path, ["first", *["text"] * 39])]
    gate = tmp_path / "gate"
    stream = backend.run(SingleTask(Held(gate=gate)), groups)
    assert next(stream).index == 0
    opening = threading.Timer(0.5, gate.touch)  # what is under way may end
    opening.start()
    stream.close()
    opening.join()
    files = list((tmp_path / "out").iterdir())
    assert 1 <= len(files) < 40
    assert all(path.read_bytes().startswith((b"FIRST", b"TEXT")) for path in files)


@dataclass(frozen=True)
class InThreads(Together):
    runs_in_threads = True


def test_processes_unless_one_worker_is_enough_or_the_task_is_for_threads() -> None:
    assert choose_backend(Together(), 1) == choose_backend(InThreads(), 1) == SerialBackend()
    assert choose_backend(Together(), 2) == ProcessBackend(2)
    assert choose_backend(InThreads(), 3) == ThreadBackend(3)


def test_where_no_processes_can_be_started_one_does_all_and_threads_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = tasks_for(tmp_path, ["a"] * 3)
    assert notes_on_workers(Together(), tasks, 2) == ()
    monkeypatch.setattr("pipelines.core.batch.backends.can_start_processes", lambda: False)
    assert choose_backend(Together(), 2) == SerialBackend()
    assert choose_backend(InThreads(), 2) == ThreadBackend(2)
    assert "no semaphores" in notes_on_workers(Together(), tasks, 2)[0]
    assert notes_on_workers(Together(), tasks, 1) == notes_on_workers(InThreads(), tasks, 2) == ()


@pytest.mark.parametrize(("jobs", "sizes"), [(1, [3, 3, 1]), (2, [3, 3, 1]), (3, [2, 2, 2, 1]), (99, [1] * 7)])
def test_groups_leave_no_worker_without_work(tmp_path: Path, jobs: int, sizes: list[int]) -> None:
    outcomes = list(run_tasks(InThreads(), tasks_for(tmp_path, ["a"] * 7), jobs))
    assert len(outcomes) == 7
    together = [(tmp_path / "out" / str(index)).read_bytes()[0] for index in range(7)]
    assert together == [size for size in sizes for _ in range(size)]


def test_what_reads_standard_input_is_done_one_by_one_in_this_process(tmp_path: Path) -> None:
    tasks = tasks_for(tmp_path, ["a", "b", "c"])
    tasks[1] = replace(tasks[1], job=replace(tasks[1].job, reads=(("picture", None),)))
    outcomes = list(run_tasks(Together(), tasks, 2, pipes=Pipes(BytesIO(b"piped"), BytesIO())))
    assert [outcome.record.status for outcome in outcomes] == ["done"] * 3
    assert [(tmp_path / "out" / name).read_bytes() for name in "012"] == [b"\x01a", b"\x01piped", b"\x01c"]
