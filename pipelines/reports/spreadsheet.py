"""Every picture of every method as CSV: method, picture, a column for each metric, problem."""

import csv
import math

from pipelines.metrics.base.results import Evaluation

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Lines:
    """Takes what the csv module writes."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, line: str) -> None:
        self.written.append(line)


def write(evaluation: Evaluation) -> bytes:
    """Return the table, UTF-8, comma-separated, with a heading; empty cells where nothing was measured."""
    lines = _Lines()
    sheet = csv.writer(lines, lineterminator="\n")
    names = [metric.name for metric in evaluation.metrics]
    sheet.writerow(["method", "picture", *names, "problem"])
    for row in evaluation.rows:
        figures = [_number(row.scores.get(name)) for name in names]
        sheet.writerow([_text(row.method), _text(row.name), *figures, _text(row.problem)])
    return "".join(lines.written).encode("utf-8", "backslashreplace")


def _number(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else repr(float(value))


def _text(value: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value
