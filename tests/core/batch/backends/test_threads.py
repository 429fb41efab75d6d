"""Tasks in threads of this process."""

import os
import threading
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from pipelines.core.batch.backends import threads
from pipelines.core.batch.backends.threads import ThreadBackend
from pipelines.core.batch.workers import Produced, SingleTask
from tests.core.batch.backends.tasks import tasks_for


def test_two_tasks_are_under_way_at_the_same_time_in_one_process(tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=20)

    def meet(files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        both.wait()  # BrokenBarrierError, which would be a failed record, where nobody else comes
        return Produced((str(os.getpid()).encode(),))

    groups = [[task] for task in tasks_for(tmp_path, ["a"] * 2)]
    assert [outcome.record.status for outcome in ThreadBackend(2).run(SingleTask(meet), groups)] == ["done"] * 2
    assert {path.read_text() for path in (tmp_path / "out").iterdir()} == {str(os.getpid())}


def test_on_an_interrupt_what_is_under_way_is_ended_and_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Semaphore(0), threading.Event()

    def slow(files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        begun.release()
        go_on.wait(20)
        return Produced((b"whole",))

    def interrupted(*_: object, **__: object) -> None:
        assert begun.acquire(timeout=20)
        assert begun.acquire(timeout=20)
        go_on.set()
        raise KeyboardInterrupt

    monkeypatch.setattr(threads, "wait", interrupted)
    outcomes = []
    with pytest.raises(KeyboardInterrupt):
        for outcome in ThreadBackend(2).run(SingleTask(slow), [[task] for task in tasks_for(tmp_path, ["a"] * 30)]):
            outcomes.append(outcome)
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert {str(outcome.index) for outcome in outcomes} == written
    assert 2 <= len(written) < 30
