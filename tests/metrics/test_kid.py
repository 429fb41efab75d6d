"""KID against its formula."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.metrics import kid


def test_kid_is_its_formula() -> None:
    pytest.importorskip("torchmetrics", reason="torchmetrics is not installed")
    rng = np.random.default_rng(0)
    first, second = rng.normal(0, 1, (30, 4)), rng.normal(0.5, 2, (30, 4))

    def kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        return (a @ b.T / 4 + 1) ** 3

    own = sum((kernel(one, one).sum() - np.trace(kernel(one, one))) / (30 * 29) for one in (first, second))
    assert kid.Metric().distance(first, second) == pytest.approx(own - 2 * kernel(first, second).mean(), rel=1e-4)
