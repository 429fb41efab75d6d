"""What every metric offers, how one is made by its name, and the commonest kind: a number a picture, and their mean.

A metric is a file `pipelines/metrics/NAME.py` with `UNIT`, `HIGHER_IS_BETTER` and a class `Metric`. One that needs more
than result and truth says so in `NEEDS` ("lines", "hints", "regions", "frames", "weights"); one that computes with a
package that need not be installed names it in `PACKAGES`.
"""

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol, cast, runtime_checkable

import numpy as np

from pipelines.core import registry
from pipelines.core.errors import MissingPackageError
from pipelines.metrics.base.case import Case
from pipelines.metrics.base.results import MetricInfo, Score


@runtime_checkable
class Metric(Protocol):
    """What the class `Metric` of every file of the family offers; `update` and `compute` as in torchmetrics."""

    def measure(self, case: Case) -> Score:
        """Return the score of one picture; it is kept, so that unchanged pictures need not be measured again."""

    def update(self, name: str, score: Score) -> None:
        """Take in the score of the picture `name`, a relative path without suffix."""

    def compute(self) -> float:
        """Return the value over all pictures taken in; NaN where there is none."""

    def caution(self) -> str:
        """Return what has to be said with the value; empty where nothing has."""


class MetricModule(Protocol):
    """A file of the family, as its name finds it."""

    UNIT: str  # "dB", "dE00", "levels", or "" for a number without unit
    HIGHER_IS_BETTER: bool
    Metric: Callable[..., Metric]  # with the path of its weights where it needs any, else without arguments


class PictureMetric(ABC):
    """A metric whose value is the mean of one number a picture."""

    ceiling: ClassVar[float] = float("inf")  # no picture counts for more in the mean

    def __init__(self) -> None:
        self._scores: list[float] = []

    @abstractmethod
    def measure(self, case: Case) -> float | None:
        """Return the score of one picture; None where it has nothing to measure."""

    def update(self, name: str, score: Score) -> None:
        """Take in a score; pictures with nothing to measure are not counted."""
        if isinstance(score, float | int):
            self._scores.append(min(float(score), self.ceiling))

    def compute(self) -> float:
        """Return the mean over pictures; NaN where there is none."""
        return mean(self._scores)

    def caution(self) -> str:
        """Return nothing: a mean stands with its interval."""
        return ""


def mean(scores: Sequence[float]) -> float:
    """Return the mean; NaN of nothing."""
    return float(np.mean(scores)) if len(scores) else float("nan")


def needs_of(name: str) -> frozenset[str]:
    """What a metric needs besides result and truth; raises UsageError for one that does not exist."""
    return frozenset(getattr(load_metric(name), "NEEDS", ()))


def check_packages(name: str) -> None:
    """Raise MissingPackageError where a package that a metric computes with is not installed."""
    for package in getattr(load_metric(name), "PACKAGES", ()):
        if importlib.util.find_spec(package) is None:
            raise MissingPackageError(f"{name} needs {package}", hint="pip install 'colorize-cli[evaluate]'")


def load_metric(name: str) -> MetricModule:
    """Import the file of a metric; raises UsageError for one that does not exist."""
    return cast(MetricModule, registry.load("metrics", name))


def create_metric(name: str, weights: str | None = None) -> Metric:
    """A metric with nothing taken in; `weights` is the file of its network, None where it only adds up scores."""
    module = load_metric(name)
    return module.Metric(weights) if "weights" in needs_of(name) else module.Metric()


def describe(name: str) -> MetricInfo:
    """A metric as it is shown."""
    module = load_metric(name)
    meaning = (module.__doc__ or "").partition("\n\n")[0].replace("\n", " ").partition(": ")
    return MetricInfo(name, module.UNIT, module.HIGHER_IS_BETTER, meaning[0].rstrip("."))
