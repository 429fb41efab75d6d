"""Layers over colour and over white, exact for every level; shrinking."""

import numpy as np
import pytest

from pipelines.core.imaging.compositing import bleed_colour, composite, fit
from pipelines.core.imaging.picture import Picture
from tests.core.imaging.samples import WHITE, noise


def test_over_white_by_hand():
    picture = Picture(np.array([[[0, 100, 200]]], np.uint8), np.array([[51]], np.uint8))
    assert picture.over_white().tolist() == [[[204, 224, 244]]]  # 255 - (255 - c) / 5


def test_composite_is_exact_for_every_alpha_and_colour():
    alpha, colour = np.meshgrid(np.arange(256), np.arange(256))
    layer = np.dstack([colour, colour, colour, alpha]).astype(np.uint8)
    for below in (0, 77, 255):
        exact = np.rint((colour * alpha + below * (255 - alpha)) / 255)
        assert np.array_equal(composite(layer, (below, below, below))[..., 1], exact)
    over_white = Picture(layer[..., :3], layer[..., 3]).over_white()
    assert np.array_equal(over_white, composite(layer, WHITE))


def test_composite_over_a_picture_leaves_it_alone():
    below = noise(5, 5, 3)
    layer = noise(5, 5, 4, seed=1)
    before = below.copy()
    layer[..., 3] = [[0, 255, 0, 255, 0]] * 5
    result = composite(layer, below)
    assert np.array_equal(result[:, 0::2], below[:, 0::2])
    assert np.array_equal(result[:, 1::2], layer[:, 1::2, :3])
    assert np.array_equal(below, before)


def test_fit_averages_and_never_enlarges():
    assert fit(np.array([[0, 100], [100, 200]], np.uint8), 1).tolist() == [[100]]
    assert fit(noise(10, 40, 3), 20).shape == (5, 20, 3)
    assert fit(noise(1, 4000), 100).shape == (1, 100)
    array = noise(6, 4)
    assert fit(array, 6) is array


def test_hidden_pixels_take_the_colour_of_the_nearest_visible_one():
    picture = np.full((1, 9, 4), 255, np.uint8)
    picture[..., 3] = 0
    picture[0, 2], picture[0, 7] = (10, 20, 30, 255), (200, 100, 0, 8)
    expected = [[10, 20, 30]] * 5 + [[200, 100, 0]] * 4
    bled = bleed_colour(picture)
    assert bled[0, :, :3].tolist() == expected
    assert np.array_equal(bled[..., 3], picture[..., 3])


@pytest.mark.parametrize("size", [(60, 80), (1, 300), (300, 1)])
@pytest.mark.parametrize("colours", [1, 200])
def test_every_hidden_pixel_has_a_colour_that_is_about_as_near_as_any(size, colours):
    """By brute force; the distance that OpenCV adds up in steps is off by a twentieth at most."""
    rng = np.random.default_rng(5)
    picture = rng.integers(0, 256, (*size, 4), np.uint8)
    picture[..., :3] = rng.integers(0, 256, (colours, 3), np.uint8)[rng.integers(0, colours, size)]
    picture[..., 3] = np.where(rng.random(size) < 0.02, rng.integers(8, 256, size), 0)
    bled = bleed_colour(picture)
    visible = np.argwhere(picture[..., 3] > 0)
    assert np.array_equal(bled[tuple(visible.T)], picture[tuple(visible.T)])
    for place in np.argwhere(picture[..., 3] == 0):
        apart = np.hypot(*(visible - place).T)
        same = (picture[tuple(visible.T)][:, :3] == bled[tuple(place)][:3]).all(axis=1)
        assert apart[same].min() <= apart.min() * 1.05 + 0.01


def test_faint_pixels_do_not_bleed_where_there_are_others_and_stay_as_they_are():
    picture = np.zeros((1, 5, 4), np.uint8)
    picture[0, 0], picture[0, 3] = (9, 9, 9, 255), (255, 0, 255, 3)
    assert bleed_colour(picture)[0].tolist() == [
        [9, 9, 9, 255],
        [9, 9, 9, 0],
        [9, 9, 9, 0],
        [255, 0, 255, 3],
        [9, 9, 9, 0],
    ]
    picture[0, 0, 3] = 0
    assert bleed_colour(picture)[0, :, :3].tolist() == [[255, 0, 255]] * 5


def test_what_has_nothing_to_bleed_passes():
    rgb, opaque = noise(4, 4, 3), noise(4, 4, 4)
    opaque[..., 3] = 255
    clear = noise(4, 4, 4)
    clear[..., 3] = 0
    for picture in (rgb, opaque, clear):
        assert bleed_colour(picture) is picture


def test_a_smaller_copy_by_straight_alpha_has_no_fringe():
    """A mip level: the mean of four pixels, colour and alpha apart, over black as if alpha had counted."""
    rows, columns = np.mgrid[:64, :64]
    alpha = np.clip((20 - np.hypot(rows - 30.3, columns - 33.1)) * 255, 0, 255).astype(np.uint8)
    colour = np.where((columns < 33)[..., None], (0, 0, 0), (150, 30, 60))
    picture = np.dstack([np.where(alpha[..., None] > 0, colour, 255), alpha]).astype(np.uint8)
    seen = []
    for shown in (picture, bleed_colour(picture)):
        blocks = shown.reshape(32, 2, 32, 2, 4).astype(float)
        share = blocks[..., 3:] / 255
        weighted = (blocks[..., :3] * share).mean(axis=(1, 3))
        straight = blocks[..., :3].mean(axis=(1, 3)) * share.mean(axis=(1, 3))
        seen.append(np.abs(straight - weighted).max())
    assert seen[0] > 40
    assert seen[1] < 12  # where the two colours meet at the edge
