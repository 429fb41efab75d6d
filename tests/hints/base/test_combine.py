"""Facts about hints by hand over hints that were found."""

import numpy as np

from pipelines.hints.base.combine import laid_over
from tests import drawings

SIZE = 96
LINES = drawings.two_circles(SIZE)


def dab(row: int, column: int, colour: tuple[int, int, int], radius: int = 2) -> np.ndarray:
    hints = np.zeros((SIZE, SIZE, 4), np.uint8)
    hints[row - radius : row + radius + 1, column - radius : column + radius + 1] = (*colour, 255)
    return hints


def colours(hints: np.ndarray) -> set[tuple[int, ...]]:
    return {tuple(colour) for colour in hints[hints[..., 3] > 0][:, :3].tolist()}


def test_a_hint_by_hand_takes_its_whole_area_and_leaves_the_others() -> None:
    found = drawings.two_hints(SIZE)  # red in the left circle, blue in the right
    both = laid_over(dab(56, 78, drawings.GREEN), found, LINES)
    assert colours(both) == {drawings.RED, drawings.GREEN}
    assert (both[:, : SIZE // 2] == found[:, : SIZE // 2]).all()


def test_a_spot_across_a_line_goes_with_the_area_that_holds_most_of_it() -> None:
    right = dab(48, 57, drawings.BLUE, radius=6)  # most of it in the right circle, some left of its line
    both = laid_over(dab(48, 80, drawings.GREEN), right, LINES)
    assert colours(both) == {drawings.GREEN}


def test_one_of_them_alone_stays_as_it_is() -> None:
    none, found = np.zeros((SIZE, SIZE, 4), np.uint8), drawings.two_hints(SIZE)
    assert (laid_over(none, found, LINES) == found).all()
    assert (laid_over(found, none, LINES) == found).all()
