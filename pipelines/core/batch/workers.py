"""One input's way in a worker, from beginning to end: read its files, do the task, write what was produced."""

import errno
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, NamedTuple, Protocol, TextIO, runtime_checkable

import cv2
import numpy as np

from pipelines.core.batch.journal import note_intent, stamp
from pipelines.core.batch.piped_pictures import holds_several
from pipelines.core.batch.plan import Job
from pipelines.core.batch.report import Record, Status
from pipelines.core.batch.wholeness import is_broken
from pipelines.core.errors import ColorizeError, MissingPackageError, OutputExistsError, PictureError, StreamError
from pipelines.core.files import fingerprint, fingerprint_all, replace_file, show_path
from pipelines.core.memory import is_out_of_memory

_NO_MEMORY = -4  # OpenCV's Error::StsNoMem

# what a stage brings


@dataclass(frozen=True)
class Produced:
    """What a task gives back: the bytes of each output file, in the order of the job's outputs."""

    files: tuple[bytes, ...]
    warnings: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)  # about the input, as JSON has it
    left_alone: str = ""  # why there is nothing to write: the input is skipped


class Input(NamedTuple):
    """What a task is given for one input."""

    files: Mapping[str, bytes]  # the bytes of the files read, by name
    rng: np.random.Generator


class TaskFn(Protocol):
    """From the bytes of the files read to the bytes of the files written; picklable, the same in every process."""

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """Do one input's work; raises ColorizeError where it cannot."""


@runtime_checkable
class BatchTaskFn(TaskFn, Protocol):
    """A task that can take several inputs together, as networks do."""

    @property
    def batch_size(self) -> int:
        """How many inputs are handed over together."""

    @property
    def runs_in_threads(self) -> bool:
        """Whether it holds so much, such as networks, that threads of one process do it instead of processes."""

    def prepare(self, workers: int | None) -> "tuple[BatchTaskFn, int | None]":
        """Called once, where there is anything to do: the task with its networks found sound, and how many workers."""

    def run_batch(self, inputs: Sequence[Input]) -> Sequence[Produced]:
        """Do the work of several inputs, with the results of one by one; raises where any of them cannot be done."""


@dataclass(frozen=True)
class SingleTask:
    """A task that takes one input at a time, as a batch task, so that nobody else has to tell the two apart."""

    task_fn: TaskFn
    batch_size: int = 1
    runs_in_threads: bool = False
    make_ready: Callable[[], None] | None = None  # called once, where there is anything to do; may raise UsageError

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """Do one input's work."""
        return self.task_fn(files, rng)

    def prepare(self, workers: int | None) -> tuple[BatchTaskFn, int | None]:
        """The same, once what it needs is found sound."""
        if self.make_ready is not None:
            self.make_ready()
        return replace(self, make_ready=None), workers

    def run_batch(self, inputs: Sequence[Input]) -> list[Produced]:
        """One after the other."""
        return [self.task_fn(files, rng) for files, rng in inputs]


def as_batch_task(task_fn: TaskFn) -> BatchTaskFn:
    """The task as one that takes several inputs, if only one at a time."""
    return task_fn if isinstance(task_fn, BatchTaskFn) else SingleTask(task_fn)


# what a worker is handed, and what it gives back


@dataclass(frozen=True)
class Pipes:
    """Standard input and output, for a job that reads or writes "-"."""

    source: BinaryIO | None = None  # None: standard input
    sink: BinaryIO | None = None  # None: standard output

    def read(self) -> bytes:
        """All that comes; raises StreamError where there is no standard input."""
        return (self.source or _bytes_of(sys.stdin, "standard input")).read()

    def write(self, data: bytes) -> None:
        """Write at once; raises StreamError where there is no standard output, and OSError."""
        sink = self.sink or _bytes_of(sys.stdout, "standard output")
        sink.write(data)
        sink.flush()


def _bytes_of(stream: TextIO | None, name: str) -> BinaryIO:
    if stream is None:  # the program was started without it
        raise StreamError(f"{name} is closed", hint="Name a file or a folder instead of -")
    return stream.buffer


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker is handed for one job."""

    index: int
    job: Job
    key: str  # under which the journal remembers it
    command: str
    replaceable: tuple[str, ...]  # digests of the outputs as this command last wrote them
    overwrite: bool
    seed: int
    scratch: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes back from a worker: small, whatever the size of the pictures."""

    index: int
    record: Record
    inputs_digest: str = ""
    output_digests: tuple[str, ...] = ()
    stamps: tuple[str, ...] = ()  # of the outputs as they were left


# from beginning to end


def perform(task_fn: TaskFn, task: Task, *, pipes: Pipes | None = None) -> Outcome:
    """One input from beginning to end; whatever goes wrong with it becomes its record."""
    began = time.perf_counter()
    cv2.setNumThreads(1)  # parallel over files, not inside one: results and load stay the same for any --jobs
    try:
        files, rng = _read_input(task, pipes=pipes)
        produced = task_fn(files, rng)
    except MissingPackageError:
        raise  # the same for every picture: the run ends, with exit code 2
    except Exception as error:
        return _failed(task, error, began)
    return _store(task, files, produced, began=began, pipes=pipes)


def perform_group(task_fn: BatchTaskFn, tasks: Sequence[Task]) -> list[Outcome]:
    """Several inputs together; each has a record of its own, and where one fails, all are done one by one."""
    if len(tasks) == 1:
        return [perform(task_fn, task) for task in tasks]
    began = time.perf_counter()
    cv2.setNumThreads(1)
    try:
        inputs = [_read_input(task) for task in tasks]
        results = task_fn.run_batch(inputs)
    except MissingPackageError:
        raise
    except Exception:  # one by one, then, so that the one at fault is known
        return [perform(task_fn, task) for task in tasks]
    share = (time.perf_counter() - began) / len(tasks)  # of the time that they took together
    return [
        _store(task, files, produced, began=time.perf_counter() - share)
        for task, (files, _), produced in zip(tasks, inputs, results, strict=True)
    ]


def rng_for(seed: int, relative: PurePosixPath) -> np.random.Generator:
    """The random generator of one input, whatever the order and number of workers."""
    name = str(relative).encode("utf-8", "surrogateescape")
    return np.random.default_rng([seed, *name])


def read(path: Path | None, *, pipes: Pipes | None = None) -> bytes:
    """The bytes of a file, or of standard input for None; raises OSError, PictureError for several pictures in it."""
    if path is None:
        data = (pipes or Pipes()).read()
        if holds_several(data):
            raise PictureError(
                "there is more than one picture in standard input", hint="Send one, or name files or folders"
            )
        return data
    return path.read_bytes()


def _read_input(task: Task, *, pipes: Pipes | None = None) -> Input:
    files = {name: read(path, pipes=pipes) for name, path in task.job.reads}
    return Input(files, rng_for(task.seed, task.job.relative))


def _store(
    task: Task, files: Mapping[str, bytes], produced: Produced, *, began: float, pipes: Pipes | None = None
) -> Outcome:
    """Put what was produced from the files in place."""
    if produced.left_alone:
        return Outcome(task.index, _left_alone(task.job, produced, began))
    try:
        digests = tuple(fingerprint(data) for data in produced.files)
        _write(task, produced, digests, pipes=pipes)
    except Exception as error:
        return _failed(task, error, began)
    record = replace(record_of(task.job, "done", began=began), warnings=produced.warnings, facts=produced.facts)
    return Outcome(task.index, record, fingerprint_all(files.items()), digests, _stamps(task.job))


def _stamps(job: Job) -> tuple[str, ...]:
    """The stamps of the outputs; none where one cannot be had, so that all are compared the next time."""
    try:
        return tuple(stamp(output) for output in job.outputs if output is not None)
    except OSError:
        return ()


def _write(task: Task, produced: Produced, digests: tuple[str, ...], *, pipes: Pipes | None) -> None:
    """Put the outputs in place: none of them where something is in the way."""
    pending = []
    for target, data, digest in zip(task.job.outputs, produced.files, digests, strict=True):
        if target is None:
            (pipes or Pipes()).write(data)
        elif not _in_place(target, digest, task):
            pending.append((target, data))
    if pending:
        note_intent(task.scratch, task.key, task.command, digests)
    for target, data in pending:
        replace_file(target, data, scratch=task.scratch)


def _in_place(target: Path, digest: str, task: Task) -> bool:
    """Whether the file is there already; raises OutputExistsError for a file that is not ours to replace."""
    if not os.path.lexists(target):
        return False
    content = target.read_bytes()
    present = fingerprint(content)
    if present == digest:
        return True
    if not task.overwrite and not may_be_replaced(target, content, task.replaceable):
        raise OutputExistsError(
            f"{show_path(target)} is in the way: this command did not make it, or it was changed since",
            hint="Move it away or use --overwrite",
        )
    return False


def may_be_replaced(target: Path, content: bytes, replaceable: tuple[str, ...]) -> bool:
    """Whether what lies in the place of an output is ours, as it was left or broken, or holds nothing.

    replaceable: digests of the outputs as the same command last wrote them; none where it wrote nothing there.
    """
    if fingerprint(content) in replaceable:
        return True
    return is_broken(content, target.suffix) if replaceable else not content


# records


def record_of(job: Job, status: Status, reason: str = "", *, began: float | None = None) -> Record:
    """The record of a job; `began` is the time.perf_counter() at which its work began."""
    spent = 0.0 if began is None else round((time.perf_counter() - began) * 1000, 1)
    return Record(job.input, tuple(str(output or "-") for output in job.outputs), status, reason, spent)


def _left_alone(job: Job, produced: Produced, began: float) -> Record:
    """The record of an input that nothing is made of: skipped, but in a pipe, where something is waited for, failed."""
    if job.output is None:
        return replace(record_of(job, "failed", produced.left_alone, began=began), facts=produced.facts)
    record = record_of(job, "skipped", produced.left_alone, began=began)
    return replace(record, warnings=produced.warnings, facts=produced.facts)


def _failed(task: Task, error: Exception, began: float) -> Outcome:
    return Outcome(task.index, record_of(task.job, "failed", explain(_with_file(error, task.job)), began=began))


def _with_file(error: Exception, job: Job) -> Exception:
    """An error that names the file at fault, where that is not the input itself, which the record names."""
    part = error.part if isinstance(error, PictureError) else ""
    path = dict(list(job.reads)[1:]).get(part)
    return error if path is None else PictureError(f"the {part} {show_path(path)}: {error}")


def explain(error: Exception) -> str:
    """One line that says what went wrong with a file and what to do."""
    if isinstance(error, ColorizeError):
        return _on_one_line(error)
    if _is_memory(error):
        return "not enough memory for this picture. Use fewer --jobs or a smaller picture"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full. Free some space and run the same command again: finished files are kept"
    if isinstance(error, OSError):
        where = f" ({show_path(error.filename)})" if error.filename else ""
        return f"{_on_one_line(error.strerror or error)}{where}. Check the path and its permissions"
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno}"
    what = f"{type(error).__name__}: {_on_one_line(error)}"
    return f"{what} (at {place}). This is a fault of colorize-cli: please report it"


def _is_memory(error: Exception) -> bool:
    """Whether memory ran out: OpenCV, onnxruntime and torch have errors of their own for it."""
    if isinstance(error, cv2.error) and error.code == _NO_MEMORY:
        return True
    return isinstance(error, MemoryError | cv2.error | RuntimeError) and is_out_of_memory(error)


def _on_one_line(message: object) -> str:
    return " ".join(str(message).split())
