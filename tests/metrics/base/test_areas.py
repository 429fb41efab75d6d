"""Fills of regions: their pixels, colours and neighbours."""

import numpy as np

from pipelines.metrics.base.areas import gather_areas


def three_rooms() -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    """Rooms 1, 2 and 4 side by side, (4, 11), with lines of one pixel between; there is no 3."""
    labels = np.zeros((4, 11), np.int32)
    labels[:, :3], labels[:, 4:7], labels[:, 8:] = 1, 2, 4
    return labels


def test_each_region_keeps_its_pixels_and_its_median_colour() -> None:
    labels = three_rooms()
    truth = np.dstack([labels * 10.0, labels * 0.0, labels * 0.0])
    result = truth + 1
    result[0, 0] = 99  # one pixel of twelve does not move a median
    areas = gather_areas(labels, result, truth)
    assert len(areas) == 3
    np.testing.assert_array_equal(areas.number, [1, 2, 4])
    np.testing.assert_array_equal(areas.sizes, [12, 12, 12])
    np.testing.assert_array_equal(areas.truth_medians, [[10, 0, 0], [20, 0, 0], [40, 0, 0]])
    np.testing.assert_array_equal(areas.result_medians, areas.truth_medians + 1)
    np.testing.assert_array_equal(areas.truth[areas.pixels(1)], np.full((12, 3), (20, 0, 0)))


def test_neighbours_meet_under_a_line_and_not_across_a_room() -> None:
    areas = gather_areas(three_rooms(), np.zeros((4, 11, 3)), np.zeros((4, 11, 3)))
    assert [list(others) for others in areas.neighbours] == [[1], [0, 2], [1]]


def test_without_fills_there_is_nothing_to_gather() -> None:
    areas = gather_areas(np.zeros((3, 3), np.int32), np.zeros((3, 3, 3)), np.zeros((3, 3, 3)))
    assert len(areas) == 0
    assert areas.result_medians.shape == (0, 3)
    assert areas.neighbours == []
