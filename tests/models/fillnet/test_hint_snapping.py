"""Which of the network's colours counts as a hint's colour unshaded."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.flatting.reading import LineReading
from pipelines.models.fillnet.hint_snapping import shading_start
from pipelines.models.fillnet.inputs import FlatFill, fill_drawing, ranks_seen

SIZE = 96
RED = (200, 30, 20)


def circle() -> NDArray[np.uint8]:
    lines = np.full((SIZE, SIZE), 255, np.uint8)
    cv2.circle(lines, (SIZE // 2, SIZE // 2), SIZE // 3, 0, 2)
    return lines


def filled() -> tuple[FlatFill, int]:
    """A circle with a red hint in its middle, and the circle's area."""
    lines = circle()
    hints = np.zeros((SIZE, SIZE, 4), np.uint8)
    hints[44:52, 44:52] = (*RED, 255)
    fill = fill_drawing(LineReading(lines), hints)
    return fill, int(fill.flat.areas[48, 48])


def test_snapped_it_is_what_was_painted_where_the_hint_lies_and_nowhere_else() -> None:
    fill, area = filled()
    painted = np.full((SIZE, SIZE, 3), 250, np.float32)
    painted[44:52, 44:52] = (10, 20, 30)
    start = shading_start(painted, fill, ranks_seen(fill, (SIZE, SIZE)), snap=True)
    np.testing.assert_array_equal(start[area], (10, 20, 30))


def test_without_snapping_it_is_the_hints_own_colour() -> None:
    fill, area = filled()
    painted = np.zeros((SIZE, SIZE, 3), np.float32)
    start = shading_start(painted, fill, ranks_seen(fill, (SIZE, SIZE)), snap=False)
    np.testing.assert_array_equal(start[area], RED)


def test_where_the_network_saw_another_area_at_the_hint_the_hints_colour_stands() -> None:
    fill, area = filled()
    painted = np.zeros((SIZE, SIZE, 3), np.float32)
    start = shading_start(painted, fill, np.zeros((SIZE, SIZE), np.uint8), snap=True)
    np.testing.assert_array_equal(start[area], RED)
