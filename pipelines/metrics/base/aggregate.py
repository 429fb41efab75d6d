"""From the figures of pictures to values of methods, to paired comparisons and to verdicts."""

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from pipelines.core import registry
from pipelines.core.errors import MissingPackageError
from pipelines.metrics.base.metric import PictureMetric
from pipelines.metrics.base.results import Aggregate, Comparison, Evaluation, LimitVerdict, Measure, Row
from pipelines.metrics.base.statistics import bootstrap_mean, compare_paired


def needs_of(name: str) -> frozenset[str]:
    """What a metric needs besides result and truth; raises UsageError for one that does not exist."""
    return frozenset(getattr(registry.load("metrics", name), "NEEDS", ()))


def check_packages(name: str) -> None:
    """Raise MissingPackageError where a package that a metric computes with is not installed."""
    for package in getattr(registry.load("metrics", name), "PACKAGES", ()):
        if importlib.util.find_spec(package) is None:
            raise MissingPackageError(f"{name} needs {package}", hint="pip install 'colorize-cli[evaluate]'")


def make(name: str, weights: str | None = None) -> Any:
    """A metric with nothing taken in; `weights` is the file of its network, None where it only adds up figures."""
    module: ModuleType = registry.load("metrics", name)
    return module.Metric(weights) if "weights" in needs_of(name) else module.Metric()


def describe(name: str) -> Measure:
    """A metric as it is shown."""
    module = registry.load("metrics", name)
    meaning = (module.__doc__ or "").partition("\n\n")[0].replace("\n", " ").partition(": ")
    return Measure(name, module.UNIT, module.HIGHER_IS_BETTER, meaning[0].rstrip("."))


def aggregate(name: str, rows: Sequence[Row]) -> Aggregate:
    """One metric over the rows of one method; a failed row lowers n, never the number that n is held against."""
    metric = make(name)
    measured: dict[str, Any] = {row.name: figure for row in rows if (figure := row.figures.get(name)) is not None}
    for key, figure in measured.items():
        metric.take(key, figure)
    interval, infinite = None, 0
    if isinstance(metric, PictureMetric) and measured:
        values = np.array(list(measured.values()), np.float64)
        infinite = int(np.isinf(values).sum())
        interval = bootstrap_mean(np.minimum(values, metric.ceiling))
    caution = metric.caution() if hasattr(metric, "caution") else ""
    return Aggregate(metric.value(), interval, len(measured), len(rows), infinite, caution)


def without_sets(row: Row) -> Row:
    """The row without what metrics of sets keep of a picture."""
    figures = {name: value for name, value in row.figures.items() if value is None or isinstance(value, float | int)}
    return Row(row.method, row.name, figures, row.problem, row.warnings, row.files)


def compare(found: Evaluation, first: str, second: str) -> Iterator[Comparison]:
    """Compare two methods, metric by metric, on the pictures that both have a figure for."""
    for measure in found.measures:
        metric = make(measure.name)
        if not isinstance(metric, PictureMetric):
            continue
        figures = {label: _figures(found.rows, label, measure.name, metric.ceiling) for label in (first, second)}
        both = [name for name in figures[first] if name in figures[second]]
        if both:
            paired = compare_paired(*([figures[label][name] for name in both] for label in (first, second)))
            dropped = len(figures[first].keys() | figures[second].keys()) - len(both)
            yield Comparison(measure.name, first, second, paired, dropped)


def judge(found: Evaluation, limits: Mapping[str, float], *, under: bool) -> Iterator[LimitVerdict]:
    """Hold every method against limits, metric -> number."""
    for name, limit in limits.items():
        for method in found.methods:
            found_here = method.aggregates[name]
            yield LimitVerdict(method.label, name, found_here.value, limit, under, found_here.n, found_here.of)


def _figures(rows: Sequence[Row], label: str, metric: str, ceiling: float) -> dict[str, float]:
    return {
        row.name: min(figure, ceiling)
        for row in rows
        if row.method == label and (figure := row.figures.get(metric)) is not None
    }
