"""Lines that divide a thing, and lines between two things."""

import cv2
import numpy as np

from pipelines.flatting.reading import LineReading
from pipelines.structure.folds import find_folds
from pipelines.structure.meetings import find_meetings
from tests.flatting.scenes import Bytes, blank


def is_fold(lines: Bytes, first: tuple[int, int], second: tuple[int, int]) -> bool:
    reading = LineReading(lines)
    borders = reading.properties.borders
    pair = sorted(int(reading.regions[y, x]) for x, y in (first, second))
    at = np.flatnonzero((borders.first == pair[0]) & (borders.second == pair[1]))
    return bool(find_folds(find_meetings(reading.regions), borders, reading.properties.labels)[at].any())


def test_a_line_across_a_shape_is_a_fold() -> None:
    lines = blank(200, 200)
    cv2.rectangle(lines, (60, 20), (140, 180), 0, 2)
    cv2.line(lines, (60, 100), (140, 100), 0, 2)
    assert is_fold(lines, (100, 60), (100, 140))


def test_the_outline_of_what_lies_before_another_thing_is_none() -> None:
    lines = blank(200, 200)
    cv2.rectangle(lines, (60, 60), (140, 180), 0, 2)
    cv2.rectangle(lines, (20, 20), (100, 100), 0, 2)
    lines[62:99, 62:99] = 255
    assert not is_fold(lines, (30, 30), (120, 160))
