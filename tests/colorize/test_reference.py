"""Facts about what a reference says to models that fill and to networks that learned from discs."""

import cv2
import numpy as np

from pipelines.colorize.reference import OTHER_DRAWING, read_reference
from pipelines.core.imaging.picture import Picture
from pipelines.flatting.reading import LineReading
from tests import drawings
from tests.colorize.test_reader import colours
from tests.drawings import BLUE, RED

SIZE = 96
READING = LineReading(drawings.two_circles(SIZE))
SAME = Picture(drawings.two_circles_coloured(SIZE))
OTHER = Picture(np.ascontiguousarray(drawings.two_circles_coloured(SIZE)[20:76]))


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_colouring_of_the_drawing_gives_all_of_each_area_its_colour() -> None:
    guide = read_reference(SAME, READING, "fills", rng())
    assert guide.hints is not None and guide.is_flat and not guide.note
    assert tuple(guide.hints[48, 25]) == (*RED, 255) and tuple(guide.hints[48, 71]) == (*BLUE, 255)
    assert np.count_nonzero(guide.hints[..., 3]) > 0.9 * np.count_nonzero(READING.areas.labels[READING.paper > 0] > 1)


def test_networks_that_learned_from_discs_are_given_discs() -> None:
    discs = read_reference(SAME, READING, "discs", rng()).hints
    fills = read_reference(SAME, READING, "fills", rng()).hints
    assert discs is not None and fills is not None
    assert np.count_nonzero(discs[..., 3]) < np.count_nonzero(fills[..., 3])


def test_another_drawing_gives_its_colours_by_place_and_says_so() -> None:
    guide = read_reference(OTHER, READING, "fills", rng())
    assert guide.note == OTHER_DRAWING and guide.hints is not None
    assert colours(guide.hints) == {RED, BLUE}


def test_where_other_frames_know_better_another_drawing_gives_its_colours_alone() -> None:
    guide = read_reference(OTHER, READING, "fills", rng(), by_place=False)
    assert guide.hints is None and guide.palette is not None
    assert {RED, BLUE} <= {tuple(colour) for colour in guide.palette.tolist()}


def test_a_part_that_was_drawn_otherwise_is_coloured_by_place() -> None:
    moved = SAME.rgb.copy()
    moved[30:66, 60:71] = 255
    cv2.line(moved, (71, 28), (71, 68), (0, 0, 0), 2)
    guide = read_reference(Picture(moved), READING, "fills", rng())
    assert guide.hints is not None
    assert tuple(guide.hints[48, 25]) == (*RED, 255) and tuple(guide.hints[48, 78]) == (*BLUE, 255)
    assert tuple(guide.hints[48, 64]) == (*BLUE, 255), "no half of it stays white"
