"""Changes of the line art on solid and on soft ink."""

import numpy as np

from pipelines.metrics import line_exactness
from tests.drawings import BLUE, GREEN, RED
from tests.metrics.cases import case, flat, two_rooms


def test_exact_lines_have_no_change_whatever_lies_beside_them() -> None:
    assert line_exactness.Metric().measure(case(two_rooms(RED, BLUE), two_rooms(GREEN, GREEN))) == 0


def test_the_largest_change_on_ink_is_found_lighter_or_in_another_colour() -> None:
    result = two_rooms(RED, BLUE)
    result[0, 7] = (0, 13, 2)
    assert line_exactness.Metric().measure(case(result, result)) == 13


def test_soft_ink_may_be_darkened_by_colour_but_not_made_lighter() -> None:
    lines = np.full((20, 20), 255, np.uint8)
    lines[:, 9:12] = 0
    lines[:, 12] = 128
    darker, lighter = (np.dstack([lines] * 3) for _ in range(2))
    darker[:, 12] = (128, 20, 20)
    lighter[:, 12] = (160, 128, 128)
    assert line_exactness.Metric().measure(case(darker, darker, lines=lines)) == 0
    assert line_exactness.Metric().measure(case(lighter, lighter, lines=lines)) == 32


def test_without_ink_there_is_no_line_to_change() -> None:
    blank = np.full((20, 20), 255, np.uint8)
    assert line_exactness.Metric().measure(case(flat(RED, 20), flat(RED, 20), lines=blank)) is None
