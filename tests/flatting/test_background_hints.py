"""Hints beside a figure and in an open one: by how many straight ways lead out past the ink they are told apart.

Lines are often not closed: a bust has no lower edge. So paper that reaches the picture's corners may be the figure's,
and a hint there may be its colour, or a shadow on the ground. From within a bust one way leads out, downwards. From
beside a figure two or more do: two in a corner between arm and body, three in front of a wall, four beyond a corner.
"""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.models.flat import FlatResult, Params, fill
from tests.drawings import GREEN, RED, WHITE, Bytes

SIZE = 160
NOTCH = (slice(24, 76), slice(84, 136))  # rows and columns of the corner that an L leaves free


def drawn(*corners: tuple[int, int], closed: bool = True) -> Bytes:
    """Line art, uint8 (SIZE, SIZE): a line through corners (x, y)."""
    lines = np.full((SIZE, SIZE), 255, np.uint8)
    cv2.polylines(lines, [np.array(corners, np.int32)], closed, 0, 3)
    return lines


def an_l() -> Bytes:
    """A closed figure with a wall to the left and below of its free corner."""
    return drawn((20, 20), (80, 20), (80, 80), (140, 80), (140, 140), (20, 140))


def a_bust() -> Bytes:
    """Two sides and a top: the figure is open below."""
    return drawn((30, 130), (30, 30), (130, 30), (130, 130), closed=False)


def painted(lines: Bytes, **spots: tuple[int, int]) -> FlatResult:
    """Flat colours from a large red spot, so that the figure has hints enough, and a small green one, at (x, y)."""
    hints = np.zeros((*lines.shape, 4), np.uint8)
    for name, place in spots.items():
        colour, radius = {"red": (RED, 12), "green": (GREEN, 3)}[name]
        cv2.circle(hints, place, radius, (*colour, 255), cv2.FILLED)
    return fill(lines, hints, None, Params(outside="paper"), np.random.default_rng(0))


def is_colour(result: FlatResult, colour: tuple[int, int, int]) -> NDArray[np.bool_]:
    return np.asarray((result.colour == colour).all(axis=2))


@pytest.mark.parametrize(
    "place",
    [(110, 50), (130, 30), (100, 70), (150, 110), (10, 80), (110, 150), (80, 8), (150, 150), (8, 8)],
    ids=lambda place: f"{place[0]},{place[1]}",
)
def test_a_spot_with_two_ways_out_or_more_is_a_mark_beside_the_figure(place: tuple[int, int]) -> None:
    """The first three lie in the corner of an L: right and up are free there, left and down are walls."""
    result = painted(an_l(), red=(50, 110), green=place)
    green = is_colour(result, GREEN)
    assert green[place[1], place[0]]
    assert not result.background[place[1], place[0]]
    rows, columns = np.nonzero(green)
    assert np.hypot(rows - place[1], columns - place[0]).max() <= 0.1 * SIZE  # a stain, wherever there is room
    paper = ~green & (cv2.erode(an_l(), np.ones((5, 5), np.uint8)) == 255)
    assert result.background[NOTCH][paper[NOTCH]].all()


def test_a_spot_with_one_way_out_colours_the_open_figure() -> None:
    result = painted(a_bust(), red=(80, 80))
    red = is_colour(result, RED)
    assert red[34:126, 34:126].all()
    assert not red[:26].any() and not red[136:].any()


def test_a_mark_beside_an_open_figure_and_its_own_colour_are_told_apart() -> None:
    """Below the bust three ways lead out: green is a shadow on the ground, and the bust is cut straight as before."""
    alone, both = painted(a_bust(), red=(80, 80)), painted(a_bust(), red=(80, 80), green=(80, 150))
    away = np.ones((SIZE, SIZE), bool)
    away[134:] = False
    assert np.array_equal(alone.colour[away], both.colour[away])
    assert is_colour(both, GREEN)[150, 80]
    assert tuple(both.colour[150, 20]) == WHITE
