"""`--output-format text`: standard output stays empty."""

from colorize_cli.output_formats import text
from pipelines.core.errors import UsageError
from tests.output_formats.runs import RECORDS, report


def test_nothing_is_said() -> None:
    assert {*map(text.of_record, RECORDS), text.of_report(report()), text.of_error(UsageError("no"))} == {""}
