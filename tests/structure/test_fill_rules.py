"""What is asked of a filling beside colours: reserved hints, areas without a hint."""

import numpy as np
import pytest

from pipelines.flatting.reading import LineReading
from pipelines.models.flat import FlatResult, Params, fill_reading
from pipelines.structure.fill_rules import EMPTY, GROUND, FillRules
from tests.flatting.scenes import BLUE, RED, WHITE, Bytes, discs, two_boxes


def filled(hints: Bytes, rules: FillRules) -> FlatResult:
    return fill_reading(LineReading(two_boxes()), hints, None, Params(), np.random.default_rng(0), rules=rules)


@pytest.mark.parametrize(
    ("dab", "rules", "is_ground"),
    [
        (GROUND, FillRules(), True),
        (EMPTY, FillRules(), False),
        ((1, 2, 200), FillRules(ground=(1, 2, 200)), True),
        ((1, 2, 200), FillRules(empty=(1, 2, 200)), False),
    ],
)
def test_a_reserved_colour_says_what_an_area_is(dab: tuple[int, int, int], rules: FillRules, is_ground: bool) -> None:
    result = filled(discs(two_boxes(), (40, 60, RED), (90, 60, dab)), rules)
    assert tuple(result.colour[60, 90]) == WHITE
    assert bool(result.background[60, 90]) == is_ground
    assert tuple(result.colour[60, 40]) == RED
    assert result.background[5, 5]


def test_a_reserved_colour_speaks_for_no_other_area() -> None:
    result = filled(discs(two_boxes(), (90, 60, GROUND)), FillRules())
    assert not result.background[60, 40]
    assert tuple(result.colour[60, 40]) == WHITE


def test_a_colour_that_is_reserved_no_longer_is_a_colour() -> None:
    rules = FillRules(ground=(1, 2, 3))
    assert tuple(filled(discs(two_boxes(), (40, 60, GROUND)), rules).colour[60, 40]) == GROUND


def test_areas_without_a_hint_stay_empty_where_that_is_asked() -> None:
    hints = discs(two_boxes(), (40, 60, RED))
    assert tuple(filled(hints, FillRules()).colour[60, 90]) == RED
    result = filled(hints, FillRules(guess="empty"))
    assert tuple(result.colour[60, 90]) == WHITE
    assert not result.background[60, 90]
    assert (filled(np.zeros_like(hints), FillRules(guess="empty")).colour == 255).all()


def test_reserved_hints_count_as_white_for_others() -> None:
    hints = discs(two_boxes(), (40, 60, RED), (90, 60, GROUND), (64, 5, EMPTY))
    plain = FillRules().without_reserved(hints)
    assert [tuple(plain[y, x]) for x, y in ((40, 60), (90, 60), (64, 5))] == [(*RED, 255), (*WHITE, 255), (*WHITE, 255)]
    untouched = discs(two_boxes(), (40, 60, BLUE))
    assert FillRules().without_reserved(untouched) is untouched
