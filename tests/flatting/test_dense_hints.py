"""Facts about hints that cover whole areas."""

import cv2
import numpy as np

from pipelines.flatting.dense_hints import keep_apart

RED = (220, 40, 30, 255)


def diagonal():
    """Two areas that a line of one pixel divides, from corner to corner."""
    paper = 1 - np.eye(16, dtype=np.uint8)
    _, areas = cv2.connectedComponents(paper, connectivity=4, ltype=cv2.CV_32S)
    hints = np.zeros((16, 16, 4), np.uint8)
    hints[areas > 0] = RED
    return areas, hints


def spots(hints):
    return cv2.connectedComponents((hints[..., 3] > 0).view(np.uint8), connectivity=8)[0] - 1


def test_areas_that_meet_at_corners_are_two_spots():
    areas, hints = diagonal()
    assert spots(hints) == 1
    apart = keep_apart(hints, areas)
    assert spots(apart) == 2
    kept = np.bincount(areas[apart[..., 3] > 0], minlength=3)
    assert kept[1] > 80 and kept[2] > 80


def test_what_touches_nothing_stays_as_it_is():
    areas = np.zeros((9, 9), np.int32)
    areas[:4], areas[5:] = 1, 2
    hints = np.where((areas > 0)[..., None], np.array(RED, np.uint8), np.uint8(0))
    assert np.array_equal(keep_apart(hints, areas), hints)


def test_no_area_loses_all():
    areas = np.array([[1, 0, 3], [0, 2, 0], [4, 0, 5]], np.int32)
    hints = np.where((areas > 0)[..., None], np.array(RED, np.uint8), np.uint8(0))
    assert set(areas[keep_apart(hints, areas)[..., 3] > 0].tolist()) == {1, 2, 3, 4, 5}
