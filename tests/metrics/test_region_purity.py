"""Stains lower the purity of regions by their share."""

import numpy as np
import pytest

from pipelines.metrics import region_purity
from tests.drawings import BLUE, GREEN, RED
from tests.metrics.cases import case, two_rooms


def test_a_stain_of_a_tenth_of_the_fills_lowers_purity_by_a_tenth() -> None:
    result = two_rooms(RED, BLUE)
    shown = case(result, result)
    assert region_purity.Metric().measure(shown) == 1
    fills = np.argwhere(shown.fill)
    for y, x in fills[: len(fills) // 10]:
        result[y, x] = GREEN
    assert region_purity.Metric().measure(case(result, result)) == pytest.approx(0.9, abs=1e-3)
