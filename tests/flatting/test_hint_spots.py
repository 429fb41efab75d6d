"""Where a hint counts: by its middle, in two regions if it runs through them, not on a line if it is the line's."""

import cv2
import numpy as np

from pipelines.models.flat import Params
from tests.flatting.scenes import BLUE, GREEN, RED, WHITE, blank, colours_of, discs, painted, two_boxes


def test_the_middle_of_a_spot_says_where_it_counts() -> None:
    lines = two_boxes()
    hints = discs(lines, (90, 60, BLUE))
    cv2.circle(hints, (55, 60), 17, (*RED, 255), cv2.FILLED)  # middle in the left box, rim in the right one
    result = painted(lines, hints)
    assert (result.colour[33:98, 23:58] == RED).all()
    assert (result.colour[33:98, 73:108] == BLUE).all()


def test_a_stroke_through_two_areas_colours_both() -> None:
    lines = two_boxes()
    hints = np.zeros((*lines.shape, 4), np.uint8)
    hints[58:64, 30:100] = (*GREEN, 255)
    result = painted(lines, hints)
    assert (result.colour[40, 40] == GREEN).all()
    assert (result.colour[40, 90] == GREEN).all()
    assert (result.colour[10, 64] == WHITE).all()


def test_a_stroke_over_an_outline_counts_where_most_of_it_lies() -> None:
    lines = blank()
    lines[30:100, 62:64] = lines[30:100, 20:22] = lines[30:100, 108:110] = 0
    lines[30:32, 20:110] = lines[98:100, 20:110] = 0
    hints = discs(lines, (90, 85, BLUE))
    hints[58:64, 30:78] = (*GREEN, 255)  # 32 px in the left box, 14 in the right one
    result = painted(lines, hints).colour
    assert (result[34:96, 24:60] == GREEN).all()
    assert (result[34:96, 66:106] == BLUE).all()


def test_a_dark_spot_on_a_line_says_nothing_of_the_areas() -> None:
    lines = two_boxes()
    result = painted(lines, discs(lines, (40, 60, RED), (60, 60, (10, 10, 20)), (90, 60, BLUE)))
    assert colours_of(result.colour) == {RED, BLUE, WHITE}


def test_a_bright_spot_on_a_line_still_counts() -> None:
    lines = two_boxes()
    result = painted(lines, discs(lines, (59, 60, RED)))
    assert (result.colour[80, 40] == RED).all()


def test_faint_hint_pixels_are_no_hints() -> None:
    lines = two_boxes()
    hints = discs(lines, (40, 60, RED), (90, 60, BLUE))
    hints[40:50, 30:40] = (*GREEN, 100)
    assert GREEN not in colours_of(painted(lines, hints).colour)


def test_a_hint_map_of_noise_is_painted_in_its_own_colours() -> None:
    rng = np.random.default_rng(3)
    lines = two_boxes()
    hints = rng.integers(0, 256, (*lines.shape, 4)).astype(np.uint8)
    result = painted(lines, hints)
    given = {tuple(colour) for colour in hints[hints[..., 3] >= 128][:, :3].tolist()}
    assert colours_of(result.colour) <= given | {WHITE}


def test_a_soft_map_of_very_many_colours_colours_everything() -> None:
    lines = blank(160, 160)
    lines[:, 80:82] = 0
    rows, columns = np.mgrid[0:160, 0:160]
    hints = np.dstack([rows * 255 // 159, columns * 255 // 159, np.full_like(rows, 90), np.full_like(rows, 255)])
    result = painted(lines, hints.astype(np.uint8), Params(outside="fill")).colour
    off = np.abs(result.astype(int) - hints[..., :3]).max(axis=2)
    assert off[:, :78].mean() < 16 and off[:, 84:].mean() < 16
