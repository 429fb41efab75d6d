"""`--output-format json`: the summary, once."""

import json

from colorize_cli.output_formats import json as json_format
from pipelines.core.errors import UsageError
from tests.output_formats.runs import RECORDS, report


def test_the_summary_comes_at_the_end_and_nothing_before() -> None:
    assert {*map(json_format.of_record, RECORDS), json_format.of_error(UsageError("no"))} == {""}
    assert json.loads(json_format.of_report(report())) == report().summary()
