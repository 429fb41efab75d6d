"""What FID and KID share."""

import math

import numpy as np
import pytest

from pipelines.core.imaging.arrays import F64
from pipelines.metrics import fid, kid
from pipelines.metrics.base.feature_networks import encode_features
from pipelines.metrics.base.set_metrics import SetMetric


def test_small_sets_are_warned_of() -> None:
    for module in (fid, kid):
        assert "0 pictures: too few" in module.Metric().caution()


class MeanDifference(SetMetric):
    """How much larger the features of results are than those of truths."""

    name, reliable_from = "mean_difference", 3

    def distance(self, results: F64, truths: F64) -> float:
        return float(results.mean() - truths.mean())


def test_results_and_truths_are_compared_as_two_sets() -> None:
    metric = MeanDifference()
    assert math.isnan(metric.compute())
    metric.update("a", encode_features(np.array([[3.0, 5.0], [1.0, 1.0]])))
    assert math.isnan(metric.compute()), "one picture is no distribution"
    metric.update("b", encode_features(np.array([[0.0, 0.0], [1.0, 5.0]])))
    assert metric.compute() == pytest.approx(2 - 2)
    metric.update("b", encode_features(np.array([[8.0, 8.0], [1.0, 1.0]])))  # a picture counts once
    assert metric.compute() == pytest.approx(6 - 1)


def test_what_was_not_measured_is_not_counted() -> None:
    metric = MeanDifference()
    for name in ("a", "b", "c"):
        metric.update(name, None)
    assert "of 0 pictures: too few to be trusted (3 or more are)" in metric.caution()
    for name in ("a", "b", "c"):
        metric.update(name, encode_features(np.ones((2, 1))))
    assert metric.caution() == ""
