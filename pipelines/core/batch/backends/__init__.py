"""Where tasks are done: in this process, in its threads, or in worker processes; one module each."""

from collections.abc import Generator, Sequence
from typing import Protocol

import joblib

from pipelines.core.batch.backends.processes import ProcessBackend
from pipelines.core.batch.backends.serial import SerialBackend
from pipelines.core.batch.backends.threads import ThreadBackend
from pipelines.core.batch.workers import BatchTaskFn, Outcome, Pipes, Task


class Backend(Protocol):
    """Does groups of tasks; in which order and where is its own affair, what comes out is not."""

    def run(self, task_fn: BatchTaskFn, groups: Sequence[Sequence[Task]]) -> Generator[Outcome, None, None]:
        """Outcomes as they come, one for each task; closed early, it leaves no task half done."""


def choose_backend(task_fn: BatchTaskFn, workers: int) -> Backend:
    """The backend for so many workers: processes, unless one is enough or the task is for threads."""
    if workers == 1:
        return SerialBackend()
    return ThreadBackend(workers) if task_fn.runs_in_threads else ProcessBackend(workers)


def run_tasks(
    task_fn: BatchTaskFn, tasks: Sequence[Task], jobs: int | None, *, pipes: Pipes | None = None
) -> Generator[Outcome, None, None]:
    """Outcomes of one task or more, by `jobs` workers (None: one per physical core).

    Tasks of which one reads standard input are done one by one in this process, which has it.
    """
    if any(task.job.reads_stdin for task in tasks):
        return SerialBackend(pipes).run(task_fn, [[task] for task in tasks])
    workers = min(len(tasks), jobs or joblib.cpu_count(only_physical_cores=True))
    return choose_backend(task_fn, workers).run(task_fn, _groups(task_fn, tasks, workers))


def _groups(task_fn: BatchTaskFn, tasks: Sequence[Task], workers: int) -> list[Sequence[Task]]:
    """The tasks that are done together, as many at once as leave no worker without any."""
    size = max(1, min(task_fn.batch_size, len(tasks) // workers))
    return [tasks[start : start + size] for start in range(0, len(tasks), size)]
