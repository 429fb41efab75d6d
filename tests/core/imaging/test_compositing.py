"""Layers over colour and over white, exact for every level; shrinking."""

import numpy as np

from pipelines.core.imaging.compositing import composite, fit
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
