"""The command line as users and CI jobs meet it: exit codes, streams, settings, errors."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import pipelines
from colorize_cli.app import main
from tests import drawings

ROOT = Path(__file__).resolve().parent.parent


class Ran:
    """What one run left behind."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Run the command line in this process."""
    for name in [name for name in os.environ if name.startswith("COLORIZE_CLI_")]:
        monkeypatch.delenv(name)

    def run(*arguments: object) -> Ran:
        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        hook = threading.excepthook
        capfd.readouterr()
        try:
            main([str(argument) for argument in arguments])
            code = 0
        except SystemExit as left:
            code = int(left.code or 0)
        finally:
            threading.excepthook = hook
            for number, handler in before.items():
                signal.signal(number, handler)
        return Ran(code, *capfd.readouterr())

    return run


@pytest.fixture
def art(tmp_path: Path) -> Path:
    """A folder of line art with hints and coloured originals of the same names."""
    for name in ("a", "deep/b", "deep/c"):
        drawings.write(tmp_path / "lines" / f"{name}.png", drawings.two_circles())
        drawings.write(tmp_path / "hints" / f"{name}.png", drawings.two_hints())
        drawings.write(tmp_path / "colour" / f"{name}.png", drawings.two_circles_coloured())
    return tmp_path


def tree(folder: Path) -> list[str]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(str(path) for path in found if not path.parts[0].startswith("."))


# what each command makes ------------------------------------------------------------------------------------


def test_colorize_mirrors_the_folder_and_fills_with_exactly_the_colours_asked_for(cli, art: Path) -> None:  # type: ignore[no-untyped-def]
    ran = cli("colorize", art / "lines", "-o", art / "out", "--hints", art / "hints", "-j", 1)
    assert ran.code == 0, ran.err
    assert tree(art / "out") == ["a.png", "deep/b.png", "deep/c.png"]
    result = drawings.read(art / "out" / "a.png")
    assert tuple(result[48, 25]) == drawings.RED
    assert tuple(result[48, 71]) == drawings.BLUE
    assert tuple(result[2, 2]) == drawings.WHITE
    ink = drawings.two_circles() == 0
    assert (result[ink] == 0).all()
    assert "3 done" in ran.err
    assert ran.out == ""


def test_extract_lines_and_make_hints_and_regions_write_their_kinds(cli, art: Path) -> None:  # type: ignore[no-untyped-def]
    assert cli("extract-lines", art / "colour", "-o", art / "l", "-j", 1, "-q").code == 0
    assert cli("make-hints", art / "colour", "-o", art / "h", "-j", 1, "--composite", "--set", "hints=4").code == 0
    assert cli("regions", art / "lines", "-o", art / "r", "-j", 1).code == 0
    assert drawings.read(art / "l" / "a.png").shape == (96, 96)
    assert drawings.read(art / "h" / "a.png").shape == (96, 96, 4)
    assert drawings.read(art / "h" / "a.composite.png").shape == (96, 96, 3)
    labels = drawings.read(art / "r" / "a.png")
    assert labels.dtype == np.uint16
    assert len({labels[48, 25], labels[48, 71], labels[2, 2]} - {0}) == 3
    assert drawings.read(art / "r" / "a.preview.png").shape == (96, 96, 3)


def test_blend_matches_by_name_and_reports_what_has_no_partner(cli, art: Path) -> None:  # type: ignore[no-untyped-def]
    drawings.write(art / "top" / "a.png", np.full((96, 96, 3), 128, np.uint8))
    drawings.write(art / "top" / "alone.png", np.full((96, 96, 3), 128, np.uint8))
    arguments = (
        "blend",
        "--base",
        art / "colour",
        "--top",
        art / "top",
        "-o",
        art / "out",
        "--mode",
        "multiply",
        "-j",
        1,
    )
    ran = cli(*arguments, "--json")
    assert ran.code == 1
    summary = json.loads(ran.out)
    assert (summary["inputs"], summary["done"], summary["failed"]) == (4, 1, 3)
    assert any("alone" in name for name in summary["failures"])
    assert tuple(drawings.read(art / "out" / "a.png")[2, 2]) == (128, 128, 128)


def test_contact_sheet_shows_every_column(cli, art: Path) -> None:  # type: ignore[no-untyped-def]
    ran = cli("contact-sheet", art / "lines", art / "colour", "-o", art / "sheet.png", "--cell", 64, "--across", 1)
    assert ran.code == 0, ran.err
    assert drawings.read(art / "sheet.png").shape == (28 + 3 * 72, 2 * 72, 3)


def test_methods_lists_every_setting_as_text_and_json(cli) -> None:  # type: ignore[no-untyped-def]
    listed = cli("methods")
    assert "lines adaptive:" in listed.out
    assert "models flat:" in listed.out
    settings = json.loads(cli("methods", "hints", "kmedoids", "--json").out)["hints kmedoids"]["settings"]
    assert {"name", "kind", "default", "meaning"} <= set(settings[0])
    assert cli("methods", "line").code == 2


# colours from elsewhere -------------------------------------------------------------------------------------


def test_a_reference_of_the_same_shape_says_where_colours_belong(cli, art: Path) -> None:  # type: ignore[no-untyped-def]
    ran = cli("colorize", art / "lines", "-o", art / "out", "--reference", art / "colour", "-j", 1)
    assert ran.code == 0, ran.err
    result = drawings.read(art / "out" / "a.png")
    assert tuple(result[48, 25]) == drawings.RED
    assert tuple(result[48, 71]) == drawings.BLUE


def test_a_palette_gives_all_colours(cli, art: Path) -> None:  # type: ignore[no-untyped-def]
    (art / "two.hex").write_text("dc281e\n28aa50\n")
    ran = cli("colorize", art / "lines", "-o", art / "out", "--palette", art / "two.hex", "-j", 1)
    assert ran.code == 0, ran.err
    result = drawings.read(art / "out" / "a.png")
    assert {tuple(result[48, 25]), tuple(result[48, 71])} <= {drawings.RED, drawings.GREEN}


def test_hints_by_hand_win_over_a_reference(cli, art: Path) -> None:  # type: ignore[no-untyped-def]
    hints = np.zeros((96, 96, 4), np.uint8)
    hints[30:66, 15:35] = (*drawings.GREEN, 255)
    drawings.write(art / "own" / "a.png", hints)
    arguments = ("--reference", art / "colour" / "a.png", "--hints", art / "own" / "a.png")
    assert cli("colorize", art / "lines" / "a.png", "-o", art / "out", *arguments).code == 0
    result = drawings.read(art / "out" / "a.png")
    assert tuple(result[48, 25]) == drawings.GREEN
    assert tuple(result[48, 71]) == drawings.BLUE


def test_without_guides_it_says_that_colours_are_guessed(cli, art: Path) -> None:  # type: ignore[no-untyped-def]
    ran = cli("colorize", art / "lines" / "a.png", "-o", art / "out")
    assert ran.code == 0
    assert "colours are guessed" in ran.err


@pytest.mark.parametrize("background", ["auto", "transparent"])
def test_line_art_of_ink_alone_gets_a_body_and_keeps_its_outside_transparent(cli, art: Path, background: str) -> None:  # type: ignore[no-untyped-def]
    lines = drawings.two_circles()
    ink = np.dstack([np.zeros((96, 96, 3), np.uint8), 255 - lines])
    drawings.write(art / "ink" / "a.png", ink)
    arguments = ("--hints", art / "hints", "--background", background)
    assert cli("colorize", art / "ink", "-o", art / "out", *arguments, "-j", 1).code == 0
    result = drawings.read(art / "out" / "a.png")
    assert tuple(result[48, 25]) == (*drawings.RED, 255)
    assert result[2, 2, 3] == 0
    assert (result[lines == 0] == (0, 0, 0, 255)).all()


def test_an_opaque_body_keeps_its_own_alpha(cli, art: Path) -> None:  # type: ignore[no-untyped-def]
    alpha = np.zeros((96, 96), np.uint8)
    alpha[20:76, 4:92] = 255
    alpha[20, :] = 99
    drawings.write(art / "cut" / "a.png", np.dstack([*[drawings.two_circles()] * 3, alpha]))
    assert cli("colorize", art / "cut", "-o", art / "out", "--hints", art / "hints").code == 0
    assert (drawings.read(art / "out" / "a.png")[..., 3] == np.where(alpha > 0, alpha, 0)).all()


def test_opaque_line_art_can_get_a_transparent_background(cli, art: Path) -> None:  # type: ignore[no-untyped-def]
    arguments = ("--hints", art / "hints", "--background", "transparent", "-j", 1)
    assert cli("colorize", art / "lines", "-o", art / "out", *arguments).code == 0
    result = drawings.read(art / "out" / "a.png")
    assert (result[2, 2, 3], result[48, 25, 3], result[48, 48, 3]) == (0, 255, 0)


def test_hints_that_cannot_lie_over_the_line_art_are_a_clear_row(cli, art: Path) -> None:  # type: ignore[no-untyped-def]
    drawings.write(art / "bad" / "a.png", np.zeros((96, 48, 4), np.uint8))
    drawings.write(art / "bad" / "deep" / "b.png", drawings.two_circles_coloured())
    ran = cli("colorize", art / "lines", "-o", art / "out", "--hints", art / "bad", "-j", 1)
    assert ran.code == 1
    assert "the hints are 48x96, the line art 96x96" in ran.err
    assert "no transparency" in ran.err


# streams ----------------------------------------------------------------------------------------------------


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "colorize_cli", *map(str, arguments)]


def test_pipes_carry_pictures(art: Path) -> None:
    lines = (art / "lines" / "a.png").read_bytes()
    hints = ("--hints", art / "hints" / "a.png")
    done = subprocess.run(command("colorize", "-", *hints), input=lines, capture_output=True, cwd=ROOT, check=True)
    assert tuple(drawings.read(done.stdout)[48, 25]) == drawings.RED
    to_file = subprocess.run(
        command("colorize", "-", "-o", art / "out" / "x.png", *hints),
        input=lines,
        capture_output=True,
        cwd=ROOT,
        check=True,
    )
    assert to_file.stdout == b""
    assert (art / "out" / "x.png").read_bytes() == done.stdout
    assert tree(art / "out") == ["x.png"]


def test_a_bad_picture_in_a_pipe_is_one_line_and_exit_1() -> None:
    done = subprocess.run(command("extract-lines", "-"), input=b"nonsense", capture_output=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"Traceback" not in done.stderr
    assert b"failed" in done.stderr


def test_json_and_json_lines_are_all_that_standard_output_carries(cli, art: Path) -> None:  # type: ignore[no-untyped-def]
    (art / "lines" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    lines = cli("regions", art / "lines", "-o", art / "out", "-j", 1, "--json-lines").out.splitlines()
    records = [json.loads(line) for line in lines]
    assert sorted(record["status"] for record in records) == ["done", "done", "done", "failed"]
    summary = json.loads(cli("regions", art / "lines", "-o", art / "out", "-j", 1, "--json").out)
    assert (summary["inputs"], summary["skipped"], summary["failed"], summary["exit_code"]) == (4, 3, 1, 1)


def test_a_report_has_every_record(cli, art: Path) -> None:  # type: ignore[no-untyped-def]
    cli("regions", art / "lines", "-o", art / "out", "-j", 1, "-q", "--report", art / "run.json")
    report = json.loads((art / "run.json").read_text())
    assert [record["status"] for record in report["records"]] == ["done"] * 3
    assert report["settings"]["method"] == "trapped_ball"


def test_a_report_never_takes_the_place_of_a_picture(cli, art: Path) -> None:  # type: ignore[no-untyped-def]
    picture = art / "lines" / "a.png"
    before = picture.read_bytes()
    ran = cli("regions", picture, "-o", art / "out", "--report", picture)
    assert ran.code == 2
    assert "is no report" in ran.err
    assert picture.read_bytes() == before
    assert not (art / "out").exists()


def test_missing_and_unused_hints_are_named(cli, art: Path) -> None:  # type: ignore[no-untyped-def]
    (art / "hints" / "a.png").rename(art / "hints" / "A.png")
    ran = cli("colorize", art / "lines", "-o", art / "out", "--hints", art / "hints", "-j", 1)
    assert "a.png: nothing of its name in --hints" in ran.err
    assert "no drawing for the hints" in ran.err


def test_quiet_says_nothing_and_plain_lines_hold_no_escape_codes(cli, art: Path) -> None:  # type: ignore[no-untyped-def]
    assert cli("regions", art / "lines", "-o", art / "q", "-j", 1, "-q").err == ""
    loud = cli("regions", art / "lines", "-o", art / "v", "-j", 1, "-v").err
    assert "\x1b" not in loud
    assert loud.count("done") >= 3


def test_files_from_a_list_and_from_a_pipe(cli, art: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(art / "lines")
    (art / "list.txt").write_text("a.png\ndeep/b.png\n")
    assert cli("regions", "--files-from", art / "list.txt", "-o", art / "out", "-j", 1, "--no-preview").code == 0
    assert tree(art / "out") == ["a.png", "deep/b.png"]
    done = subprocess.run(
        command("regions", "--files-from", "-", "-o", art / "piped", "-j", 1, "--no-preview"),
        input=b"deep/c.png\0a.png\0",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0
    assert tree(art / "piped") == ["a.png", "deep/c.png"]


# settings ---------------------------------------------------------------------------------------------------


def test_flag_beats_environment_beats_file_beats_default(cli, art: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    def method_of(*arguments: object) -> str:
        ran = cli("extract-lines", art / "colour", "-o", art / "out", "-n", "--json", *arguments)
        assert ran.code == 0, ran.err
        return str(json.loads(ran.out)["settings"]["method"])

    settings = art / "settings.toml"
    settings.write_text('[extract-lines]\nmethod = "xdog"\n')
    assert method_of() == "adaptive"
    assert method_of("--settings", settings) == "xdog"
    monkeypatch.setenv("COLORIZE_CLI_SETTINGS", str(settings))
    assert method_of() == "xdog"
    monkeypatch.setenv("COLORIZE_CLI_LINE_METHOD", "adaptive")
    assert method_of() == "adaptive"
    assert method_of("--method", "xdog") == "xdog"


def test_settings_of_the_method_come_from_the_file_and_set_wins(cli, art: Path) -> None:  # type: ignore[no-untyped-def]
    settings = art / "settings.toml"
    settings.write_text("[make-hints]\nseed = 3\n[make-hints.settings]\nhints = 7\ncolours = 20\n")
    arguments = ("make-hints", art / "colour", "-o", art / "out", "-n", "--json", "--settings", settings)
    params = json.loads(cli(*arguments, "--set", "colours=9").out)["settings"]["params"]
    assert (params["hints"], params["colours"]) == (7, 9)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[regions]\nmethods = 1\n", "has no option 'methods'"),
        ("[regions]\nseed = 'x'\n", "seed"),
        ("regions = 3\n", "is no table"),
        ("[regions]\nsettings = 3\n", "is no table"),
        ("[region]\nseed = 3\n", "Did you mean 'regions'"),
        ("seed = 3\n", "no command: 'seed'"),
        ("not toml", "is not a TOML file"),
    ],
)
def test_a_bad_settings_file_is_exit_2(cli, art: Path, text: str, message: str) -> None:  # type: ignore[no-untyped-def]
    (art / "settings.toml").write_text(text)
    ran = cli("regions", art / "lines", "-o", art / "out", "--settings", art / "settings.toml")
    assert ran.code == 2
    assert message in ran.err


# exit codes and errors --------------------------------------------------------------------------------------


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
def test_wrong_usage_is_one_clear_line(cli, art: Path, arguments: tuple[str, ...], code: int, message: str) -> None:  # type: ignore[no-untyped-def]
    (art / "empty").mkdir()
    (art / "note.txt").write_text("hello")
    ran = cli(*(argument.format(art=art) for argument in arguments))
    assert ran.code == code
    assert message in ran.err
    assert len(ran.err.splitlines()) == 1
    assert ran.out == ""
    assert not (art / "out").exists()


def test_two_inputs_of_one_output_name_are_refused_before_any_work(cli, art: Path) -> None:  # type: ignore[no-untyped-def]
    (art / "lines" / "a.bmp").write_bytes((art / "lines" / "a.png").read_bytes())
    ran = cli("regions", art / "lines", "-o", art / "out")
    assert ran.code == 2
    assert "would both become" in ran.err
    assert not (art / "out").exists()
    assert cli("regions", art / "lines", "-o", art / "out", "--keep-extension", "-j", 1).code == 0
    assert "a.bmp.png" in tree(art / "out")


def test_output_inside_input_is_not_taken_for_input(cli, art: Path) -> None:  # type: ignore[no-untyped-def]
    for expected in ("3 done", "3 skipped"):
        ran = cli("regions", art / "lines", "-o", art / "lines" / "out", "-j", 1, "--no-preview")
        assert ran.code == 0
        assert expected in ran.err


def test_version_and_bare_call(cli) -> None:  # type: ignore[no-untyped-def]
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
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "extract-lines" in done.stdout


# interruptions ----------------------------------------------------------------------------------------------


def many(folder: Path, count: int) -> None:
    for index in range(count):
        lines = drawings.two_circles(256)
        lines[0, 0] = index
        drawings.write(folder / f"{index:03}.png", lines)


def files_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in tree(folder)}


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_after_a_signal_the_same_command_ends_as_if_undisturbed(tmp_path: Path, sent: int, code: int) -> None:
    many(tmp_path / "in", 120)
    out = tmp_path / "out"
    run = command("colorize", tmp_path / "in", "-o", out, "-j", 2, "--palette", _palette(tmp_path))
    process = subprocess.Popen(run, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while len(tree(out)) < 5 and process.poll() is None:
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
