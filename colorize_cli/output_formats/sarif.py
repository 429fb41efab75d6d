"""SARIF 2.1.0 at the end of the run: a result for each failure and warning, for services that show findings in files.

Standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import os
from collections.abc import Iterator, Sequence
from json import dumps
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pipelines
from colorize_cli.output_formats._words import TOOL, counted, one_line, path_in_repository, run_problems
from pipelines.core.batch.report import Record, Report
from pipelines.core.errors import ColorizeError

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_RULES = {
    "failed": ("error", "A picture for which there is no result."),
    "warning": ("warning", "A picture to look at, although there is a result."),
}


def of_record(record: Record) -> str:
    """Nothing: the document comes at the end."""
    return ""


def of_report(report: Report) -> str:
    """The document of a run."""
    notifications = [
        *(_notification("error", problem) for problem in run_problems(report)),
        *(_notification("note", note) for note in (*report.notes, f"{report.command}: {counted(report)}")),
    ]
    results = [result for record in report.records for result in _results(record)]
    return _document(results, notifications, exit_code=report.exit_code)


def of_error(error: ColorizeError) -> str:
    """A document without results that says why there are none."""
    return _document([], [_notification("error", str(error))], exit_code=error.exit_code)


def _results(record: Record) -> Iterator[dict[str, Any]]:
    messages = [("warning", warning) for warning in record.warnings]
    if record.status == "failed":
        messages.append(("failed", record.reason))
    for rule, message in messages:
        yield {
            "ruleId": rule,
            "ruleIndex": list(_RULES).index(rule),
            "level": _RULES[rule][0],
            "message": {"text": one_line(message)},
            "locations": _locations(record.input),
        }


def _locations(path: str) -> list[dict[str, Any]]:
    """Where a picture lies; the line is one that services ask for, since they think of texts."""
    if path == "-":
        return []
    place = path_in_repository(path)
    if Path(place).is_absolute():
        artifact = {"uri": Path(place).as_uri()}
    else:
        artifact = {"uri": quote(os.fsencode(place)), "uriBaseId": "%SRCROOT%"}
    return [{"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": 1}}}]


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": one_line(text)}}


def _document(results: Sequence[dict[str, Any]], notifications: Sequence[dict[str, Any]], *, exit_code: int) -> str:
    rules = [
        {"id": rule, "shortDescription": {"text": meaning}, "defaultConfiguration": {"level": level}}
        for rule, (level, meaning) in _RULES.items()
    ]
    invocation = {
        "executionSuccessful": exit_code == 0,
        "exitCode": int(exit_code),
        "toolExecutionNotifications": list(notifications),
    }
    run = {
        "tool": {"driver": {"name": TOOL, "version": pipelines.__version__, "rules": rules}},
        "invocations": [invocation],
        "results": list(results),
    }
    return dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)
