"""From the scores of pictures to values of methods, to paired comparisons and to verdicts."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from pipelines.metrics.base.metric import PictureMetric, create_metric
from pipelines.metrics.base.results import Aggregate, Comparison, Evaluation, LimitVerdict, PictureScores, Score
from pipelines.metrics.base.statistics import Interval, bootstrap_mean, compare_paired


def aggregate(name: str, rows: Sequence[PictureScores]) -> Aggregate:
    """One metric over the rows of one method; a failed row lowers n, never the number that n is held against."""
    metric = create_metric(name)
    scores: dict[str, Score] = {row.name: score for row in rows if (score := row.score(name)) is not None}
    for picture, score in scores.items():
        metric.update(picture, score)
    interval, infinite = _spread(metric, scores) if isinstance(metric, PictureMetric) else (None, 0)
    return Aggregate(metric.compute(), interval, len(scores), len(rows), infinite, metric.caution())


def _spread(metric: PictureMetric, scores: Mapping[str, Score]) -> tuple[Interval | None, int]:
    """The interval of the mean, None for no picture, and how many scores are infinite."""
    if not scores:
        return None, 0
    values = np.array(list(scores.values()), np.float64)
    return bootstrap_mean(np.minimum(values, metric.ceiling)), int(np.isinf(values).sum())


def compare(evaluation: Evaluation, first: str, second: str) -> Iterator[Comparison]:
    """Compare two methods, metric by metric, on the pictures that both have a score for."""
    for info in evaluation.metrics:
        metric = create_metric(info.name)
        if not isinstance(metric, PictureMetric):
            continue
        of_first, of_second = (_scores(evaluation.rows, label, info.name, metric.ceiling) for label in (first, second))
        shared = [name for name in of_first if name in of_second]
        if shared:
            paired = compare_paired([of_first[name] for name in shared], [of_second[name] for name in shared])
            dropped = len(of_first.keys() | of_second.keys()) - len(shared)
            yield Comparison(info.name, first, second, paired, dropped)


def judge(evaluation: Evaluation, limits: Mapping[str, float], *, under: bool) -> Iterator[LimitVerdict]:
    """Hold every method against limits, metric -> number, which its value must not be under (or else not over)."""
    for name, limit in limits.items():
        for method in evaluation.methods:
            result = method.aggregates[name]
            yield LimitVerdict(method.label, name, result.value, limit, under, result.n, result.of)


def _scores(rows: Sequence[PictureScores], label: str, metric: str, ceiling: float) -> dict[str, float]:
    """Picture -> score of one method, infinite ones brought down to the ceiling; without those that have none."""
    return {
        row.name: min(score, ceiling)
        for row in rows
        if row.method == label and (score := row.scores.get(metric)) is not None
    }
