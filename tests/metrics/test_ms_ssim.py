"""MS-SSIM against torchmetrics and its luminance term."""

import cv2
import numpy as np
import pytest

from pipelines.metrics import ms_ssim
from pipelines.metrics.base.case import Case
from tests.metrics.cases import flat, noise


def test_ms_ssim_of_identical_pictures_is_one_and_small_ones_are_not_measured() -> None:
    assert ms_ssim.Metric().measure(Case(noise(180), noise(180))) == pytest.approx(1)
    assert ms_ssim.Metric().measure(Case(noise(170), noise(170))) is None


def test_ms_ssim_of_two_flat_greys_is_the_luminance_of_the_coarsest_scale() -> None:
    figure = ms_ssim.Metric().measure(Case(flat((100, 100, 100), 200), flat((50, 50, 50), 200)))
    c1 = (0.01 * 255) ** 2
    assert figure == pytest.approx(((2 * 100 * 50 + c1) / (100**2 + 50**2 + c1)) ** 0.1333)


def test_ms_ssim_is_that_of_torchmetrics() -> None:
    image = pytest.importorskip("torchmetrics.functional.image", reason="torchmetrics is not installed")
    torch = pytest.importorskip("torch")
    truth = cv2.GaussianBlur(noise(200, seed=5), (0, 0), 2)
    result = np.clip(truth.astype(int) + noise(200, seed=6) // 8, 0, 255).astype(np.uint8)
    tensors = [torch.from_numpy(one.transpose(2, 0, 1)[None].astype(np.float64)) for one in (result, truth)]
    theirs = float(image.multiscale_structural_similarity_index_measure(*tensors, data_range=255.0))
    # torchmetrics counts mirrored windows at the border in the luminance of the coarsest scale, the paper does not
    assert ms_ssim.Metric().measure(Case(result, truth)) == pytest.approx(theirs, abs=1e-4)
