"""Keeps where a run stands: how far it is, how long it takes, what it lost since the last line of figures."""

import time
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from pipelines.training.config import HIGHER_IS_BETTER, Figure, TrainConfig
from pipelines.training.trainer import check_finite


@dataclass
class Progress:
    """Where a run stands; what is saved of it beside tensors."""

    step: int = 0
    seconds: float = 0.0
    best: dict[str, float] = field(default_factory=dict)  # figures of the best validation, and its step
    figures: dict[str, float] = field(default_factory=dict)  # of the last validation
    since_best: int = 0  # validations since the best one
    least_l1: float | None = None  # of all validations
    since_least_l1: int = 0  # validations since then, or since the last plateau
    plateaus: int = 0  # how often `val_l1` had stopped to fall
    loss_sums: dict[str, float] = field(default_factory=dict)  # since the last line of metrics
    loss_counts: dict[str, int] = field(default_factory=dict)  # of each, in how many steps: updates may skip some

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> "Progress":
        """Where a run stood, as its checkpoint says; raises ValueError for anything else."""
        kinds = typing.get_type_hints(cls)
        wrong = [name for name, value in state.items() if name not in kinds or not _is_of(kinds[name], value)]
        if wrong or "step" not in state:
            raise ValueError("not the progress of a run")
        progress = cls(**state)
        if progress.step < 0 or progress.loss_sums.keys() != progress.loss_counts.keys():
            raise ValueError("not the progress of a run")
        if not all(count > 0 for count in progress.loss_counts.values()):
            raise ValueError("not the progress of a run")
        return progress

    def add_losses(self, pending: list[dict[str, Tensor]]) -> None:
        """Bring the losses of the last steps from the device, checked, into the sums; empties `pending`."""
        for step, terms in enumerate(pending, start=self.step - len(pending) + 1):
            values = {name: float(value) for name, value in terms.items()}
            check_finite(values, step)
            for name, value in values.items():
                self.loss_sums[name] = self.loss_sums.get(name, 0.0) + value
                self.loss_counts[name] = self.loss_counts.get(name, 0) + 1
        pending.clear()

    def take_losses(self) -> dict[str, float]:
        """The mean losses since this was asked last."""
        means = {name: total / self.loss_counts[name] for name, total in self.loss_sums.items()}
        self.loss_sums, self.loss_counts = {}, {}
        return means

    def add_validation(self, figures: Mapping[str, float], *, best_by: Figure, plateau: int) -> bool:
        """Note the figures of a validation; returns whether they are the best so far.

        plateau: after so many validations without a lower `val_l1` there is a plateau, and counting begins anew.
        """
        self.figures = dict(figures)
        sign = 1 if HIGHER_IS_BETTER[best_by] else -1
        is_best = not self.best or sign * figures[best_by] > sign * self.best[best_by]
        self.since_best = 0 if is_best else self.since_best + 1
        if is_best:
            self.best = {**figures, "step": self.step}
        self._look_for_plateau(figures["val_l1"], plateau)
        return is_best

    def is_patience_over(self, patience: int | None) -> bool:
        """Whether so many validations were not better than the best one."""
        return patience is not None and self.since_best >= patience

    def _look_for_plateau(self, l1: float, plateau: int) -> None:
        if self.least_l1 is None or l1 < self.least_l1:
            self.least_l1, self.since_least_l1 = l1, 0
            return
        self.since_least_l1 += 1
        if self.since_least_l1 >= plateau:
            self.since_least_l1, self.plateaus = 0, self.plateaus + 1


def _is_of(kind: Any, value: object) -> bool:
    """Whether a value that JSON held is of the kind of a field of `Progress`."""
    if typing.get_origin(kind) is dict:
        return isinstance(value, dict) and all(_is_of(float, item) for item in value.values())
    if value is None:
        return type(None) in typing.get_args(kind)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and (kind is not int or isinstance(value, int))


@dataclass(frozen=True)
class RunLength:
    """When a run ends: at a step, after minutes of training, or at the first of both."""

    last_step: int | None
    minutes: float | None

    @classmethod
    def of(cls, config: TrainConfig, *, pictures: int, pictures_per_step: int) -> "RunLength":
        """What steps, epochs and minutes of a configuration mean for so many pictures."""
        ends = [config.steps] if config.steps is not None else []
        if config.epochs is not None:
            ends.append(-(-int(config.epochs * pictures) // pictures_per_step))
        return cls(min(ends) if ends else None, config.minutes)

    def share(self, progress: Progress) -> float:
        """How much of the run is behind, from 0 to 1."""
        by_steps = progress.step / max(self.last_step, 1) if self.last_step is not None else 0.0
        by_time = progress.seconds / max(self.minutes * 60, 1e-9) if self.minutes is not None else 0.0
        return min(max(by_steps, by_time), 1.0)

    def is_over(self, progress: Progress) -> bool:
        """Whether the run has ended."""
        if self.last_step is not None and progress.step >= self.last_step:
            return True
        return self.minutes is not None and progress.seconds >= self.minutes * 60

    def hours(self, step_seconds: float) -> float:
        """How long a run takes at so many seconds a step."""
        by_steps = self.last_step * step_seconds / 3600 if self.last_step is not None else float("inf")
        by_time = self.minutes / 60 if self.minutes is not None else float("inf")
        return round(min(by_steps, by_time), 3)


@dataclass
class Pace:
    """How fast it went since the last line of metrics; validation does not count."""

    began: float = field(default_factory=lambda: time.monotonic())  # the clock is looked up when asked
    waited: float = 0.0  # for batches, seconds
    steps: int = 0

    def figures(self, pictures_per_step: int) -> dict[str, float]:
        """Pictures a second, and the share of the time that was spent waiting for batches."""
        seconds = max(time.monotonic() - self.began, 1e-9)
        return {
            "pictures_a_second": round(self.steps * pictures_per_step / seconds, 3),
            "data_share": round(self.waited / seconds, 4),
        }
