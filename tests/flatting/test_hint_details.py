"""Small dabs in an area with a main colour stay as large as painted; halves, and parts that lines make, are filled."""

import cv2
import numpy as np
import pytest

from pipelines.flatting.hint_details import small_spots
from pipelines.flatting.hint_spots import read_hints
from pipelines.segmentation.line_mask import line_mask_of
from tests.flatting.scenes import BLUE, GREEN, RED, WHITE, YELLOW, Bytes, blank, colours_of, painted

SKIN, BLUSH = (255, 217, 192), (240, 128, 128)


def face(size: int) -> Bytes:
    lines = blank(size, size)
    cv2.ellipse(lines, (size // 2, size // 2), (size // 3, 3 * size // 8), 0, 0, 360, 0, max(size // 128, 1))
    return lines


def dabs(lines: Bytes, *spots: tuple[float, float, float, tuple[int, int, int]]) -> Bytes:
    """Hints: discs at (x, y) of a radius, all as shares of the side."""
    hints, size = np.zeros((*lines.shape, 4), np.uint8), max(lines.shape)
    for x, y, radius, colour in spots:
        cv2.circle(hints, (round(x * size), round(y * size)), round(radius * size), (*colour, 255), cv2.FILLED)
    return hints


def covered(picture: Bytes, colour: tuple[int, int, int]) -> int:
    return int((picture == colour).all(axis=2).sum())


TWO_SKIN = ((0.5, 0.25, 0.02, SKIN), (0.5, 0.55, 0.02, SKIN))


@pytest.mark.parametrize("size", [300, 512, 1000])
@pytest.mark.parametrize("radius", [0.008, 0.012, 0.016])
def test_blush_beside_a_main_colour_is_as_large_as_painted(size: int, radius: float) -> None:
    lines = face(size)
    blush = ((0.3, 0.55, radius, BLUSH), (0.7, 0.55, radius, BLUSH))
    hints = dabs(lines, *TWO_SKIN, *blush)
    result = painted(lines, hints).colour
    assert np.array_equal((result == BLUSH).all(axis=2), (hints[..., :3] == BLUSH).all(axis=2))
    assert colours_of(result) == {SKIN, BLUSH, WHITE}


def test_one_main_dab_and_one_much_smaller() -> None:
    lines = face(300)
    hints = dabs(lines, (0.5, 0.3, 0.03, SKIN), (0.5, 0.7, 0.012, RED))
    assert covered(painted(lines, hints).colour, RED) == covered(hints[..., :3], RED)


def test_two_dabs_of_one_size_are_two_halves() -> None:
    lines = face(300)
    result = painted(lines, dabs(lines, (0.35, 0.5, 0.02, SKIN), (0.65, 0.5, 0.02, BLUE))).colour
    assert 0.8 < covered(result, SKIN) / covered(result, BLUE) < 1.25


def arm_and_hand(gap: int) -> Bytes:
    """A sleeve and a hand, joined at a wrist `gap` px wide."""
    lines = blank(200, 400)
    cv2.rectangle(lines, (20, 40), (200, 160), 0, 2)
    cv2.circle(lines, (260, 100), 62, 0, 2)
    lines[100 - gap // 2 : 100 + gap // 2, 194:204] = 255
    return lines


def test_a_small_dab_fills_the_part_that_a_narrow_makes() -> None:
    lines = arm_and_hand(24)
    result = painted(lines, dabs(lines, (0.25, 0.2, 0.04, BLUE), (0.25, 0.3, 0.04, BLUE), (0.68, 0.25, 0.015, SKIN)))
    assert (result.colour[60:140, 225:300] == SKIN).mean() > 0.99


def test_a_small_dab_fills_what_a_line_with_openings_divides() -> None:
    lines = face(512)
    for x in range(90, 430, 60):
        cv2.line(lines, (x, 180), (x + 36, 180), 0, 3)  # a hairline, a third of it open
    result = painted(lines, dabs(lines, (0.5, 0.5, 0.025, SKIN), (0.5, 0.7, 0.025, SKIN), (0.5, 0.2, 0.012, GREEN)))
    assert (result.colour[100:170, 200:320] == GREEN).all()
    assert (result.colour[190:400, 200:320] == SKIN).all(axis=2).mean() > 0.98


def test_a_part_behind_a_narrow_has_a_main_colour_and_details_of_its_own() -> None:
    lines = arm_and_hand(24)
    sleeve = ((0.2, 0.2, 0.05, BLUE), (0.35, 0.3, 0.05, BLUE))
    hand = ((0.68, 0.18, 0.02, SKIN), (0.68, 0.3, 0.02, GREEN), (0.61, 0.2, 0.007, RED))
    hints = dabs(lines, *sleeve, *hand)
    result = painted(lines, hints).colour
    assert 0.6 < covered(result, SKIN) / covered(result, GREEN) < 1.6
    assert covered(result, RED) == covered(hints[..., :3], RED)


def test_a_detail_tells_nothing_of_areas_without_a_hint() -> None:
    lines = face(512)
    for x in (200, 312):
        cv2.ellipse(lines, (x, 220), (24, 16), 0, 0, 360, 0, 3)
    result = painted(lines, dabs(lines, *TWO_SKIN, (0.33, 0.56, 0.014, BLUSH), (0.67, 0.56, 0.014, BLUSH)))
    assert BLUSH not in colours_of(result.colour[210:230, 190:210])


def test_small_is_relative_to_the_main_colour_of_the_same_area() -> None:
    lines = arm_and_hand(0)
    hints = dabs(lines, (0.25, 0.25, 0.04, BLUE), (0.4, 0.3, 0.012, YELLOW), (0.65, 0.25, 0.012, SKIN))
    regions = np.ones(lines.shape, np.int32)
    regions[:, 200:] = 2
    spots = read_hints(hints, lines, regions, line_mask_of(lines))
    small = small_spots(spots, 3, np.ones(len(spots.colour), bool))
    assert {tuple(spots.colours[colour]) for colour in spots.colour[small]} == {YELLOW}
    assert not small_spots(spots, 3, np.zeros(len(spots.colour), bool)).any()
