"""What an evaluation found, as plain values that every kind of report is made from."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipelines.metrics.base.statistics import Interval, PairedDifference

Features = str | list[list[float]]
"""What a metric of sets of pictures keeps of one picture, as JSON can hold it."""
Score = float | Features | None
"""What a metric keeps of one picture: a number, or features; None where the picture has nothing to measure."""

_AT_A_GLANCE = ("delta_e", "psnr", "ssim")  # metrics by which a picture is judged first


@dataclass(frozen=True)
class MetricInfo:
    """A metric as it is shown."""

    name: str
    unit: str
    higher_is_better: bool
    meaning: str  # one sentence

    def better(self, first: float, second: float) -> bool:
        """Whether the first value is better than the second."""
        return first > second if self.higher_is_better else first < second


@dataclass(frozen=True)
class Aggregate:
    """One metric of one method over all pictures."""

    value: float  # NaN where nothing was measured
    interval: Interval | None  # None for metrics of sets
    n: int  # pictures measured
    of: int  # pictures that should have been
    infinite: int = 0  # pictures with an infinite score, counted in the value with the metric's ceiling
    caution: str = ""  # what has to be said with the value
    spread: Mapping[str, float] = field(default_factory=dict)  # median, min, max, p05, p95; none for metrics of sets


@dataclass(frozen=True)
class PictureScores:
    """One picture of one method: a row of the report."""

    method: str
    name: str  # relative path without suffix
    scores: Mapping[str, float | None]  # metric -> score; None: nothing to measure; empty where it failed
    problem: str = ""
    warnings: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)  # result, truth, lines, hints -> path
    features: Mapping[str, Features] = field(default_factory=dict)  # what metrics of sets keep of it

    def score(self, metric: str) -> Score:
        """What a metric of either kind kept of this picture; None where it has nothing to measure."""
        return self.features[metric] if metric in self.features else self.scores.get(metric)


@dataclass(frozen=True)
class MethodResult:
    """What is compared: a folder of results."""

    label: str
    place: str
    aggregates: Mapping[str, Aggregate]  # by metric
    failed: int  # pictures
    missing: tuple[str, ...] = ()  # pictures of the truth that were not there, which is no failure (--partial)

    @property
    def unmeasured(self) -> int:
        """Pictures of the truth without any figure."""
        return self.failed + len(self.missing)


@dataclass(frozen=True)
class Comparison:
    """Two methods on the pictures that both have."""

    metric: str
    first: str
    second: str
    paired: PairedDifference  # second minus first
    dropped: int  # pictures that only one of them has a score for


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
    statistic: str = "mean"  # of the pictures' scores
    picture: str = ""  # whose score the value is; of a mean the worst of those beyond the limit
    score: float | None = None  # of that picture
    beyond: int = 0  # pictures beyond the limit

    @property
    def passed(self) -> bool:
        """Whether the limit is kept; what was not measured keeps none."""
        return self.value >= self.limit if self.under else self.value <= self.limit


@dataclass(frozen=True)
class BaselineVerdict:
    """One limit that was set with --no-worse: a method beside what an earlier report says of it."""

    method: str
    metric: str
    value: float  # over the pictures that both have
    before: float  # the same in the earlier report
    allowed: float  # by how much the value may be worse
    higher_is_better: bool
    n: int  # pictures that both have
    source: str  # the earlier report
    statistic: str = "mean"
    picture: str = ""  # which became worst; empty where none became worse

    @property
    def loss(self) -> float:
        """By how much the value is worse; below 0 where it is better."""
        return self.before - self.value if self.higher_is_better else self.value - self.before

    @property
    def passed(self) -> bool:
        """Whether it is not worse by more than is allowed; what cannot be compared is. Last digits do not count."""
        return self.loss <= self.allowed + 1e-9 * max(1.0, abs(self.before))


@dataclass(frozen=True)
class Evaluation:
    """All that was found."""

    truth: str
    metrics: tuple[MetricInfo, ...]
    methods: tuple[MethodResult, ...]
    rows: tuple[PictureScores, ...]
    comparisons: tuple[Comparison, ...] = ()
    verdicts: tuple[LimitVerdict | BaselineVerdict, ...] = ()
    notes: tuple[str, ...] = ()

    def metric(self, name: str) -> MetricInfo:
        """The metric of a name."""
        return next(metric for metric in self.metrics if metric.name == name)

    def per_picture_metrics(self) -> tuple[MetricInfo, ...]:
        """The metrics with a score for each picture, those by which pictures are judged at a glance first."""
        scored = [metric for metric in self.metrics if any(metric.name in row.scores for row in self.rows)]
        return tuple(sorted(scored, key=_glance_rank))

    def best(self, metric: MetricInfo) -> tuple[str, ...]:
        """Labels of the methods with the best value of a metric: several where they are equal."""
        values = {method.label: method.aggregates[metric.name].value for method in self.methods}
        measured = [value for value in values.values() if not math.isnan(value)]
        if not measured:
            return ()
        best = max(measured) if metric.higher_is_better else min(measured)
        return tuple(label for label, value in values.items() if value == best)


def _glance_rank(metric: MetricInfo) -> int:
    return _AT_A_GLANCE.index(metric.name) if metric.name in _AT_A_GLANCE else len(_AT_A_GLANCE)
