"""Tasks in this process, one group after the other."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from pipelines.core.batch.workers import BatchTaskFn, Outcome, Pipes, Task, perform, perform_group


@dataclass(frozen=True)
class SerialBackend:
    """Runs tasks in this process; with `pipes` it may read standard input, for groups of one task."""

    pipes: Pipes | None = None

    def run(self, task_fn: BatchTaskFn, groups: Sequence[Sequence[Task]]) -> Generator[Outcome, None, None]:
        """Outcomes in the order of the tasks."""
        for group in groups:
            if len(group) == 1:
                yield perform(task_fn, group[0], pipes=self.pipes)
            else:
                yield from perform_group(task_fn, group)
