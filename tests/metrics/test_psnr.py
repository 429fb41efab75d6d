"""PSNR against skimage and cases worked out by hand."""

import math

import pytest
from skimage.metrics import peak_signal_noise_ratio

from pipelines.metrics import psnr
from pipelines.metrics.base.case import Case
from tests.drawings import RED
from tests.metrics.cases import flat, noise


def test_psnr_of_one_level_is_that_of_an_error_of_one() -> None:
    figure = psnr.Metric().measure(Case(flat((101, 101, 101)), flat((100, 100, 100))))
    assert figure == pytest.approx(10 * math.log10(255**2))


def test_psnr_is_that_of_skimage() -> None:
    first, second = noise(seed=1), noise(seed=2)
    assert psnr.Metric().measure(Case(first, second)) == pytest.approx(
        peak_signal_noise_ratio(second, first, data_range=255)
    )


def test_identical_pictures_have_infinite_psnr_and_count_for_100_in_the_mean() -> None:
    metric = psnr.Metric()
    scores = [
        metric.measure(Case(flat(RED), flat(RED))),
        metric.measure(Case(flat((101, 101, 101)), flat((100, 100, 100)))),
    ]
    assert scores[0] == math.inf
    for number, score in enumerate(scores):
        metric.update(str(number), score)
    assert metric.compute() == pytest.approx((100 + 10 * math.log10(255**2)) / 2)
