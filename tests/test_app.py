"""The application: help, version, completion; errors as one line and an exit code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import pipelines
from colorize_cli.app import COMMANDS, app
from tests.conftest import Cli, files_in

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("regions", "{art}/nowhere", "-o", "{art}/out"), 2, "does not exist"),
        (("regions", "{art}/empty", "-o", "{art}/out"), 3, "no picture found"),
        (("regions", "{art}/lines", "-o", "{art}/lines"), 2, "both input and output"),
        (("regions", "{art}/lines"), 2, "no place for the results"),
        (("regions", "-o", "{art}/out"), 2, "there is no input"),
        (("regions", "{art}/lines", "-o", "-"), 2, "3 pictures cannot go to one place"),
        (("regions", "{art}/lines/a.png", "-o", "{art}/lines/a.png"), 2, "would be overwritten"),
        (("regions", "{art}/lines", "-o", "{art}/note.txt"), 2, "is a file, not a folder"),
        (("regions", "{art}/lines", "-o", "{art}/out", "--method", "ball"), 2, "trapped_ball"),
        (("regions", "{art}/lines", "-o", "{art}/out", "--set", "radius"), 2, "--set name=value"),
        (("colorize", "{art}/lines", "-o", "{art}/out", "--hints", "{art}/nowhere"), 2, "Check --hints"),
        (("colorize", "{art}/lines", "-o", "{art}/out", "--hints", "{art}/hints/a.png"), 2, "one file for 3 pictures"),
        (("colorize", "{art}/lines", "-o", "{art}/out", "--palette", "{art}/note.txt"), 2, "palette"),
        (("blend", "--base", "{art}/lines", "--top", "{art}/hints", "-o", "{art}/o", "--mode", "mult"), 2, "multiply"),
        (("extract-lines", "{art}/lines", "-o", "{art}/out", "--preset", "none"), 2, "preset"),
        (("blend", "--base", "{art}/nowhere", "--top", "{art}/hints", "-o", "{art}/out"), 2, "nowhere does not exist"),
        (("make-hints", "{art}/colour", "-o", "{art}/out", "--lines", "{art}/lines"), 2, "Add --composite"),
        (("make-hints", "{art}/colour/a.png", "-o", "-", "--composite"), 2, "2 files cannot go to one pipe"),
        (("contact-sheet", "{art}/nowhere", "-o", "{art}/out/x.png"), 2, "does not exist"),
    ],
)
def test_wrong_usage_is_one_clear_line(
    cli: Cli, art: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    (art / "empty").mkdir()
    (art / "note.txt").write_text("hello")
    ran = cli(*(argument.format(art=art) for argument in arguments))
    assert ran.code == code
    assert message in ran.err
    assert len(ran.err.splitlines()) == 1
    assert ran.out == ""
    assert not (art / "out").exists()


def test_two_inputs_of_one_output_name_are_refused_before_any_work(cli: Cli, art: Path) -> None:
    (art / "lines" / "a.bmp").write_bytes((art / "lines" / "a.png").read_bytes())
    ran = cli("regions", art / "lines", "-o", art / "out")
    assert ran.code == 2
    assert "would both become" in ran.err
    assert not (art / "out").exists()
    assert cli("regions", art / "lines", "-o", art / "out", "--keep-extension", "-j", 1).code == 0
    assert "a.bmp.png" in files_in(art / "out")


def test_output_inside_input_is_not_taken_for_input(cli: Cli, art: Path) -> None:
    for expected in ("3 done", "3 skipped"):
        ran = cli("regions", art / "lines", "-o", art / "lines" / "out", "-j", 1, "--no-preview")
        assert ran.code == 0
        assert expected in ran.err


def test_version_and_bare_call(cli: Cli) -> None:
    assert cli("--version").out == f"colorize-cli {pipelines.__version__}\n"
    assert "extract-lines" in cli("--help").out
    assert cli("no-such-command").code == 2


def test_shell_completion_can_be_shown() -> None:
    environment = {
        **os.environ,
        "_COLORIZE_CLI_COMPLETE": "complete_bash",
        "COMP_WORDS": "colorize-cli ex",
        "COMP_CWORD": "1",
    }
    code = "from colorize_cli.app import main; import sys; sys.argv[0] = 'colorize-cli'; main()"
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "extract-lines" in ran.stdout


def test_every_file_of_commands_is_in_the_help(cli: Cli) -> None:
    files = {path.stem for path in (ROOT / "colorize_cli" / "commands").glob("*.py")} - {"__init__"}
    assert {command.__name__.rpartition(".")[2] for command in COMMANDS} == files
    names = {str(each.name) for each in [*app.registered_commands, *app.registered_groups]}
    assert names == {file.replace("_", "-") for file in files}
    shown = cli("--help").out
    assert all(f"  {name} " in shown for name in names)


@pytest.mark.parametrize("arguments", [("--help",), ("methods",), ("regions", "LINES", "-o", "OUT", "--json-lines")])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_standard_output_that_is_full_is_one_line(art: Path, arguments: tuple[str, ...]) -> None:
    places = {"LINES": str(art / "lines"), "OUT": str(art / "out")}
    run = [sys.executable, "-m", "colorize_cli", *(places.get(word, word) for word in arguments)]
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(run, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ran.returncode == 1
    (line,) = ran.stderr.splitlines()
    assert line.startswith("error: ")
    assert "the disk is full" in line


@pytest.mark.skipif(os.name != "posix", reason="closing streams in a POSIX shell")
def test_streams_that_are_closed_are_no_traceback(art: Path) -> None:
    def ran(streams: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        words = [
            sys.executable,
            "-m",
            "colorize_cli",
            "regions",
            str(art / "lines"),
            "-o",
            str(art / "out"),
            *arguments,
        ]
        line = f'"$@" {streams}'
        return subprocess.run(["sh", "-c", line, "sh", *words], cwd=ROOT, capture_output=True, text=True, check=False)

    silent = ran("2>&-", "-j", "1")
    assert (silent.returncode, silent.stdout) == (0, "")
    closed = ran(">&-", "-j", "1", "--json")
    assert closed.returncode == 1
    assert closed.stderr.splitlines()[-1].startswith("error: nothing can be printed: standard output is closed")
