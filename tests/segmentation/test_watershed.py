"""Watershed: markers grow over the lowest pass, around walls and never over them, and meet half way on level ground."""

import numpy as np
import pytest

from pipelines.segmentation.watershed import TOP, watershed


def test_fronts_on_level_ground_meet_half_way() -> None:
    markers = np.zeros((9, 41), np.int32)
    markers[:, 0], markers[:, -1] = 1, 2
    grown = watershed(markers, np.zeros(markers.shape, np.uint8))
    assert (grown[:, :20] == 1).all() and (grown[:, 21:] == 2).all()


def test_of_two_ways_the_one_with_the_lower_pass_wins() -> None:
    markers = np.zeros((3, 30), np.int32)
    markers[1, 2], markers[1, 27] = 1, 2
    elevation = np.zeros(markers.shape, np.uint8)
    elevation[:, 5], elevation[:, 24] = 90, 20  # the second marker's wall is lower, though both are as far
    assert (watershed(markers, elevation)[:, 6:24] == 2).all()


def test_growth_goes_round_the_end_of_a_wall() -> None:
    markers = np.zeros((20, 21), np.int32)
    markers[18, 9], markers[0, 20] = 1, 2
    elevation = np.zeros(markers.shape, np.uint8)
    elevation[4:, 10] = TOP  # between (18, 9) and (18, 11)
    grown = watershed(markers, elevation)
    assert grown[18, 11] == 2, "a pixel away over the wall, but twenty and more around it"
    assert grown[18, 8] == 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (40, 55)])
def test_all_is_filled_by_some_marker_and_markers_stay(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    markers = np.where(rng.random(shape) < 0.05, rng.integers(1, 9, shape), 0).astype(np.int32)
    markers[0, 0] = 7
    before = markers.copy()
    grown = watershed(markers, rng.integers(0, TOP + 1, shape).astype(np.uint8))
    assert (grown > 0).all() and set(np.unique(grown)) == set(np.unique(before)) - {0}
    assert (grown[before > 0] == before[before > 0]).all()
    assert (markers == before).all(), "the input was written to"


def test_without_a_marker_nothing_grows() -> None:
    assert not watershed(np.zeros((4, 5), np.int32), np.zeros((4, 5), np.uint8)).any()
