"""The panels of a page."""

import cv2

from pipelines.flatting.reading import LineReading
from pipelines.structure.comic_panels import find_panels
from tests.flatting.scenes import Bytes, blank


def panel_at(lines: Bytes, *places: tuple[int, int]) -> list[int]:
    reading = LineReading(lines)
    panels = find_panels(reading.properties, reading.outside)
    return [int(panels[reading.regions[y, x]]) for x, y in places]


def test_frames_are_panels_and_the_gutter_is_none() -> None:
    lines = blank(200, 300)
    for left in (10, 160):
        cv2.rectangle(lines, (left, 10), (left + 130, 190), 0, 3)
        cv2.circle(lines, (left + 65, 80), 30, 0, 2)
    first, first_head, second, second_head, gutter = panel_at(
        lines, (20, 20), (75, 80), (170, 20), (225, 80), (150, 100)
    )
    assert first == first_head != second == second_head
    assert min(first, second) > 0
    assert gutter == 0


def test_figures_that_stand_free_are_no_panels() -> None:
    lines = blank(200, 300)
    for left in (10, 160):
        cv2.circle(lines, (left + 65, 60), 40, 0, 2)
        cv2.ellipse(lines, (left + 65, 150), (30, 50), 0, 0, 360, 0, 2)
    assert panel_at(lines, (75, 60), (225, 60)) == [0, 0]
