"""The evaluation as one HTML file that needs nothing else: tables, plots, a gallery with difference maps.

It opens from disk, fetches nothing, follows the browser's light or dark mode, fits a phone and is usable by keyboard.
"""

import json
import math
from collections.abc import Sequence

from pipelines.core.json_text import json_values
from pipelines.metrics.base.results import (
    Aggregate,
    BaselineVerdict,
    Evaluation,
    LimitVerdict,
    MethodResult,
    MetricInfo,
    PictureScores,
)
from pipelines.reports._plots import distribution
from pipelines.reports._script import SCRIPT
from pipelines.reports.base.document import document, escape, image_element
from pipelines.reports.base.gallery import GalleryEntry
from pipelines.reports.base.thumbnails import MAP_REACH, gradient
from pipelines.reports.base.wording import describe_comparison, describe_verdict, format_interval, format_score, is_best


def write(evaluation: Evaluation, gallery: Sequence[GalleryEntry]) -> bytes:
    """Return the page, UTF-8."""
    sections = {
        "summary": ("Summary", _summary(evaluation)),
        "comparison": ("Comparison", _sentences(evaluation)),
        "distributions": ("Distributions", _distributions(evaluation)),
        "gallery": ("Gallery", _gallery(evaluation, gallery)),
        "pictures": ("Every picture", _each(evaluation)),
    }
    present = {key: section for key, section in sections.items() if section[1]}
    links = "".join(f'<a href="#{key}">{title}</a>' for key, (title, _) in present.items())
    body = "".join(
        f'<section aria-labelledby="{key}"><h2 id="{key}">{title}</h2>{content}</section>'
        for key, (title, content) in present.items()
    )
    names = {row.name for row in evaluation.rows}
    contents = f"{len(evaluation.methods)} methods, {len(names)} pictures, truth: {escape(evaluation.truth)}"
    head = f'<header><h1>Evaluation</h1><p class="soft">{contents}</p><nav aria-label="Sections">{links}</nav></header>'
    return document("Evaluation", head + f'<main id="main">{body}</main>{_close_up()}', SCRIPT)


# summary


def _summary(evaluation: Evaluation) -> str:
    heads = "".join(f'<th scope="col">{_metric_head(metric)}</th>' for metric in evaluation.metrics)
    rows = "".join(_method_row(evaluation, method) for method in evaluation.methods)
    verdicts = "".join(_verdict_line(evaluation, verdict) for verdict in evaluation.verdicts)
    notes = "".join(f'<p class="soft small">{escape(note)}</p>' for note in evaluation.notes)
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Summary"><table><thead><tr>'
        f'<th scope="col">method</th><th scope="col">pictures</th>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        "</div><p class='soft small'>Mean over pictures, below it the 95 % bootstrap interval, the number of "
        f"pictures measured, median and worst. The best of a column is shaded and marked \N{BLACK STAR}.</p>"
        f"{verdicts}{notes}"
    )


def _verdict_line(evaluation: Evaluation, verdict: LimitVerdict | BaselineVerdict) -> str:
    words = escape(describe_verdict(verdict, evaluation.metric(verdict.metric)))
    return f'<p class="{"passed" if verdict.passed else "problem"}">{words}</p>'


def _metric_head(metric: MetricInfo) -> str:
    unit = f"{escape(metric.unit)}, " if metric.unit else ""
    arrow = "\N{UPWARDS ARROW} higher" if metric.higher_is_better else "\N{DOWNWARDS ARROW} lower"
    return f'<span title="{escape(metric.meaning)}">{escape(metric.name)}</span><small>{unit}{arrow} is better</small>'


def _method_row(evaluation: Evaluation, method: MethodResult) -> str:
    cells = []
    for metric in evaluation.metrics:
        aggregate = method.aggregates[metric.name]
        best = is_best(evaluation, method, metric)
        star = " \N{BLACK STAR}" if best else ""
        cells.append(
            f"<td{' class=best' if best else ''}>{format_score(aggregate.value, metric.unit)}{star}"
            f"<small>{_under(aggregate, metric)}</small></td>"
        )
    of = max((aggregate.of for aggregate in method.aggregates.values()), default=0)
    failed = f'<small class="problem">{method.failed} failed</small>' if method.failed else ""
    missing = f"<small>{len(method.missing)} missing</small>" if method.missing else ""
    return f'<tr><th scope="row">{escape(method.label)}</th><td>{of}{failed}{missing}</td>{"".join(cells)}</tr>'


def _under(aggregate: Aggregate, metric: MetricInfo) -> str:
    infinite = f", {aggregate.infinite} infinite" if aggregate.infinite else ""
    interval = format_interval(aggregate.interval, metric.unit)
    worst = aggregate.spread.get("min" if metric.higher_is_better else "max")
    middle = f"<br>median {format_score(aggregate.spread.get('median'), metric.unit)}" if worst is not None else ""
    return (
        f"{interval}{' ' if interval else ''}n = {aggregate.n}{infinite}{middle}"
        f"{f', worst {format_score(worst, metric.unit)}' if middle else ''}"
    )


def _sentences(evaluation: Evaluation) -> str:
    lines = "".join(
        f"<li>{escape(describe_comparison(comparison, evaluation.metric(comparison.metric)))}</li>"
        for comparison in evaluation.comparisons
    )
    return f"<ul>{lines}</ul>" if lines else ""


def _distributions(evaluation: Evaluation) -> str:
    plots = [distribution(metric, _finite_scores(evaluation, metric)) for metric in evaluation.metrics]
    if not any(plots):
        return ""
    return (
        '<p class="soft small">A dot is a picture; the box holds the middle half, its thick line is the median, the '
        f'dashed line the mean. Infinite figures are not drawn.</p><div class="plots">{"".join(plots)}</div>'
    )


def _finite_scores(evaluation: Evaluation, metric: MetricInfo) -> dict[str, list[float]]:
    """Method -> its scores by one metric, without those that no plot can show."""
    return {
        method.label: [
            score
            for row in evaluation.rows
            if row.method == method.label
            and (score := row.scores.get(metric.name)) is not None
            and math.isfinite(score)
        ]
        for method in evaluation.methods
    }


# gallery


def _gallery(evaluation: Evaluation, gallery: Sequence[GalleryEntry]) -> str:
    if not gallery:
        return ""
    by = "".join(
        f'<option value="{escape(metric.name)}" data-higher="{int(metric.higher_is_better)}">'
        f"{escape(metric.name)}</option>"
        for metric in evaluation.per_picture_metrics()
    )
    of = "".join(f"<option>{escape(method.label)}</option>" for method in evaluation.methods)
    tools = (
        '<div class="tools"><label>Order <select id="order"><option value="worst">worst first</option>'
        f'<option value="best">best first</option></select></label><label>by <select id="by">{by}</select></label>'
        f'<label>of <select id="of">{of}</select></label>'
        '<label><input type="checkbox" id="maps"> difference maps</label></div>'
        f'<p class="soft small">Maps show CIEDE2000 from 0 <span class="scale" style="background: {gradient()}">'
        f"</span> {MAP_REACH:g} and more. Keys: <kbd>j</kbd> <kbd>k</kbd> next and previous picture, <kbd>d</kbd> "
        "difference maps, <kbd>Enter</kbd> on a picture to see it large, then <kbd>\N{LEFTWARDS ARROW}</kbd> "
        "<kbd>\N{RIGHTWARDS ARROW}</kbd> from one to the next at the same place.</p>"
    )
    names = len({row.name for row in evaluation.rows})
    which = "All pictures" if len(gallery) == names else f"The worst and the best {len(gallery)} of {names} pictures"
    articles = "".join(_case(evaluation, entry) for entry in gallery)
    return f'<p class="soft small">{which}, worst first.</p>{tools}<div id="cases">{articles}</div>'


def _case(evaluation: Evaluation, entry: GalleryEntry) -> str:
    rows = {row.method: row for row in evaluation.rows if row.name == entry.name}
    scores = json.dumps(json_values({label: dict(row.scores) for label, row in rows.items()}), separators=(",", ":"))
    cells = [_cell(entry, key, key, "") for key in ("lines", "hints") if key in entry.pictures]
    cells += [_method_cell(evaluation, entry, label, row) for label, row in rows.items()]
    cells += [_cell(entry, "truth", "truth", "")] if "truth" in entry.pictures else []
    return (
        f'<article tabindex="0" data-figures="{escape(scores)}">'
        f'<header><h3>{escape(entry.name)}</h3></header><div class="row">{"".join(cells)}</div></article>'
    )


def _method_cell(evaluation: Evaluation, entry: GalleryEntry, label: str, row: PictureScores) -> str:
    if f"method {label}" not in entry.pictures:
        reason = escape(row.problem or "no picture")
        return f'<figure><div class="missing">{reason}</div><figcaption><b>{escape(label)}</b></figcaption></figure>'
    scores = ", ".join(
        f"{metric.name} {format_score(row.scores[metric.name], metric.unit)}"
        for metric in evaluation.per_picture_metrics()[:3]
        if row.scores.get(metric.name) is not None
    )
    return _cell(entry, f"method {label}", label, scores)


def _cell(entry: GalleryEntry, key: str, caption: str, under: str) -> str:
    difference = entry.maps.get(caption) if key.startswith("method ") else None
    layers = image_element(entry.pictures[key], f"{entry.name}: {caption}")
    if difference is not None:
        map_ = image_element(difference, f"{entry.name}: difference of {caption} from the truth")
        layers = map_.replace("<img ", '<img class="map" ') + layers
    return (
        f'<figure><button type="button" aria-label="Enlarge {escape(caption)} of {escape(entry.name)}">'
        f"{layers}</button><figcaption><b>{escape(caption)}</b>{escape(under)}</figcaption></figure>"
    )


def _close_up() -> str:
    return (
        '<dialog id="close-up" aria-label="Picture"><form method="dialog"><img alt="" src="data:,"><div class="tools">'
        '<button class="plain" type="button" id="before" aria-label="Previous">\N{LEFTWARDS ARROW}</button>'
        "<output></output>"
        '<button class="plain" type="button" id="after" aria-label="Next">\N{RIGHTWARDS ARROW}</button>'
        '<button class="plain" autofocus>Close</button></div></form></dialog>'
    )


# every picture


def _each(evaluation: Evaluation) -> str:
    metrics = [metric for metric in evaluation.metrics if metric in evaluation.per_picture_metrics()]
    heads = _sortable("picture", "", "text") + _sortable("method", "", "text")
    heads += "".join(_sortable(metric.name, metric.unit, "number") for metric in metrics)
    rows = "".join(_each_row(row, metrics) for row in evaluation.rows)
    return (
        '<div class="tools"><label>Filter <input type="search" id="filter" placeholder="name or method"></label>'
        f'<output id="shown" class="soft">{len(evaluation.rows)} rows</output></div>'
        '<div class="scroll tall" tabindex="0" role="region" aria-label="Every picture"><table id="each"><thead><tr>'
        f"{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _sortable(name: str, unit: str, kind: str) -> str:
    below = f"<small>{escape(unit)}</small>" if unit else ""
    side = ' class="left"' if kind == "text" else ""
    button = f'<button type="button" data-sort>{escape(name)}</button>'
    return f'<th scope="col" data-kind="{kind}"{side}>{button}{below}</th>'


def _each_row(row: PictureScores, metrics: Sequence[MetricInfo]) -> str:
    text = escape(f"{row.name} {row.method} {row.problem}".lower())
    reason = f'<small class="problem">{escape(row.problem)}</small>' if row.problem else ""
    name = f'<th scope="row">{escape(row.name)}{reason}</th><td class="left">{escape(row.method)}</td>'
    cells = "".join(_score_cell(row.scores.get(metric.name), metric.unit) for metric in metrics)
    return f'<tr data-text="{text}">{name}{cells}</tr>'


def _score_cell(value: float | None, unit: str) -> str:
    plain = "" if value is None else "Infinity" if value == math.inf else f"{value:.6g}"
    return f'<td data-value="{plain}">{format_score(value, unit)}</td>'
