"""What hints on the paper outside the figure mean."""

import cv2
import numpy as np
import pytest

from pipelines.flatting.background import asked_areas
from pipelines.flatting.reading import LineReading
from pipelines.models.flat import Params
from pipelines.structure.fill_rules import EMPTY, GROUND, FillRules
from tests.flatting.scenes import BLUE, GREEN, RED, WHITE, blank, discs, painted, two_boxes

GREY = (150, 150, 152)


def test_a_figure_that_touches_the_border_is_filled_to_the_border() -> None:
    lines = blank(160, 160)
    cv2.ellipse(lines, (80, 160), (60, 110), 0, 180, 360, 0, 3)
    result = painted(lines, discs(lines, (80, 100, RED)))
    assert (result.colour[158, 24:136] == RED).all()
    assert (result.colour[:40] == WHITE).all()
    assert result.background[:40].all()


def test_a_hint_on_the_paper_outside_makes_a_spot_or_fills_it() -> None:
    lines = two_boxes()
    shadow = discs(lines, (40, 45, RED), (40, 85, RED), (90, 45, BLUE), (90, 85, BLUE), (64, 116, GREY))
    spot = painted(lines, shadow)
    grey = (spot.colour == GREY).all(axis=2)
    assert grey[116, 64]
    assert grey.mean() < 0.02
    assert not spot.background[grey].any()
    whole = painted(lines, shadow, Params(outside="fill"))
    assert (whole.colour[[0, 0, -1, -1], [0, -1, 0, -1]] == GREY).all()
    assert not whole.background.any()
    paper = painted(lines, shadow, Params(outside="paper"))
    assert (paper.colour == spot.colour).all()


@pytest.mark.parametrize("place", [(64, 116), (8, 8), (64, 12), (120, 64)])
def test_a_dab_in_the_open_fills_the_ground_up_to_the_outlines(place: tuple[int, int]) -> None:
    lines = two_boxes()
    result = painted(lines, discs(lines, (40, 60, RED), (90, 60, BLUE), (*place, GREEN)))
    corners = [0, 0, -1, -1], [0, -1, 0, -1]
    assert (result.colour[corners] == GREEN).all()
    assert not result.background.any()
    assert tuple(result.colour[60, 40]) == RED


@pytest.mark.parametrize("below", [12, 30])
def test_a_grey_dab_below_a_figure_is_its_shadow(below: int) -> None:
    lines = blank()
    cv2.circle(lines, (64, 40), 30, 0, 2)
    result = painted(lines, discs(lines, (64, 40, RED), (64, 72 + below, (226, 226, 224))))
    assert tuple(result.colour[0, 0]) == WHITE
    assert result.background[0, 0]


def test_a_figure_that_touches_the_page_does_not_divide_it() -> None:
    """What it cuts off is a corner."""
    lines = blank()
    cv2.polylines(lines, [np.array([(0, 30), (34, 0)], np.int32)], False, 0, 2)
    cv2.circle(lines, (70, 70), 30, 0, 2)
    result = painted(lines, discs(lines, (70, 70, RED), (70, 112, (226, 226, 224))))
    assert tuple(result.colour[120, 8]) == WHITE


def test_a_white_dab_beside_a_coloured_one_says_that_the_ground_is_paper() -> None:
    lines = two_boxes()
    result = painted(lines, discs(lines, (40, 60, RED), (90, 60, BLUE), (64, 12, GREEN), (8, 120, WHITE)))
    assert tuple(result.colour[0, 0]) == WHITE
    assert result.background[0, 0]


def test_each_side_of_a_page_that_a_line_divides_is_filled_by_its_own_dab() -> None:
    lines = blank()
    cv2.polylines(lines, [np.array([(0, 80), (50, 60), (90, 90), (127, 70)], np.int32)], False, 0, 2)
    cv2.circle(lines, (95, 25), 12, 0, 2)
    sky = painted(lines, discs(lines, (20, 20, BLUE)))
    assert (sky.colour[:50, :70] == BLUE).all()
    assert tuple(sky.colour[120, 64]) == WHITE and sky.background[120, 64]
    assert tuple(sky.colour[25, 95]) == WHITE  # a cloud
    both = painted(lines, discs(lines, (20, 20, BLUE), (64, 115, GREEN)))
    assert (both.colour[100:] == GREEN).all()
    assert not both.background.any()


def test_a_large_stroke_on_the_paper_outside_fills_it() -> None:
    lines = two_boxes()
    hints = discs(lines, (40, 60, RED), (90, 60, BLUE))
    hints[6:16, 10:110] = (*GREEN, 255)
    result = painted(lines, hints)
    assert (result.colour[120, 64] == GREEN).all()
    assert (result.colour[40, 40] == RED).all()


def test_white_hints_on_the_paper_outside_keep_it_background() -> None:
    lines = two_boxes()
    corners = [(x, y, WHITE) for x in (3, 124) for y in (3, 124)]
    with_corners = painted(lines, discs(lines, (40, 60, RED), (90, 60, BLUE), *corners))
    without = painted(lines, discs(lines, (40, 60, RED), (90, 60, BLUE)))
    assert (with_corners.colour == without.colour).all()
    assert (with_corners.background == without.background).all()


def test_what_is_asked_of_regions_whatever_paints_them() -> None:
    lines = two_boxes()
    hints = discs(lines, (40, 60, GROUND), (90, 60, EMPTY), (64, 116, GREEN))
    reading = LineReading(lines)
    first, second, outside = (int(reading.regions[row, column]) for row, column in ((60, 40), (60, 90), (2, 2)))
    asked = asked_areas(reading.with_hints(hints), FillRules())
    assert [asked.ground[number] for number in (first, second, outside)] == [True, False, False]
    assert [asked.empty[number] for number in (first, second, outside)] == [False, True, False]
    assert asked.filled[outside] and tuple(asked.colours[outside]) == GREEN
    assert not asked.filled[[first, second]].any() and (asked.colours[[first, second]] == 255).all()
    paper = asked_areas(reading.with_hints(hints), FillRules(outside="paper"))
    assert paper.ground[outside] and not paper.filled.any()
    unhinted = asked_areas(reading.with_hints(discs(lines, (40, 60, RED))), FillRules(guess="empty"))
    assert [unhinted.empty[number] for number in (first, second, outside)] == [False, True, False]
