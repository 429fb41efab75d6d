"""Facts about how drawings and hints are laid into a network's square."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.core.imaging.framing import resized
from pipelines.inference.letterbox import dilate_hints, letterbox, normalise_line_contrast, shrink_hints
from tests import drawings
from tests.inference.scenes import circle, no_hints

RED, BLUE, WHITE = drawings.RED, drawings.BLUE, drawings.WHITE


def box_of(mask: NDArray[np.bool_]) -> tuple[int, int]:
    """Height and width of the box around what is set."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


@pytest.mark.parametrize("shape", [(97, 333), (333, 97), (128, 128), (40, 30), (1200, 500)])
def test_a_drawing_is_laid_in_whole_without_stretching_and_white_around_it(shape: tuple[int, int]) -> None:
    sheet = letterbox(circle(*shape, thickness=max(3, max(shape) // 60)), no_hints(*shape), 128)
    assert sheet.lines.shape == (128, 128)
    rows, columns = sheet.roi
    longer = max(rows.stop - rows.start, columns.stop - columns.start)
    assert longer == 128
    assert (columns.stop - columns.start) / (rows.stop - rows.start) == pytest.approx(shape[1] / shape[0], rel=0.05)
    around = np.ones((128, 128), bool)
    around[sheet.roi] = False
    assert (sheet.lines[around] == 255).all()
    height, width = box_of(sheet.lines < 200)
    assert abs(height - width) <= 2  # a circle stays one


def test_faint_lines_are_darkened_and_dark_ones_left_alone() -> None:
    thick, thin = circle(1280, 1280, thickness=30), circle(1280, 1280, thickness=2)
    small = resized(thin, (128, 128))
    assert small.min() > 140
    laid = letterbox(thin, no_hints(1280, 1280), 128).lines
    assert np.median(laid[small < 230]) < 140
    assert (laid[small == 255] == 255).all()
    assert (letterbox(thick, no_hints(1280, 1280), 128).lines == resized(thick, (128, 128))).all()
    assert (normalise_line_contrast(np.full((8, 8), 255, np.uint8)) == 255).all()


def test_no_hint_is_lost_or_mixed_when_it_is_shrunk() -> None:
    hints = no_hints(1000, 400)
    spots = [(3, 5, RED), (500, 201, BLUE), (999, 399, (7, 8, 9))]
    for row, column, colour in spots:
        hints[row, column] = (*colour, 255)
    small = shrink_hints(hints, (50, 20))
    assert {tuple(colour) for colour in small[small[..., 3] > 0][:, :3].tolist()} == {colour for *_, colour in spots}
    assert [tuple(small[row // 20, column // 20, :3]) for row, column, _ in spots] == [colour for *_, colour in spots]


def test_small_hints_grow_to_discs_that_do_not_overrun_each_other_and_large_ones_stay() -> None:
    hints = no_hints(64, 64)
    hints[20, 20], hints[20, 26] = (*RED, 255), (*BLUE, 255)
    cv2.circle(hints, (45, 45), 9, (1, 2, 3, 255), -1)
    big = dilate_hints(hints, 5)
    assert np.count_nonzero((big[..., :3] == (1, 2, 3)).all(axis=2)) == np.count_nonzero(hints[..., 0] == 1)
    red, blue = ((big[..., :3] == colour).all(axis=2) & (big[..., 3] > 0) for colour in (RED, BLUE))
    assert 30 < np.count_nonzero(red) < 80
    assert red[20, 22]
    assert blue[20, 24]
    assert not (red & blue).any()
    assert not dilate_hints(no_hints(8, 8), 5).any()


@pytest.mark.parametrize("shape", [(97, 333), (333, 97), (60, 80)])
def test_a_frame_need_not_be_a_square(shape: tuple[int, int]) -> None:
    sheet = letterbox(circle(*shape, thickness=9), no_hints(*shape), (128, 96))
    assert sheet.lines.shape == (96, 128) and sheet.hints.shape == (96, 128, 4)
    rows, columns = sheet.roi
    height, width = rows.stop - rows.start, columns.stop - columns.start
    assert height == 96 or width == 128
    assert width / height == pytest.approx(shape[1] / shape[0], rel=0.05)
    around = np.ones((96, 128), bool)
    around[sheet.roi] = False
    assert (sheet.lines[around] == 255).all()


def test_hints_grow_by_the_longer_side_of_a_frame() -> None:
    hints = no_hints(96, 128)
    hints[40, 60] = (*RED, 255)
    lines = np.full((96, 128), 255, np.uint8)
    grown = letterbox(lines, hints, (128, 96), least_hint=5 / 128).hints[..., 3] > 0
    assert box_of(grown) == (9, 9)  # by the shorter side it would be 5
