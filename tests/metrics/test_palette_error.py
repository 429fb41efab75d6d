"""Palettes are compared wherever their colours lie."""

import pytest

from pipelines.metrics import delta_e, palette_error
from pipelines.metrics.base.case import Case
from tests.drawings import BLUE, RED
from tests.metrics.cases import case, flat, two_rooms


def test_palette_error_does_not_ask_where_colours_lie() -> None:
    assert palette_error.Metric().measure(case(two_rooms(BLUE, RED), two_rooms(RED, BLUE))) == 0
    both = palette_error.Metric().measure(case(two_rooms(RED, RED), two_rooms(RED, BLUE)))
    apart = delta_e.Metric().measure(Case(flat(RED), flat(BLUE)))
    assert both == pytest.approx(apart / 4)  # half of the truth lacks its colour, nothing of the result does
