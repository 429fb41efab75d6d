"""Regions with hints of several colours are divided along the paper, in gaps, half way; open figures at their hull."""

import cv2
import numpy as np

from pipelines.models.flat import Params
from tests.flatting.scenes import BLUE, RED, Bytes, blank, discs, painted


def u_shaped_corridor() -> Bytes:
    """A U of corridors 20 px wide: arms at x = 20..40 and 44..64, joined below y = 100; between them 4 px of ink."""
    lines = np.zeros((140, 84), np.uint8)
    lines[10:120, 20:40] = lines[10:120, 44:64] = 255
    lines[100:120, 20:64] = 255
    return lines


def test_several_hints_split_along_the_paper_not_across_the_ink() -> None:
    lines = u_shaped_corridor()
    hints = discs(lines, (30, 20, RED), (54, 90, BLUE))
    result = painted(lines, hints)
    # the top of the right arm is 24 px from the red hint across the wall, and 70 from the blue one along the paper
    assert (result.colour[12:80, 46:62] == BLUE).all()
    assert (result.colour[12:50, 22:38] == RED).all()


def test_hints_on_open_paper_meet_half_way_by_straight_distance() -> None:
    lines = np.zeros((90, 130), np.uint8)
    lines[5:85, 5:125] = 255
    result = painted(lines, discs(lines, (35, 45, RED), (95, 45, BLUE)))
    red = (result.colour == RED).all(axis=2)
    assert red[10:80, 10:60].mean() > 0.98
    assert red[10:80, 70:120].mean() < 0.02


def test_hints_meet_in_the_gap_of_a_line() -> None:
    lines = np.zeros((90, 130), np.uint8)
    lines[5:85, 5:125] = 255
    lines[5:43, 40:43] = lines[46:85, 40:43] = 0  # a wall at x = 40 with a gap of 3 px
    result = painted(lines, discs(lines, (33, 70, RED), (110, 45, BLUE)), Params(gap=0))
    red = (result.colour == RED).all(axis=2)
    assert red[6:84, 6:39].mean() > 0.99
    assert red[6:84, 46:124].mean() < 0.01  # though half way between the hints is far to the right of the wall


def test_a_colour_of_many_hints_gets_more_than_a_single_spot() -> None:
    lines = np.zeros((90, 130), np.uint8)
    lines[5:85, 5:125] = 255
    alone = painted(lines, discs(lines, (35, 45, RED), (95, 45, BLUE)))
    many = painted(lines, discs(lines, (35, 45, RED), (35, 20, RED), (35, 70, RED), (35, 58, RED), (95, 45, BLUE)))
    count = [np.count_nonzero((result.colour == RED).all(axis=2)) for result in (alone, many)]
    assert count[1] > 1.04 * count[0]


def test_a_hint_behind_a_gap_does_not_leak_out_of_the_figure() -> None:
    lines = blank(160, 160)
    cv2.circle(lines, (80, 80), 50, 0, 2)
    lines[70:84, 125:135] = 255  # a gap of 14 px
    for gap in (0.0, 20.0, None):
        result = painted(lines, discs(lines, (80, 80, RED)), Params(gap=gap))
        red = (result.colour == RED).all(axis=2)
        inside = cv2.circle(np.zeros_like(lines), (80, 80), 44, 1, cv2.FILLED) > 0
        beyond = cv2.circle(np.zeros_like(lines), (80, 80), 62, 1, cv2.FILLED) == 0
        assert red[inside].mean() > 0.99
        assert not red[beyond].any()
        assert result.background[beyond].all()


def test_the_open_bottom_of_a_bust_is_cut_straight() -> None:
    lines = blank(160, 160)
    cv2.ellipse(lines, (80, 130), (50, 90), 0, 180, 360, 0, 3)  # open from (30, 130) to (130, 130)
    result = painted(lines, discs(lines, (80, 80, RED), (60, 105, RED)))
    red = (result.colour == RED).all(axis=2)
    assert red[126, 36:124].all()
    assert not red[136:].any()
