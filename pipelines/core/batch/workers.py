"""Does tasks in worker processes: read, work, write, one input from beginning to end in one process."""

import contextlib
import errno
import itertools
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple, Protocol, runtime_checkable

import cv2
import joblib
import numpy as np
from joblib.externals.loky.process_executor import BrokenProcessPool

from pipelines.core.batch import journal as states
from pipelines.core.batch.plan import Job
from pipelines.core.batch.report import Record, Status
from pipelines.core.errors import ColorizeError, MissingPackageError, OutputExistsError
from pipelines.core.files import fingerprint, fingerprint_all, replace_file, show_path


@dataclass(frozen=True)
class Produced:
    """What a work gives back: the bytes of each output file, in the order of the job's outputs."""

    files: tuple[bytes, ...]
    warnings: tuple[str, ...] = ()


class Input(NamedTuple):
    """What a work is given for one input."""

    files: Mapping[str, bytes]  # the bytes of the files read, by name
    rng: np.random.Generator


class TaskFn(Protocol):
    """From the bytes of the files read to the bytes of the files written; picklable, the same in every process."""

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """Do one input's work; raises ColorizeError where it cannot."""


@runtime_checkable
class BatchTaskFn(TaskFn, Protocol):
    """A work that can take several inputs together, as networks do."""

    @property
    def at_once(self) -> int:
        """How many inputs are handed over together."""

    @property
    def shares_memory(self) -> bool:
        """Whether it holds so much, such as networks, that threads of one process do it instead of processes."""

    def begun(self, workers: int | None) -> "tuple[BatchTaskFn, int | None]":
        """Called once, where there is anything to do: the work with its networks found sound, and how many workers."""

    def many(self, inputs: Sequence[Input]) -> Sequence[Produced]:
        """Do the work of several inputs, with the results of one by one; raises where any of them cannot be done."""


@dataclass(frozen=True)
class Pipes:
    """Standard input and output, for a job that reads or writes "-"."""

    source: BinaryIO = field(default_factory=lambda: sys.stdin.buffer)
    sink: BinaryIO = field(default_factory=lambda: sys.stdout.buffer)


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker is handed for one job."""

    index: int
    job: Job
    key: str  # under which the journal remembers it
    command: str
    known: tuple[str, ...]  # digests of the outputs as this tool last wrote them: such files may be replaced
    overwrite: bool
    seed: int
    scratch: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes back from a worker: small, whatever the size of the pictures."""

    index: int
    record: Record
    sources: str = ""
    outputs: tuple[str, ...] = ()


def outcomes(work: TaskFn, tasks: Sequence[Task], jobs: int | None) -> Generator[Outcome, None, None]:
    """Run the tasks: in this process for one worker, else unordered in worker processes."""
    workers = min(len(tasks), jobs or joblib.cpu_count(only_physical_cores=True))
    groups = _groups(work, tasks, workers)
    if workers == 1:
        for group in groups:
            yield from perform_all(work, group)
        return
    if isinstance(work, BatchTaskFn) and work.shares_memory:
        yield from _threaded(work, groups, workers)
        return
    waiting = {task.index: task for task in tasks}
    try:
        with contextlib.closing(_parallel(work, groups, workers)) as stream:
            for outcome in stream:
                del waiting[outcome.index]
                yield outcome
    except BrokenProcessPool:
        yield from _one_by_one(work, list(waiting.values()))


def _groups(work: TaskFn, tasks: Sequence[Task], workers: int) -> list[Sequence[Task]]:
    """The tasks that are done together, as many at once as leave no worker without any."""
    most = work.at_once if isinstance(work, BatchTaskFn) else 1
    size = max(1, min(most, len(tasks) // workers))
    return [tasks[start : start + size] for start in range(0, len(tasks), size)]


def rng_for(seed: int, relative: PurePosixPath) -> np.random.Generator:
    """The random generator of one input, whatever the order and number of workers."""
    name = str(relative).encode("utf-8", "surrogateescape")
    return np.random.default_rng([seed, *name])


def perform_all(work: TaskFn, tasks: Sequence[Task]) -> list[Outcome]:
    """Several inputs, together where the work can; each has a record of its own."""
    if len(tasks) == 1 or not isinstance(work, BatchTaskFn):
        return [perform(work, task) for task in tasks]
    began = time.perf_counter()
    cv2.setNumThreads(1)
    try:
        inputs = [_given(task) for task in tasks]
        results = work.many(inputs)
    except MissingPackageError:
        raise
    except Exception:  # one by one, then, so that the one at fault is known
        return [perform(work, task) for task in tasks]
    share = (time.perf_counter() - began) / len(tasks)  # of the time that they took together
    return [
        _stored(task, item.files, made, began=time.perf_counter() - share)
        for task, item, made in zip(tasks, inputs, results, strict=True)
    ]


def perform(work: TaskFn, task: Task, *, pipes: Pipes | None = None) -> Outcome:
    """One input from beginning to end; whatever goes wrong with it becomes its record."""
    began = time.perf_counter()
    cv2.setNumThreads(1)  # parallel over files, not inside one: results and load stay the same for any --jobs
    try:
        files, rng = _given(task, pipes=pipes)
        made = work(files, rng)
    except MissingPackageError:
        raise  # the same for every picture: the run ends, with exit code 2
    except Exception as error:
        return _failed(task, error, began)
    return _stored(task, files, made, began=began, pipes=pipes)


def _given(task: Task, *, pipes: Pipes | None = None) -> Input:
    files = {name: read(path, pipes=pipes) for name, path in task.job.reads}
    return Input(files, rng_for(task.seed, task.job.relative))


def _stored(
    task: Task, files: Mapping[str, bytes], made: Produced, *, began: float, pipes: Pipes | None = None
) -> Outcome:
    """Put what was made of the files in place."""
    try:
        digests = tuple(fingerprint(data) for data in made.files)
        _write(task, made, digests, pipes=pipes)
    except Exception as error:
        return _failed(task, error, began)
    record = replace(record_of(task.job, "done", began=began), warnings=made.warnings)
    return Outcome(task.index, record, fingerprint_all(files.items()), digests)


def _failed(task: Task, error: Exception, began: float) -> Outcome:
    return Outcome(task.index, record_of(task.job, "failed", explain(error), began=began))


def read(path: Path | None, *, pipes: Pipes | None = None) -> bytes:
    """The bytes of a file, or of standard input for None."""
    if path is None:
        return (pipes or Pipes()).source.read()
    return path.read_bytes()


def record_of(job: Job, status: Status, reason: str = "", *, began: float | None = None) -> Record:
    """The record of a job; `began` is the time.perf_counter() at which its work began."""
    spent = 0.0 if began is None else round((time.perf_counter() - began) * 1000, 1)
    return Record(job.input, tuple(str(output or "-") for output in job.outputs), status, reason, spent)


def explain(error: Exception) -> str:
    """One line that says what went wrong with a file and what to do."""
    if isinstance(error, ColorizeError):
        return str(error)
    if isinstance(error, MemoryError):
        return "not enough memory for this picture. Use fewer --jobs or a smaller picture"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full. Free some space and run the same command again: finished files are kept"
    if isinstance(error, OSError):
        where = f" ({show_path(error.filename)})" if error.filename else ""
        return f"{error.strerror or error}{where}. Check the path and its permissions"
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno}"
    return f"{type(error).__name__}: {error} (at {place}). This is a fault of colorize-cli: please report it"


def _parallel(work: TaskFn, groups: Iterable[Sequence[Task]], workers: int) -> Generator[Outcome, None, None]:
    """Outcomes as they come; only a few groups of tasks are under way at once, however long the list."""
    with joblib.parallel_config(backend="loky", initializer=_Start(os.getpid()), inner_max_num_threads=1):
        pool = joblib.Parallel(n_jobs=workers, return_as="generator_unordered", pre_dispatch="3*n_jobs")
        stream = pool(joblib.delayed(perform_all)(work, group) for group in groups)
        try:
            for outcomes_of_group in stream:
                yield from outcomes_of_group
        finally:
            with warnings.catch_warnings():  # joblib warns that work is thrown away: that is what an interrupt is for
                warnings.simplefilter("ignore", UserWarning)
                stream.close()


def _threaded(work: TaskFn, groups: Sequence[Sequence[Task]], workers: int) -> Generator[Outcome, None, None]:
    """Outcomes as they come, from threads of this process."""
    left = iter(groups)
    with ThreadPoolExecutor(workers) as pool:
        running = {pool.submit(perform_all, work, group) for group in itertools.islice(left, 2 * workers)}
        try:
            while running:
                ended, running = wait(running, return_when=FIRST_COMPLETED)
                for future in ended:
                    yield from future.result()
                running |= {pool.submit(perform_all, work, group) for group in itertools.islice(left, len(ended))}
        except KeyboardInterrupt:  # what is under way is ended and told of: its files will be there
            for future in [future for future in running if not future.cancel()]:
                yield from future.result()
            raise
        finally:
            for future in running:
                future.cancel()


def _one_by_one(work: TaskFn, tasks: Sequence[Task]) -> Iterator[Outcome]:
    """After a worker died: each task alone in a process, so that the one that kills it is known by name."""
    for task in tasks:
        try:
            yield from _parallel(work, [[task]], 2)
        except BrokenProcessPool:
            reason = "the worker process died, most likely out of memory. Use fewer --jobs or a smaller picture"
            yield Outcome(task.index, record_of(task.job, "failed", reason))


@dataclass(frozen=True)
class _Start:
    """What a worker does first: leave Ctrl-C to the main process, and end by itself where that was killed."""

    parent: int  # process id of the main process; equal starts let joblib use its workers again

    def __call__(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if os.name == "posix":
            threading.Thread(target=self._end_with_parent, daemon=True).start()

    def _end_with_parent(self) -> None:
        while os.getppid() == self.parent:
            time.sleep(1)
        os._exit(1)


def _write(task: Task, made: Produced, digests: Sequence[str], *, pipes: Pipes | None) -> None:
    """Put the outputs in place: none of them where something is in the way."""
    pending = []
    for target, data, digest in zip(task.job.outputs, made.files, digests, strict=True):
        if target is None:
            sink = (pipes or Pipes()).sink
            sink.write(data)
            sink.flush()
        elif not _in_place(target, digest, task):
            pending.append((target, data))
    if pending:
        states.note_intent(task.scratch, task.key, task.command, tuple(digests))
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
    if content and present not in task.known and not task.overwrite:
        raise OutputExistsError(
            f"{show_path(target)} is in the way: this command did not make it, or it was changed since",
            hint="Move it away or use --overwrite",
        )
    return False
