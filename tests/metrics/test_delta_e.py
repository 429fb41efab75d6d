"""The mean CIEDE2000 against skimage."""

import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from pipelines.metrics import delta_e
from pipelines.metrics.base.case import Case
from tests.drawings import BLUE, RED
from tests.metrics.cases import flat, noise


def test_delta_e_is_that_of_skimage() -> None:
    first, second = noise(seed=7), noise(seed=8)
    theirs = deltaE_ciede2000(rgb2lab(first), rgb2lab(second))
    assert delta_e.Metric().measure(Case(first, second)) == pytest.approx(theirs.mean(), abs=0.01)


def test_a_wrong_area_of_a_tenth_is_a_tenth_in_the_mean() -> None:
    truth, result = flat(RED, 40), flat(RED, 40)
    result[:4] = BLUE
    all_wrong = delta_e.Metric().measure(Case(flat(BLUE), flat(RED)))
    assert delta_e.Metric().measure(Case(result, truth)) == pytest.approx(all_wrong / 10)
