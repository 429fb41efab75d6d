"""`--output-format sarif`: findings by file."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest

from colorize_cli.output_formats import sarif
from pipelines.core.batch.report import Record, Report
from pipelines.core.errors import UsageError
from tests.output_formats.runs import RECORDS, report
from tests.schemas.checking import problems


def run_of(text: str) -> Any:
    document = json.loads(text)
    assert problems("sarif", document) == []
    return document["runs"][0]


@pytest.fixture(autouse=True)
def no_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)


def test_warnings_and_failures_are_results_with_their_place() -> None:
    run = run_of(sarif.of_report(report()))
    assert [(result["ruleId"], result["level"]) for result in run["results"]] == [
        ("warning", "warning"),
        ("warning", "warning"),
        ("failed", "error"),
    ]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    place = run["results"][2]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert unquote_to_bytes(place["uri"]).decode("utf-8", "surrogateescape") == RECORDS[2].input
    assert place["uri"].isascii()
    assert "\n" not in place["uri"]


def test_a_path_elsewhere_is_a_file_uri_and_a_pipe_has_no_place(tmp_path: Path) -> None:
    inputs = (str(tmp_path / "a b.png"), "-")
    records = tuple(Record(name, (), "failed", "it is empty") for name in inputs)
    first, second = run_of(sarif.of_report(Report("regions", {}, records)))["results"]
    assert first["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": (tmp_path / "a b.png").as_uri()}
    assert second["locations"] == []


def test_the_run_says_its_exit_code_and_what_is_wrong_with_it_as_a_whole() -> None:
    (invocation,) = run_of(sarif.of_report(report(limits=("psnr is low",))))["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 1)
    said = [(each["level"], each["message"]["text"]) for each in invocation["toolExecutionNotifications"]]
    assert said[:2] == [("error", "psnr is low"), ("note", "9 areas")]


def test_an_error_of_the_run_is_a_document_too() -> None:
    run = run_of(sarif.of_error(UsageError("there is no input", hint="Name one")))
    assert run["results"] == []
    assert run["invocations"][0]["exitCode"] == 2
    assert sarif.of_record(RECORDS[2]) == ""
