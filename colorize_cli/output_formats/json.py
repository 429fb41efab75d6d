"""One JSON summary at the end of the run (`colorize-cli schema summary`)."""

from pipelines.core.batch.report import Record, Report
from pipelines.core.errors import ColorizeError
from pipelines.core.json_text import to_json


def of_record(record: Record) -> str:
    """Nothing: the summary comes at the end."""
    return ""


def of_report(report: Report) -> str:
    """The summary."""
    return to_json(report.summary(), indent=2)


def of_error(error: ColorizeError) -> str:
    """Nothing: there is no run to sum up."""
    return ""
