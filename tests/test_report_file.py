"""Where `--report` goes, and what it never replaces."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from colorize_cli.report_file import ReportFile
from pipelines.core.batch.report import Record, Report
from pipelines.core.errors import StreamError, UsageError
from tests.conftest import Cli

ROOT = Path(__file__).resolve().parent.parent
REPORT = Report("regions", {}, (Record("in/a.png", ("out/a.png",), "done"),), output="out")
posix = pytest.mark.skipif(os.name != "posix", reason="pipes and devices of POSIX")


def written(path: Path, report: Report = REPORT) -> None:
    ReportFile(path).write(report)


def test_a_report_is_put_in_place_and_replaced_by_the_next(tmp_path: Path) -> None:
    for _ in range(2):
        written(tmp_path / "deep" / "run.json")
    assert json.loads((tmp_path / "deep" / "run.json").read_text())["command"] == "regions"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["run.json"]


@pytest.mark.parametrize(
    "content",
    [
        '{"name": "my-game"}',
        "{",
        '{"command": 5, "records": []}',
        '{"command": "x"}',
        "[]",
        "text",
        "[" * 100_000,
        "\x00",
    ],
)
def test_what_is_no_report_of_a_batch_stays(tmp_path: Path, content: str) -> None:
    path = tmp_path / "package.json"
    path.write_text(content)
    with pytest.raises(UsageError, match="is no report"):
        ReportFile(path)
    assert path.read_text() == content


def test_an_empty_file_is_a_place(tmp_path: Path) -> None:
    (tmp_path / "run.json").touch()
    written(tmp_path / "run.json")
    assert (tmp_path / "run.json").stat().st_size > 0


def test_a_folder_and_the_name_of_a_picture_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        ReportFile(tmp_path)
    with pytest.raises(UsageError, match="is no report"):
        ReportFile(tmp_path / "a.PNG")


def test_a_file_of_the_run_is_never_replaced(tmp_path: Path) -> None:
    result = tmp_path / "a.json"
    report = Report("regions", {}, (Record("in/a.png", (str(result),), "done"),))
    place = ReportFile(result)
    result.write_text("the result")
    with pytest.raises(UsageError, match="is a file of this run"):
        place.write(report)
    assert result.read_text() == "the result"


@posix
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to(tmp_path / "run.json")
    for _ in range(2):
        written(tmp_path / "link.json")
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "run.json").read_text())["inputs"] == 1


@posix
def test_a_link_in_place_of_the_unfinished_file_is_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("p")
    (tmp_path / ".run.json.writing").symlink_to(precious)
    place = ReportFile(tmp_path / "run.json")
    (tmp_path / ".run.json.writing").symlink_to(precious)
    place.write(REPORT)
    assert precious.read_text() == "p"
    assert not (tmp_path / "run.json").is_symlink()


@posix
def test_a_pipe_is_held_open_from_before_the_run_and_written_at_its_end(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    texts: list[str] = []
    reader = threading.Thread(target=lambda: texts.append(pipe.read_text()))
    reader.start()
    written(pipe)
    reader.join(10)
    assert json.loads(texts[0])["done"] == 1
    assert pipe.is_fifo()


@posix
def test_a_pipe_that_nobody_reads_is_said_before_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("colorize_cli.report_file._PATIENCE", 0.05)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="nobody reads the pipe"):
        ReportFile(tmp_path / "pipe")


@posix
def test_a_device_is_written_and_stays(tmp_path: Path) -> None:
    (tmp_path / "null").symlink_to("/dev/null")
    written(tmp_path / "null")
    assert (tmp_path / "null").is_char_device()
    if Path("/dev/full").exists():
        with pytest.raises(StreamError, match="no space left"):
            written(Path("/dev/full"))


@posix
@pytest.mark.parametrize("place", ["/dev/stdout", "link"])
def test_standard_output_is_written_as_it_is(art: Path, place: str) -> None:
    (art / "link").symlink_to("/proc/self/fd/1")
    run = [sys.executable, "-m", "colorize_cli", "regions", art / "lines", "-o", art / "out", "-j", "1", "-q"]
    path = place if place.startswith("/") else art / place
    with (art / "to.txt").open("wb") as file:
        subprocess.run([*run, "--report", path], cwd=ROOT, stdout=file, check=True)
    assert json.loads((art / "to.txt").read_text())["inputs"] == 3
    piped = subprocess.run([*run, "--report", path], cwd=ROOT, capture_output=True, check=True)
    assert json.loads(piped.stdout)["skipped"] == 3
    to_pipe = [*run[:3], "regions", art / "lines" / "a.png", "-o", "-", "--report", path]
    both = subprocess.run(to_pipe, cwd=ROOT, capture_output=True, check=False)
    assert (both.returncode, both.stdout) == (2, b"")


def test_a_summary_that_cannot_be_printed_does_not_cost_the_report(cli: Cli, art: Path) -> None:
    run = [sys.executable, "-m", "colorize_cli", "regions", art / "lines", "-o", art / "out", "-j", "1", "--json"]
    if not Path("/dev/full").exists():
        pytest.skip("there is no full device")
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [*run, "--report", art / "run.json"], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert ran.stderr.splitlines()[-1].startswith("error: cannot write to standard output: the disk is full")
    assert json.loads((art / "run.json").read_text())["done"] == 3
