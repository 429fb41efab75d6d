"""Whether the colour under a hint is the hint's."""

import numpy as np
import pytest

from pipelines.core.imaging.picture import HINT_ALPHA
from pipelines.metrics import delta_e, hint_obedience
from pipelines.metrics.base.case import Case
from tests.drawings import BLUE, GREEN, RED
from tests.metrics.cases import case, flat, two_rooms


def test_hints_are_obeyed_or_not() -> None:
    hints = np.zeros((40, 60, 4), np.uint8)
    hints[10:14, 10:14] = (*RED, 255)
    hints[10:14, 40:44] = (*BLUE, 255)
    hints[0, 0] = (*GREEN, 255)  # on ink: left out
    truth = two_rooms(RED, BLUE)
    assert hint_obedience.Metric().measure(case(truth, truth, hints=hints)) == 0
    one_wrong = hint_obedience.Metric().measure(case(two_rooms(RED, GREEN), truth, hints=hints))
    apart = delta_e.Metric().measure(Case(flat(GREEN), flat(BLUE)))
    assert one_wrong == pytest.approx(apart / 2)
    assert hint_obedience.Metric().measure(case(truth, truth, hints=np.zeros_like(hints))) is None


def test_a_hint_begins_at_the_alpha_that_all_of_the_house_takes_for_one() -> None:
    hints = np.zeros((40, 60, 4), np.uint8)
    hints[10:14, 10:14] = (*BLUE, HINT_ALPHA - 1)
    truth = two_rooms(RED, RED)
    assert hint_obedience.Metric().measure(case(truth, truth, hints=hints)) is None
    hints[10:14, 10:14, 3] = HINT_ALPHA
    score = hint_obedience.Metric().measure(case(truth, truth, hints=hints))
    assert score is not None
    assert score > 10
