"""Where tasks are done: in this process, in its threads, or in worker processes; one module each."""

from collections.abc import Generator, Sequence
from typing import Protocol

import joblib

from pipelines.core.batch.backends.processes import ProcessBackend, can_start_processes
from pipelines.core.batch.backends.serial import SerialBackend
from pipelines.core.batch.backends.threads import ThreadBackend
from pipelines.core.batch.workers import BatchTaskFn, Outcome, Pipes, Task

_ALONE = "no worker processes can be started here (there are no semaphores): all was done in one process"


class Backend(Protocol):
    """Does groups of tasks; in which order and where is its own affair, what comes out is not."""

    def run(self, task_fn: BatchTaskFn, groups: Sequence[Sequence[Task]]) -> Generator[Outcome, None, None]:
        """Outcomes as they come, one for each task; closed early, it leaves no task half done."""


def choose_backend(task_fn: BatchTaskFn, workers: int) -> Backend:
    """The backend for so many workers: processes, unless one is enough, the task is for threads or none can start."""
    if workers > 1 and task_fn.runs_in_threads:
        return ThreadBackend(workers)
    return ProcessBackend(workers) if workers > 1 and can_start_processes() else SerialBackend()


def run_tasks(
    task_fn: BatchTaskFn, tasks: Sequence[Task], jobs: int | None, *, pipes: Pipes | None = None
) -> Generator[Outcome, None, None]:
    """Outcomes of one task or more, by `jobs` workers (None: one per physical core).

    Tasks of which one reads standard input are done one by one in this process, which has it.
    """
    if any(task.job.reads_stdin for task in tasks):
        return SerialBackend(pipes).run(task_fn, [[task] for task in tasks])
    workers = _worker_count(tasks, jobs)
    return choose_backend(task_fn, workers).run(task_fn, _groups(task_fn, tasks, workers))


def notes_on_workers(task_fn: BatchTaskFn, tasks: Sequence[Task], jobs: int | None) -> tuple[str, ...]:
    """What is to be said of how `run_tasks` does the same: that there are fewer workers than were asked for."""
    wants_processes = _worker_count(tasks, jobs) > 1 and not task_fn.runs_in_threads
    return (_ALONE,) if wants_processes and not can_start_processes() else ()


def _worker_count(tasks: Sequence[Task], jobs: int | None) -> int:
    return min(len(tasks), jobs or joblib.cpu_count(only_physical_cores=True))


def _groups(task_fn: BatchTaskFn, tasks: Sequence[Task], workers: int) -> list[Sequence[Task]]:
    """The tasks that are done together, as many at once as leave no worker without any."""
    size = max(1, min(task_fn.batch_size, len(tasks) // workers))
    return [tasks[start : start + size] for start in range(0, len(tasks), size)]
