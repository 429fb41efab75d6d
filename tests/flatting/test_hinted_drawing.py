"""A drawing with its regions and hints: what is joined, what is outside, and windows of it."""

import cv2
import numpy as np

from pipelines.flatting.hinted_drawing import HintedDrawing, read_drawing
from pipelines.regions.trapped_ball import Params, enclose
from pipelines.segmentation.line_mask import line_mask_of
from pipelines.segmentation.properties import region_properties
from tests.flatting.scenes import BLUE, RED, blank, discs, two_boxes


def open_rooms() -> np.ndarray:
    """Two rooms in a closed frame, with an opening of 3 px in the wall between them."""
    lines = blank(60, 120)
    cv2.rectangle(lines, (5, 5), (114, 54), 0, 2)
    lines[5:55, 60:62] = 0
    lines[28:31, 60:62] = 255
    return lines


def read(lines: np.ndarray, *spots: tuple[int, int, tuple[int, int, int]]) -> HintedDrawing:
    line_mask = line_mask_of(lines)
    return read_drawing(lines, discs(lines, *spots, radius=2), enclose(line_mask, Params(gap=9)), line_mask)


def test_paper_without_a_hint_is_joined_to_paper_with_one_through_a_gap() -> None:
    drawing = read(open_rooms(), (30, 30, RED))
    assert drawing.regions[30, 30] == drawing.regions[30, 90]
    assert drawing.hinted[drawing.regions[30, 90]]
    assert drawing.properties.area[drawing.regions[30, 30]] > 1.9 * 46 * 50


def test_two_rooms_with_hints_stay_two() -> None:
    drawing = read(open_rooms(), (30, 30, RED), (90, 30, BLUE))
    assert drawing.regions[30, 30] != drawing.regions[30, 90]
    assert drawing.hinted[[drawing.regions[30, 30], drawing.regions[30, 90]]].all()


def test_what_is_to_stay_apart_is_not_joined_through_a_gap() -> None:
    lines = open_rooms()
    line_mask = line_mask_of(lines)
    regions = enclose(line_mask, Params(gap=9))
    apart = np.zeros(int(regions.max()) + 1, bool)
    apart[regions[30, 90]] = True
    drawing = read_drawing(lines, discs(lines, (30, 30, RED)), regions, line_mask, apart=apart)
    assert drawing.regions[30, 30] != drawing.regions[30, 90]
    assert not drawing.hinted[drawing.regions[30, 90]]


def test_nothing_is_joined_to_the_paper_outside() -> None:
    lines = open_rooms()
    lines[28:31, 5:7] = 255  # the left room opens to the outside
    drawing = read(lines, (2, 2, RED))
    assert drawing.outside[drawing.regions[0, 0]]
    assert drawing.regions[30, 30] != drawing.regions[0, 0]
    assert not drawing.outside[drawing.regions[30, 30]]


def test_properties_that_are_known_already_change_nothing() -> None:
    lines = two_boxes()
    line_mask = line_mask_of(lines)
    regions = enclose(line_mask, Params())
    hints = discs(lines, (40, 60, RED))
    known = read_drawing(lines, hints, regions, line_mask, properties=region_properties(regions, line_mask))
    found = read_drawing(lines, hints, regions, line_mask)
    assert np.array_equal(known.regions, found.regions)
    assert np.array_equal(known.properties.area, found.properties.area)


def test_a_window_has_the_pixels_of_its_place_and_the_properties_of_the_whole() -> None:
    drawing = read(open_rooms(), (30, 30, RED), (90, 30, BLUE))
    window = slice(10, 40), slice(20, 100)
    part = drawing.cut(window)
    assert np.array_equal(part.regions, drawing.regions[window])
    assert np.array_equal(part.line_mask.distance, drawing.line_mask.distance[window])
    assert np.array_equal(part.spots.labels, drawing.spots.labels[window])
    assert part.properties is drawing.properties and part.size == drawing.size == 120
