"""Which pictures a report shows, and their small copies."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.core.errors import ColorizeError
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.picture import Picture, decode_picture
from pipelines.metrics.base.results import Evaluation, MetricInfo, PictureScores
from pipelines.reports.base.thumbnails import difference_map, hints_on_lines, thumbnail

_INFINITE = 1e9  # what an infinite score counts for in the order


@dataclass(frozen=True)
class GalleryEntry:
    """One picture of the gallery, as small WebP or PNG files."""

    name: str
    pictures: Mapping[str, bytes]  # "lines", "hints", "truth" and, with "method " before the label, each method
    maps: Mapping[str, bytes]  # method -> difference from the truth


def choose_pictures(evaluation: Evaluation, count: int) -> list[str]:
    """Names of `count` pictures, worst first: the worst two thirds and the best third, by the mean over methods.

    Pictures that failed for a method come first of all.
    """
    metric = next(iter(evaluation.per_picture_metrics()), None)
    rows: dict[str, list[PictureScores]] = defaultdict(list)
    for row in evaluation.rows:
        rows[row.name].append(row)
    worst_first = sorted(rows, key=lambda name: (*_badness(metric, rows[name]), name))
    if len(worst_first) <= count:
        return worst_first
    best = count // 3
    return worst_first[: count - best] + worst_first[len(worst_first) - best :]


def gallery_entry(name: str, rows: Sequence[PictureScores], files: Mapping[str, bytes]) -> GalleryEntry:
    """Make the small copies of one picture by all methods; files are named by their path.

    What cannot be decoded is left out.
    """
    pictures: dict[str, bytes] = {}
    maps: dict[str, bytes] = {}
    paths = rows[0].files
    truth = _rgb(files, paths.get("truth"))
    lines = _rgb(files, paths.get("lines"))
    if lines is not None:
        pictures["lines"] = thumbnail(lines)
    hints = _decoded(files, paths.get("hints"))
    if lines is not None and hints is not None:
        pictures["hints"] = hints_on_lines(hints, lines)
    for row in rows:
        result = _rgb(files, row.files.get("result"))
        if result is not None:
            pictures[f"method {row.method}"] = thumbnail(result)
        if result is not None and truth is not None and not row.problem:
            maps[row.method] = difference_map(result, truth)
    if truth is not None:
        pictures["truth"] = thumbnail(truth)
    return GalleryEntry(name, pictures, maps)


def _rgb(files: Mapping[str, bytes], path: str | None) -> U8 | None:
    picture = _decoded(files, path)
    return None if picture is None else picture.over_white()


def _decoded(files: Mapping[str, bytes], path: str | None) -> Picture | None:
    if path is None or path not in files:
        return None
    try:
        return decode_picture(files[path])
    except ColorizeError:  # the row says what is wrong with it
        return None


def _badness(metric: MetricInfo | None, rows: Sequence[PictureScores]) -> tuple[bool, float]:
    """Sort key: failed pictures first, then from worst to best."""
    scores = [row.scores.get(metric.name) for row in rows] if metric else []
    measured = [min(score, _INFINITE) for score in scores if score is not None]
    mean = float(np.mean(measured)) if measured else 0.0
    higher_is_better = metric is not None and metric.higher_is_better
    return not any(row.problem for row in rows), mean if higher_is_better else -mean
