"""Facts about the record of what happened."""

import json

import numpy as np
import pytest

from pipelines.colorize.facts import (
    GROUND,
    GUESSED,
    HINTED,
    ColoringFacts,
    facts_of,
    sum_up_run,
    take_account,
    warnings_of,
)
from pipelines.core.batch.report import Record, Report
from pipelines.core.imaging.arrays import U8
from pipelines.flatting.reading import LineReading
from pipelines.inference.types import ColorGuide, ColorResult
from pipelines.models import flat
from tests import drawings


def coloured(lines: U8, hints: U8, palette: U8 | None = None) -> tuple[LineReading, ColorResult, ColorGuide]:
    reading = LineReading(lines)
    result = flat.fill_reading(reading, hints, palette, flat.Params(), np.random.default_rng(0))
    made = ColorResult(result.colour, result.colour, result.background, result.areas)
    return reading, made, ColorGuide(hints, palette)


def facts(lines: U8, hints: U8, palette: U8 | None = None) -> ColoringFacts:
    reading, result, guide = coloured(lines, hints, palette)
    return facts_of(take_account(reading, result, guide), reading, result, guide=guide, guided_by="hints")


def one_hint(size: int = 96) -> U8:
    hints = drawings.two_hints(size)
    hints[:, size // 2 :] = 0
    return hints


NO_HINTS = np.zeros((96, 96, 4), np.uint8)


def test_areas_are_hinted_guessed_or_ground() -> None:
    told = facts(drawings.two_circles(), one_hint())
    assert told.areas == {"all": 3, "hinted": 1, "guessed": 1, "ground": 1, "empty": 0}
    assert told.hints == {"given": 1, "used": 1}
    assert (told.lines_found, told.gaps, dict(told.unused)) == (True, 0, {})
    assert warnings_of(told) == ()


def test_kinds_lie_where_the_areas_are() -> None:
    reading, result, guide = coloured(drawings.two_circles(), one_hint())
    kinds = take_account(reading, result, guide).kinds[result.areas]
    assert (kinds[48, 25], kinds[48, 71], kinds[2, 2]) == (HINTED, GUESSED, GROUND)


def test_a_blank_page_has_no_lines() -> None:
    told = facts(np.full((96, 96), 255, np.uint8), NO_HINTS)
    assert not told.lines_found
    assert warnings_of(told) == ("no lines found: all of it counts as paper",)


def test_lines_that_enclose_nothing_are_said() -> None:
    lines = np.full((96, 96), 255, np.uint8)
    lines[40:43, 20:70] = 0
    assert warnings_of(facts(lines, NO_HINTS)) == ("nothing was coloured: the lines enclose no area",)


def test_gaps_are_counted_with_the_widest() -> None:
    lines = np.full((200, 200), 255, np.uint8)
    lines[40:160, 40:43] = lines[40:160, 157:160] = lines[40:43, 40:160] = lines[157:160, 40:160] = 0
    lines[40:160, 98:101] = 0
    lines[90:93, 98:101] = 255
    hints = np.zeros((200, 200, 4), np.uint8)
    hints[95:105, 60:70], hints[95:105, 130:140] = (*drawings.RED, 255), (*drawings.BLUE, 255)
    told = facts(lines, hints)
    assert told.gaps == 1
    assert told.widest_gap == pytest.approx(3, abs=1)
    assert told.open_gaps[0]["x"] in range(96, 103) and told.open_gaps[0]["y"] in range(89, 94)


def test_a_palette_that_hints_put_aside_is_said() -> None:
    palette = np.array([(10, 200, 200), (200, 10, 200)], np.uint8)
    reading, result, _ = coloured(drawings.two_circles(), one_hint())  # by a model that heeds hints alone
    guide = ColorGuide(one_hint(), palette)
    told = facts_of(take_account(reading, result, guide), reading, result, guide=guide, guided_by="hints")
    assert told.palette_ignored
    assert not facts(drawings.two_circles(), one_hint(), palette).palette_ignored
    assert not facts(drawings.two_circles(), NO_HINTS, palette).palette_ignored
    assert not facts(drawings.two_circles(), drawings.two_hints(), palette).palette_ignored, "nothing was left for it"


def test_the_first_unused_hints_are_named_and_the_rest_counted() -> None:
    marks = [{"x": at, "y": 7, "colour": "00ff00", "why": "too faint"} for at in range(5)]
    told = ColoringFacts(areas={"hinted": 1, "guessed": 0}, unused={"too faint": 5}, unused_hints=tuple(marks))
    (warning,) = warnings_of(told)
    assert warning == "5 hints not used: too faint at 0,7, too faint at 1,7, too faint at 2,7, ..."


def test_the_record_is_json() -> None:
    told = facts(drawings.two_circles(), one_hint()).as_json()
    assert json.loads(json.dumps(told))["areas"]["all"] == 3


def line_of(*told: ColoringFacts) -> tuple[str, ...]:
    records = [Record(f"{number}.png", (), "done", facts=each.as_json()) for number, each in enumerate(told)]
    return sum_up_run(Report("colorize", {}, tuple(records)))


def test_a_run_is_summed_up_in_one_line() -> None:
    first = ColoringFacts(
        guided_by="hints",
        areas={"all": 6, "hinted": 3, "guessed": 2, "ground": 1, "empty": 0},
        hints={"given": 5, "used": 3},
        unused={"on ink alone": 2},
        gaps=2,
        widest_gap=14.0,
        paper_cleaned=True,
    )
    second = ColoringFacts(
        areas={"all": 3, "hinted": 0, "guessed": 2, "ground": 1, "empty": 0}, hints={"given": 0, "used": 0}
    )
    (line,) = line_of(first, second)
    assert line == (
        "9 areas: 3 hinted, 4 guessed, 2 ground; 2 of 5 hints not used (2 on ink alone); colours met through 2 gaps in "
        "lines, up to 14 px; the paper of 1 picture was whitened (--no-clean leaves it); "
        "no hints, reference or palette for 1 picture: colours are guessed"
    )


def test_nothing_is_said_of_a_run_in_which_nothing_was_done() -> None:
    assert sum_up_run(Report("colorize", {}, (Record("a", (), "skipped", "unchanged"),))) == ()


def test_pictures_that_were_left_alone_are_not_guessed() -> None:
    (line,) = line_of(ColoringFacts(coloured_already=True))
    assert line == "1 picture coloured already, left alone (--force colours them)"


def test_hints_that_the_model_does_not_read_are_all_unused_and_it_is_said_why() -> None:
    reading, result, guide = coloured(drawings.two_circles(), drawings.two_hints())
    account = take_account(reading, result, guide, reads_hints=False)
    assert {mark.unused for mark in account.marks} == {"not read by the model"}
    assert HINTED not in account.kinds and GUESSED in account.kinds
    record = facts_of(account, reading, result, guide=guide, guided_by="hints")
    assert (record.hints, dict(record.unused)) == ({"given": 2, "used": 0}, {"not read by the model": 2})
    assert "2 hints not used: not read by the model at " in warnings_of(record)[0]
