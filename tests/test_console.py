"""What is said on standard error."""

import io
import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from colorize_cli.console import Screen, TrainScreen, say, say_error
from pipelines.core.batch.report import Record, Report
from pipelines.train.report import TrainReport
from tests.conftest import Cli


def test_quiet_says_nothing_and_plain_lines_hold_no_escape_codes(cli: Cli, art: Path) -> None:
    assert cli("regions", art / "lines", "-o", art / "q", "-j", 1, "-q").err == ""
    loud = cli("regions", art / "lines", "-o", art / "v", "-j", 1, "-v").err
    assert "\x1b" not in loud
    assert loud.count("done") >= 3


def test_a_second_interrupt_leaves_at_once() -> None:
    screen = TrainScreen(quiet=True)
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), screen.signals():
        signal.raise_signal(signal.SIGINT)
        assert screen.stop_wanted() == "interrupt"
        signal.raise_signal(signal.SIGTERM)
        assert screen.stop_wanted() == "termination"
        signal.raise_signal(signal.SIGINT)
    assert before == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))


def record(name: str, **values: Any) -> Record:
    return Record(input=name, outputs=(f"out/{name}",), **{"status": "done", **values})


@pytest.fixture
def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_a_failure_is_said_at_once_and_a_warning_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    records = [record("a.png", warnings=("it is dark",)), record("b\n.png", status="failed", reason="it is empty")]
    screen.started(2)
    for each in records:
        screen.recorded(each)
    assert capsys.readouterr().err.split() == ["failed", r"b\n.png:", "it", "is", "empty"]
    screen.finished(Report("regions", {}, records=records, output="out", seconds=1.0))
    assert capsys.readouterr().err.splitlines() == [
        "warning: a.png: it is dark",
        "regions: 2 pictures: 1 done, 1 failed in 1.0 s -> out",
    ]


def test_a_quiet_run_says_its_failures_and_no_more_than_twenty(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(quiet=True)
    records = [record(f"{number}.png", status="failed", reason="it is empty") for number in range(25)]
    screen.started(25)
    for each in records:
        screen.recorded(each)
    assert capsys.readouterr().err == ""
    screen.finished(Report("regions", {}, records=records))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 21
    assert lines[-1] == "... and 5 more: see --report or --json"


def test_json_lines_are_data_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(of_record=Record.as_json, quiet=True)
    screen.started(1)
    screen.recorded(record("a.png"))
    assert json.loads(capsys.readouterr().out)["input"] == "a.png"


def test_data_is_said_in_the_letters_that_standard_output_has(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr("sys.stdout", narrow)
    say("")
    say("é \u2605")
    assert narrow.buffer.getvalue() == "é \\u2605".encode("cp1252") + b"\n"  # type: ignore[attr-defined]


def test_on_a_terminal_there_is_a_bar_that_starts_anew_with_each_pass(
    capsys: pytest.CaptureFixture[str], on_a_terminal: None
) -> None:
    screen = Screen()
    for total in (4, 2):
        screen.started(total)
        for number in range(total):
            screen.recorded(record(f"{number}.png"))
    screen.finished(Report("regions", {}, records=[record("0.png")]))
    shown = capsys.readouterr().err
    assert f"{4}/{4}" in shown
    assert f"{2}/{2}" in shown
    assert "pictures/s" in shown
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 2, "the cursor comes back"


def test_plain_lines_come_now_and_then(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    screen = Screen()
    screen.started(100)
    for number in range(30):
        clock[0] += 1.0
        screen.recorded(record(f"{number}.png"))
    assert capsys.readouterr().err.splitlines() == [
        "11/100, 1.0 pictures/s, 89 s left",
        "22/100, 1.0 pictures/s, 78 s left",
    ]


ROW = {"step": 4, "epoch": 0.5, "pictures_a_second": 8.0, "learning_rate": 1e-4, "l1": 0.25}
JUDGED = {"step": 5, "val_psnr": 21.5, "val_l1": 9.0}


def test_training_says_validations_at_once_and_losses_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    screen = TrainScreen()
    screen.began({"model": "pix2pix", "params": {"ngf": 4}, "settings": {"steps": 10, "epochs": None}}, step=0)
    screen.stepped(1, 0.125)
    screen.logged(ROW)
    clock[0] += 20
    screen.stepped(5, 0.5)
    screen.logged(JUDGED)
    clock[0] += 20
    screen.stepped(9, 0.875)
    screen.logged(ROW)
    assert capsys.readouterr().err.splitlines() == [
        "pix2pix: ngf=4",
        "training: steps=10",
        "step 5: validation 21.50 dB, 9.00 levels off, 50.0% done, 0 min 26 s left",
        "step 4, epoch 0.50: 8.0 pictures/s l1=0.25, 87.5% done, 0 min 6 s left",
    ]


def test_on_a_terminal_losses_are_in_the_bar(capsys: pytest.CaptureFixture[str], on_a_terminal: None) -> None:
    screen = TrainScreen()
    with screen.signals():
        screen.began({"model": "pix2pix", "params": {}, "settings": {}}, step=3)
        screen.logged(ROW)
        screen.stepped(4, 0.4)
    shown = re.sub(r"\x1b\[[0-9;?]*\w", "", capsys.readouterr().err)
    assert "going on after step 3" in shown
    assert "step 4, epoch 0.50: 8.0 pictures/s l1=0.25" in shown
    assert " 40.0%" in shown


def test_an_error_is_one_line_whatever_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    say_error("[bold]x[/bold] does not exist " + "a" * 300)
    assert capsys.readouterr().err == f"error: [bold]x[/bold] does not exist {'a' * 300}\n"


@pytest.mark.parametrize(
    ("reads_pictures", "command"),
    [(False, "colorize LINES -o COLOUR --hints HINTS"), (True, "translate IN -o OUT")],
)
def test_training_ends_with_the_command_that_uses_its_model(
    capsys: pytest.CaptureFixture[str], reads_pictures: bool, command: str
) -> None:
    TrainScreen().finished(TrainReport("run", 5, reads_pictures=reads_pictures))
    assert capsys.readouterr().err.splitlines()[-1] == f"next: colorize-cli {command} --model run"


def test_no_text_moves_the_cursor_of_a_terminal(on_a_terminal: None, capsys: pytest.CaptureFixture[str]) -> None:
    nasty = "\x1b[2Jgone\x1b]0;title\x07\x9b31m\u202e"
    screen = Screen()
    failed = record("a.png", status="failed", reason=nasty)
    warned = record("b.png", warnings=(nasty,))
    screen.finished(Report("regions", {}, records=(failed, warned), notes=(nasty,), output="out"))
    say_error(nasty)
    say(f"{nasty}\nsecond line")
    shown = capsys.readouterr()
    assert shown.err.count(r"\x1b[2Jgone") == 4
    assert "\x1b[2J" not in shown.err
    assert "\x1b[" in shown.err, "colours of our own are still there"
    assert not set(shown.err) & set("\x07\x9b\u202e")
    assert shown.out.splitlines() == [r"\x1b[2Jgone\x1b]0;title\x07\x9b31m\u202e", "second line"]


def test_what_was_asked_of_the_whole_and_not_kept_is_said_even_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    class Strict(Report):
        @property
        def unmet(self) -> tuple[str, ...]:
            return ("psnr is under 40: failed",)

    Screen(quiet=True).finished(Strict("evaluate", {}))
    assert capsys.readouterr().err == "psnr is under 40: failed\n"
