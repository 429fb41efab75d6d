"""Sentences about numbers that are known."""

import math

import pytest

from pipelines.metrics.base.metric import describe
from pipelines.metrics.base.results import (
    Aggregate,
    BaselineVerdict,
    Comparison,
    Evaluation,
    LimitVerdict,
    MethodResult,
)
from pipelines.metrics.base.statistics import Interval, compare_paired
from pipelines.reports.base.wording import (
    describe_comparison,
    describe_verdict,
    format_interval,
    format_p_value,
    format_score,
    is_best,
    with_unit,
)

PSNR, DELTA_E = describe("psnr"), describe("delta_e")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (27.125, "dB", "27.12"),
        (1.0, "levels", "1.0"),
        (0.5, "", "0.5000"),
        (None, "", "-"),
        (math.nan, "dB", "-"),
        (math.inf, "dB", "inf"),
        (-math.inf, "dB", "-inf"),
    ],
)
def test_scores_have_the_digits_of_their_unit(value: float | None, unit: str, text: str) -> None:
    assert format_score(value, unit) == text


def test_intervals_p_values_and_units() -> None:
    assert format_interval(Interval(1, 2), "dB") == "1.00..2.00"
    assert format_interval(None) == format_interval(Interval(-math.inf, math.inf)) == ""
    assert format_p_value(0.0421) == "p = .042"
    assert format_p_value(0.00001) == "p < .001"
    assert with_unit(3, PSNR) == "3.00 dB"
    assert with_unit(3, describe("ssim")) == "3.0000"


def compared(first: list[float], second: list[float], *, dropped: int = 0) -> Comparison:
    return Comparison("psnr", "A", "B", compare_paired(first, second), dropped)


def test_the_leader_is_named_with_its_lead_whichever_way_is_better() -> None:
    more = compared([20.0] * 10, [21.0 + 0.1 * at for at in range(10)])
    assert describe_comparison(more, PSNR).startswith("psnr: B better than A by 1.45 dB (95 % 1.")
    assert "better on 100 % of 10 pictures" in describe_comparison(more, PSNR)
    assert describe_comparison(more, DELTA_E).startswith("delta_e: A better than B by 1.45 dE00")
    less = compared([21.0 + 0.1 * at for at in range(10)], [20.0] * 10, dropped=2)
    sentence = describe_comparison(less, PSNR)
    assert sentence.startswith("psnr: A better than B by 1.45 dB (95 % 1."), "the lead is positive, its interval too"
    assert "2 left out, which only one of them has" in sentence


def test_doubt_is_said() -> None:
    few = compared([20.0] * 3, [21.0, 22.0, 23.0])
    assert "too few pictures for a verdict (3), B ahead of A by 2.00 dB" in describe_comparison(few, PSNR)
    unclear = compared([20.0] * 8, [21.0, 19.5, 21.0, 18.9, 21.0, 19.0, 21.0, 19.0])
    assert "no clear difference, B ahead of A" in describe_comparison(unclear, PSNR)
    equal = compared([20.0] * 8, [20.0] * 8)
    assert describe_comparison(equal, PSNR).startswith("psnr: equal")
    assert "equal on 8" in describe_comparison(equal, PSNR)


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (
            LimitVerdict("flat", "psnr", 27.1, 28, True, 40, 40),
            "flat: psnr 27.10 dB of 40 pictures is under 28: failed (--fail-under)",
        ),
        (
            LimitVerdict("flat", "psnr", 28.0, 28, True, 39, 40),
            "flat: psnr 28.00 dB of 39 of 40 pictures is not under 28",
        ),
        (
            LimitVerdict("flat", "psnr", 29.0, 28, False, 1, 1),
            "flat: psnr 29.00 dB of 1 pictures is over 28: failed (--fail-over)",
        ),
        (
            LimitVerdict("flat", "psnr", math.nan, 28, False, 0, 1),
            "flat: psnr was not measured: failed (--fail-over)",
        ),
    ],
)
def test_verdicts_say_value_limit_and_option(verdict: LimitVerdict, sentence: str) -> None:
    assert describe_verdict(verdict, PSNR) == sentence


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (
            LimitVerdict("flat", "psnr", 5.0, 20, True, 10, 10, "min", "set/9\x1b", 5.0, 1),
            r"flat: psnr.min 5.00 dB of 10 pictures (set/9\x1b) is under 20: failed (--fail-under)",
        ),
        (
            LimitVerdict("flat", "psnr", 90.5, 28, True, 10, 10, "mean", "9", 5.0, 1),
            "flat: psnr 90.50 dB of 10 pictures is not under 28, but 1 picture is: 9 5.00 dB (psnr.min=28 would fail)",
        ),
        (
            LimitVerdict("flat", "psnr", 40.0, 50, False, 10, 10, "median", "9", 60.0, 2),
            "flat: psnr.median 40.00 dB of 10 pictures is not over 50, but 2 pictures are, the worst: 9 60.00 dB "
            "(psnr.max=50 would fail)",
        ),
    ],
)
def test_verdicts_name_the_picture_and_what_a_mean_hides(verdict: LimitVerdict, sentence: str) -> None:
    assert describe_verdict(verdict, PSNR) == sentence


@pytest.mark.parametrize(
    ("metric", "now", "then", "sentence"),
    [
        (
            "psnr",
            27.1,
            27.55,
            "flat: psnr 27.10 dB is 0.45 dB lower than 27.55 dB in base.json on 40 pictures that both have, most in 7: "
            "worse by more than 0.2 (higher is better): failed (--no-worse)",
        ),
        (
            "psnr",
            27.5,
            27.55,
            "dB is 0.05 dB lower than 27.55 dB in base.json on 40 pictures that both have: within 0.2",
        ),
        ("psnr", 28.0, 27.5, "dB is 0.50 dB higher than 27.50 dB in base.json on 40 pictures that both have: better"),
        ("psnr", 28.0, 28.0, "flat: psnr 28.00 dB is as in base.json on 40 pictures that both have: no worse"),
        ("delta_e", 2.0, 1.0, "2.00 dE00 is 1.00 dE00 higher than 1.00 dE00 in base.json"),
        ("delta_e", 2.0, 1.0, "worse by more than 0.2 (lower is better): failed (--no-worse)"),
        ("psnr", math.nan, 1.0, "flat: psnr cannot be compared with base.json: failed (--no-worse)"),
    ],
)
def test_a_verdict_against_a_baseline_says_which_way_is_worse(
    metric: str, now: float, then: float, sentence: str
) -> None:
    info = describe(metric)
    verdict = BaselineVerdict("flat", metric, now, then, 0.2, info.higher_is_better, 40, "base.json", "mean", "7")
    assert sentence in describe_verdict(verdict, info)


def test_values_that_look_equal_are_both_the_best() -> None:
    values = {"a": 20.001, "b": 20.004, "c": 19.9}
    methods = [MethodResult(name, "", {"psnr": Aggregate(value, None, 1, 1)}, 0) for name, value in values.items()]
    found = Evaluation("truth", (PSNR,), tuple(methods), ())
    assert [is_best(found, method, PSNR) for method in methods] == [True, True, False]
    alone = Evaluation("truth", (PSNR,), (methods[0],), ())
    assert not is_best(alone, methods[0], PSNR)
