"""The figures of evaluate and counted votes are what their schemas say."""

import json
from pathlib import Path

from tests.conftest import Cli
from tests.schemas.checking import problems
from tests.test_count_votes import votes_file


def test_report_json_fits_with_comparisons_limits_failures_and_infinities(cli: Cli, art: Path) -> None:
    (art / "other").mkdir()
    (art / "other" / "a.png").write_bytes((art / "lines" / "a.png").read_bytes())
    ran = cli(
        *("evaluate", art / "colour", art / "other", "--truth", art / "colour", "-o", art / "report", "-j", 1),
        *("--metric", "psnr", "--compare", "colour", "other", "--fail-under", "psnr=99", "--json"),
    )
    assert ran.code == 1
    assert problems("summary", json.loads(ran.out)) == []
    document = json.loads((art / "report" / "report.json").read_text())
    assert problems("evaluation", document) == []
    assert document["comparisons"]
    assert [limit["passed"] for limit in document["limits"]] == [True, False]
    assert any(row["problem"] for row in document["pictures"])
    document["methods"]["colour"]["metrics"]["psnr"]["value"] = "much"
    assert problems("evaluation", document)


def test_counted_votes_fit(cli: Cli, tmp_path: Path) -> None:
    file = votes_file(tmp_path / "1.json", ["right", "left", "tie"], [4, 5])
    counted = json.loads(cli("evaluate", "--votes", file, "--output-format", "json").out)
    assert problems("votes", counted) == []
    assert problems("votes", {**counted, "voters": "one"})


def test_votes_have_no_other_format(cli: Cli, tmp_path: Path) -> None:
    ran = cli("evaluate", "--votes", votes_file(tmp_path / "1.json", ["right"], []), "--output-format", "junit")
    assert (ran.code, ran.out) == (2, "")
    assert "Use --output-format text or json" in ran.err
