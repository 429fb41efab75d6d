"""One JSON record per input, as it ends (`colorize-cli schema record`)."""

from pipelines.core.batch.report import Record, Report
from pipelines.core.errors import ColorizeError


def of_record(record: Record) -> str:
    """The record."""
    return record.as_json()


def of_report(report: Report) -> str:
    """Nothing: every record was printed."""
    return ""


def of_error(error: ColorizeError) -> str:
    """Nothing: there is no input to tell of."""
    return ""
