"""Intervals and tests, against values worked out by hand, by scipy, or published."""

import math

import numpy as np
import pytest
from scipy import stats

from pipelines.metrics.base.statistics import (
    bootstrap_mean,
    compare_paired,
    sign_flip_test,
    sign_test,
    statistic,
    wilson_interval,
)


def test_statistics_of_few_values_are_those_of_pictures() -> None:
    values = [4.0, 1.0, 3.0, 2.0]
    names = ("mean", "median", "min", "max", "p05", "p95")
    assert [statistic(values, name) for name in names] == [2.5, 2.5, 1.0, 4.0, 1.0, 4.0]
    assert all(math.isnan(statistic([], name)) for name in names)


def test_a_twentieth_of_many_pictures_may_be_below_p05() -> None:
    values = np.arange(201.0)
    assert (statistic(values, "p05"), statistic(values, "p95")) == (10.0, 190.0)
    assert (statistic(values[:30], "p05"), statistic(values[:30], "p95")) == (1.0, 28.0), "the outer of two ranks"


def test_the_interval_of_equal_values_has_no_width() -> None:
    interval = bootstrap_mean([3.0] * 10)
    assert (interval.low, interval.high) == (3.0, 3.0)


def test_the_bootstrap_interval_is_that_of_normal_theory_for_many_values() -> None:
    values = np.random.default_rng(1).normal(10, 2, 400)
    interval = bootstrap_mean(values)
    half = 1.96 * values.std() / math.sqrt(400)
    assert interval.low == pytest.approx(values.mean() - half, abs=0.03)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.03)


def test_the_bootstrap_interval_is_that_of_scipy() -> None:
    values = np.random.default_rng(2).exponential(1, 60)
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    ours = bootstrap_mean(values)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.03)


def test_one_value_says_nothing_of_its_spread_and_none_is_an_error() -> None:
    interval = bootstrap_mean([1.0])
    assert (interval.low, interval.high) == (-math.inf, math.inf)
    with pytest.raises(ValueError, match="no values"):
        bootstrap_mean([])


def test_intervals_repeat_exactly() -> None:
    values = np.arange(50.0)
    assert bootstrap_mean(values) == bootstrap_mean(values)


def test_sign_flips_are_counted_exactly_for_few_pairs() -> None:
    assert sign_flip_test([1.0, 2.0, 3.0]) == 2 / 8  # only +++ and --- are as extreme
    assert sign_flip_test([0.0, 0.0]) == 1.0
    assert sign_flip_test([1.0, -1.0]) == 1.0


def test_random_sign_flips_agree_with_every_sign_flip() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(0.4, 1, 14)  # one more than are flipped exactly
    signs = 1 - 2 * ((np.arange(1 << 14)[:, None] >> np.arange(14)) & 1)
    exact = (np.abs(signs @ values) >= abs(values.sum()) - 1e-12).mean()
    assert sign_flip_test(values) == pytest.approx(exact, abs=0.015)


@pytest.mark.parametrize(("larger", "smaller"), [(9, 1), (5, 5), (0, 7), (30, 12), (0, 0)])
def test_the_sign_test_is_the_binomial_test(larger: int, smaller: int) -> None:
    n = larger + smaller
    expected = stats.binomtest(larger, n).pvalue if n else 1.0
    assert sign_test(larger, smaller) == pytest.approx(expected)


def test_wilson_interval_is_the_published_one() -> None:
    interval = wilson_interval(81, 263)  # Newcombe, Statistics in Medicine 17, 1998, table I
    assert (interval.low, interval.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(0, 0).high == 1.0
    assert wilson_interval(0, 20).low == 0.0


def test_pairs_are_counted_and_measured() -> None:
    paired = compare_paired([1.0, 2.0, 3.0, 4.0], [2.0, 2.0, 5.0, 3.0])
    assert (paired.larger, paired.smaller, paired.equal, paired.n) == (2, 1, 1, 4)
    assert paired.mean == pytest.approx(0.5)
    assert paired.interval.low <= 0.5 <= paired.interval.high
