"""What hints on the paper outside the figure mean."""

import cv2

from pipelines.models.flat import Params
from tests.flatting.scenes import BLUE, GREEN, RED, WHITE, blank, discs, painted, two_boxes


def test_a_figure_that_touches_the_border_is_filled_to_the_border() -> None:
    lines = blank(160, 160)
    cv2.ellipse(lines, (80, 160), (60, 110), 0, 180, 360, 0, 3)
    result = painted(lines, discs(lines, (80, 100, RED)))
    assert (result.colour[158, 24:136] == RED).all()
    assert (result.colour[:40] == WHITE).all()
    assert result.background[:40].all()


def test_a_hint_on_the_paper_outside_makes_a_spot_or_fills_it() -> None:
    lines = two_boxes()
    shadow = discs(lines, (40, 45, RED), (40, 85, RED), (90, 45, BLUE), (90, 85, BLUE), (64, 116, GREEN))
    spot = painted(lines, shadow)
    green = (spot.colour == GREEN).all(axis=2)
    assert green[116, 64]
    assert green.mean() < 0.02
    assert not spot.background[green].any()
    whole = painted(lines, shadow, Params(outside="fill"))
    assert (whole.colour[[0, 0, -1, -1], [0, -1, 0, -1]] == GREEN).all()
    assert not whole.background.any()
    paper = painted(lines, shadow, Params(outside="paper"))
    assert (paper.colour == spot.colour).all()


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
