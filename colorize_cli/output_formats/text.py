"""Nothing on standard output: what people read stands on standard error."""

from pipelines.core.batch.report import Record, Report
from pipelines.core.errors import ColorizeError


def of_record(record: Record) -> str:
    """Nothing."""
    return ""


def of_report(report: Report) -> str:
    """Nothing."""
    return ""


def of_error(error: ColorizeError) -> str:
    """Nothing."""
    return ""
