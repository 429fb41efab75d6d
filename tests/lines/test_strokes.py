"""The parts that line extractors share, by hand and by what they promise."""

import numpy as np
import pytest

from pipelines.lines._strokes import (
    at_least,
    at_most,
    brightest_channel,
    depth_above,
    depth_below,
    depth_in,
    every_nth,
    excess_over,
    ground_under,
    has_wide_part,
    inner_parts,
    ladder,
    odd,
    places_in,
    share_of,
    side_of,
    stroke_width,
    tone,
)


def grey(*rows: list[int]) -> np.ndarray:
    return np.array(rows, np.uint8)


def test_value_and_tone_of_black_white_and_vivid_colours() -> None:
    picture = np.array([[[0, 0, 0], [255, 255, 255], [0, 0, 255], [255, 255, 0]]], np.uint8)
    assert brightest_channel(picture).tolist() == [[0, 255, 255, 255]]
    black, white, blue, yellow = tone(picture)[0].tolist()
    assert black == 0 < blue < yellow < white == 255


@pytest.mark.parametrize("level", [0, 99, 99.5, 100, 100.5, 254])
def test_masks_are_comparisons(level: float) -> None:
    levels = np.arange(256, dtype=np.uint8)[None]
    assert np.array_equal(at_least(levels, level) == 255, levels >= level)
    assert np.array_equal(at_most(levels, level) == 255, levels <= level)


def test_differences_never_fall_below_0() -> None:
    assert depth_below(grey([100, 100]), grey([40, 200])).tolist() == [[60, 0]]
    assert depth_above(grey([100, 20]), 30).tolist() == [[70, 0]]
    assert excess_over(np.array([[[10, 60, 0]]], np.uint8), (20, 20, 20)).tolist() == [[40]]
    assert share_of(grey([50, 7]), grey([100, 0])).tolist() == [[128, 0]]


def test_places_are_column_and_row_in_reading_order() -> None:
    assert places_in(grey([0, 255, 0], [255, 0, 255])).tolist() == [[1, 0], [0, 1], [2, 1]]
    assert places_in(grey([0, 0])).shape == (0, 2)


def test_every_nth_pixel_is_one_of_the_picture() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (11, 17, 3)).astype(np.uint8)
    assert every_nth(picture, 1) is picture
    thinned = every_nth(picture, 4)
    assert thinned.shape == (3, 5, 3)
    known = {tuple(colour) for colour in picture.reshape(-1, 3).tolist()}
    assert {tuple(colour) for colour in thinned.reshape(-1, 3).tolist()} <= known


def test_widths_are_odd_and_a_ladder_triples() -> None:
    assert [odd(width) for width in (1, 3, 4, 8.9)] == [3, 3, 5, 9]
    assert ladder(61) == [7, 21, 61] and ladder(9) == [9]
    assert side_of(np.zeros((16, 25), np.uint8)) == 20


def test_ground_fills_narrow_valleys_and_leaves_wide_ones() -> None:
    picture = np.full((60, 60), 200, np.uint8)
    picture[:, 10:13], picture[:, 30:] = 20, 40
    ground = ground_under(picture, 9)
    assert (ground[:, 10:13] == 200).all() and (ground[5:55, 35:55] == 40).all()
    assert (ground >= picture).all()


@pytest.mark.parametrize("thickness", [3, 5, 9])
def test_the_width_of_strokes_is_measured_along_their_middles(thickness: int) -> None:
    mask = np.zeros((80, 80), np.uint8)
    mask[20 : 20 + thickness] = 255
    assert stroke_width(depth_in(mask), 20) == pytest.approx(thickness, abs=1)
    assert stroke_width(depth_in(np.zeros_like(mask)), 20) == 1


def test_a_wide_area_keeps_a_rim_as_thick_as_the_strokes() -> None:
    mask = np.zeros((120, 120), np.uint8)
    mask[5:8] = 255
    mask[40:100, 30:90] = 255
    assert has_wide_part(mask, 20, 0.9)
    inner = inner_parts(mask, 20, 0.9, widest_stroke=10) > 0
    assert not inner[:40].any() and inner[70, 60] and not inner[40:43, 30:90].any()
    assert inner[44:96, 34:86].all()
    assert not inner_parts(mask, 40, 0.9, widest_stroke=10).any(), "no disc of 40 px fits"


def test_the_quick_look_never_misses_what_there_is() -> None:
    rng = np.random.default_rng(0)
    for _ in range(30):
        mask = np.zeros((90, 90), np.uint8)
        top, left, side = rng.integers(0, 40), rng.integers(0, 40), rng.integers(5, 50)
        mask[top : top + side, left : left + side] = 255
        if inner_parts(mask, 12, 0.25, widest_stroke=8).any():
            assert has_wide_part(mask, 12, 0.25)
