"""Maps of structure against equation 13 worked out over one window."""

import cv2
import numpy as np
import pytest

from pipelines.metrics.base.structural_similarity import RADIUS, SIGMA, similarity_maps
from tests.metrics.cases import noise


def test_a_place_has_the_statistics_of_its_window() -> None:
    first, second = noise(30, seed=1), noise(30, seed=2)
    maps = similarity_maps(first, second)
    assert maps.luminance.shape == maps.structure.shape == (20, 25, 3)
    side = 2 * RADIUS + 1
    weights = cv2.getGaussianKernel(side, SIGMA) @ cv2.getGaussianKernel(side, SIGMA).T
    x, y = (picture[4 : 4 + side, 7 : 7 + side, 1].astype(np.float64) for picture in (first, second))
    mean_x, mean_y = (weights * x).sum(), (weights * y).sum()
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    covariance = (weights * (x - mean_x) * (y - mean_y)).sum()
    variances = (weights * (x - mean_x) ** 2).sum() + (weights * (y - mean_y) ** 2).sum()
    assert maps.luminance[4, 7, 1] == pytest.approx((2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1))
    assert maps.structure[4, 7, 1] == pytest.approx((2 * covariance + c2) / (variances + c2))


def test_a_side_shorter_than_the_window_is_kept_whole() -> None:
    picture = noise(4)  # (4, 9)
    maps = similarity_maps(picture, picture)
    assert maps.structure.shape == picture.shape
    np.testing.assert_allclose(maps.structure, 1)


def test_which_picture_comes_first_does_not_matter() -> None:
    first, second = noise(seed=3), noise(seed=4)
    for one, other in zip(similarity_maps(first, second), similarity_maps(second, first), strict=True):
        np.testing.assert_allclose(one, other)
