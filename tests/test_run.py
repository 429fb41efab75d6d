"""One run of a stage from the command line: streams, lists, reports, signals."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import drawings
from tests.conftest import Cli, files_in
from tests.core.batch.test_folders import refuse_scans_of

ROOT = Path(__file__).resolve().parent.parent


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "colorize_cli", *map(str, arguments)]


# streams ----------------------------------------------------------------------------------------------------


def test_pipes_carry_pictures(art: Path) -> None:
    lines = (art / "lines" / "a.png").read_bytes()
    hints = ("--hints", art / "hints" / "a.png")
    ran = subprocess.run(command("colorize", "-", *hints), input=lines, capture_output=True, cwd=ROOT, check=True)
    assert tuple(drawings.read(ran.stdout)[48, 25]) == drawings.RED
    to_file = subprocess.run(
        command("colorize", "-", "-o", art / "out" / "x.png", *hints),
        input=lines,
        capture_output=True,
        cwd=ROOT,
        check=True,
    )
    assert to_file.stdout == b""
    assert (art / "out" / "x.png").read_bytes() == ran.stdout
    assert files_in(art / "out") == ["x.png"]


def test_a_bad_picture_in_a_pipe_is_one_line_and_exit_1() -> None:
    ran = subprocess.run(command("extract-lines", "-"), input=b"nonsense", capture_output=True, cwd=ROOT, check=False)
    assert (ran.returncode, ran.stdout) == (1, b"")
    assert b"Traceback" not in ran.stderr
    assert b"failed" in ran.stderr


def test_json_and_json_lines_are_all_that_standard_output_carries(cli: Cli, art: Path) -> None:
    (art / "lines" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    lines = cli("regions", art / "lines", "-o", art / "out", "-j", 1, "--json-lines").out.splitlines()
    records = [json.loads(line) for line in lines]
    assert sorted(record["status"] for record in records) == ["done", "done", "done", "failed"]
    summary = json.loads(cli("regions", art / "lines", "-o", art / "out", "-j", 1, "--json").out)
    assert (summary["inputs"], summary["skipped"], summary["failed"], summary["exit_code"]) == (4, 3, 1, 1)


@pytest.mark.parametrize(
    ("name", "beginning"),
    [("github", "::error title=colorize-cli::"), ("junit", "<?xml"), ("sarif", "{"), ("json", "")],
)
def test_an_error_of_the_whole_run_is_told_in_formats_that_services_read(
    cli: Cli, art: Path, name: str, beginning: str
) -> None:
    ran = cli("regions", art / "nowhere", "-o", art / "out", "--output-format", name)
    assert ran.code == 2
    assert ran.out.startswith(beginning)
    assert bool(ran.out) == bool(beginning)
    assert len(ran.err.splitlines()) == 1


def test_a_report_has_every_record(cli: Cli, art: Path) -> None:
    cli("regions", art / "lines", "-o", art / "out", "-j", 1, "-q", "--report", art / "run.json")
    report = json.loads((art / "run.json").read_text())
    assert [record["status"] for record in report["records"]] == ["done"] * 3
    assert report["settings"]["method"] == "trapped_ball"


def test_a_report_never_takes_the_place_of_a_picture(cli: Cli, art: Path) -> None:
    picture = art / "lines" / "a.png"
    before = picture.read_bytes()
    ran = cli("regions", picture, "-o", art / "out", "--report", picture)
    assert ran.code == 2
    assert "is no report" in ran.err
    assert picture.read_bytes() == before
    assert not (art / "out").exists()


def test_files_from_a_list_and_from_a_pipe(cli: Cli, art: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(art / "lines")
    (art / "list.txt").write_text("a.png\ndeep/b.png\n")
    assert cli("regions", "--files-from", art / "list.txt", "-o", art / "out", "-j", 1, "--no-preview").code == 0
    assert files_in(art / "out") == ["a.png", "deep/b.png"]
    ran = subprocess.run(
        command("regions", "--files-from", "-", "-o", art / "piped", "-j", 1, "--no-preview"),
        input=b"deep/c.png\0a.png\0",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert ran.returncode == 0
    assert files_in(art / "piped") == ["a.png", "deep/c.png"]


def test_a_list_of_powershell_names_what_it_names(cli: Cli, art: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(art / "lines")
    (art / "list.txt").write_bytes("a.png\r\n".encode("utf-16"))
    assert cli("regions", "--files-from", art / "list.txt", "-o", art / "out", "-j", 1, "--no-preview").code == 0
    assert files_in(art / "out") == ["a.png"]


def test_a_listed_path_outside_the_root_is_a_line_of_its_own(
    cli: Cli, art: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(art)
    (art / "list.txt").write_text("lines/a.png\nhints/a.png\nlines/../hints/deep/b.png\n")
    for command in (("regions",), ("extract-lines",), ("make-hints",), ("colorize", "--model", "flat")):
        out = art / f"out of {command[0]}"
        ran = cli(*command, "--files-from", "list.txt", "--root", "lines", "-o", out, "-j", 1)
        assert ran.code == 1
        assert ran.err.count("it is not below --root lines. Leave it out of the list") == 2
        assert "a.png" in files_in(out)
        assert not any("b" in name for name in files_in(out))


def test_a_dataset_takes_no_listed_path_outside_the_root(cli: Cli, art: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(art)
    options = ("--root", "colour", "-o", art / "ds", "-j", 1, "--size", 32)
    (art / "list.txt").write_text("colour/a.png\nhints/a.png\n")
    assert cli("build-dataset", "--files-from", "list.txt", *options).code == 1
    manifest = (art / "ds" / "manifest.jsonl").read_bytes()
    assert manifest.count(b"\n") == 1
    (art / "list.txt").write_text("hints/a.png\n")
    ran = cli("build-dataset", "--files-from", "list.txt", *options)
    assert ran.code == 1
    assert "not below --root" in ran.err
    assert (art / "ds" / "manifest.jsonl").read_bytes() == manifest


def test_partners_in_a_folder_that_cannot_be_read_fail_their_drawings_alone(
    cli: Cli, art: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (art / "hints" / "lost+found").mkdir()
    refuse_scans_of("deep", monkeypatch, above="hints")
    refuse_scans_of("lost+found", monkeypatch)
    ran = cli("colorize", art / "lines", "-o", art / "out", "--hints", art / "hints", "--model", "flat", "-j", 1)
    assert ran.code == 1
    assert files_in(art / "out") == ["a.png"]
    assert "1 done, 3 failed" in ran.err
    assert ran.err.count(str(art / "hints" / "deep")) == 2
    assert "failed  " + str(art / "hints" / "lost+found") in ran.err


def test_what_is_passed_over_is_one_line_and_in_the_summary(cli: Cli, art: Path) -> None:
    for name in ("b.psd", "deep/c.svg", "deep/d.psd"):
        (art / "lines" / name).write_bytes(b"x")
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 12345\n"
    (art / "lines" / "e.png").write_bytes(pointer)
    ran = cli("regions", art / "lines", "-o", art / "out", "-j", 1, "--json")
    assert ran.code == 0
    assert ran.err.count("passed over: .psd (2), .svg (1), Git LFS pointers (1); git lfs pull") == 1
    summary = json.loads(ran.out)
    assert summary["passed_over"] == {".psd": 2, ".svg": 1, "Git LFS pointers": 1}
    assert (summary["inputs"], summary["done"]) == (3, 3)
    assert "passed_over" not in json.loads(cli("regions", art / "lines" / "a.png", "-o", art / "out", "--json").out)


def test_a_limit_of_pixels_that_is_no_number_is_said_once(cli: Cli, art: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORIZE_CLI_MAX_PIXELS", "1e6")
    ran = cli("regions", art / "lines", "-o", art / "out", "-j", 1)
    assert ran.code == 2
    assert ran.err.count("COLORIZE_CLI_MAX_PIXELS") == 1
    assert not (art / "out").exists()


def test_changed_files_of_any_kind_just_work(cli: Cli, art: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(art)
    (art / "list").write_bytes(b"hints/deep/b.png\0README.md\0lines/gone.png\0")
    command = ("colorize", "lines", "-o", "out", "--hints", "hints", "--model", "flat", "-j", 1)
    ran = cli(*command, "--changed-files", "list", "--json")
    assert ran.code == 0, ran.err
    summary = json.loads(ran.out)
    assert (summary["done"], summary["inputs"]) == (1, 1)
    assert "1 of 3 pictures are touched by the list of changed files" in summary["notes"]
    assert files_in(art / "out") == ["deep/b.png"]
    (art / "palette.hex").write_text("dc281e\n")
    (art / "list").write_text("palette.hex\n")
    palette = ("--palette", "palette.hex")
    assert json.loads(cli(*command, *palette, "--changed-files", "list", "--json", "-n").out)["inputs"] == 3


@pytest.mark.parametrize("content", ["", "README.md\ngone.png\n"])
def test_an_empty_list_is_exit_3_or_with_allow_empty_0(cli: Cli, art: Path, content: str) -> None:
    (art / "list").write_text(content)
    command = ("regions", art / "lines", "-o", art / "out", "--changed-files", art / "list")
    ran = cli(*command, "--json")
    assert (ran.code, ran.out) == (3, "")
    assert "none of 3 pictures is touched by the list of changed files. Add --allow-empty" in ran.err
    summary = json.loads(cli(*command, "--json", "--allow-empty").out)
    assert (summary["command"], summary["inputs"], summary["exit_code"]) == ("regions", 0, 0)
    assert cli(*command, "--allow-empty").code == 0
    (art / "empty").write_text("")
    assert cli("regions", "--files-from", art / "empty", "-o", art / "out").code == 3
    assert cli("regions", "--files-from", art / "empty", "-o", art / "out", "--allow-empty").code == 0
    assert not (art / "out").exists()


def test_changed_files_are_refused_where_all_pictures_count_together(cli: Cli, art: Path) -> None:
    (art / "list").write_text("a.png\n")
    ran = cli("build-dataset", art / "colour", "-o", art / "set", "--changed-files", art / "list")
    assert ran.code == 2
    assert "build-dataset looks at all pictures together" in ran.err
    ran = cli("colorize", art / "lines", "-o", art / "out", "--lock", "--changed-files", art / "list")
    assert ran.code == 2
    assert "--lock looks at all frames" in ran.err
    ran = cli("regions", "--files-from", "-", "-o", art / "out", "--changed-files", "-")
    assert ran.code == 2
    assert "two lists cannot share standard input" in ran.err
    ran = cli("colorize", art / "lines", "-o", art / "out", "--prune", "--changed-files", art / "list")
    assert ran.code == 2
    assert "--prune looks at all pictures" in ran.err


# interruptions ----------------------------------------------------------------------------------------------


def many(folder: Path, count: int) -> None:
    for index in range(count):
        lines = drawings.two_circles(256)
        lines[0, 0] = index
        drawings.write(folder / f"{index:03}.png", lines)


def files_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in files_in(folder)}


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_after_a_signal_the_same_command_ends_as_if_undisturbed(tmp_path: Path, sent: int, code: int) -> None:
    many(tmp_path / "in", 120)
    out = tmp_path / "out"
    run = command("colorize", tmp_path / "in", "-o", out, "-j", 2, "--palette", _palette(tmp_path))
    process = subprocess.Popen(run, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while len(files_in(out)) < 5 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(sent)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "Traceback" not in err
    finished = files_of(out)
    assert 5 <= len(finished) < 120
    for data in finished.values():
        assert drawings.read(data).shape == (256, 256, 3)
    again = subprocess.run([*run, "--json"], cwd=ROOT, capture_output=True, text=True, check=True)
    summary = json.loads(again.stdout)
    assert summary["done"] + summary["skipped"] == 120
    assert summary["skipped"] >= len(finished) - 8
    main_run = command(
        "colorize", tmp_path / "in", "-o", tmp_path / "undisturbed", "-j", 1, "--palette", _palette(tmp_path)
    )
    subprocess.run([*main_run, "-q"], cwd=ROOT, check=True)
    assert files_of(out) == files_of(tmp_path / "undisturbed")
    assert not list((out / ".colorize-cli").glob("unfinished-*"))


def _palette(folder: Path) -> Path:
    path = folder / "three.hex"
    path.write_text("dc281e\n28aa50\n1e3cc8\n")
    return path
