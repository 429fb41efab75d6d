"""Distribution plots as inline SVG: for each method a row of points, a box over the middle half, median and mean."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from pipelines.metrics.base.results import MetricInfo
from pipelines.reports.base.document import escape
from pipelines.reports.base.style import SERIES
from pipelines.reports.base.wording import format_score

_WIDTH, _ROW, _LEFT, _RIGHT, _AXIS = 360, 38, 88, 12, 24  # px
_GOLDEN = (math.sqrt(5) - 1) / 2
_MOST_POINTS = 300  # of a row; beyond, evenly spread ones of the sorted scores


def distribution(metric: MetricInfo, scores: Mapping[str, Sequence[float]]) -> str:
    """Return a figure element with the plot of one metric: method -> its finite scores; empty where there is none."""
    drawn = {label: sorted(values) for label, values in scores.items() if len(values)}
    if not drawn:
        return ""
    low, high = (pick(pick(values) for values in drawn.values()) for pick in (min, max))
    if low == high:
        low, high = low - 0.5, high + 0.5
    height = _ROW * len(drawn) + _AXIS

    def across(value: float) -> float:
        return round(_LEFT + (value - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT), 1)

    labels = list(scores)
    rows = [
        _row(label, values, [across(value) for value in _thinned(values)], _ROW * at, labels.index(label))
        + _box(values, across, _ROW * at, metric)
        for at, (label, values) in enumerate(drawn.items())
    ]
    ticks = "".join(_tick(value, across(value), height - _AXIS) for value in _ticks(low, high))
    title = escape(f"{metric.name}: distribution over pictures, {_better(metric)}")
    unit = f" ({escape(metric.unit)})" if metric.unit else ""
    return (
        f"<figure><figcaption><b>{escape(metric.name)}{unit}</b>{_better(metric)}</figcaption>"
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{title}">{ticks}{"".join(rows)}</svg></figure>'
    )


def _row(label: str, values: Sequence[float], places: Sequence[float], top: int, series: int) -> str:
    colour = SERIES[series % len(SERIES)]
    jitter = (18 * (at * _GOLDEN % 1 - 0.5) for at in range(len(places)))  # px; spread evenly without a pattern
    points = "".join(
        f'<circle cx="{x}" cy="{top + _ROW / 2 + dy:.1f}" r="2"/>' for x, dy in zip(places, jitter, strict=True)
    )
    name = escape(label if len(label) <= 13 else label[:12] + "\N{HORIZONTAL ELLIPSIS}")
    return (
        f'<text x="0" y="{top + 17}">{name}</text><text class="soft" x="0" y="{top + 30}">n = {len(values)}</text>'
        f'<g fill="{colour}" fill-opacity=".45">{points}</g>'
    )


def _box(values: Sequence[float], across: Callable[[float], float], top: int, metric: MetricInfo) -> str:
    array = np.array(values, np.float64)
    quartiles = np.percentile(array, [25, 50, 75])
    low, middle, high = (across(float(value)) for value in quartiles)
    mean = across(float(array.mean()))
    first, median, third = (format_score(float(value), metric.unit) for value in quartiles)
    words = escape(f"median {median}, half of all from {first} to {third}")
    return (
        f'<g stroke="currentColor" fill="none"><rect x="{low}" y="{top + 8}" width="{max(high - low, 0.5):.1f}" '
        f'height="{_ROW - 16}" rx="2"><title>{words}</title></rect>'
        f'<path d="M{middle} {top + 5}V{top + _ROW - 5}" stroke-width="2.5"/>'
        f'<path d="M{mean} {top + 5}V{top + _ROW - 5}" stroke-dasharray="2 2"/></g>'
    )


def _tick(value: float, x: float, bottom: int) -> str:
    return (
        f'<path class="rule" d="M{x} 0V{bottom}"/>'
        f'<text class="soft" x="{x}" y="{bottom + 16}" text-anchor="middle">{value:g}</text>'
    )


def _ticks(low: float, high: float) -> list[float]:
    """Four to eight round numbers from low to high."""
    step = 10 ** math.floor(math.log10((high - low) / 3))
    step *= next((factor for factor in (5, 2, 1) if (high - low) / (step * factor) >= 3), 1)
    return [round(step * k, 10) for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _thinned(values: Sequence[float]) -> Sequence[float]:
    if len(values) <= _MOST_POINTS:
        return values
    return [values[int(at)] for at in np.linspace(0, len(values) - 1, _MOST_POINTS)]


def _better(metric: MetricInfo) -> str:
    return "higher is better" if metric.higher_is_better else "lower is better"
