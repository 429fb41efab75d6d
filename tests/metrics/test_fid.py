"""FID against its formula."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.metrics import fid


def frechet(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    from scipy.linalg import sqrtm

    covariances = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    mean = np.square(first.mean(0) - second.mean(0)).sum()
    return float(mean + np.trace(covariances[0] + covariances[1] - 2 * sqrtm(covariances[0] @ covariances[1]).real))


def test_fid_is_its_formula() -> None:
    pytest.importorskip("torchmetrics", reason="torchmetrics is not installed")
    rng = np.random.default_rng(0)
    first, second = rng.normal(0, 1, (60, 4)), rng.normal(0.5, 2, (60, 4))
    assert fid.Metric().distance(first, second) == pytest.approx(frechet(first, second), rel=1e-3)
