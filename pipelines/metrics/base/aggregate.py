"""From the scores of pictures to values of methods and to paired comparisons."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from pipelines.metrics.base.metric import PictureMetric, create_metric
from pipelines.metrics.base.results import Aggregate, Comparison, Evaluation, PictureScores, Score
from pipelines.metrics.base.statistics import STATISTICS, Interval, bootstrap_mean, compare_paired, statistic


def aggregate(name: str, rows: Sequence[PictureScores], *, missing: int = 0) -> Aggregate:
    """One metric over the rows of one method; a failed row lowers n, never the number that n is held against.

    missing: pictures of the truth that the method has no row for, which count in that number too.
    """
    metric = create_metric(name)
    scores: dict[str, Score] = {row.name: score for row in rows if (score := row.score(name)) is not None}
    for picture, score in scores.items():
        metric.update(picture, score)
    interval, infinite, spread = _spread(metric, scores) if isinstance(metric, PictureMetric) else (None, 0, {})
    of = len(rows) + missing
    return Aggregate(metric.compute(), interval, len(scores), of, infinite, metric.caution(), spread)


def _spread(metric: PictureMetric, scores: Mapping[str, Score]) -> tuple[Interval | None, int, dict[str, float]]:
    """The interval of the mean, None for no picture, how many scores are infinite, and the statistics of all."""
    if not scores:
        return None, 0, {}
    values = np.array(list(scores.values()), np.float64)
    finite = np.minimum(values, metric.ceiling)
    spread = {name: statistic(finite, name) for name in STATISTICS if name != "mean"}
    return bootstrap_mean(finite), int(np.isinf(values).sum()), spread


def compare(evaluation: Evaluation, first: str, second: str) -> Iterator[Comparison]:
    """Compare two methods, metric by metric, on the pictures that both have a score for."""
    for info in evaluation.metrics:
        if not isinstance(create_metric(info.name), PictureMetric):
            continue
        of_first, of_second = (scores_of(evaluation.rows, label, info.name) for label in (first, second))
        shared = [name for name in of_first if name in of_second]
        if shared:
            paired = compare_paired([of_first[name] for name in shared], [of_second[name] for name in shared])
            dropped = len(of_first.keys() | of_second.keys()) - len(shared)
            yield Comparison(info.name, first, second, paired, dropped)


def scores_of(rows: Sequence[PictureScores], label: str, metric: str) -> dict[str, float]:
    """Picture -> score of one method, infinite ones brought down to the ceiling; without those that have none."""
    kind = create_metric(metric)
    ceiling = kind.ceiling if isinstance(kind, PictureMetric) else float("inf")
    return {
        row.name: min(score, ceiling)
        for row in rows
        if row.method == label and (score := row.scores.get(metric)) is not None
    }
