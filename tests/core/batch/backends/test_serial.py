"""Tasks in this process."""

import os
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import numpy as np

from pipelines.core.batch.backends.serial import SerialBackend
from pipelines.core.batch.workers import Pipes, Produced, SingleTask
from tests.core.batch.backends.tasks import tasks_for
from tests.core.batch.texts import Together


def process(files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
    return Produced((str(os.getpid()).encode(),))


def test_tasks_come_in_order_and_in_this_process(tmp_path: Path) -> None:
    groups = [[task] for task in tasks_for(tmp_path, ["a"] * 5)]
    assert [outcome.index for outcome in SerialBackend().run(SingleTask(process), groups)] == [0, 1, 2, 3, 4]
    assert {path.read_text() for path in (tmp_path / "out").iterdir()} == {str(os.getpid())}


def test_nothing_is_done_before_it_is_asked_for(tmp_path: Path) -> None:
    stream = SerialBackend().run(SingleTask(process), [[task] for task in tasks_for(tmp_path, ["a"] * 3)])
    assert not (tmp_path / "out").exists()
    next(stream)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["0"]


def test_groups_are_done_together_also_beside_pipes(tmp_path: Path) -> None:
    tasks = tasks_for(tmp_path, ["a", "b", "c"])
    list(SerialBackend(Pipes(BytesIO(), BytesIO())).run(Together(), [tasks[:2], tasks[2:]]))
    assert [(tmp_path / "out" / name).read_bytes() for name in "012"] == [b"\x02a", b"\x02b", b"\x01c"]
