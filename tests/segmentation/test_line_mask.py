"""Paper and ink told apart, the distance from ink, drawings shrunk without breaking a line."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.segmentation.line_mask import (
    cell_edges,
    find_line_mask,
    ink_elevation,
    inscribed_radius,
    line_mask_of,
    shrink_lines,
    shrunk_shape,
)
from pipelines.segmentation.watershed import TOP

Bytes = NDArray[np.uint8]


def blank(height: int = 120, width: int = 120) -> Bytes:
    return np.full((height, width), 255, np.uint8)


def test_the_width_of_paper_is_the_distance_from_ink() -> None:
    lines = blank(9, 30)
    lines[:, 10] = 0
    line_mask = find_line_mask(lines)
    assert (line_mask.distance[4] == np.abs(np.arange(30) - 10)).all()
    assert line_mask.distance[4, 29] == 19  # the picture's border is no ink


def test_soft_pencil_beside_black_is_ink_and_grain_of_paper_is_not() -> None:
    lines = blank(20, 40)
    lines[:, 10], lines[:, 20], lines[:, 30] = 0, 170, 250
    assert (find_line_mask(lines).paper[0, [10, 20, 30]] == [0, 0, 1]).all()
    assert (find_line_mask(lines, 100).paper[0, [10, 20, 30]] == [0, 1, 1]).all()


def test_paper_alone_is_as_far_from_ink_as_it_is_long_and_ink_alone_is_a_blank_sheet() -> None:
    assert (find_line_mask(blank(7, 30)).distance == 30).all()
    assert not find_line_mask(np.zeros((7, 30), np.uint8)).paper.any()
    assert line_mask_of(np.zeros((7, 30), np.uint8)).paper.all()


def test_the_peaks_hold_the_widest_place_of_every_area() -> None:
    lines = blank(41, 81)
    lines[:, 20] = 0
    lines[20, 21:] = 0
    line_mask = find_line_mask(lines)
    labels = np.ones(lines.shape, np.int32)
    labels[:20, 21:], labels[21:, 21:] = 2, 3
    expected = [0.0] + [float(line_mask.distance[labels == label].max()) for label in (1, 2, 3)]
    assert inscribed_radius(labels, line_mask).tolist() == expected


def test_the_elevation_is_0_on_paper_and_grows_with_darkness_on_ink_up_to_the_top() -> None:
    lines = np.array([[255, 200, 100, 0]], np.uint8)
    elevation = ink_elevation(lines, np.array([[1, 0, 0, 0]], np.uint8))
    assert elevation[0, 0] == 0 and (np.diff(elevation[0].astype(int)) > 0).all() and elevation[0, 3] == TOP


@pytest.mark.parametrize("size", [16, 33, 64, 99])
def test_no_line_breaks_when_a_drawing_is_shrunk(size: int) -> None:
    lines = blank(100, 140)
    cv2.line(lines, (0, 5), (139, 90), 0, 1)
    shape = shrunk_shape(lines.shape, size)
    assert max(shape) == size
    small = shrink_lines(lines, shape)
    assert small.shape == shape
    assert cv2.connectedComponents((small == 0).astype(np.uint8), connectivity=8)[0] == 2, "the line is one piece"
    assert cv2.connectedComponents((small > 0).astype(np.uint8), connectivity=4)[0] == 3, "and has two sides"


def test_what_is_small_enough_stays_and_sides_never_vanish() -> None:
    lines = blank(5, 900)
    assert shrunk_shape(lines.shape, 900) == (5, 900)
    assert shrink_lines(lines, (5, 900)) is lines
    assert shrunk_shape(lines.shape, 90) == (1, 90)


@pytest.mark.parametrize(("length", "count"), [(10, 10), (10, 3), (7, 5), (1000, 1)])
def test_cells_cover_a_length_evenly(length: int, count: int) -> None:
    edges = cell_edges(length, count)
    assert (edges[0], edges[-1], len(edges)) == (0, length, count + 1)
    assert set(np.diff(edges)) <= {length // count, -(-length // count)}
