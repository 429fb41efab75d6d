"""Small pictures and false colour."""

import numpy as np
import pytest

from pipelines.core.imaging.picture import Picture, decode_picture
from pipelines.reports.base.thumbnails import (
    MAP_REACH,
    difference_map,
    false_colour,
    gradient,
    hints_on_lines,
    thumbnail,
)
from tests import drawings


def test_small_pictures_stay_exact_and_large_ones_are_fitted() -> None:
    small = drawings.two_circles_coloured(96)
    np.testing.assert_array_equal(decode_picture(thumbnail(small)).rgb, small)
    wide = np.zeros((200, 800, 3), np.uint8)
    assert decode_picture(thumbnail(wide)).rgb.shape == (80, 320, 3)


def test_hints_lie_on_the_lines_at_the_size_of_the_lines() -> None:
    hints = drawings.two_hints(48)
    lines = np.dstack([drawings.two_circles(96)] * 3)
    shown = decode_picture(hints_on_lines(Picture(hints[..., :3].copy(), hints[..., 3].copy()), lines)).rgb
    assert shown.shape == lines.shape
    assert tuple(shown[48, 25]) == drawings.RED
    np.testing.assert_array_equal(shown[0], lines[0])


def test_false_colour_grows_brighter_and_ends_at_one() -> None:
    ramp = false_colour(np.linspace(0, 1, 11)[None])[0].astype(int).sum(axis=1)
    assert (np.diff(ramp) > 0).all()
    np.testing.assert_array_equal(false_colour(np.array([[1.0]])), false_colour(np.array([[7.0]])))


def test_a_map_is_dark_where_colours_agree_and_bright_where_they_do_not() -> None:
    truth = drawings.two_circles_coloured(64)
    result = truth.copy()
    result[:8] = (0, 0, 0)
    shown = decode_picture(difference_map(result, truth)).rgb.astype(int).sum(axis=2)
    assert shown[:8].min() > 600
    assert shown[8:].max() < 30
    assert MAP_REACH == 20


@pytest.mark.parametrize("size", [(33, 64), (64, 40)])
def test_a_result_of_another_size_has_a_map_of_the_truth_s(size: tuple[int, int]) -> None:
    truth = drawings.two_circles_coloured(64)
    assert decode_picture(difference_map(np.zeros((*size, 3), np.uint8), truth)).rgb.shape == truth.shape


def test_the_scale_begins_black_and_ends_pale() -> None:
    scale = gradient()
    assert scale.startswith("linear-gradient(to right, rgb(0 0 4)")
    assert scale.count("rgb(") == 9
