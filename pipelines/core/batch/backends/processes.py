"""Tasks in worker processes; one that dies costs one row of the report."""

import contextlib
import functools
import multiprocessing
import os
import signal
import threading
import time
import warnings
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass

import joblib
from joblib.externals.loky.process_executor import BrokenProcessPool

from pipelines.core.batch.workers import BatchTaskFn, Outcome, Task, perform_group, record_of

_DIED = "the worker process died, most likely out of memory. Use fewer --jobs or a smaller picture"


@functools.cache
def can_start_processes() -> bool:
    """Whether worker processes can be talked to: this takes semaphores, which some containers have none of."""
    if os.environ.get("JOBLIB_MULTIPROCESSING") == "0":
        return False
    if os.name != "posix":
        return True
    try:
        multiprocessing.get_context("fork").Semaphore()  # of "fork" it is gone again at once
    except (ImportError, OSError):
        return False
    return True


@dataclass(frozen=True)
class ProcessBackend:
    """So many processes, which joblib keeps for the next run."""

    workers: int

    def run(self, task_fn: BatchTaskFn, groups: Sequence[Sequence[Task]]) -> Generator[Outcome, None, None]:
        """Outcomes as they come."""
        waiting = {task.index: task for group in groups for task in group}
        try:
            with contextlib.closing(_parallel(task_fn, groups, self.workers)) as stream:
                for outcome in stream:
                    del waiting[outcome.index]
                    yield outcome
        except BrokenProcessPool:
            yield from _one_by_one(task_fn, waiting.values())


def _parallel(task_fn: BatchTaskFn, groups: Iterable[Sequence[Task]], workers: int) -> Generator[Outcome, None, None]:
    """Outcomes as they come; only a few groups are under way at once, however long the list."""
    with joblib.parallel_config(backend="loky", initializer=_WorkerStart(os.getpid()), inner_max_num_threads=1):
        pool = joblib.Parallel(n_jobs=workers, return_as="generator_unordered", pre_dispatch="3*n_jobs")
        stream = pool(joblib.delayed(perform_group)(task_fn, group) for group in groups)
        try:
            for outcomes in stream:
                yield from outcomes
        finally:
            with warnings.catch_warnings():  # joblib warns that work is thrown away: that is what an interrupt is for
                warnings.simplefilter("ignore", UserWarning)
                stream.close()


def _one_by_one(task_fn: BatchTaskFn, tasks: Iterable[Task]) -> Iterator[Outcome]:
    """After a worker died: each task alone in a process, so that the one that kills it is known by name."""
    for task in tasks:
        try:
            yield from _parallel(task_fn, [[task]], 2)
        except BrokenProcessPool:
            yield Outcome(task.index, record_of(task.job, "failed", _DIED))


@dataclass(frozen=True)
class _WorkerStart:
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
