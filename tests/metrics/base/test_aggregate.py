"""From scores of pictures to values of methods and comparisons, worked out by hand."""

import math

import pytest

from pipelines.metrics.base.aggregate import aggregate, compare
from pipelines.metrics.base.metric import describe
from pipelines.metrics.base.results import Evaluation, MethodResult, PictureScores


def rows(method: str, metric: str, scores: dict[str, float | None]) -> list[PictureScores]:
    return [PictureScores(method, name, {metric: score}) for name, score in scores.items()]


def evaluation(metric: str, *row_lists: list[PictureScores]) -> Evaluation:
    methods = tuple(
        MethodResult(listed[0].method, "", {metric: aggregate(metric, listed)}, failed=0) for listed in row_lists
    )
    return Evaluation("truth", (describe(metric),), methods, tuple(row for listed in row_lists for row in listed))


def test_a_picture_that_failed_or_has_nothing_to_measure_lowers_n_and_not_the_number_it_is_held_against() -> None:
    measured = rows("flat", "ssim", {"a": 0.5, "b": 0.7, "c": None})
    result = aggregate("ssim", [*measured, PictureScores("flat", "d", {}, problem="cannot be read")])
    assert (result.n, result.of, result.infinite) == (2, 4, 0)
    assert result.value == pytest.approx(0.6)
    assert result.interval is not None
    assert result.interval.low <= 0.6 <= result.interval.high


def test_infinite_scores_are_counted_and_stand_in_the_mean_with_the_ceiling() -> None:
    result = aggregate("psnr", rows("flat", "psnr", {"a": math.inf, "b": 30.0}))
    assert result.value == pytest.approx(65)
    assert result.infinite == 1
    assert result.interval is not None
    assert result.interval.high <= 100


def test_nothing_measured_is_nan_without_an_interval() -> None:
    result = aggregate("ssim", [PictureScores("flat", "a", {}, problem="cannot be read")])
    assert math.isnan(result.value)
    assert (result.interval, result.n, result.of) == (None, 0, 1)


def test_metrics_of_sets_have_their_word_of_caution_and_no_interval() -> None:
    row = PictureScores("flat", "a", {}, features={"fid": "AACAPwAAgD8="})
    result = aggregate("fid", [row])
    assert "fid of 1 pictures" in result.caution
    assert (result.interval, result.n) == (None, 1)


def test_methods_are_compared_on_the_pictures_that_both_have() -> None:
    first = rows("a", "psnr", {"1": 20.0, "2": 30.0, "3": 25.0, "4": None})
    second = rows("b", "psnr", {"1": 22.0, "2": math.inf, "4": 31.0})
    (comparison,) = compare(evaluation("psnr", first, second), "a", "b")
    assert (comparison.first, comparison.second, comparison.metric) == ("a", "b", "psnr")
    assert comparison.paired.n == 2
    assert comparison.paired.mean == pytest.approx((2 + 70) / 2), "infinity counts for 100 dB"
    assert comparison.dropped == 2, "3 and 4 are of one method alone"


def test_methods_without_a_common_picture_are_not_compared() -> None:
    found = evaluation("psnr", rows("a", "psnr", {"1": 20.0}), rows("b", "psnr", {"2": 20.0}))
    assert list(compare(found, "a", "b")) == []
