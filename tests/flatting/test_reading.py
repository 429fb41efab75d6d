"""A drawing that is read once: areas at full size, whatever the size at which they were found."""

import numpy as np
import pytest

from pipelines.flatting.reading import LineReading
from tests.flatting.scenes import blank, two_boxes


def test_areas_fill_the_drawing_and_meet_under_the_ink() -> None:
    lines = two_boxes()
    areas = LineReading(lines).areas
    assert areas.labels.shape == lines.shape and (areas.labels > 0).all()
    left, right, outside = areas.labels[60, 40], areas.labels[60, 90], areas.labels[5, 5]
    assert len({left, right, outside}) == 3
    assert areas.outside[outside] and not areas.outside[[left, right]].any()
    assert (areas.labels[33:98, 23:58] == left).all() and (areas.labels[33:98, 73:108] == right).all()


def test_areas_that_meet_in_a_gap_are_told() -> None:
    lines = blank()
    lines[:, 64] = 0
    lines[60, 64] = 255
    areas = LineReading(lines).areas
    assert sorted(areas.open[0].tolist()) == sorted([areas.labels[60, 20], areas.labels[60, 100]])
    lines[60, 64] = 0
    assert not len(LineReading(lines).areas.open)


@pytest.mark.parametrize("work_size", [64, 128])
def test_areas_found_at_a_smaller_size_are_those_of_the_whole_away_from_lines(work_size: int) -> None:
    lines = two_boxes().repeat(2, axis=0).repeat(2, axis=1)
    small, full = LineReading(lines, work_size=work_size), LineReading(lines)
    assert max(small.small_lines.shape) == work_size and small.areas.labels.shape == lines.shape
    places = ((120, 80), (120, 180), (10, 10))
    assert [small.areas.labels[place] for place in places] == [full.areas.labels[place] for place in places]
    assert np.mean(small.areas.labels != full.areas.labels) < 0.05


def test_each_thing_is_worked_out_once() -> None:
    reading = LineReading(two_boxes())
    assert reading.areas is reading.areas and reading.mask is reading.mask and reading.regions is reading.regions
