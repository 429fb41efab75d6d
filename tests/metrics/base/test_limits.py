"""Limits on statistics and against an earlier report, worked out by hand."""

import math

import pytest

from pipelines.core.errors import SettingsError
from pipelines.metrics.base.limits import Baseline, check_statistic, judge, judge_against, split_limit
from pipelines.metrics.base.metric import describe
from pipelines.metrics.base.results import Aggregate, Evaluation, MethodResult
from tests.metrics.base.test_aggregate import evaluation, rows

BLACK = {f"{number}": 100.0 for number in range(9)} | {"black": 5.0}


def test_a_metric_and_its_statistic_are_told_apart() -> None:
    assert split_limit("psnr") == ("psnr", "mean")
    assert split_limit("psnr.p05") == ("psnr", "p05")
    with pytest.raises(SettingsError, match="'minn' is no statistic of psnr") as caught:
        split_limit("psnr.minn")
    assert "'min'" in caught.value.hint


def test_a_metric_of_sets_has_no_statistic() -> None:
    check_statistic("psnr", "min")
    check_statistic("fid", "mean")
    with pytest.raises(SettingsError, match="fid is one figure of all pictures: it has no min"):
        check_statistic("fid", "min")


def test_a_mean_hides_a_black_picture_and_its_minimum_does_not() -> None:
    report = evaluation("psnr", rows("flat", "psnr", dict(BLACK)))
    (mean,) = judge(report, {"psnr": 28.0}, under=True)
    assert mean.passed
    assert mean.value == pytest.approx(90.5)
    assert (mean.picture, mean.score, mean.beyond) == ("black", 5.0, 1), "and what it hides is known"
    for name in ("psnr.min", "psnr.p05"):
        (verdict,) = judge(report, {name: 28.0}, under=True)
        assert not verdict.passed, name
        assert (verdict.value, verdict.picture) == (5.0, "black")
    (median,) = judge(report, {"psnr.median": 28.0}, under=True)
    assert median.passed
    assert median.value == 100


def test_the_greatest_is_held_under_a_limit_too() -> None:
    report = evaluation("delta_e", rows("flat", "delta_e", {"a": 0.5, "b": 9.0, "c": 1.0}))
    verdicts = list(judge(report, {"delta_e": 4.0, "delta_e.max": 4.0, "delta_e.p95": 4.0}, under=False))
    assert [verdict.passed for verdict in verdicts] == [True, False, False]
    assert [verdict.picture for verdict in verdicts] == ["b", "b", "b"]


def test_infinite_scores_count_with_the_ceiling_in_statistics() -> None:
    report = evaluation("psnr", rows("flat", "psnr", {"a": math.inf, "b": 30.0}))
    (verdict,) = judge(report, {"psnr.max": 99.0}, under=False)
    assert verdict.value == 100


# against an earlier report


def earlier(metric: str, scores: dict[str, float]) -> dict[str, Baseline]:
    return {"flat": Baseline("base.json", {metric: sum(scores.values()) / len(scores)}, {metric: scores})}


@pytest.mark.parametrize(
    ("metric", "now", "then", "allowed", "passed"),
    [
        ("psnr", 27.0, 27.1, 0.2, True),
        ("psnr", 27.0, 27.5, 0.2, False),
        ("psnr", 29.0, 27.5, 0.0, True),
        ("psnr", 27.3, 27.5, 0.2, True),  # to the last digit, which is none that counts
        ("delta_e", 1.5, 1.0, 0.2, False),
        ("delta_e", 0.5, 1.0, 0.2, True),
    ],
)
def test_worse_is_lower_or_higher_as_the_metric_goes(
    metric: str, now: float, then: float, allowed: float, passed: bool
) -> None:
    report = evaluation(metric, rows("flat", metric, {"a": now}))
    (verdict,) = judge_against(report, earlier(metric, {"a": then}), {metric: allowed})
    assert verdict.passed is passed


def test_only_pictures_that_both_have_are_compared() -> None:
    report = evaluation("psnr", rows("flat", "psnr", {"a": 20.0, "b": 30.0, "new": 5.0}))
    (verdict,) = judge_against(report, earlier("psnr", {"a": 24.0, "b": 30.0, "gone": 90.0}), {"psnr": 1.0})
    assert (verdict.n, verdict.value, verdict.before, verdict.picture) == (2, 25.0, 27.0, "a")
    assert verdict.loss == pytest.approx(2)
    (least,) = judge_against(report, earlier("psnr", {"a": 24.0, "b": 30.0}), {"psnr.min": 5.0})
    assert (least.value, least.before, least.passed) == (20.0, 24.0, True)


def test_infinite_scores_of_both_count_with_the_ceiling() -> None:
    report = evaluation("psnr", rows("flat", "psnr", {"a": 40.0, "b": math.inf}))
    (verdict,) = judge_against(report, earlier("psnr", {"a": math.inf, "b": math.inf}), {"psnr": 1.0})
    assert (verdict.before, verdict.value, verdict.passed) == (100.0, 70.0, False)


def test_nothing_in_common_keeps_no_limit() -> None:
    report = evaluation("psnr", rows("flat", "psnr", {"a": 20.0}))
    (verdict,) = judge_against(report, earlier("psnr", {"b": 20.0}), {"psnr": 50.0})
    assert not verdict.passed


def test_metrics_of_sets_are_compared_as_they_are() -> None:
    method = MethodResult("flat", "", {"fid": Aggregate(12.0, None, 3, 3)}, 0)
    report = Evaluation("truth", (describe("fid"),), (method,), ())
    (verdict,) = judge_against(report, {"flat": Baseline("b", {"fid": 10.0}, {})}, {"fid": 1.0})
    assert (verdict.passed, verdict.loss, verdict.higher_is_better) == (False, 2.0, False)


# every method, every limit


def test_every_method_is_held_against_every_limit() -> None:
    found = evaluation("psnr", rows("a", "psnr", {"1": 20.0}), rows("b", "psnr", {"1": 30.0}))
    assert [verdict.passed for verdict in judge(found, {"psnr": 25.0}, under=True)] == [False, True]
    assert [verdict.passed for verdict in judge(found, {"psnr": 25.0}, under=False)] == [True, False]
    assert [verdict.passed for verdict in judge(found, {"psnr": 20.0}, under=True)] == [True, True]


def test_what_was_not_measured_keeps_no_limit() -> None:
    nothing = MethodResult("a", "", {"psnr": Aggregate(math.nan, None, 0, 1)}, failed=1)
    found = Evaluation("truth", (describe("psnr"),), (nothing,), ())
    for under in (True, False):
        (verdict,) = judge(found, {"psnr": 1.0}, under=under)
        assert not verdict.passed
