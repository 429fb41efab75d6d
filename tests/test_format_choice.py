"""Which output format counts (where the places meet, tests/test_options.py)."""

import pytest

from colorize_cli.format_choice import choose_format
from colorize_cli.output_formats import FormatName
from pipelines.core.errors import UsageError


@pytest.mark.parametrize(
    ("asked", "json", "json_lines", "chosen"),
    [
        (None, False, False, "text"),
        (None, True, False, "json"),
        (None, False, True, "json-lines"),
        ("json", True, False, "json"),
        ("sarif", False, False, "sarif"),
    ],
)
def test_one_format_is_asked_for(asked: FormatName | None, json: bool, json_lines: bool, chosen: str) -> None:
    assert choose_format(asked, json=json, json_lines=json_lines) == chosen


def test_three_are_all_named() -> None:
    with pytest.raises(UsageError, match="--output-format text and --json and --json-lines contradict"):
        choose_format("text", json=True, json_lines=True)
