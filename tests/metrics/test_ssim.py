"""SSIM against skimage and its luminance term."""

import cv2
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from pipelines.metrics import ssim
from pipelines.metrics.base.case import Case
from tests.metrics.cases import flat, noise


def test_ssim_is_that_of_skimage() -> None:
    truth = noise(seed=3)
    for result in (noise(seed=4), cv2.GaussianBlur(truth, (0, 0), 1.2), np.clip(truth + 9, 9, 255).astype(np.uint8)):
        theirs = structural_similarity(
            truth, result, channel_axis=2, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
        assert ssim.Metric().measure(Case(result, truth)) == pytest.approx(theirs, abs=1e-9)


def test_ssim_of_two_flat_greys_is_their_luminance_term() -> None:
    figure = ssim.Metric().measure(Case(flat((100, 100, 100)), flat((50, 50, 50))))
    c1 = (0.01 * 255) ** 2
    assert figure == pytest.approx((2 * 100 * 50 + c1) / (100**2 + 50**2 + c1))


def test_ssim_of_identical_pictures_is_one_at_any_size() -> None:
    for size in (1, 3, 10, 11, 40):
        assert ssim.Metric().measure(Case(noise(size), noise(size))) == pytest.approx(1)
