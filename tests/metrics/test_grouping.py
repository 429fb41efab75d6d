"""Which areas have one colour, against the index by hand."""

import numpy as np
import pytest

from pipelines.metrics import grouping
from pipelines.metrics.grouping import adjusted_rand_index
from tests.drawings import BLUE, GREEN, RED, WHITE, Bytes
from tests.metrics.cases import case


def four_rooms(*colours: tuple[int, int, int]) -> Bytes:
    """Four rooms in a row, 20 px wide, between lines of 2 px: RGB (24, 90, 3)."""
    picture = np.zeros((24, 90, 3), np.uint8)
    for number, colour in enumerate(colours):
        picture[2:22, 2 + 22 * number : 22 + 22 * number] = colour
    return picture


def index_of(result: Bytes, truth: Bytes) -> float | None:
    lines = four_rooms(WHITE, WHITE, WHITE, WHITE)[..., 0]
    return grouping.Metric().measure(case(result, truth, lines=lines))


def test_the_index_is_that_of_the_paper() -> None:
    first, second = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 1, 2, 2])
    # pairs together in both: 2; in the first: 6, in the second: 3, of 15: by chance 1.2, at most 4.5
    assert adjusted_rand_index(first, second) == pytest.approx((2 - 1.2) / (4.5 - 1.2))
    assert adjusted_rand_index(second, first) == pytest.approx((2 - 1.2) / (4.5 - 1.2))
    assert adjusted_rand_index(first, first) == 1
    assert adjusted_rand_index(np.zeros(4, int), np.zeros(4, int)) == 1
    assert adjusted_rand_index(np.zeros(4, int), np.arange(4)) == 0


def test_other_colours_in_the_same_places_are_the_same_grouping() -> None:
    truth = four_rooms(RED, BLUE, RED, GREEN)
    assert index_of(truth, truth) == 1
    assert index_of(four_rooms(GREEN, RED, GREEN, BLUE), truth) == 1


def test_one_colour_for_all_or_another_for_each_is_no_better_than_chance() -> None:
    truth = four_rooms(RED, BLUE, RED, BLUE)
    assert index_of(four_rooms(RED, RED, RED, RED), truth) == 0
    assert index_of(four_rooms(RED, BLUE, GREEN, WHITE), truth) == 0
    # by hand: 2 pairs together in each, none in both, of 6: by chance 2/3, at most 2
    assert index_of(four_rooms(RED, RED, BLUE, BLUE), truth) == pytest.approx((0 - 2 / 3) / (2 - 2 / 3))


def test_colours_that_look_alike_are_one_and_shading_counts_by_its_median() -> None:
    truth = four_rooms(RED, BLUE, RED, BLUE)
    result = four_rooms(RED, BLUE, tuple(level + 5 for level in RED), BLUE)  # type: ignore[arg-type]
    result[2:9, 2:22] = WHITE
    assert index_of(result, truth) == 1


def test_a_single_area_has_no_grouping() -> None:
    room = np.zeros((24, 24, 3), np.uint8)
    room[2:22, 2:22] = RED
    lines = np.where(room.any(axis=2), np.uint8(255), np.uint8(0))
    assert grouping.Metric().measure(case(room, room, lines=lines)) is None
