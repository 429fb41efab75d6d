"""Log-chroma histograms against the sum of their source."""

import math

import numpy as np
import pytest

from pipelines.metrics import histogram
from pipelines.metrics.base.case import Case
from tests.metrics.cases import flat


def test_histograms_of_one_hue_are_equal_and_of_pure_colours_far_apart() -> None:
    distance = histogram.Metric().measure
    assert distance(Case(flat((200, 100, 50)), flat((100, 50, 25)))) == pytest.approx(0, abs=0.02)
    assert distance(Case(flat((255, 0, 0)), flat((0, 0, 255)))) > 0.9
    half = flat((255, 0, 0))
    half[:16] = (0, 0, 255)
    # equal intensities, so that half of each mass is shared: sqrt(1 - sum sqrt(H/2 H)) = sqrt(1 - sqrt(1/2))
    assert distance(Case(half, flat((255, 0, 0)))) == pytest.approx(math.sqrt(1 - math.sqrt(0.5)), abs=0.05)


def test_the_histogram_is_the_kernel_sum_of_its_source() -> None:
    picture = np.array([[[200, 120, 40], [30, 60, 90]], [[128, 128, 128], [250, 20, 60]]], np.uint8)
    bins = np.linspace(-3, 3, 64)
    total = np.zeros((3, 64, 64))
    for pixel in picture.reshape(-1, 3) / 255:
        log, weight = np.log(pixel + 1e-6), np.linalg.norm(pixel)
        for plane, (first, second) in enumerate(((1, 2), (0, 2), (0, 1))):
            u, v = (1 / (1 + ((log[plane] - log[other] - bins) / 0.02) ** 2) for other in (first, second))
            total[plane] += weight * np.outer(u, v)
    ours = histogram.log_chroma_histogram(picture)
    assert np.abs(ours - total / total.sum()).max() < 1e-5
