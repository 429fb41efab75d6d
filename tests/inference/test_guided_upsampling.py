"""Hints on colour that a network painted: a stroke that slips over a line is no hint on the other side.

Where hints colour the figure alone, the paper outside stays white, whatever the network smears over it. Hands slip: a
dab near an outline covers some paper outside too. That is meant only where it covers about as much there as inside.
"""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.flatting.reading import LineReading
from pipelines.inference.guided_upsampling import upsample
from pipelines.inference.types import ColorResult
from tests.drawings import BLUE, RED, WHITE, Bytes

SIZE = 128
WALL = 96  # column where the wall's middle is: as many px of a hint are inside as lie to the left of it
SMEARED = (250, 200, 190)  # what a network paints everywhere: it is no white


def a_box() -> Bytes:
    """Line art, uint8 (SIZE, SIZE): a closed box with walls of 4 px."""
    lines = np.full((SIZE, SIZE), 255, np.uint8)
    lines[30:98, 30:98] = 0
    lines[34:94, 34:94] = 255
    return lines


def brought_up(*strokes: tuple[slice, slice, tuple[int, int, int]]) -> ColorResult:
    """What comes of a network that smears one colour over everything, with strokes of colour for hints."""
    hints = np.zeros((SIZE, SIZE, 4), np.uint8)
    for rows, columns, colour in strokes:
        hints[rows, columns] = (*colour, 255)
    network = np.full((SIZE // 2, SIZE // 2, 3), SMEARED, np.float32)
    return upsample(network, a_box(), LineReading(a_box()).areas, hints=hints)


def over_the_wall(inside: int, outside: int, *, row: int = 60) -> tuple[slice, slice, tuple[int, int, int]]:
    """A red stroke of so many px on either side of the wall's middle."""
    return slice(row, row + 6), slice(WALL - inside, WALL + outside), RED


def outside_is_paper(made: ColorResult) -> bool:
    """Whether all is white outside the box, or all is not; and the same is told of it."""
    beside: NDArray[np.bool_] = cv2.dilate((a_box() == 0).view(np.uint8), np.ones((3, 3), np.uint8)) == 0
    beside[30:98, 30:98] = False
    white = (made.colour[beside] == WHITE).all(axis=1)
    assert white.all() or not white.any()
    assert np.array_equal(made.background[beside], white)
    return bool(white.all())


@pytest.mark.parametrize(("inside", "outside"), [(30, 4), (20, 6), (20, 10), (20, 14)])
def test_a_stroke_that_slips_over_the_outline_leaves_the_paper_outside_white(inside: int, outside: int) -> None:
    made = brought_up(over_the_wall(inside, outside))
    assert outside_is_paper(made)
    assert tuple(made.colour[60, 60]) == SMEARED, "the box has the network's colour: it is hinted"


@pytest.mark.parametrize(("inside", "outside"), [(20, 18), (20, 20), (20, 26), (6, 24)])
def test_a_stroke_that_covers_as_much_outside_is_meant_for_both_or_for_the_outside(inside: int, outside: int) -> None:
    assert not outside_is_paper(brought_up(over_the_wall(inside, outside)))


def test_each_stroke_is_weighed_by_itself() -> None:
    """Many strokes that slip a little are no hint outside, however much they cover there together."""
    many = [over_the_wall(16, 8, row=row) for row in (36, 46, 56, 66, 76)]
    assert outside_is_paper(brought_up(*many))
    assert not outside_is_paper(brought_up(*many, (slice(4, 8), slice(4, 8), BLUE)))


def test_white_strokes_colour_nothing() -> None:
    inside = (slice(50, 60), slice(50, 60), RED)
    assert outside_is_paper(brought_up(inside, (slice(4, 14), slice(4, 14), WHITE)))
