"""Training runs in processes of their own, which a test may kill, or which train together; each starts at once.

They are forked from a process that has torch loaded and no threads.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.runs"])
_TIMEOUT = 120  # seconds


def run_apart(*calls: Callable[[], None]) -> list[int | None]:
    """Carry out calls that can be pickled, each in a process of its own, together; returns their exit codes."""
    processes = [CONTEXT.Process(target=call) for call in calls]
    for process in processes:
        process.start()
    for process in processes:
        process.join(_TIMEOUT)
    for process in processes:
        if process.is_alive():
            process.kill()
            process.join()
    return [process.exitcode for process in processes]


def train_and_die(
    dataset: Path, out: Path, model: str, values: Mapping[str, str], settings: Mapping[str, Any], *, after: int
) -> None:
    """Train in this process, and kill it after a step, before that step is saved."""
    from tests.runs import Watcher

    class Killer(Watcher):
        def stepped(self, step: int, progress: float) -> None:
            super().stepped(step, progress)
            if step == after:
                os.kill(os.getpid(), signal.SIGKILL)

    _train(dataset, out, model, values, settings, watcher=Killer())


def train_as_one_of_two(
    dataset: Path,
    out: Path,
    model: str,
    values: Mapping[str, str],
    settings: Mapping[str, Any],
    *,
    rank: int,
    meeting: Path,
    stop_after: int | None = None,
) -> None:
    """Train as one of two processes on the CPU that meet at a file, to the end or until asked to stop after a step."""
    import torch

    from pipelines import train
    from pipelines.training.distributed import ProcessGroup
    from tests.runs import Watcher

    class Member:
        device, global_rank, world_size = torch.device("cpu"), rank, 2

    torch.distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
    group = ProcessGroup(Member())  # type: ignore[arg-type]
    fit, runs = train.fit, []

    def kept(run: Any, callback: Any) -> Any:
        runs.append(run)
        return fit(run, callback)

    vars(train).update(launch=lambda device, **_: (group, device), fit=kept)
    watcher = Watcher(stop_after)
    report = _train(dataset, out, model, values, settings, watcher=watcher)
    assert report.step == (settings["steps"] if stop_after is None else stop_after)
    for name, tensor in runs[0].trainer.state().items():
        if not name.startswith("extra."):  # what is shown to one of them
            first = tensor.detach().clone().contiguous()
            torch.distributed.broadcast(first, 0)
            is_statistic = "running_" in name  # each process has its own
            assert is_statistic or torch.equal(first, tensor), name
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


def _train(
    dataset: Path, out: Path, model: str, values: Mapping[str, str], settings: Mapping[str, Any], **options: Any
) -> Any:
    import torch

    from tests import plugins
    from tests.runs import VALUES, go

    torch.set_num_threads(1)
    plugins.forget()
    if values:
        VALUES[model] = dict(values)
    return go(dataset, out, model, **options, **settings)
