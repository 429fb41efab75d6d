"""A palette shared out: the first colour to the largest, neighbours apart, twins alike, eyes white."""

import cv2
import numpy as np

from pipelines.models.flat import Params, fill
from tests.flatting.scenes import BLUE, GREEN, RED, WHITE, blank, colours_of, painted, two_boxes


def test_a_palette_colours_the_figure_and_not_the_paper() -> None:
    lines = two_boxes()
    palette = np.array([RED, GREEN, BLUE], np.uint8)
    none = np.zeros((*lines.shape, 4), np.uint8)
    result = fill(lines, none, palette, Params(), np.random.default_rng(1))
    assert colours_of(result.colour) == {RED, WHITE}  # two boxes of one size at one height are twins
    assert result.background[5, 5]
    assert (result.colour[result.background] == WHITE).all()


def test_neighbours_differ_and_the_largest_takes_the_first_colour() -> None:
    lines = blank(120, 160)
    cv2.rectangle(lines, (10, 10), (150, 110), 0, 2)
    lines[10:110, 100:102] = 0
    lines[60:62, 100:150] = 0
    palette = np.array([RED, GREEN, BLUE], np.uint8)
    for seed in range(8):
        result = fill(lines, np.zeros((*lines.shape, 4), np.uint8), palette, Params(), np.random.default_rng(seed))
        large, upper, lower = (tuple(result.colour[y, x].tolist()) for x, y in ((50, 60), (125, 30), (125, 90)))
        assert large == RED
        assert len({large, upper, lower}) == 3


def test_without_hints_and_palette_colours_are_drawn_from_the_seed() -> None:
    lines = two_boxes()
    none = np.zeros((*lines.shape, 4), np.uint8)
    first, again, other = (painted(lines, none, seed=seed).colour for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    assert len(colours_of(first)) == 2
    assert (first[5, 5] == WHITE).all()


def test_small_round_areas_with_a_pupil_stay_white_without_hints() -> None:
    lines = blank(200, 200)
    cv2.circle(lines, (100, 100), 80, 0, 2)
    for x in (75, 125):
        cv2.circle(lines, (x, 80), 14, 0, 2)
        cv2.circle(lines, (x, 82), 4, 0, cv2.FILLED)
    result = painted(lines, np.zeros((*lines.shape, 4), np.uint8))
    assert (result.colour[72, 75] == WHITE).all()
    assert not result.background[72, 75]
    assert (result.colour[140, 100] != WHITE).any()
