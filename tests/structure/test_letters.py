"""Rows of letters are told from faces, buttons, windows and hair."""

import cv2
import numpy as np
import pytest

from pipelines.segmentation.line_mask import line_mask_of
from pipelines.structure.ink_islands import find_ink, find_islands
from pipelines.structure.letters import LetterRow, find_rows, may_hold_letters
from tests.structure.pages import Bytes, blank, face, write


def rows_of(lines: Bytes) -> list[LetterRow]:
    paper = line_mask_of(lines).paper
    distance = np.asarray(cv2.distanceTransform(1 - paper, cv2.DIST_L2, 3), np.float32)
    return find_rows(find_islands(paper, find_ink(paper)), distance)


@pytest.mark.parametrize("unit", [3, 5, 9])
def test_letters_side_by_side_are_a_row(unit: int) -> None:
    lines = blank(200, 400)
    write(lines, "BOAT", 40, 60, unit=unit, stroke=2)
    (row,) = rows_of(lines)
    assert len(row.letters) == 4
    assert abs(row.left - 40) <= 3
    assert abs(row.top - 60) <= 3


def test_words_below_each_other_are_two_rows() -> None:
    lines = blank(200, 400)
    write(lines, "BOAT", 40, 40)
    write(lines, "TOAD", 40, 80)
    assert [len(row.letters) for row in rows_of(lines)] == [4, 4]


def test_letters_that_touch_are_letters_where_they_are_low() -> None:
    lines = blank(200, 300)
    write(lines, "TOAD", 40, 40, unit=2, stroke=1, apart=0)
    write(lines, "BOAT", 40, 60, unit=2, stroke=1, apart=0)
    assert len(rows_of(lines)) == 2


def test_a_face_has_no_letters() -> None:
    lines = blank(300, 300)
    face(lines, 150, 150, 100)
    assert rows_of(lines) == []


def test_things_that_are_all_alike_are_no_letters() -> None:
    lines = blank(200, 400)
    for number in range(5):
        cv2.circle(lines, (50 + 40 * number, 50), 12, 0, 2)  # buttons
        cv2.rectangle(lines, (50 + 40 * number, 120), (75 + 40 * number, 150), 0, 2)  # windows
    assert rows_of(lines) == []


def test_hair_is_no_letters() -> None:
    lines = blank(200, 400)
    for number in range(6):
        cv2.line(lines, (50 + 20 * number, 50), (45 + 22 * number, 80), 0, 2)
    assert rows_of(lines) == []


def test_spots_are_no_letters() -> None:
    lines = blank(200, 400)
    for number, radius in enumerate((8, 9, 10, 8)):
        cv2.circle(lines, (50 + 30 * number, 50), radius, 0, cv2.FILLED)
    assert rows_of(lines) == []


def test_a_drawing_without_neighbours_of_like_height_needs_no_look() -> None:
    lines = blank(200, 200)
    cv2.circle(lines, (100, 100), 60, 0, 3)
    assert not may_hold_letters(find_ink(line_mask_of(lines).paper))
    write(lines, "TOAD", 60, 90)
    assert may_hold_letters(find_ink(line_mask_of(lines).paper))
