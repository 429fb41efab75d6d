"""One input's way in a worker."""

import errno
import io
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
import pytest

from pipelines.core.batch import workers
from pipelines.core.batch.journal import Journal
from pipelines.core.batch.plan import Job
from pipelines.core.batch.workers import (
    Pipes,
    Produced,
    SingleTask,
    Task,
    as_batch_task,
    explain,
    perform,
    perform_group,
    rng_for,
)
from pipelines.core.errors import MethodError, MissingPackageError
from pipelines.core.files import fingerprint, fingerprint_all
from pipelines.core.imaging.picture import decode_part, encode_png
from tests.core.batch.texts import Together, Upper


def task_for(folder: Path, text: str, name: str = "a", *, index: int = 0) -> Task:
    path = folder / f"{name}.txt"
    path.write_text(text)
    job = Job((("picture", path),), (folder / "out" / name,), PurePosixPath(name))
    return Task(index, job, name, "upper", (), overwrite=False, seed=0, scratch=folder / "scratch")


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


# one input


def test_an_outcome_tells_what_was_read_and_what_was_written(tmp_path: Path) -> None:
    outcome = perform(Upper(), task_for(tmp_path, "a"))
    written = (tmp_path / "out" / "a").read_bytes()
    assert written.startswith(b"A")
    assert (outcome.record.status, outcome.record.outputs) == ("done", (str(tmp_path / "out" / "a"),))
    assert outcome.inputs_digest == fingerprint_all([("picture", b"a")])
    assert outcome.output_digests == (fingerprint(written),)


def test_what_is_about_to_be_written_is_noted_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = task_for(tmp_path, "a")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(workers, "replace_file", interrupt)
        perform(Upper(), task)
    journal = Journal(tmp_path)
    journal.close(task.scratch)
    known = journal.get("a")
    assert known is not None
    assert known.output_digests == perform(Upper(), task).output_digests


def test_a_file_that_is_there_already_is_not_written_again(tmp_path: Path) -> None:
    task = task_for(tmp_path, "a")
    perform(Upper(), task)
    os.utime(tmp_path / "out" / "a", (1, 1))
    assert perform(Upper(), task).record.status == "done"
    assert (tmp_path / "out" / "a").stat().st_mtime == 1


@pytest.mark.parametrize(("known", "overwrite", "status"), [(0, 0, "failed"), (1, 0, "done"), (0, 1, "done")])
def test_a_file_in_the_way_is_replaced_where_it_is_ours_or_that_is_wanted(
    tmp_path: Path, known: int, overwrite: int, status: str
) -> None:
    task = task_for(tmp_path, "a")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_text("there")
    replaceable = (fingerprint(b"there"),) if known else ()
    outcome = perform(Upper(), replace(task, replaceable=replaceable, overwrite=bool(overwrite)))
    assert outcome.record.status == status
    assert ((tmp_path / "out" / "a").read_text() == "there") == (status == "failed")


def test_where_one_output_is_in_the_way_none_is_written(tmp_path: Path) -> None:
    class Two:
        def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
            return Produced((b"one", b"two"), ("look at it",))

    task = task_for(tmp_path, "a")
    task = replace(task, job=replace(task.job, outputs=(tmp_path / "one", tmp_path / "two")))
    (tmp_path / "two").write_text("precious")
    assert "in the way" in perform(Two(), task).record.reason
    assert not (tmp_path / "one").exists()
    (tmp_path / "two").unlink()
    outcome = perform(Two(), task)
    assert (outcome.record.status, outcome.record.warnings) == ("done", ("look at it",))
    assert (tmp_path / "one").read_bytes() + (tmp_path / "two").read_bytes() == b"onetwo"


def test_standard_input_and_output_are_those_given(tmp_path: Path) -> None:
    pipes = Pipes(io.BytesIO(b"a"), io.BytesIO())
    job = Job((("picture", None),), (None,), PurePosixPath("stdin"))
    outcome = perform(Upper(), replace(task_for(tmp_path, "-"), job=job), pipes=pipes)
    assert (outcome.record.input, outcome.record.outputs, outcome.record.status) == ("-", ("-",), "done")
    assert pipes.sink.getvalue().startswith(b"A")  # type: ignore[attr-defined]


def test_a_missing_package_is_no_fault_of_the_file(tmp_path: Path) -> None:
    def missing(files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        raise MissingPackageError("it is not installed", hint="Install it")

    tasks = [task_for(tmp_path, "a", name, index=index) for index, name in enumerate("ab")]
    with pytest.raises(MissingPackageError):
        perform(missing, tasks[0])
    with pytest.raises(MissingPackageError):
        perform_group(SingleTask(missing), tasks)


def test_randomness_depends_on_seed_and_relative_path_only() -> None:
    def draw(seed: int, name: str) -> int:
        return int(rng_for(seed, PurePosixPath(name)).integers(1 << 62))

    assert draw(0, "a/b.png") == draw(0, "a/b.png")
    assert len({draw(0, "a/b.png"), draw(1, "a/b.png"), draw(0, "b.png"), draw(0, "b/a.png")}) == 4


def test_a_fault_of_ours_says_so() -> None:
    try:
        _ = 1 // 0
    except ZeroDivisionError as error:
        assert "fault of colorize-cli" in explain(error)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (MethodError("it is bad", hint="Be good"), "it is bad. Be good"),
        (MemoryError(), "not enough memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "the disk is full"),
        (PermissionError(13, "Permission denied", "a\nb"), r"Permission denied (a\nb). Check the path"),
    ],
)
def test_an_error_is_one_line_that_says_what_to_do(error: Exception, line: str) -> None:
    assert line in explain(error)
    assert "\n" not in explain(error)


# several together


def test_a_task_of_one_input_at_a_time_is_taken_for_one_of_several() -> None:
    upper = Upper()
    single = as_batch_task(upper)
    assert (single.batch_size, single.runs_in_threads, single.prepare(3)) == (1, False, (single, 3))
    together = Together()
    assert as_batch_task(together) is together


def test_what_a_task_needs_is_made_ready_once_and_not_sent_along() -> None:
    calls: list[str] = []
    single = SingleTask(Upper(), runs_in_threads=True, make_ready=lambda: calls.append("ready"))
    prepared, workers = as_batch_task(single).prepare(3)
    assert (calls, workers, prepared) == (["ready"], 3, SingleTask(Upper(), runs_in_threads=True))


def test_inputs_that_are_done_together_have_a_record_each(tmp_path: Path) -> None:
    tasks = [task_for(tmp_path, name, name, index=index) for index, name in enumerate("abc")]
    outcomes = perform_group(Together(), tasks)
    assert [outcome.index for outcome in outcomes] == [0, 1, 2]
    assert [(tmp_path / "out" / name).read_bytes() for name in "abc"] == [b"\x03a", b"\x03b", b"\x03c"]


def test_of_several_the_one_at_fault_fails_alone(tmp_path: Path) -> None:
    texts = {"a": "a", "b": "bad", "c": "c"}
    tasks = [task_for(tmp_path, text, name, index=index) for index, (name, text) in enumerate(texts.items())]
    outcomes = perform_group(SingleTask(Upper()), tasks)
    assert [outcome.record.status for outcome in outcomes] == ["done", "failed", "done"]
    tasks[2].job.reads[0][1].unlink()  # type: ignore[index, union-attr]
    outcomes = perform_group(SingleTask(Upper()), tasks)
    assert [outcome.record.status for outcome in outcomes] == ["done", "failed", "failed"]


# inputs that nothing is made of


def leaves_alone(files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
    return Produced((), ("look",), {"finished": True}, "is finished already")


def test_what_is_left_alone_is_skipped_with_the_reason_and_nothing_is_written(tmp_path: Path) -> None:
    record = perform(leaves_alone, task_for(tmp_path, "a")).record
    assert (record.status, record.reason) == ("skipped", "is finished already")
    assert (record.warnings, record.facts) == (("look",), {"finished": True})
    assert not (tmp_path / "out").exists()


def test_in_a_pipe_something_is_waited_for(tmp_path: Path) -> None:
    task = task_for(tmp_path, "a")
    sink = io.BytesIO()
    record = perform(leaves_alone, replace(task, job=replace(task.job, outputs=(None,))), pipes=Pipes(sink=sink)).record
    assert (record.status, record.reason, sink.getvalue()) == ("failed", "is finished already", b"")


class Decoding:
    """Decodes the hints of an input."""

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        for name in files:
            decode_part(files, name)
        return Produced((b"",))


def test_the_file_at_fault_is_named_and_the_input_only_once(tmp_path: Path) -> None:
    task = task_for(tmp_path, "no picture")
    (tmp_path / "good.png").write_bytes(encode_png(np.zeros((2, 2), np.uint8)))
    hints = (("picture", tmp_path / "good.png"), ("hints", tmp_path / "a.txt"))
    guided = replace(task, job=replace(task.job, reads=hints))
    assert perform(Decoding(), guided).record.reason.startswith(f"the hints {tmp_path / 'a.txt'}: it is not a picture")
    assert perform(Decoding(), task).record.reason.startswith("it is not a picture")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("std::bad_alloc"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes"),
        RuntimeError("CUDA out of memory.\nTried to allocate 2 GiB"),
    ],
)
def test_memory_is_memory_whoever_ran_out_of_it(error: Exception) -> None:
    assert explain(error).startswith("not enough memory for this picture")


def test_memory_that_opencv_has_not_is_memory_too() -> None:
    with pytest.raises(cv2.error) as caught:
        cv2.resize(np.zeros((4, 4), np.uint8), (2_000_000_000, 2_000_000_000))
    assert explain(caught.value).startswith("not enough memory for this picture")
    with pytest.raises(cv2.error) as caught:
        cv2.cvtColor(np.zeros((4, 4), np.uint8), cv2.COLOR_BGR2GRAY)
    assert "please report it" in explain(caught.value)
    assert "\n" not in explain(caught.value)


def test_a_stream_that_is_closed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = task_for(tmp_path, "a")
    monkeypatch.setattr("sys.stdin", None)
    monkeypatch.setattr("sys.stdout", None)
    to_pipe = replace(task, job=replace(task.job, outputs=(None,)))
    from_pipe = replace(task, job=replace(task.job, reads=(("picture", None),)))
    assert perform(Upper(), to_pipe).record.reason.startswith("standard output is closed")
    assert perform(Upper(), from_pipe).record.reason.startswith("standard input is closed")


def test_a_second_picture_in_standard_input_is_not_lost_in_silence(tmp_path: Path) -> None:
    job = Job((("picture", None),), (None,), PurePosixPath("stdin"))
    task = Task(0, job, "", "upper", (), overwrite=False, seed=0, scratch=tmp_path)
    png = encode_png(np.zeros((4, 4), np.uint8))
    pipes = Pipes(io.BytesIO(png + png), io.BytesIO())
    assert "more than one picture in standard input" in perform(Upper(), task, pipes=pipes).record.reason
    (tmp_path / "a.png").write_bytes(png + png)  # a file may end in anything
    assert workers.read(tmp_path / "a.png") == png + png
