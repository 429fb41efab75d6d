"""The 95th percentile of CIEDE2000 against skimage."""

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from pipelines.metrics import delta_e, delta_e_p95
from pipelines.metrics.base.case import Case
from tests.drawings import BLUE, RED
from tests.metrics.cases import flat, noise


def test_delta_e_p95_is_that_of_skimage() -> None:
    first, second = noise(seed=7), noise(seed=8)
    theirs = deltaE_ciede2000(rgb2lab(first), rgb2lab(second))
    assert delta_e_p95.Metric().measure(Case(first, second)) == pytest.approx(np.percentile(theirs, 95), abs=0.05)


def test_a_wrong_area_of_a_tenth_is_all_of_the_percentile() -> None:
    truth, result = flat(RED, 40), flat(RED, 40)
    result[:4] = BLUE
    all_wrong = delta_e.Metric().measure(Case(flat(BLUE), flat(RED)))
    assert delta_e_p95.Metric().measure(Case(result, truth)) == pytest.approx(all_wrong)
