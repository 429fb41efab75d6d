"""Facts about what became of hints."""

import cv2
import numpy as np
import pytest

from pipelines.colorize.hint_use import count_reasons, find_marks, judge_marks
from pipelines.core.imaging.arrays import U8
from pipelines.inference.types import ColorResult
from tests.drawings import BLUE, GREEN, RED

SHAPE = (60, 80)


def dabs(*places: tuple[int, int, tuple[int, int, int], int], shape: tuple[int, int] = SHAPE, radius: int = 3) -> U8:
    """Hints, RGBA: dabs of (x, y, colour, alpha)."""
    hints = np.zeros((*shape, 4), np.uint8)
    for x, y, colour, alpha in places:
        cv2.circle(hints, (x, y), radius, (*colour, alpha), cv2.FILLED)
    return hints


def halves(left: tuple[int, int, int] = RED, right: tuple[int, int, int] = BLUE) -> ColorResult:
    """A result of two areas."""
    areas = np.where(np.arange(80) < 40, 1, 2).astype(np.int32) * np.ones((60, 1), np.int32)
    flats = np.array([(0, 0, 0), left, right], np.uint8)[areas]
    return ColorResult(flats, flats, np.zeros(SHAPE, bool), areas)


def reasons(hints: U8, result: ColorResult, *, guide: U8 | None = None, paper: U8 | None = None) -> list[str]:
    accepted = hints.copy() if guide is None else guide
    accepted[accepted[..., 3] < 128] = 0
    sheet = np.ones(SHAPE, np.uint8) if paper is None else paper
    return [mark.unused for mark in judge_marks(find_marks(hints, SHAPE), accepted, result, paper=sheet)[0]]


def test_a_mark_is_a_dab_of_one_colour_with_its_grain() -> None:
    hints = dabs((20, 30, RED, 255), (60, 30, BLUE, 255))
    grain = np.random.default_rng(0).integers(-8, 9, (*hints.shape[:2], 3))
    hints[..., :3] = np.clip(hints[..., :3] + grain, 0, 255) * (hints[..., 3:] > 0)
    marks = find_marks(hints, SHAPE).marks
    assert [(mark.x, mark.y) for mark in marks] == [(20, 30), (60, 30)]
    assert np.abs(np.array(marks[0].colour) - RED).max() <= 8


def test_dabs_of_two_colours_that_touch_are_two_marks() -> None:
    assert len(find_marks(dabs((20, 30, RED, 255), (25, 30, BLUE, 255)), SHAPE).marks) == 2


def test_places_are_those_of_the_drawing_whatever_the_size_of_the_hints() -> None:
    marks = find_marks(dabs((40, 60, RED, 255), shape=(120, 160)), SHAPE).marks
    assert [(mark.x, mark.y) for mark in marks] == [(20, 30)]


def test_marks_that_show_are_used_and_their_areas_hinted() -> None:
    hints = dabs((20, 30, RED, 255), (60, 30, BLUE, 255))
    marks, hinted = judge_marks(find_marks(hints, SHAPE), hints, halves(), paper=np.ones(SHAPE, np.uint8))
    assert [mark.unused for mark in marks] == ["", ""]
    assert hinted.tolist() == [1, 2]


def test_faint_marks_are_named() -> None:
    assert reasons(dabs((20, 30, RED, 255), (60, 30, GREEN, 90)), halves()) == ["", "too faint"]
    assert not find_marks(dabs((60, 30, GREEN, 4)), SHAPE).marks, "what nobody sees"


def test_marks_on_ink_alone_are_named_unless_they_show() -> None:
    paper = np.ones(SHAPE, np.uint8)
    paper[:, 55:65] = 0
    assert reasons(dabs((20, 30, RED, 255), (60, 30, GREEN, 255)), halves(), paper=paper) == ["", "on ink alone"]
    marks, hinted = judge_marks(
        find_marks(dabs((60, 30, BLUE, 255)), SHAPE), dabs((60, 30, BLUE, 255)), halves(), paper=paper
    )
    assert (marks[0].unused, hinted.tolist()) == ("", [2])


def test_marks_that_others_overrule_are_named() -> None:
    hints = dabs((20, 30, RED, 255), (60, 30, BLUE, 255), (70, 10, GREEN, 255))
    assert sorted(reasons(hints, halves())) == ["", "", "overruled"]


def test_a_model_that_keeps_no_colour_overrules_none() -> None:
    assert reasons(dabs((20, 30, RED, 255), (60, 30, BLUE, 255)), halves(GREEN, GREEN)) == ["", ""]


def test_marks_that_vanish_in_size_are_named() -> None:
    hints = np.zeros((600, 800, 4), np.uint8)
    hints[300:340, 200:240] = (*RED, 255)
    hints[301, 603] = (*BLUE, 255)
    guide = dabs((22, 32, RED, 255))
    assert reasons(hints, halves(), guide=guide) == ["", "too small"]


def test_what_says_that_there_is_ground_is_used() -> None:
    result = halves()
    ground = ColorResult(result.colour, result.flats, result.areas == 2, result.areas)
    assert reasons(dabs((60, 30, (255, 0, 255), 255)), ground, guide=np.zeros((*SHAPE, 4), np.uint8)) == [""]


def test_marks_where_the_picture_is_cut_away_are_named() -> None:
    hints = dabs((20, 30, RED, 255), (60, 30, BLUE, 255))
    seen = np.where(np.arange(80) < 40, 255, 0).astype(np.uint8) * np.ones((60, 1), np.uint8)
    marks, _ = judge_marks(find_marks(hints, SHAPE), hints, halves(), paper=np.ones(SHAPE, np.uint8), seen=seen)
    assert [mark.unused for mark in marks] == ["", "outside the picture"]
    assert count_reasons(marks) == {"outside the picture": 1}


def test_there_may_be_no_hints() -> None:
    marks, hinted = judge_marks(find_marks(dabs(), SHAPE), dabs(), halves(), paper=np.ones(SHAPE, np.uint8))
    assert marks == () and not len(hinted)


@pytest.mark.parametrize("count", [3000])
def test_noise_in_place_of_hints_is_listed_in_part(count: int) -> None:
    hints = np.zeros((200, 300, 4), np.uint8)
    hints[::3, ::3] = (*RED, 255)
    assert 0 < len(find_marks(hints, (200, 300)).marks) <= 67 * 100
