"""Every picture of every method as CSV: method, picture, a column for each metric, problem."""

import csv
import math

from pipelines.metrics.base.results import Evaluation

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # the last four are wide
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n\r"}
_END = "\r\n"  # the csv module quotes what holds a part of it


class _Lines:
    """Takes what the csv module writes."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, line: str) -> None:
        self.written.append(line.removesuffix(_END) + "\n")


def write(evaluation: Evaluation) -> bytes:
    """Return the table, UTF-8, comma-separated, with a heading; empty cells where nothing was measured."""
    lines = _Lines()
    sheet = csv.writer(lines, lineterminator=_END)
    names = [metric.name for metric in evaluation.metrics]
    sheet.writerow(["method", "picture", *names, "problem"])
    for row in evaluation.rows:
        figures = [_number(row.scores.get(name)) for name in names]
        sheet.writerow([_text(row.method), _text(row.name), *figures, _text(row.problem)])
    return "".join(lines.written).encode("utf-8", "backslashreplace")


def _number(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else repr(float(value))


def _text(value: str) -> str:
    """A text that no spreadsheet takes for a formula and no terminal for a command."""
    visible = value.translate(_CONTROL)
    return f"'{visible}" if visible.startswith(_FORMULA) else visible
