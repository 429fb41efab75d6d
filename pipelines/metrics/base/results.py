"""What an evaluation found, as plain values that every kind of report is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipelines.metrics.base.statistics import Interval, Paired


@dataclass(frozen=True)
class Measure:
    """A metric as it is shown."""

    name: str
    unit: str
    higher_is_better: bool
    meaning: str  # one sentence

    def better(self, first: float, second: float) -> bool:
        """Whether the first figure is better than the second."""
        return first > second if self.higher_is_better else first < second


@dataclass(frozen=True)
class Aggregate:
    """One metric of one method over all pictures."""

    value: float  # NaN where nothing was measured
    interval: Interval | None  # None for metrics of sets
    n: int  # pictures measured
    of: int  # pictures that should have been
    infinite: int = 0  # pictures with an infinite figure, counted in the value with the metric's ceiling
    caution: str = ""  # what has to be said with the value


@dataclass(frozen=True)
class Row:
    """One picture of one method."""

    method: str
    name: str  # relative path without suffix
    figures: Mapping[str, float | None]  # None: nothing to measure; empty where it failed
    problem: str = ""
    warnings: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)  # result, truth, lines, hints -> path


@dataclass(frozen=True)
class Method:
    """What is compared: a folder of results."""

    label: str
    place: str
    aggregates: Mapping[str, Aggregate]
    failed: int


@dataclass(frozen=True)
class Comparison:
    """Two methods on the pictures that both have."""

    metric: str
    first: str
    second: str
    paired: Paired  # second minus first
    dropped: int  # pictures that only one of them has a figure for


@dataclass(frozen=True)
class LimitVerdict:
    """One limit that was set with --fail-under or --fail-over."""

    method: str
    metric: str
    value: float
    limit: float
    under: bool  # whether the value must not be under the limit; else not over it
    n: int  # pictures that the value is of
    of: int  # pictures of the truth

    @property
    def passed(self) -> bool:
        """Whether the limit is kept; what was not measured keeps none."""
        return self.value >= self.limit if self.under else self.value <= self.limit


@dataclass(frozen=True)
class Evaluation:
    """All that was found."""

    truth: str
    measures: tuple[Measure, ...]
    methods: tuple[Method, ...]
    rows: tuple[Row, ...]
    comparisons: tuple[Comparison, ...] = ()
    verdicts: tuple[LimitVerdict, ...] = ()
    notes: tuple[str, ...] = ()

    def measure(self, name: str) -> Measure:
        """The metric of a name."""
        return next(measure for measure in self.measures if measure.name == name)

    def telling(self) -> tuple[Measure, ...]:
        """The metrics with a figure for each picture, those by which cases are judged at a glance first."""
        numbered = [one for one in self.measures if any(one.name in row.figures for row in self.rows)]
        first = ("delta_e", "psnr", "ssim")
        return tuple(sorted(numbered, key=lambda one: first.index(one.name) if one.name in first else len(first)))

    def best(self, measure: Measure) -> tuple[str, ...]:
        """Labels of the methods with the best value of a metric: several where they are equal."""
        values = {method.label: method.aggregates[measure.name].value for method in self.methods}
        real = [value for value in values.values() if value == value]
        if not real:
            return ()
        best = max(real) if measure.higher_is_better else min(real)
        return tuple(label for label, value in values.items() if value == best)


@dataclass(frozen=True)
class GalleryEntry:
    """One picture of the gallery, as small WebP or PNG files."""

    name: str
    pictures: Mapping[str, bytes]  # "lines", "hints", "truth" and, with "method " before the label, each method
    maps: Mapping[str, bytes]  # method -> difference from the truth
