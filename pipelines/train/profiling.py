"""Finds out what a run would need: sizes of the networks, and memory and time of real steps."""

import math
import time
from collections.abc import Sequence
from contextlib import closing
from typing import Any, NamedTuple

import torch

from pipelines.nn.devices import peak_memory
from pipelines.nn.frozen import frozen_names
from pipelines.train.report import TrainReport
from pipelines.train.run import TrainingRun
from pipelines.training.callbacks import TrainCallback
from pipelines.training.task import Update
from pipelines.training.trainer import check_finite

_TIMED_ROUNDS = 3  # of a dry run, after one to warm up: a step of each kind
_VALIDATED = 8  # pictures: so many go through the network together


def profile(run: TrainingRun, callback: TrainCallback) -> TrainReport:
    """A dry run: sizes of the networks, and memory and time of real steps; nothing is written."""
    callback.began(run.about, step=0)
    for note in run.notes:
        callback.noted(note)
    step_seconds = _time_steps(run)
    run.build_validator(count=_VALIDATED).validate(run.trainer.ema_generator, step=0)
    memory = peak_memory(run.trainer.device) + _cache_to_come(run)
    estimate: dict[str, Any] = {
        "parameters": {name: count_parameters(network) for name, network in run.trainer.task.networks.items()},
        "training_pictures": len(run.pairs),
        "steps": run.length.last_step if run.length.last_step is not None else "as time allows",
        "seconds_a_step": round(step_seconds, 4),
        "pictures_a_second": round(run.pictures_per_step / step_seconds, 2),
        "peak_memory_gb": round(memory / 2**30, 2),
        "hours": run.length.hours(step_seconds),
    }
    return TrainReport(str(run.folder.folder), notes=run.notes, estimate=estimate, lead=run.is_lead)


def _time_steps(run: TrainingRun) -> float:
    """Make some steps of each kind, with as many batches read ahead as in the run; seconds, the mean over a cycle.

    Of each kind the fastest counts, as often as that kind comes.
    """
    kinds = kinds_of_steps(run.trainer.task.updates)
    seconds: list[list[float]] = [[] for _ in kinds]
    with closing(run.loader.prefetch(0, workers=run.config.workers)) as batches:
        for _ in range(_TIMED_ROUNDS + 1):
            for kind, measured in zip(kinds, seconds, strict=True):
                step_batches = [next(batches) for _ in range(run.config.accumulate)]
                began = time.perf_counter()
                terms = run.trainer.train_step(step_batches, kind.step)
                check_finite({name: float(value) for name, value in terms.items()}, kind.step)
                measured.append(time.perf_counter() - began)
    total = sum(kind.times * min(measured[1:]) for kind, measured in zip(kinds, seconds, strict=True))
    return total / sum(kind.times for kind in kinds)


class StepKind(NamedTuple):
    """Steps on which the same updates are made, with or without their lazy terms."""

    step: int  # one of them
    times: int  # that they come in a cycle


def kinds_of_steps(updates: Sequence[Update]) -> list[StepKind]:
    """The kinds of steps of a run once all updates have started; all of them come back after a cycle."""
    first = max(update.start for update in updates)
    cycle = math.lcm(*(update.every * (update.lazy_every if update.lazy else 1) for update in updates))
    kinds: dict[tuple[tuple[bool, bool], ...], StepKind] = {}
    for step in range(first, first + cycle):
        kind = tuple((update.is_due(step), update.is_due(step) and update.is_lazy_due(step)) for update in updates)
        before = kinds.get(kind, StepKind(step, 0))
        kinds[kind] = before._replace(times=before.times + 1)
    return list(kinds.values())


def _cache_to_come(run: TrainingRun) -> int:
    """Bytes of memory, not of a GPU, that decoded pictures will take once all of them were seen."""
    return run.pairs.bytes_to_come() if run.trainer.device.type == "cpu" else 0


def count_parameters(network: torch.nn.Module) -> int:
    """How many numbers a network learns."""
    frozen = set(frozen_names(network))
    return sum(weight.numel() for name, weight in network.named_parameters() if name not in frozen)
