"""Workflow commands of GitHub Actions: an annotation for each failure and warning, a notice at the end.

Format: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from colorize_cli.output_formats._words import TOOL, counted, one_line, path_in_repository, run_problems
from pipelines.core.batch.report import Record, Report
from pipelines.core.errors import ColorizeError


def of_record(record: Record) -> str:
    """An annotation for each warning, and one for a failure."""
    messages = [("warning", warning) for warning in record.warnings]
    if record.status == "failed":
        messages.append(("error", record.reason))
    return "\n".join(_command(kind, message, file=record.input) for kind, message in messages)


def of_report(report: Report) -> str:
    """What is wrong with the whole run, its notes, and the counts."""
    problems = [_command("error", problem) for problem in run_problems(report)]
    notices = [_command("notice", note) for note in (*report.notes, f"{report.command}: {counted(report)}")]
    return "\n".join([*problems, *notices])


def of_error(error: ColorizeError) -> str:
    """An annotation of no file."""
    return _command("error", str(error))


def _command(kind: str, message: str, *, file: str = "-") -> str:
    properties = {} if file == "-" else {"file": path_in_repository(file)}
    listed = ",".join(f"{name}={_property(value)}" for name, value in {**properties, "title": TOOL}.items())
    return f"::{kind} {listed}::{_data(message)}"


def _data(text: str) -> str:
    """A message with what would end it escaped, as the runner reads it back."""
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return one_line(escaped)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
