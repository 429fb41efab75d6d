"""Facts about gaps through which colours meet."""

import cv2
import numpy as np
import pytest

from pipelines.core.imaging.arrays import Labels
from pipelines.flatting.open_gaps import find_gaps
from pipelines.flatting.reading import LineReading
from tests.drawings import Bytes

COLOURS = np.array([(255, 255, 255), (200, 40, 40), (40, 40, 200)], np.uint8)


def wall(width: int, *, size: int = 100, thick: int = 4) -> Bytes:
    """A wall down the middle of a page, with a gap of `width` px at half its height."""
    lines = np.full((size, size), 255, np.uint8)
    lines[:, size // 2 : size // 2 + thick] = 0
    lines[size // 2 : size // 2 + width, size // 2 : size // 2 + thick] = 255
    return lines


def halves(size: int = 100) -> Labels:
    """One area left of the middle, one right of it."""
    return np.where(np.arange(size) < size // 2 + 2, 1, 2).astype(np.int32) * np.ones((size, 1), np.int32)


@pytest.mark.parametrize("width", [1, 2, 3, 4, 6, 9])
def test_a_gap_is_as_wide_as_it_is_and_where_it_is(width: int) -> None:
    (gap,) = find_gaps(LineReading(wall(width)), halves(), COLOURS[halves()])
    assert gap.width == pytest.approx(width, abs=0.5)
    assert abs(gap.x - 51) <= 2
    assert 50 <= gap.y < 50 + width


def test_gaps_are_listed_by_their_width() -> None:
    lines = wall(3)
    lines[20:28, 50:54] = 255
    assert [round(gap.width) for gap in find_gaps(LineReading(lines), halves(), COLOURS[halves()])] == [8, 3]


def test_where_colours_are_alike_or_lines_whole_there_is_none() -> None:
    same = np.full((100, 100, 3), 90, np.uint8)
    assert find_gaps(LineReading(wall(5)), halves(), same) == ()
    assert find_gaps(LineReading(wall(0)), halves(), COLOURS[halves()]) == ()


def test_a_wide_opening_is_none() -> None:
    assert find_gaps(LineReading(wall(40)), halves(), COLOURS[halves()]) == ()


def test_the_edge_of_a_dab_is_none_even_beside_a_line() -> None:
    areas = np.ones((100, 100), np.int32)
    areas[20:40, 20:40] = 2
    assert find_gaps(LineReading(wall(0)), areas, COLOURS[areas]) == ()
    areas[60:84, 30:50] = 2  # up to the wall
    assert find_gaps(LineReading(wall(0)), areas, COLOURS[areas]) == ()
    round_dab = np.ones((100, 100), np.int32)
    cv2.circle(round_dab, (50, 50), 12, 2, cv2.FILLED)
    assert find_gaps(LineReading(wall(0)), round_dab, COLOURS[round_dab]) == ()


def test_a_gap_in_a_slanting_line_is_as_wide_as_its_ends_are_apart() -> None:
    lines = np.full((100, 100), 255, np.uint8)
    for start, end in (((10, 10), (45, 45)), ((52, 52), (90, 90))):
        cv2.line(lines, start, end, 0, 3)
    rows, columns = np.indices((100, 100))
    areas = np.where(columns > rows, 1, 2).astype(np.int32)
    (gap,) = [gap for gap in find_gaps(LineReading(lines), areas, COLOURS[areas]) if abs(gap.x - 49) < 10]
    assert gap.width == pytest.approx(7 * 2**0.5 - 3, abs=2)


def test_widths_are_px_of_the_drawing_where_it_is_read_smaller() -> None:
    lines = np.kron(wall(4), np.ones((4, 4), np.uint8)).astype(np.uint8)
    areas = halves(400)
    (gap,) = find_gaps(LineReading(lines, work_size=200), areas, COLOURS[areas])
    assert gap.width == pytest.approx(16, abs=4)
    assert abs(gap.x - 202) <= 8 and 200 <= gap.y < 216
