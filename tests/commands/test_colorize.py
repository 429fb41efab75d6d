"""`colorize-cli colorize`: what guides it, what lies where in the result, what it says of guides that do not fit."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests import drawings
from tests.conftest import Cli, files_in


def test_colorize_mirrors_the_folder_and_fills_with_exactly_the_colours_asked_for(cli: Cli, art: Path) -> None:
    ran = cli("colorize", art / "lines", "-o", art / "out", "--hints", art / "hints", "-j", 1)
    assert ran.code == 0, ran.err
    assert files_in(art / "out") == ["a.png", "deep/b.png", "deep/c.png"]
    result = drawings.read(art / "out" / "a.png")
    assert tuple(result[48, 25]) == drawings.RED
    assert tuple(result[48, 71]) == drawings.BLUE
    assert tuple(result[2, 2]) == drawings.WHITE
    ink = drawings.two_circles() == 0
    assert (result[ink] == 0).all()
    assert "3 done" in ran.err
    assert ran.out == ""


def test_a_reference_of_the_same_shape_says_where_colours_belong(cli: Cli, art: Path) -> None:
    ran = cli("colorize", art / "lines", "-o", art / "out", "--reference", art / "colour", "-j", 1)
    assert ran.code == 0, ran.err
    result = drawings.read(art / "out" / "a.png")
    assert tuple(result[48, 25]) == drawings.RED
    assert tuple(result[48, 71]) == drawings.BLUE


def test_a_palette_gives_all_colours(cli: Cli, art: Path) -> None:
    (art / "two.hex").write_text("dc281e\n28aa50\n")
    ran = cli("colorize", art / "lines", "-o", art / "out", "--palette", art / "two.hex", "-j", 1)
    assert ran.code == 0, ran.err
    result = drawings.read(art / "out" / "a.png")
    assert {tuple(result[48, 25]), tuple(result[48, 71])} <= {drawings.RED, drawings.GREEN}


def test_hints_by_hand_win_over_a_reference(cli: Cli, art: Path) -> None:
    hints = np.zeros((96, 96, 4), np.uint8)
    hints[30:66, 15:35] = (*drawings.GREEN, 255)
    drawings.write(art / "own" / "a.png", hints)
    arguments = ("--reference", art / "colour" / "a.png", "--hints", art / "own" / "a.png")
    assert cli("colorize", art / "lines" / "a.png", "-o", art / "out", *arguments).code == 0
    result = drawings.read(art / "out" / "a.png")
    assert tuple(result[48, 25]) == drawings.GREEN
    assert tuple(result[48, 71]) == drawings.BLUE


def test_without_guides_it_says_that_colours_are_guessed(cli: Cli, art: Path) -> None:
    ran = cli("colorize", art / "lines" / "a.png", "-o", art / "out")
    assert ran.code == 0
    assert "colours are guessed" in ran.err


@pytest.mark.parametrize("background", ["auto", "transparent"])
def test_line_art_of_ink_alone_gets_a_body_and_keeps_its_outside_transparent(
    cli: Cli, art: Path, background: str
) -> None:
    lines = drawings.two_circles()
    ink = np.dstack([np.zeros((96, 96, 3), np.uint8), 255 - lines])
    drawings.write(art / "ink" / "a.png", ink)
    arguments = ("--hints", art / "hints", "--background", background)
    assert cli("colorize", art / "ink", "-o", art / "out", *arguments, "-j", 1).code == 0
    result = drawings.read(art / "out" / "a.png")
    assert tuple(result[48, 25]) == (*drawings.RED, 255)
    assert result[2, 2, 3] == 0
    assert (result[lines == 0] == (0, 0, 0, 255)).all()


def test_an_opaque_body_keeps_its_own_alpha(cli: Cli, art: Path) -> None:
    alpha = np.zeros((96, 96), np.uint8)
    alpha[20:76, 4:92] = 255
    alpha[20, :] = 99
    drawings.write(art / "cut" / "a.png", np.dstack([*[drawings.two_circles()] * 3, alpha]))
    assert cli("colorize", art / "cut", "-o", art / "out", "--hints", art / "hints").code == 0
    assert (drawings.read(art / "out" / "a.png")[..., 3] == np.where(alpha > 0, alpha, 0)).all()


def test_opaque_line_art_can_get_a_transparent_background(cli: Cli, art: Path) -> None:
    arguments = ("--hints", art / "hints", "--background", "transparent", "-j", 1)
    assert cli("colorize", art / "lines", "-o", art / "out", *arguments).code == 0
    result = drawings.read(art / "out" / "a.png")
    assert (result[2, 2, 3], result[48, 25, 3], result[48, 48, 3]) == (0, 255, 0)


def test_hints_that_cannot_lie_over_the_line_art_are_a_clear_row(cli: Cli, art: Path) -> None:
    drawings.write(art / "bad" / "a.png", np.zeros((96, 48, 4), np.uint8))
    drawings.write(art / "bad" / "deep" / "b.png", drawings.two_circles_coloured())
    ran = cli("colorize", art / "lines", "-o", art / "out", "--hints", art / "bad", "-j", 1)
    assert ran.code == 1
    assert "the hints are 48x96, the line art 96x96" in ran.err
    assert "no transparency" in ran.err


def test_missing_and_unused_hints_are_named(cli: Cli, art: Path) -> None:
    (art / "hints" / "a.png").rename(art / "hints" / "A.png")
    ran = cli("colorize", art / "lines", "-o", art / "out", "--hints", art / "hints", "-j", 1)
    assert "a.png: nothing of its name in --hints" in ran.err
    assert "no drawing for the hints" in ran.err


# what it says of what happened


def test_what_is_guessed_is_said_once_for_all_pictures(cli: Cli, art: Path) -> None:
    ran = cli("colorize", art / "lines", "-o", art / "out", "-j", 1)
    assert ran.code == 0
    assert ran.err.count("guessed:") + ran.err.count("are guessed") == 1
    assert "no hints, reference or palette for 3 pictures: colours are guessed" in ran.err
    assert "warning" not in ran.err


def test_facts_are_in_the_records_and_in_the_summary(cli: Cli, art: Path) -> None:
    given = ("colorize", art / "lines", "--hints", art / "hints", "-j", 1)
    ran = cli(*given, "-o", art / "out", "--json", "--report", art / "report.json")
    summary, report = json.loads(ran.out), json.loads((art / "report.json").read_text())
    assert summary["facts"]["areas"] == {"all": 9, "hinted": 6, "guessed": 0, "ground": 3, "empty": 0}
    assert summary["facts"]["hints"] == {"given": 6, "used": 6}
    assert report["records"][0]["facts"]["areas"]["hinted"] == 2
    lines = cli(*given, "-o", art / "again", "--json-lines").out.splitlines()
    assert all(json.loads(line)["facts"]["lines_found"] for line in lines)


def test_pictures_that_are_coloured_already_are_left_alone_unless_forced(cli: Cli, art: Path) -> None:
    drawings.write(art / "lines" / "finished.png", drawings.two_circles_coloured())
    given = ("colorize", art / "lines", "-o", art / "out", "-j", 1)
    ran = cli(*given)
    assert ran.code == 0
    assert "finished.png: is coloured already" in ran.err
    assert "3 done, 1 skipped" in ran.err
    assert not (art / "out" / "finished.png").exists()
    forced = cli(*given, "--force")
    assert "1 done, 3 skipped" in forced.err, "the others are as they were"
    assert (art / "out" / "finished.png").exists()


def test_what_is_coloured_on_a_page_stays_as_it_is(cli: Cli, art: Path) -> None:
    lines = drawings.two_circles(200)
    page = np.dstack([lines] * 3)
    inside = np.hypot(*(np.indices((200, 200)) - np.array([100, 51])[:, None, None])) < 37
    page[inside] = drawings.GREEN
    page[lines < 255] = lines[lines < 255][:, None]
    hints = np.zeros((200, 200, 4), np.uint8)
    hints[95:105, 144:154] = (*drawings.RED, 255)
    drawings.write(art / "page.png", page)
    drawings.write(art / "dab.png", hints)
    ran = cli("colorize", art / "page.png", "-o", art / "out", "--hints", art / "dab.png", "--model", "flat")
    assert "page.png: is partly coloured: that stays as it is" in ran.err
    result = drawings.read(art / "out" / "page.png")
    assert (result[inside] == page[inside]).all(axis=1).mean() > 0.97
    assert tuple(result[100, 149]) == drawings.RED


def test_pictures_without_a_used_hint_fail_where_hints_are_required(cli: Cli, art: Path) -> None:
    (art / "hints" / "a.png").unlink()
    faint = drawings.read(art / "hints" / "deep" / "b.png")
    faint[..., 3] = faint[..., 3] // 14
    drawings.write(art / "hints" / "deep" / "b.png", faint)
    ran = cli("colorize", art / "lines", "-o", art / "out", "--hints", art / "hints", "--require-hints", "-j", 1)
    assert ran.code == 1
    assert files_in(art / "out") == ["deep/c.png"]
    assert "a.png: there are no hints. Paint some, or leave out --require-hints" in ran.err
    assert "deep/b.png: 2 hints not used: too faint at " in ran.err
    assert "Traceback" not in ran.err


def test_explanations_lie_beside_the_results(cli: Cli, art: Path) -> None:
    given = ("colorize", art / "lines", "-o", art / "out", "--hints", art / "hints", "-j", 1)
    assert cli(*given, "--explain").code == 0
    assert files_in(art / "out" / "explain") == ["a.png", "deep/b.png", "deep/c.png"]
    assert (drawings.read(art / "out" / "explain" / "a.png")[..., :3] == drawings.RED).all(axis=2).any()
    again = cli("colorize", art / "out", "-o", art / "more", "--dry-run", "-j", 1)
    assert "3 pictures" in again.err, "explanations are no drawings"
    assert cli("colorize", art / "lines" / "a.png", "-o", "-", "--explain").code == 2
