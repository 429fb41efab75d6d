"""Tasks in threads of this process, which share what is large, such as networks."""

import itertools
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass

from pipelines.core.batch.workers import BatchTaskFn, Outcome, Task, perform_group


@dataclass(frozen=True)
class ThreadBackend:
    """So many threads."""

    workers: int

    def run(self, task_fn: BatchTaskFn, groups: Sequence[Sequence[Task]]) -> Generator[Outcome, None, None]:
        """Outcomes as they come; only a few groups are under way at once, however long the list."""
        waiting = iter(groups)
        with ThreadPoolExecutor(self.workers) as pool:
            running = {
                pool.submit(perform_group, task_fn, group) for group in itertools.islice(waiting, 2 * self.workers)
            }
            try:
                while running:
                    ended, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in ended:
                        yield from future.result()
                    running |= {
                        pool.submit(perform_group, task_fn, group) for group in itertools.islice(waiting, len(ended))
                    }
            except KeyboardInterrupt:  # what is under way is ended and told of: its files will be there
                for future in [future for future in running if not future.cancel()]:
                    yield from future.result()
                raise
            finally:
                for future in running:
                    future.cancel()
