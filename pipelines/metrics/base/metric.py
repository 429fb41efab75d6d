"""What every metric offers, and the commonest kind of it: a number for each picture, and their mean.

A metric is a file with `UNIT`, `HIGHER_IS_BETTER` and a class `Metric`. A metric that needs more than result and truth
says so in `NEEDS` ("lines", "hints", "regions", "weights"). It may set `CEILING`: no picture counts for more in a mean.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from pipelines.metrics.base.case import Case

Score = float | str | list[list[float]] | None
"""What a metric keeps of one picture: a number, None where the picture has nothing to measure, or, for a metric of sets
of pictures, what it needs of this one, as JSON can hold it."""


class MetricOfPictures(Protocol):
    """What a metric offers."""

    def measure(self, case: Case) -> Score:
        """Return the figure of one picture; it is kept, so that unchanged pictures need not be measured again."""

    def take(self, name: str, figure: Score) -> None:
        """Take in the figure of the picture `name`."""

    def add(self, case: Case) -> Score:
        """Measure a picture and take the figure in."""

    def value(self) -> float:
        """Return the value of all pictures taken in; NaN where there is none."""


class PictureMetric(ABC):
    """A metric whose value is the mean of one number a picture."""

    ceiling = float("inf")

    def __init__(self) -> None:
        self._figures: list[float] = []

    @abstractmethod
    def measure(self, case: Case) -> float | None:
        """Return the figure of one picture."""

    def take(self, name: str, figure: Score) -> None:
        """Take in a figure; pictures with nothing to measure are not counted."""
        if isinstance(figure, float | int):
            self._figures.append(min(float(figure), self.ceiling))

    def add(self, case: Case) -> float | None:
        """Measure a picture and take the figure in."""
        figure = self.measure(case)
        self.take(case.name, figure)
        return figure

    def value(self) -> float:
        """Return the mean over pictures; NaN where there is none."""
        return mean(self._figures)


def mean(figures: Sequence[float]) -> float:
    """Return the mean; NaN of nothing."""
    return float(np.mean(figures)) if len(figures) else float("nan")
