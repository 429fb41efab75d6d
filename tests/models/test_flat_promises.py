"""What `flat` promises its users, on drawings whose right answer is known."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.models import flat
from tests import drawings
from tests.drawings import BLUE, GREEN, RED, WHITE

Bytes = NDArray[np.uint8]


def paint(
    lines: Bytes, hints: Bytes | None = None, palette: Bytes | None = None, seed: int = 0, **settings: object
) -> flat.Colouring:
    empty = np.zeros((*lines.shape, 4), np.uint8)
    params = flat.Params(**settings)  # type: ignore[arg-type]
    return flat.paint(lines, empty if hints is None else hints, palette, params, np.random.default_rng(seed))


def dab(hints: Bytes, x: int, y: int, colour: tuple[int, int, int], radius: int = 3) -> None:
    cv2.circle(hints, (x, y), radius, (*colour, 255), -1)


def boxes(*rectangles: tuple[int, int, int, int], size: int = 200, width: int = 3) -> Bytes:
    lines = np.full((size, size), 255, np.uint8)
    for left, top, right, bottom in rectangles:
        cv2.rectangle(lines, (left, top), (right, bottom), 0, width)
    return lines


@pytest.mark.parametrize("colour", [(1, 2, 3), (254, 255, 253), (17, 200, 99), (0, 0, 0)])
def test_a_colour_asked_for_comes_out_as_exactly_that_value(colour: tuple[int, int, int]) -> None:
    lines, hints = boxes((30, 30, 170, 170)), np.zeros((200, 200, 4), np.uint8)
    dab(hints, 60, 60, colour)
    inside = paint(lines, hints).colour[33:168, 33:168]
    assert (inside == colour).all()


def test_no_colour_appears_that_nobody_asked_for() -> None:
    painted = paint(drawings.two_circles(), drawings.two_hints())
    found = {tuple(int(v) for v in colour) for colour in np.unique(painted.colour.reshape(-1, 3), axis=0)}
    assert found == {RED, BLUE, WHITE}


def test_the_outside_stays_paper_and_is_the_background() -> None:
    painted = paint(drawings.two_circles(), drawings.two_hints())
    for row, column in ((2, 2), (93, 93), (48, 48)):
        assert tuple(painted.colour[row, column]) == WHITE
        assert painted.background[row, column]
    assert not painted.background[48, 25]


def test_colour_reaches_under_the_lines_so_that_no_paper_shows_beside_them() -> None:
    lines = drawings.two_circles(192)
    painted = paint(lines, cv2.resize(drawings.two_hints(), (192, 192), interpolation=cv2.INTER_NEAREST))  # type: ignore[arg-type]
    ring = np.zeros_like(lines)
    cv2.circle(ring, (49, 96), 37, 255, 1)  # one pixel inside the middle of the line, radius 38
    assert (painted.colour[ring > 0] == RED).all()


def test_two_colours_in_one_corridor_meet_half_way_along_it_not_across_the_wall() -> None:
    """A U-shaped corridor: the ends are neighbours through the wall, but far apart along the corridor."""
    lines = np.full((200, 200), 255, np.uint8)
    cv2.rectangle(lines, (20, 20), (180, 180), 0, 3)
    cv2.line(lines, (100, 20), (100, 150), 0, 3)  # the wall between the arms, open below
    hints = np.zeros((200, 200, 4), np.uint8)
    dab(hints, 80, 40, RED)
    dab(hints, 120, 165, BLUE)
    colour = paint(lines, hints).colour
    assert tuple(colour[60, 110]) == BLUE, "36 px from the red through the wall, 200 px around it"
    assert tuple(colour[90, 85]) == RED


def test_colour_does_not_leak_through_a_gap_that_is_closed() -> None:
    lines, hints = boxes((40, 40, 160, 160)), np.zeros((200, 200, 4), np.uint8)
    lines[98:102, 158:163] = 255
    dab(hints, 100, 100, GREEN)
    painted = paint(lines, hints, gap=8)
    assert (painted.colour[44:156, 44:156] == GREEN).all()
    assert (painted.colour[:, 175:] == WHITE).all()


def test_areas_without_a_hint_take_the_likelier_colour() -> None:
    """Twins at one height: where one ear is hinted, the other has its colour, too."""
    lines = boxes((60, 60, 140, 170), (30, 30, 60, 60), (140, 30, 170, 60))
    hints = np.zeros((200, 200, 4), np.uint8)
    dab(hints, 100, 115, RED)
    dab(hints, 45, 45, BLUE)
    colour = paint(lines, hints).colour
    assert tuple(colour[45, 155]) == BLUE
    assert tuple(paint(lines, hints, guess=False).colour[45, 155]) == WHITE


def test_a_palette_gives_neighbours_different_colours_and_no_others() -> None:
    lines = boxes((20, 20, 100, 180), (100, 80, 180, 180))  # of two shapes: twins would match
    palette = np.array([RED, GREEN, BLUE], np.uint8)
    for seed in range(4):
        painted = paint(lines, palette=palette, seed=seed)
        left, right = (tuple(int(v) for v in painted.colour[130, column]) for column in (60, 140))
        assert left != right
        assert {left, right} <= {RED, GREEN, BLUE}
        assert tuple(painted.colour[5, 5]) == WHITE


def test_without_any_guide_the_seed_decides() -> None:
    lines = boxes((20, 20, 100, 180), (100, 20, 180, 180))
    same = [paint(lines, seed=3).colour for _ in range(2)]
    assert (same[0] == same[1]).all()
    assert any((paint(lines, seed=seed).colour != same[0]).any() for seed in range(4, 8))


def test_a_figure_that_touches_the_border_is_no_background() -> None:
    lines = np.full((200, 200), 255, np.uint8)
    cv2.circle(lines, (100, 70), 45, 0, 3)
    cv2.ellipse(lines, (100, 200), (80, 85), 0, 180, 360, 0, 3)  # shoulders that run out at the bottom
    hints = np.zeros((200, 200, 4), np.uint8)
    dab(hints, 100, 70, RED)
    dab(hints, 100, 170, GREEN)
    painted = paint(lines, hints)
    assert tuple(painted.colour[195, 100]) == GREEN
    assert tuple(painted.colour[20, 20]) == WHITE
    assert painted.background[20, 20]
    assert not painted.background[195, 100]


def test_working_small_gives_the_same_colours_away_from_the_lines() -> None:
    size = 600
    lines = cv2.resize(drawings.two_circles(), (size, size), interpolation=cv2.INTER_CUBIC)
    hints = cv2.resize(drawings.two_hints(), (size, size), interpolation=cv2.INTER_NEAREST)
    full = paint(lines, hints, work_size=None)  # type: ignore[arg-type]
    small = paint(lines, hints, work_size=200)  # type: ignore[arg-type]
    far = cv2.distanceTransform((lines > 128).astype(np.uint8), cv2.DIST_L2, 5) > 6
    assert (full.colour[far] == small.colour[far]).all()
    assert small.colour.shape == (size, size, 3)
