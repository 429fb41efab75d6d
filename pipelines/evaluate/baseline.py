"""Reads an earlier report.json, which `--no-worse` holds the results against; every fault of the file is named."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.core.errors import UsageError
from pipelines.core.files import read_bounded, show_path
from pipelines.core.json_text import FieldError, field, from_json, wrong_field
from pipelines.metrics.base.limits import Baseline
from pipelines.reports.data import KIND


def read_baselines(path: str, metrics: Sequence[str], labels: Sequence[str]) -> dict[str, Baseline]:
    """What the report at `path` says of each method: of that name, or of the only one that it holds.

    Raises UsageError for a file that is no report, or that lacks a metric or a method.
    """
    content = _read(path)
    try:
        if field(content, ["kind"], str) != KIND:
            raise wrong_field(["kind"], content["kind"], f'"{KIND}"')
        methods = tuple(field(content, ["methods"], dict))
        return {label: _baseline(path, content, _method_for(path, label, methods), metrics) for label in labels}
    except FieldError as error:
        raise UsageError(
            f"{show_path(path)} is no report of evaluate: {error}", hint="Give a report.json after --baseline"
        ) from error


def _read(path: str) -> Any:
    try:
        return from_json(read_bounded(Path(path)))
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise UsageError(
            f"the baseline {show_path(path)} cannot be read ({reason})", hint="Check --baseline"
        ) from error
    except ValueError as error:
        raise UsageError(
            f"{show_path(path)} is no report of evaluate, or cut short", hint="Give a report.json after --baseline"
        ) from error


def _method_for(path: str, label: str, methods: Sequence[str]) -> str:
    if label in methods:
        return label
    if len(methods) != 1:
        names = ", ".join(map(show_path, methods)) or "none"
        raise UsageError(f"{show_path(path)} has no method '{label}'", hint=f"Write NAME=PATH; it has {names}")
    return methods[0]


def _baseline(path: str, content: Any, method: str, metrics: Sequence[str]) -> Baseline:
    values = {name: _value(path, content, method, name) for name in metrics}
    scores: dict[str, dict[str, float]] = {name: {} for name in metrics}
    for at in range(len(field(content, ["pictures"], list))):
        if field(content, ["pictures", at, "method"], str) == method:
            _take_in(scores, content, at)
    return Baseline(path, values, scores)


def _value(path: str, content: Any, method: str, metric: str) -> float:
    measured = field(content, ["methods", method, "metrics"], dict)
    if metric not in measured:
        hint = f"Make the baseline again with --metric {metric}"
        raise UsageError(f"{show_path(path)} has no {metric} of {show_path(method)}", hint=hint)
    place = ["methods", method, "metrics", metric, "value"]
    is_empty = field(content, place[:-1], dict).get("value", 0) is None  # nothing was measured
    return float("nan") if is_empty else field(content, place, float)


def _take_in(scores: Mapping[str, dict[str, float]], content: Any, at: int) -> None:
    """Note the figures of one picture; null is one without a figure."""
    name = field(content, ["pictures", at, "name"], str)
    figures = field(content, ["pictures", at, "figures"], dict)
    for metric, kept in scores.items():
        if figures.get(metric) is not None:
            kept[name] = field(content, ["pictures", at, "figures", metric], float)
