"""Which pictures a report shows, and how they are made small."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from pipelines.core.errors import ColorizeError
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.picture import Picture, decode_picture
from pipelines.metrics.base.results import Evaluation, GalleryEntry, MetricInfo, PictureScores
from pipelines.reports.base.thumbnails import difference_map, hints_on_lines, thumbnail


def choose(evaluation: Evaluation, count: int) -> list[str]:
    """Names of `count` pictures, worst first: the worst two thirds and the best third, by the mean over methods.

    Pictures that failed for a method come first of all.
    """
    measure = next(iter(evaluation.per_picture_metrics()), None)
    rows: dict[str, list[PictureScores]] = defaultdict(list)
    for row in evaluation.rows:
        rows[row.name].append(row)
    order = sorted(rows, key=lambda name: (*_badness(measure, rows[name]), name))
    if len(order) <= count:
        return order
    best = count // 3
    return order[: count - best] + order[len(order) - best :]


def show(name: str, rows: Sequence[PictureScores], files: Mapping[str, bytes]) -> GalleryEntry:
    """Make the pictures of one case; files are named by their path. What cannot be decoded is left out."""
    pictures: dict[str, bytes] = {}
    maps: dict[str, bytes] = {}
    first = rows[0].files
    truth = _rgb(files, first.get("truth"))
    lines = _rgb(files, first.get("lines"))
    if lines is not None:
        pictures["lines"] = thumbnail(lines)
    hints = _decoded(files, first.get("hints"))
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


def _badness(measure: MetricInfo | None, rows: Sequence[PictureScores]) -> tuple[bool, float]:
    """Sort key: failed pictures first, then from worst to best."""
    figures = [row.scores.get(measure.name) for row in rows] if measure else []
    real = [min(figure, 1e9) for figure in figures if figure is not None]
    whole = float(np.mean(real)) if real else 0.0
    higher = measure is not None and measure.higher_is_better
    return not any(row.problem for row in rows), whole if higher else -whole
