"""`--output-format github`: workflow commands that the runner of GitHub Actions reads back."""

import re

import pytest

from colorize_cli.output_formats import github
from pipelines.core.errors import UsageError
from tests.output_formats.runs import RECORDS, report


def read(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as actions/runner reads it: kind, properties, message."""
    match = re.fullmatch(r"::(\w+)(?: ([^\n]*?))?::([^\r\n]*)", line)
    assert match is not None, line
    properties = dict(each.split("=", 1) for each in (match[2] or "").split(",") if each)
    for escaped, plain in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        properties = {name: value.replace(escaped, plain) for name, value in properties.items()}
    message = match[3]
    for escaped, plain in (("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        message = message.replace(escaped, plain)
    return match[1], properties, message


@pytest.fixture(autouse=True)
def no_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)


def test_each_warning_and_failure_is_an_annotation_of_its_file() -> None:
    warned, skipped, failed = (github.of_record(record) for record in RECORDS)
    title = {"title": "colorize-cli"}
    assert [read(line) for line in warned.splitlines()] == [
        ("warning", {"file": "art/a.png", **title}, "it is dark"),
        ("warning", {"file": "art/a.png", **title}, "it is small"),
    ]
    assert skipped == ""
    kind, properties, message = read(failed)
    assert (kind, message) == ("error", RECORDS[2].reason)
    assert properties["file"] == "art/50%,a:b\n::stop-commands::x\\udc80<é>.png"  # what is not UTF-8 has no letter


def test_the_end_says_limits_notes_and_counts() -> None:
    lines = [read(line) for line in github.of_report(report(limits=("psnr is low",))).splitlines()]
    assert [(kind, message) for kind, _, message in lines] == [
        ("error", "psnr is low"),
        ("notice", "9 areas"),
        ("notice", "colorize: 3 pictures: 1 done, 1 skipped, 1 failed in 2.2 s"),
    ]
    assert all("file" not in properties for _, properties, _ in lines)


def test_an_error_of_the_run_is_an_annotation_without_a_file() -> None:
    error = UsageError("there is no input", hint="Name one")
    assert read(github.of_error(error)) == ("error", {"title": "colorize-cli"}, "there is no input. Name one")
