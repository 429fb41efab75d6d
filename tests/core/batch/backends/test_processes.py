"""Tasks in worker processes."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from pipelines.core.batch.backends.processes import ProcessBackend, can_start_processes
from pipelines.core.batch.workers import Produced, SingleTask
from pipelines.core.errors import MissingPackageError
from tests.core.batch.backends.tasks import tasks_for
from tests.core.batch.texts import Upper, go, make


@dataclass(frozen=True)
class Process:
    """Writes the number of its process."""

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        return Produced((str(os.getpid()).encode(),))


@dataclass(frozen=True)
class Missing:
    """Lacks a package."""

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        raise MissingPackageError("it is not installed", hint="Install it")


def test_tasks_are_done_in_other_processes(tmp_path: Path) -> None:
    groups = [[task] for task in tasks_for(tmp_path, ["a"] * 6)]
    list(ProcessBackend(2).run(SingleTask(Process()), groups))
    processes = {path.read_text() for path in (tmp_path / "out").iterdir()}
    assert str(os.getpid()) not in processes
    assert 1 <= len(processes) <= 2


def test_the_hint_of_a_missing_package_comes_back_from_a_process(tmp_path: Path) -> None:
    groups = [[task] for task in tasks_for(tmp_path, ["a"] * 2)]
    with pytest.raises(MissingPackageError, match="Install it"):
        list(ProcessBackend(2).run(SingleTask(Missing()), groups))


def test_of_a_group_whose_worker_dies_the_others_are_done(tmp_path: Path) -> None:
    tasks = tasks_for(tmp_path, ["a", "kill", "c", "d"])
    outcomes = {outcome.index: outcome.record for outcome in ProcessBackend(2).run(SingleTask(Upper()), [tasks])}
    assert [outcomes[index].status for index in range(4)] == ["done", "failed", "done", "done"]
    assert "worker process died" in outcomes[1].reason


def test_a_worker_that_dies_is_one_row(source: Path, tmp_path: Path) -> None:
    make(source, two="kill")
    report = go(source, tmp_path / "out", jobs=2)
    assert report.counts == {"done": 3, "skipped": 0, "failed": 1}
    assert "worker process died" in report.of("failed")[0].reason
    assert report.of("failed")[0].input.endswith("two.txt")


@pytest.mark.skipif(os.name != "posix", reason="semaphores of POSIX")
def test_a_system_without_semaphores_has_no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(38, "Function not implemented")

    assert can_start_processes()
    monkeypatch.setattr("multiprocessing.synchronize.Semaphore", refuse)
    assert not can_start_processes.__wrapped__()
    monkeypatch.undo()
    monkeypatch.setenv("JOBLIB_MULTIPROCESSING", "0")
    assert not can_start_processes.__wrapped__()
