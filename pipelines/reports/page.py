"""The evaluation as one HTML file that needs nothing else: tables, plots, a gallery with difference maps.

It opens from disk, fetches nothing, follows the browser's light or dark mode, fits a phone and is usable by keyboard.
"""

import base64
import html
import json
import math
from collections.abc import Sequence

from pipelines.metrics.base.results import Aggregate, Evaluation, GalleryEntry, LimitVerdict, MetricInfo, MethodResult, PictureScores
from pipelines.reports._plots import distribution
from pipelines.reports._script import SCRIPT
from pipelines.reports._style import POLICY, STYLE
from pipelines.reports._words import comparison_in_words, is_best, show, show_interval, verdict_in_words
from pipelines.reports.base.thumbnails import MAP_REACH, gradient
from pipelines.reports.data import sound


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
    about = f"{len(evaluation.methods)} methods, {len(names)} pictures, truth: {html.escape(evaluation.truth)}"
    head = f'<header><h1>Evaluation</h1><p class="soft">{about}</p><nav aria-label="Sections">{links}</nav></header>'
    return document("Evaluation", head + f'<main id="main">{body}</main>{_close_up()}', SCRIPT)


def document(title: str, body: str, script: str) -> bytes:
    """Return a whole HTML document, UTF-8."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head><body>"
        f'<a class="skip" href="#main">To the content</a>{body}<script>{script}</script></body></html>\n'
    ).encode("utf-8", "backslashreplace")


def image(data: bytes, words: str) -> str:
    """Return an image element that holds its own data."""
    kind = "webp" if data[8:12] == b"WEBP" else "png"
    encoded = base64.b64encode(data).decode()
    return f'<img loading="lazy" alt="{html.escape(words)}" src="data:image/{kind};base64,{encoded}">'


# summary


def _summary(evaluation: Evaluation) -> str:
    heads = "".join(f'<th scope="col">{_measure_head(measure)}</th>' for measure in evaluation.metrics)
    rows = "".join(_method_row(evaluation, method) for method in evaluation.methods)
    verdicts = "".join(_verdict_line(evaluation, verdict) for verdict in evaluation.verdicts)
    notes = "".join(f'<p class="soft small">{html.escape(note)}</p>' for note in evaluation.notes)
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Summary"><table><thead><tr>'
        f'<th scope="col">method</th><th scope="col">pictures</th>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        "</div><p class='soft small'>Mean over pictures, below it the 95 % bootstrap interval and the number of "
        f"pictures measured. The best of a column is shaded and marked \N{BLACK STAR}.</p>{verdicts}{notes}"
    )


def _verdict_line(evaluation: Evaluation, verdict: LimitVerdict) -> str:
    words = html.escape(verdict_in_words(verdict, evaluation.metric(verdict.metric)))
    return f'<p class="{"passed" if verdict.passed else "problem"}">{words}</p>'


def _measure_head(measure: MetricInfo) -> str:
    unit = f"{html.escape(measure.unit)}, " if measure.unit else ""
    arrow = "\N{UPWARDS ARROW} higher" if measure.higher_is_better else "\N{DOWNWARDS ARROW} lower"
    return (
        f'<span title="{html.escape(measure.meaning)}">{html.escape(measure.name)}</span>'
        f"<small>{unit}{arrow} is better</small>"
    )


def _method_row(evaluation: Evaluation, method: MethodResult) -> str:
    cells = []
    for measure in evaluation.metrics:
        aggregate = method.aggregates[measure.name]
        best = is_best(evaluation, method, measure)
        star = " \N{BLACK STAR}" if best else ""
        cells.append(
            f"<td{' class=best' if best else ''}>{show(aggregate.value, measure.unit)}{star}"
            f"<small>{_under(aggregate, measure)}</small></td>"
        )
    of = max((aggregate.of for aggregate in method.aggregates.values()), default=0)
    failed = f'<small class="problem">{method.failed} failed</small>' if method.failed else ""
    return f'<tr><th scope="row">{html.escape(method.label)}</th><td>{of}{failed}</td>{"".join(cells)}</tr>'


def _under(aggregate: Aggregate, measure: MetricInfo) -> str:
    infinite = f", {aggregate.infinite} infinite" if aggregate.infinite else ""
    interval = show_interval(aggregate.interval, measure.unit)
    return f"{interval}{' ' if interval else ''}n = {aggregate.n}{infinite}"


def _sentences(evaluation: Evaluation) -> str:
    lines = "".join(
        f"<li>{html.escape(comparison_in_words(one, evaluation.metric(one.metric)))}</li>"
        for one in evaluation.comparisons
    )
    return f"<ul>{lines}</ul>" if lines else ""


def _distributions(evaluation: Evaluation) -> str:
    figures = []
    for measure in evaluation.metrics:
        found = {
            method.label: [
                value
                for row in evaluation.rows
                if row.method == method.label and (value := row.scores.get(measure.name)) is not None
            ]
            for method in evaluation.methods
        }
        finite = {label: [value for value in values if math.isfinite(value)] for label, values in found.items()}
        figures.append(distribution(measure, finite))
    if not any(figures):
        return ""
    return (
        '<p class="soft small">A dot is a picture; the box holds the middle half, its thick line is the median, the '
        f'dashed line the mean. Infinite figures are not drawn.</p><div class="plots">{"".join(figures)}</div>'
    )


# gallery


def _gallery(evaluation: Evaluation, gallery: Sequence[GalleryEntry]) -> str:
    if not gallery:
        return ""
    by = "".join(
        f'<option value="{html.escape(measure.name)}" data-higher="{int(measure.higher_is_better)}">'
        f"{html.escape(measure.name)}</option>"
        for measure in evaluation.per_picture_metrics()
    )
    of = "".join(f"<option>{html.escape(method.label)}</option>" for method in evaluation.methods)
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
    articles = "".join(_case(evaluation, shown) for shown in gallery)
    return f'<p class="soft small">{which}, worst first.</p>{tools}<div id="cases">{articles}</div>'


def _case(evaluation: Evaluation, shown: GalleryEntry) -> str:
    rows = {row.method: row for row in evaluation.rows if row.name == shown.name}
    figures = json.dumps(sound({label: dict(row.scores) for label, row in rows.items()}), separators=(",", ":"))
    cells = [_cell(shown, key, key, "") for key in ("lines", "hints") if key in shown.pictures]
    cells += [_method_cell(evaluation, shown, label, row) for label, row in rows.items()]
    cells += [_cell(shown, "truth", "truth", "")] if "truth" in shown.pictures else []
    return (
        f'<article tabindex="0" data-figures="{html.escape(figures)}">'
        f'<header><h3>{html.escape(shown.name)}</h3></header><div class="row">{"".join(cells)}</div></article>'
    )


def _method_cell(evaluation: Evaluation, shown: GalleryEntry, label: str, row: PictureScores) -> str:
    if f"method {label}" not in shown.pictures:
        reason = html.escape(row.problem or "no picture")
        return (
            f'<figure><div class="missing">{reason}</div><figcaption><b>{html.escape(label)}</b></figcaption></figure>'
        )
    figures = ", ".join(
        f"{measure.name} {show(row.scores[measure.name], measure.unit)}"
        for measure in evaluation.per_picture_metrics()[:3]
        if row.scores.get(measure.name) is not None
    )
    return _cell(shown, f"method {label}", label, figures)


def _cell(shown: GalleryEntry, key: str, caption: str, under: str) -> str:
    difference = shown.maps.get(caption) if key.startswith("method ") else None
    layers = image(shown.pictures[key], f"{shown.name}: {caption}")
    if difference is not None:
        map_ = image(difference, f"{shown.name}: difference of {caption} from the truth")
        layers = map_.replace("<img ", '<img class="map" ') + layers
    return (
        f'<figure><button type="button" aria-label="Enlarge {html.escape(caption)} of {html.escape(shown.name)}">'
        f"{layers}</button><figcaption><b>{html.escape(caption)}</b>{html.escape(under)}</figcaption></figure>"
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
    numbered = [measure for measure in evaluation.metrics if measure in evaluation.per_picture_metrics()]
    heads = _sortable("picture", "", "text") + _sortable("method", "", "text")
    heads += "".join(_sortable(measure.name, measure.unit, "number") for measure in numbered)
    rows = "".join(_each_row(row, numbered) for row in evaluation.rows)
    return (
        '<div class="tools"><label>Filter <input type="search" id="filter" placeholder="name or method"></label>'
        f'<output id="shown" class="soft">{len(evaluation.rows)} rows</output></div>'
        '<div class="scroll tall" tabindex="0" role="region" aria-label="Every picture"><table id="each"><thead><tr>'
        f"{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _sortable(name: str, unit: str, kind: str) -> str:
    below = f"<small>{html.escape(unit)}</small>" if unit else ""
    side = ' class="left"' if kind == "text" else ""
    button = f'<button type="button" data-sort>{html.escape(name)}</button>'
    return f'<th scope="col" data-kind="{kind}"{side}>{button}{below}</th>'


def _each_row(row: PictureScores, measures: Sequence[MetricInfo]) -> str:
    text = html.escape(f"{row.name} {row.method} {row.problem}".lower())
    reason = f'<small class="problem">{html.escape(row.problem)}</small>' if row.problem else ""
    name = f'<th scope="row">{html.escape(row.name)}{reason}</th><td class="left">{html.escape(row.method)}</td>'
    cells = "".join(_figure_cell(row.scores.get(measure.name), measure.unit) for measure in measures)
    return f'<tr data-text="{text}">{name}{cells}</tr>'


def _figure_cell(value: float | None, unit: str) -> str:
    plain = "" if value is None else "Infinity" if value == math.inf else f"{value:.6g}"
    return f'<td data-value="{plain}">{show(value, unit)}</td>'
