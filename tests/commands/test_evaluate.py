"""`colorize-cli evaluate` as users and CI jobs meet it."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests import drawings
from tests.conftest import Cli, Ran


@pytest.fixture
def work(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        truth = drawings.two_circles_coloured()
        drawings.write(tmp_path / f"truth/{name}.png", truth)
        drawings.write(tmp_path / f"near/{name}.png", np.minimum(truth, 250))
        drawings.write(tmp_path / f"far/{name}.png", np.full_like(truth, 255))
    return tmp_path


def refusal(ran: Ran) -> str:
    """The one line with which a command that was called wrongly ends."""
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    return ran.err


def test_the_table_is_on_standard_output_and_the_rest_is_not(cli: Cli, work: Path) -> None:
    ran = cli(
        "evaluate",
        work / "near",
        work / "far",
        "--truth",
        work / "truth",
        "-o",
        work / "r",
        "-j",
        1,
        "--compare",
        "far",
        "near",
    )
    assert ran.code == 0
    assert ran.out.startswith("method")
    assert "psnr: " in ran.out
    assert "evaluate: 4 pictures: 4 done" in ran.err
    assert {path.name for path in (work / "r").iterdir()} >= {"report.json", "report.csv", "report.html"}


def test_json_is_one_document_with_the_figures(cli: Cli, work: Path) -> None:
    found = json.loads(
        cli("evaluate", work / "near", "--truth", work / "truth", "-o", work / "r", "-j", 1, "--json").out
    )
    assert found["methods"]["near"]["metrics"]["psnr"]["n"] == 2
    assert found["exit_code"] == 0


def test_limits_are_for_ci(cli: Cli, work: Path) -> None:
    common = ("--truth", work / "truth", "-o", work / "r", "-j", 1, "-q")
    assert cli("evaluate", work / "near", *common, "--fail-under", "psnr=20", "--fail-over", "delta_e=5").code == 0
    ran = cli("evaluate", work / "near", *common, "--fail-under", "psnr=90")
    assert ran.code == 1
    assert "is under 90: failed" in ran.out


def test_names_and_single_metrics(cli: Cli, work: Path) -> None:
    ran = cli(
        "evaluate", f"mine={work / 'near'}", "--truth", work / "truth", "-o", work / "r", "-j", 1, "--metric", "ssim"
    )
    assert ran.out.splitlines()[1].split()[:2] == ["mine", "2"]
    assert "psnr" not in ran.out


def test_a_dry_run_writes_nothing(cli: Cli, work: Path) -> None:
    assert cli("evaluate", work / "near", "--truth", work / "truth", "-o", work / "r", "-n").code == 0
    assert not (work / "r").exists()


def test_votes_are_read_back(cli: Cli, work: Path) -> None:
    assert (
        cli("evaluate", work / "near", work / "far", "--truth", work / "truth", "-o", work / "r", "-j", 1, "--ab").code
        == 0
    )
    assert (work / "r" / "ab.html").exists()
    vote = {"name": "a", "left": "near", "right": "far", "choice": "left"}
    shown = {"pairs": 1, "ratings": 0}
    votes = {"kind": "colorize-cli votes", "shown": shown, "pairs": [vote], "ratings": []}
    paths = [work / f"v{number}.json" for number in (1, 2)]
    for path in paths:
        path.write_text(json.dumps(votes))
    ran = cli("evaluate", "--votes", *paths)
    assert ran.code == 0
    assert "near preferred to far: 100 %" in ran.out
    assert "n = 2" in ran.out
    assert json.loads(cli("evaluate", "--votes", *paths, "--json").out)["preferences"][0]["n"] == 2
    assert "given twice" in refusal(cli("evaluate", "--votes", paths[0], paths[0]))
    for wrong in ({"left": ["x"]}, {"left": "far"}, {"choice": "up"}):
        paths[0].write_text(json.dumps(votes | {"pairs": [vote | wrong]}))
        assert "is no file of votes" in refusal(cli("evaluate", "--votes", paths[0]))
    paths[0].write_text(json.dumps(votes | {"shown": {"pairs": -5, "ratings": 0}}))
    assert "is no file of votes" in refusal(cli("evaluate", "--votes", paths[0]))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("near", "-o", "r"), "--truth is missing"),
        (("near", "--truth", "truth"), "-o is missing"),
        (("near", "--truth", "truth", "-o", "r", "--fail-under", "psnr=many"), "a number"),
        (("near", "--truth", "truth", "-o", "r", "--metric", "lpips"), "COLORIZE_CLI_WEIGHTS"),
    ],
)
def test_wrong_usage_is_one_line(
    cli: Cli, work: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(work)
    assert words in refusal(cli("evaluate", *arguments))


def test_weights_are_found_in_the_folder_for_metrics_asked_for(
    cli: Cli, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    state = {}
    for number in (0, 2, 5):
        state[f"features.{number}.weight"] = torch.randn(3, 3, 3, 3)
        state[f"features.{number}.bias"] = torch.zeros(3)
    (work / "weights").mkdir()
    torch.save(state, work / "weights" / "gram.pth")
    monkeypatch.setenv("COLORIZE_CLI_WEIGHTS", str(work / "weights"))
    common = ("--truth", work / "truth", "-o", work / "r", "-j", 1)
    assert " gram " not in cli("evaluate", work / "near", *common).out
    ran = cli("evaluate", work / "near", work / "far", *common, "--metric", "gram")
    assert ran.code == 0
    assert " gram " in ran.out.splitlines()[0]


def test_with_json_standard_error_says_which_limit_failed(cli: Cli, work: Path) -> None:
    common = ("--truth", work / "truth", "-o", work / "r", "-j", 1, "--metric", "psnr", "--json")
    ran = cli("evaluate", work / "near", *common, "--fail-under", "psnr=90")
    assert ran.code == 1
    (line,) = (line for line in ran.err.splitlines() if "--fail-under" in line)
    assert line.startswith("near: psnr ")
    assert line.endswith(" of 2 pictures is under 90: failed (--fail-under)")
    (limit,) = json.loads(ran.out)["limits"]
    assert (limit["passed"], limit["words"]) == (False, line)


def test_a_gate_on_the_worst_picture_fails_where_the_mean_does_not(cli: Cli, work: Path) -> None:
    drawings.write(work / "near/a.png", np.zeros((96, 96, 3), np.uint8))
    for number in range(9):
        for folder in ("truth", "near"):
            drawings.write(work / f"{folder}/exact{number}.png", drawings.two_circles_coloured())
    common = ("--truth", work / "truth", "-o", work / "r", "-j", 1, "--metric", "psnr")
    ran = cli("evaluate", work / "near", *common, "--fail-under", "psnr=28")
    assert ran.code == 0
    assert "is not under 28, but 1 picture is: a " in ran.out
    for statistic in ("min", "p05"):
        ran = cli("evaluate", work / "near", *common, "--fail-under", f"psnr.{statistic}=20")
        assert ran.code == 1
        assert "of 11 pictures (a) is under 20: failed" in ran.out
    assert cli("evaluate", work / "near", *common, "--fail-under", "psnr.median=28").code == 0


def test_no_worse_than_a_baseline(cli: Cli, work: Path) -> None:
    common = ("--truth", work / "truth", "-j", 1, "--metric", "psnr")
    assert cli("evaluate", work / "near", *common, "-o", work / "first").code == 0
    base = work / "base.json"
    base.write_bytes((work / "first/report.json").read_bytes())
    against = (*common, "-o", work / "second", "--baseline", base, "--no-worse", "psnr=0.2")
    assert cli("evaluate", work / "near", *against).code == 0
    ran = cli("evaluate", f"near={work / 'far'}", *against)
    assert ran.code == 1
    assert "worse by more than 0.2 (higher is better): failed (--no-worse)" in ran.err
    own = (*common, "-o", work / "first", "--baseline", work / "first/report.json", "--no-worse", "psnr=0.2")
    assert "would replace its baseline" in refusal(cli("evaluate", work / "near", *own))


def test_what_is_there_is_evaluated_and_what_is_missing_said(cli: Cli, work: Path) -> None:
    (work / "near/b.png").unlink()
    common = ("--truth", work / "truth", "-o", work / "r", "-j", 1, "--metric", "psnr")
    assert cli("evaluate", work / "near", *common).code == 1
    ran = cli("evaluate", work / "near", *common, "--partial")
    assert ran.code == 0
    assert "near: 1 of 2 pictures are missing and not evaluated: b" in ran.err
    assert ran.out.splitlines()[1].split()[:4] == ["near", "1", "of", "2"]
    written = json.loads((work / "r/report.json").read_bytes())
    assert written["methods"]["near"]["missing"] == ["b"]
    (work / "list.txt").write_text(f"{work / 'near/a.png'}\n")
    ran = cli("evaluate", work / "near", *common, "--files-from", work / "list.txt")
    assert ran.code == 0
    assert "evaluate: 1 picture: " in ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--fail-under", "psnr.minn=3"), "'minn' is no statistic of psnr"),
        (("--fail-under", "psnrr.min=3"), "'psnrr' is not measured"),
        (("--baseline", "none.json", "--no-worse", "psnr=1"), "none.json cannot be read"),
        (("--no-worse", "psnr=1"), "Add --baseline report.json"),
        (("--baseline", "none.json"), "Add --no-worse psnr=0.2"),
        (("--baseline", "none.json", "--no-worse", "psnr=-1"), "is below 0"),
    ],
)
def test_limits_that_cannot_be_kept_are_refused_before_any_work(
    cli: Cli, work: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(work)
    assert words in refusal(cli("evaluate", "near", "--truth", "truth", "-o", "r", *arguments))
    assert not (work / "r").exists()


def test_names_that_would_steer_a_terminal_are_shown(cli: Cli, work: Path) -> None:
    name = "x\x1b[31m\r\u202ey"
    for folder in ("truth", "near"):
        drawings.write(work / folder / f"{name}.png", drawings.two_circles_coloured())
    (work / "near" / f"{name}.png").write_bytes(b"no picture")
    ran = cli("evaluate", work / "near", "--truth", work / "truth", "-o", work / "r", "-j", 1)
    page, sheet = ((work / "r" / each).read_text(encoding="utf-8") for each in ("report.html", "report.csv"))
    for text in (ran.out, ran.err, page):
        assert not set(text) & set("\x1b\r\u202e")
    assert r"x\x1b[31m\r\u202ey" in page
    assert "\x1b" not in sheet
