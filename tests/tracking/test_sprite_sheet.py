"""Facts about sheets of sprites: what is one, and how hints on one count for all."""

import cv2
import numpy as np
import pytest

from pipelines.core.errors import MethodError
from pipelines.segmentation.line_mask import line_mask_of
from pipelines.tracking.sprite_sheet import find_sheet, needs_hints, sheet_of_grid, spread_hints

SKIN, SHIRT, LEG = (250, 215, 185), (200, 40, 40), (40, 90, 200)
CELL = 16


def sheet_in(lines):
    return find_sheet(line_mask_of(lines).paper)


def sprite(step=0):
    """A figure of 10 by 14 px in a cell of 16."""
    cell = np.full((CELL, CELL), 255, np.uint8)
    cv2.rectangle(cell, (4, 1), (11, 6), 0, 1)
    cv2.rectangle(cell, (5, 6), (10, 10), 0, 1)
    cv2.rectangle(cell, (5, 10), (7, 14 - step), 0, 1)
    cv2.rectangle(cell, (8, 10), (10, 13 + step), 0, 1)
    return cell


def sheet(rows=2, columns=4):
    return np.vstack([np.hstack([sprite((row + column) % 2) for column in range(columns)]) for row in range(rows)])


def hints_on(lines, left=0, top=0):
    hints = np.zeros((*lines.shape, 4), np.uint8)
    for x, y, colour in ((7, 3, SKIN), (7, 8, SHIRT), (6, 12, LEG), (9, 12, LEG)):
        hints[top + y, left + x] = (*colour, 255)
    return hints


@pytest.mark.parametrize(("rows", "columns"), [(2, 4), (4, 6), (1, 5), (3, 2)])
def test_a_grid_of_like_figures_is_found(rows, columns):
    found = sheet_in(sheet(rows, columns))
    assert found is not None and (found.rows, found.columns) == (rows, columns)
    assert found.cells[0] == (slice(0, CELL), slice(0, CELL))
    assert found.gap == 0, "pixel art has no gaps in its lines"


def test_figures_at_even_distances_need_no_even_division():
    lines = np.full((23, 5 * 19 + 6), 255, np.uint8)
    for number in range(5):
        lines[3 : 3 + CELL, 6 + 19 * number : 6 + 19 * number + CELL] = sprite(number % 2)
    found = sheet_in(lines)
    assert found is not None and found.columns == 5


def test_unlike_figures_and_one_figure_are_no_sheet():
    unlike = np.full((64, 64), 255, np.uint8)
    cv2.circle(unlike, (15, 15), 12, 0, 1)
    cv2.rectangle(unlike, (36, 12), (60, 18), 0, 1)
    cv2.line(unlike, (4, 60), (28, 36), 0, 2)
    cv2.circle(unlike, (48, 48), 4, 0, -1)
    assert sheet_in(unlike) is None
    assert sheet_in(sprite()) is None
    assert sheet_in(np.full((64, 64), 255, np.uint8)) is None


def test_panels_of_a_page_are_no_sprites():
    page = np.full((400, 400), 255, np.uint8)
    rng = np.random.default_rng(4)
    for top in (10, 210):
        for left in (10, 210):
            cv2.rectangle(page, (left, top), (left + 180, top + 180), 0, 3)
            for _ in range(5):
                x, y = rng.integers(30, 150, 2)
                cv2.circle(page, (left + int(x), top + int(y)), int(rng.integers(8, 25)), 0, 2)
    assert sheet_in(page) is None


@pytest.mark.parametrize("place", [(0, 0), (32, 16)])
def test_hints_on_one_sprite_count_for_all(place):
    lines = sheet()
    hints = hints_on(lines, *place)
    cells = sheet_in(lines)
    assert cells is not None and needs_hints(cells, line_mask_of(lines).paper, hints)
    spread = spread_hints(cells, lines, hints)
    for top in (0, CELL):
        for left in range(0, 4 * CELL, CELL):
            for x, y, colour in ((9, 4, SKIN), (6, 7, SHIRT), (6, 11, LEG), (9, 11, LEG)):
                assert tuple(spread[top + y, left + x]) == (*colour, 255), (left, top, x, y)
    assert not spread[lines == 0].any()
    assert (spread[15, :, 3] == 0).all() and (spread[:, 0, 3] == 0).all(), "paper between stays paper"
    assert {tuple(colour) for colour in spread[spread[..., 3] > 0][:, :3].tolist()} == {SKIN, SHIRT, LEG}


def test_an_area_without_a_hint_has_one_colour_in_all_sprites():
    lines = sheet()
    hints = hints_on(lines)
    hints[8, 7] = 0
    cells = sheet_in(lines)
    assert cells is not None
    spread = spread_hints(cells, lines, hints)
    shirts = {tuple(spread[top + 8, left + 7]) for top in (0, CELL) for left in range(0, 4 * CELL, CELL)}
    assert len(shirts) == 1 and shirts.pop()[3] == 255


def test_a_sprite_keeps_its_own_hints():
    lines = sheet()
    hints = hints_on(lines)
    hints[8, CELL + 7] = (10, 200, 30, 255)
    cells = sheet_in(lines)
    assert cells is not None
    spread = spread_hints(cells, lines, hints)
    assert tuple(spread[7, CELL + 6]) == (10, 200, 30, 255) and tuple(spread[7, 6]) == (*SHIRT, 255)


def test_where_all_sprites_have_hints_there_is_nothing_to_do():
    lines = sheet(1, 4)
    hints = np.maximum.reduce([hints_on(lines, left) for left in range(0, 4 * CELL, CELL)])
    cells = sheet_in(lines)
    assert cells is not None
    assert not needs_hints(cells, line_mask_of(lines).paper, hints)
    assert not needs_hints(cells, line_mask_of(lines).paper, np.zeros_like(hints))


def test_a_grid_that_is_given_is_laid_from_the_top_left_corner():
    cells = sheet_of_grid((40, 50), (16, 20))
    assert (cells.rows, cells.columns) == (2, 4)
    assert cells.cells[-1] == (slice(20, 40), slice(48, 50))


def test_a_grid_of_cells_larger_than_the_picture_is_refused():
    with pytest.raises(MethodError, match="smaller than a sprite"):
        sheet_of_grid((40, 60), (16, 48))


def test_like_boxes_are_no_sprites():
    """Windows, keys and swatches enclose one area each."""
    lines = np.full((80, 320), 255, np.uint8)
    for left in range(0, 320, 80):
        cv2.rectangle(lines, (left + 15, 15), (left + 64, 64), 0, 2)
    assert sheet_in(lines) is None
