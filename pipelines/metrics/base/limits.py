"""Limits that CI sets on a method: on a statistic of its pictures' scores, or against an earlier report.

A mean hides single pictures: nine exact ones and a black one have a mean PSNR of 90 dB. So every limit takes a
statistic beside the metric, `psnr.min`, and a mean that keeps its limit says how many pictures alone would not.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipelines.core import registry
from pipelines.core.errors import SettingsError
from pipelines.core.files import show_path
from pipelines.metrics.base.aggregate import scores_of
from pipelines.metrics.base.metric import PictureMetric, create_metric
from pipelines.metrics.base.results import BaselineVerdict, Evaluation, LimitVerdict, MethodResult
from pipelines.metrics.base.statistics import STATISTICS, statistic


@dataclass(frozen=True)
class Baseline:
    """What an earlier report says of one method."""

    source: str  # the report's path
    values: Mapping[str, float]  # metric -> its value over all pictures, NaN where nothing was measured
    scores: Mapping[str, Mapping[str, float]]  # metric -> picture -> score; none for metrics of sets


def split_limit(name: str) -> tuple[str, str]:
    """Metric and statistic of METRIC or METRIC.STATISTIC; the mean where none is named.

    Raises SettingsError for a statistic that does not exist or that the metric cannot have.
    """
    metric, dot, chosen = name.partition(".")
    if not dot:
        return metric, "mean"
    if chosen not in STATISTICS:
        hint = registry.suggestion(chosen, STATISTICS)
        raise SettingsError(f"'{show_path(chosen)}' is no statistic of {show_path(metric)}", hint=hint)
    return metric, chosen


def check_statistic(metric: str, chosen: str) -> None:
    """Raise SettingsError where a metric is one figure of all pictures, which has no statistic but itself."""
    if chosen != "mean" and not isinstance(create_metric(metric), PictureMetric):
        raise SettingsError(f"{metric} is one figure of all pictures: it has no {chosen}", hint=f"Write {metric}=X")


def judge(evaluation: Evaluation, limits: Mapping[str, float], *, under: bool) -> Iterator[LimitVerdict]:
    """Hold every method against limits, METRIC or METRIC.STATISTIC -> number, which it must not be under (or over)."""
    for name, limit in limits.items():
        metric, chosen = split_limit(name)
        for method in evaluation.methods:
            yield _verdict(evaluation, method, (metric, chosen), limit, under=under)


def _verdict(
    evaluation: Evaluation, method: MethodResult, name: tuple[str, str], limit: float, *, under: bool
) -> LimitVerdict:
    metric, chosen = name
    result = method.aggregates[metric]
    scores = scores_of(evaluation.rows, method.label, metric)
    value = result.value if chosen == "mean" else statistic(list(scores.values()), chosen)
    beyond = {name: score for name, score in scores.items() if (score < limit if under else score > limit)}
    if chosen in ("mean", "median"):
        picture = (min if under else max)(beyond, key=beyond.__getitem__, default="")
    else:
        picture = next((name for name, score in scores.items() if score == value), "")
    return LimitVerdict(
        method=method.label,
        metric=metric,
        value=value,
        limit=limit,
        under=under,
        n=result.n,
        of=result.of,
        statistic=chosen,
        picture=picture,
        score=scores.get(picture),
        beyond=len(beyond),
    )


def judge_against(
    evaluation: Evaluation, baselines: Mapping[str, Baseline], allowed: Mapping[str, float]
) -> Iterator[BaselineVerdict]:
    """Hold every method against its baseline: by how much a METRIC or METRIC.STATISTIC may be worse, in its own unit.

    Worse is lower or higher, as the metric goes. Means and statistics are of the pictures that both have, so that a
    picture added since moves nothing; metrics of sets are compared as they are.
    """
    for name, most in allowed.items():
        metric, chosen = split_limit(name)
        for method in evaluation.methods:
            yield _held_against(evaluation, method, (metric, chosen), baselines[method.label], most)


def _held_against(
    evaluation: Evaluation, method: MethodResult, name: tuple[str, str], baseline: Baseline, allowed: float
) -> BaselineVerdict:
    metric, chosen = name
    higher_is_better = evaluation.metric(metric).higher_is_better
    value, before, n, picture = method.aggregates[metric].value, baseline.values[metric], 0, ""
    kind = create_metric(metric)
    if isinstance(kind, PictureMetric):
        now = scores_of(evaluation.rows, method.label, metric)
        then = {name: min(score, kind.ceiling) for name, score in baseline.scores.get(metric, {}).items()}
        shared = [name for name in now if name in then]
        value, before = (statistic([scores[name] for name in shared], chosen) for scores in (now, then))
        n = len(shared)
        losses = {name: (then[name] - now[name]) * (1 if higher_is_better else -1) for name in shared}
        picture = max(losses, key=losses.__getitem__, default="")
        picture = picture if losses.get(picture, 0) > 0 else ""
    return BaselineVerdict(
        method=method.label,
        metric=metric,
        value=value,
        before=before,
        allowed=allowed,
        higher_is_better=higher_is_better,
        n=n,
        source=baseline.source,
        statistic=chosen,
        picture=picture,
    )
