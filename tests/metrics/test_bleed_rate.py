"""Colour that ran across a line, told from colour that is only wrong."""

import pytest

from pipelines.metrics import bleed_rate
from tests.drawings import BLUE, GREEN, RED
from tests.metrics.cases import case, two_rooms


def test_colour_that_ran_across_the_wall_is_bled_and_a_wrong_colour_is_not() -> None:
    truth = two_rooms(RED, BLUE)
    assert bleed_rate.Metric().measure(case(truth, truth)) == 0
    assert bleed_rate.Metric().measure(case(two_rooms(RED, RED), truth)) == 0.5  # the right room has the left's colour
    assert bleed_rate.Metric().measure(case(two_rooms(RED, GREEN), truth)) == 0  # wrong, but no neighbour's
    assert bleed_rate.Metric().measure(case(two_rooms(GREEN, GREEN), truth)) == 1
    assert bleed_rate.Metric().measure(case(two_rooms(GREEN, BLUE), two_rooms(RED, RED))) is None  # nothing at risk


def test_a_leak_of_part_of_a_room_is_counted_by_its_pixels() -> None:
    truth = two_rooms(RED, BLUE)
    result = truth.copy()
    result[2:20, 31:58] = RED
    shown = case(result, truth)
    leaked = shown.fill[2:20, 31:58].sum() / shown.fill.sum()
    assert bleed_rate.Metric().measure(shown) == pytest.approx(leaked)
