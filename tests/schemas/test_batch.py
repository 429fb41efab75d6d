"""Records, summaries and reports of every batch command are what their schemas say."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Cli
from tests.schemas.checking import problems

COMMANDS: dict[str, tuple[str, ...]] = {
    "extract-lines": ("{art}/colour", "-o", "{art}/out"),
    "make-hints": ("{art}/colour", "-o", "{art}/out"),
    "regions": ("{art}/lines", "-o", "{art}/out"),
    "colorize": ("{art}/lines", "-o", "{art}/out", "--hints", "{art}/hints"),
    "blend": ("--base", "{art}/colour", "--top", "{art}/lines", "-o", "{art}/out"),
    "build-dataset": ("{art}/colour", "-o", "{art}/out", "--size", "32"),
    "evaluate": ("{art}/colour", "--truth", "{art}/colour", "-o", "{art}/out", "--metric", "psnr"),
    "contact-sheet": ("{art}/colour", "-o", "{art}/sheet.png"),
}


def run_of(cli: Cli, art: Path, command: str, *more: object) -> str:
    (art / "colour" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (art / "lines" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    ran = cli(command, *(word.format(art=art) for word in COMMANDS[command]), "-j", 1, "-q", *more)
    assert ran.code in (0, 1), ran.err
    return ran.out


@pytest.mark.parametrize("command", COMMANDS)
def test_a_summary_a_report_and_records_fit_their_schemas(cli: Cli, art: Path, command: str) -> None:
    summary = json.loads(run_of(cli, art, command, "--output-format", "json", "--report", art / "run.json"))
    assert problems("summary", summary) == []
    report = json.loads((art / "run.json").read_text())
    assert problems("report", report) == []
    assert len(report["records"]) == summary["inputs"] > 0
    lines = run_of(cli, art, command, "--output-format", "json-lines", "--overwrite").splitlines()
    records = [json.loads(line) for line in lines]
    assert records
    assert [problem for record in records for problem in problems("record", record)] == []


def test_facts_of_hints_that_do_nothing_fit_too(cli: Cli, art: Path) -> None:
    (art / "palette.hex").write_text("00ff00\n")
    run_of(cli, art, "colorize", "--report", art / "run.json", "--palette", art / "palette.hex")
    assert problems("report", json.loads((art / "run.json").read_text())) == []


@pytest.fixture
def report(cli: Cli, art: Path) -> dict[str, Any]:
    run_of(cli, art, "colorize", "--report", art / "run.json")
    content: dict[str, Any] = json.loads((art / "run.json").read_text())
    return content


@pytest.mark.parametrize(
    ("name", "value"),
    [("exit_code", 3), ("inputs", -1), ("stopped_by", "me"), ("surprise", 1), ("metrics", {}), ("facts", {"x": 1})],
)
def test_a_report_that_is_otherwise_does_not_fit(report: dict[str, Any], name: str, value: object) -> None:
    assert problems("report", {**report, name: value})
    assert problems("report", {key: each for key, each in report.items() if key != "records"})


def test_only_evaluate_has_figures(report: dict[str, Any]) -> None:
    assert problems("report", {**report, "command": "evaluate"})


@pytest.mark.parametrize("name", ["input", "outputs", "status", "reason", "milliseconds", "warnings"])
def test_a_record_has_all_its_names(report: dict[str, Any], name: str) -> None:
    record = report["records"][0]
    assert problems("record", record) == []
    assert problems("record", {key: value for key, value in record.items() if key != name})


def test_sarif_fits_its_schema(cli: Cli, art: Path) -> None:
    document = json.loads(run_of(cli, art, "regions", "--output-format", "sarif"))
    assert problems("sarif", document) == []
    assert len(document["runs"][0]["results"]) == 1
    document["runs"][0]["results"][0]["level"] = "fatal"
    assert problems("sarif", document)
