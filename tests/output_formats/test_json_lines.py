"""`--output-format json-lines`: one line per record."""

import json

from colorize_cli.output_formats import json_lines
from pipelines.core.errors import UsageError
from tests.output_formats.runs import RECORDS, report


def test_each_record_is_one_ascii_line_with_its_name_as_it_is() -> None:
    lines = [json_lines.of_record(record) for record in RECORDS]
    assert all(line.isascii() and "\n" not in line for line in lines)
    assert [json.loads(line)["input"] for line in lines] == [record.input for record in RECORDS]
    assert json_lines.of_report(report()) + json_lines.of_error(UsageError("no")) == ""
