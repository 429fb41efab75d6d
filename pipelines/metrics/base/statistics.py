"""What scores come to, and how sure that is: order statistics, bootstrap intervals, paired tests, shares."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

STATISTICS = ("mean", "median", "min", "max", "p05", "p95")
"""What may stand behind the name of a metric, as in psnr.p05."""

RESAMPLES = 2000
FLIPS = 10_000
_EXACT = 13  # pairs, up to which every choice of signs is tried
_AT_ONCE = 1 << 21  # numbers drawn in one piece, so that memory stays flat


@dataclass(frozen=True)
class Interval:
    """A range that holds the true value with 95 % confidence."""

    low: float
    high: float


@dataclass(frozen=True)
class PairedDifference:
    """How much larger the second of each pair is than the first."""

    mean: float
    interval: Interval
    larger: int  # pairs in which the second is larger
    smaller: int
    equal: int
    p_permutation: float  # two-sided, of the mean: sign flips
    p_sign: float  # two-sided, of the counts: binomial, equal pairs left out

    @property
    def n(self) -> int:
        """How many pairs there are."""
        return self.larger + self.smaller + self.equal


def statistic(values: ArrayLike, name: str) -> float:
    """Return one of STATISTICS of n values; NaN of none.

    p05 and p95 are scores that a picture has, the outer of the two between which the rank falls: of few pictures they
    are the least and the greatest, so that no single bad picture hides between two ranks.
    """
    array = np.asarray(values, np.float64)
    if not array.size:
        return math.nan
    match name:
        case "p05":
            return float(np.percentile(array, 5, method="lower"))
        case "p95":
            return float(np.percentile(array, 95, method="higher"))
        case "median":
            return float(np.median(array))
        case "min":
            return float(array.min())
        case "max":
            return float(array.max())
    return float(array.mean())


def bootstrap_mean(values: ArrayLike, *, level: float = 0.95, seed: int = 0) -> Interval:
    """Return the percentile bootstrap interval of the mean of n values: 2000 resamples of n with replacement.

    One value says nothing about its spread: its interval is without bounds. Raises ValueError for none.
    Source: B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
    """
    array = np.asarray(values, np.float64)
    if not array.size:
        raise ValueError("no values")
    if array.size == 1:
        return Interval(-math.inf, math.inf)
    means = np.concatenate([array[picks].mean(axis=1) for picks in _picks(array.size, seed)])
    low, high = np.percentile(means, [50 * (1 - level), 50 * (1 + level)])
    return Interval(float(low), float(high))


def compare_paired(first: ArrayLike, second: ArrayLike, *, seed: int = 0) -> PairedDifference:
    """Compare two figures of the same pictures, (n,) each; raises ValueError for none or for unequal numbers."""
    differences = np.asarray(second, np.float64) - np.asarray(first, np.float64)
    larger, smaller = int((differences > 0).sum()), int((differences < 0).sum())
    return PairedDifference(
        mean=float(differences.mean()),
        interval=bootstrap_mean(differences, seed=seed),
        larger=larger,
        smaller=smaller,
        equal=differences.size - larger - smaller,
        p_permutation=sign_flip_test(differences, seed=seed),
        p_sign=sign_test(larger, smaller),
    )


def sign_flip_test(differences: ArrayLike, *, seed: int = 0) -> float:
    """Return the two-sided p-value that the mean of paired differences is 0, by flipping their signs.

    Up to 13 pairs every choice of signs is tried; beyond, 10,000 random ones, p = (1 + as extreme) / (1 + tried).
    Source: R. A. Fisher, "The Design of Experiments", 1935; Phipson, Smyth, Stat. Appl. Genet. Mol. Biol. 9(1), 2010.
    """
    array = np.asarray(differences, np.float64)
    seen = abs(array.sum()) * (1 - 1e-12)  # sums in another order differ in their last digits
    if array.size <= _EXACT:
        signs = 1 - 2 * ((np.arange(1 << array.size)[:, None] >> np.arange(array.size)) & 1)
        return float((np.abs(signs @ array) >= seen).mean())
    rng = np.random.default_rng(seed)
    step = max(1, _AT_ONCE // array.size)
    as_extreme = sum(
        int((np.abs((1 - 2 * rng.integers(0, 2, (min(step, FLIPS - at), array.size))) @ array) >= seen).sum())
        for at in range(0, FLIPS, step)
    )
    return (1 + as_extreme) / (1 + FLIPS)


def sign_test(larger: int, smaller: int) -> float:
    """Return the two-sided p-value that larger and smaller are equally likely, by the binomial distribution."""
    n, least = larger + smaller, min(larger, smaller)
    if not n:
        return 1.0
    logs = [math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for k in range(least + 1)]
    return min(1.0, 2 * math.fsum(math.exp(log - n * math.log(2)) for log in logs))


def wilson_interval(successes: float, n: int, *, level: float = 0.95) -> Interval:
    """Return the interval of a share of n trials; all of 0..1 where there is no trial.

    Source: E. B. Wilson, J. Am. Stat. Assoc. 22, 1927; good for few trials and for shares near 0 and 1.
    """
    if not n:
        return Interval(0.0, 1.0)
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = successes / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def _picks(n: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Indices of all resamples, (RESAMPLES, n), in pieces."""
    rng, step = np.random.default_rng(seed), max(1, _AT_ONCE // n)
    for at in range(0, RESAMPLES, step):
        yield rng.integers(0, n, (min(step, RESAMPLES - at), n))
