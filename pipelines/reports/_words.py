"""Numbers and findings as they are shown: enough digits to tell methods apart, no more."""

import math

from pipelines.metrics.base.results import Comparison, Evaluation, LimitVerdict, MetricInfo, MethodResult
from pipelines.metrics.base.statistics import Interval

SIGNIFICANT = 0.05  # p below which a difference is called one
_DIGITS = {"dB": 2, "dE00": 2, "levels": 1}


def show(value: float | None, unit: str = "") -> str:
    """A figure in the digits of its unit; "-" where there is none."""
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return f"{value:.{_DIGITS.get(unit, 4)}f}"


def show_interval(interval: Interval | None, unit: str = "") -> str:
    """A confidence interval, "low..high"; empty where it is unknown."""
    if interval is None or math.isinf(interval.low):
        return ""
    return f"{show(interval.low, unit)}..{show(interval.high, unit)}"


def show_p(value: float) -> str:
    """A p-value."""
    return "p < .001" if value < 0.001 else f"p = {value:.3f}".replace("0.", ".")


def with_unit(value: float, measure: MetricInfo) -> str:
    """A figure with its unit."""
    return f"{show(value, measure.unit)} {measure.unit}".strip()


def is_best(evaluation: Evaluation, method: MethodResult, measure: MetricInfo) -> bool:
    """Whether a method's figure, as it is shown, is the best of its column; never where there is one method alone."""
    figures = {one.label: show(one.aggregates[measure.name].value, measure.unit) for one in evaluation.methods}
    best = {figures[label] for label in evaluation.best(measure)}
    return len(figures) > 1 and figures[method.label] in best


def comparison_in_words(comparison: Comparison, measure: MetricInfo) -> str:
    """One sentence: "psnr: B better than A by 0.80 dB (95 % 0.50..1.10), better on 83 % of 120 pictures, ..."."""
    paired = comparison.paired
    ahead = (paired.mean >= 0) == measure.higher_is_better or not paired.mean  # the second
    winner, loser = (comparison.second, comparison.first) if ahead else (comparison.first, comparison.second)
    wins = paired.larger if ahead == measure.higher_is_better else paired.smaller
    head = f"{winner} better than {loser} by {with_unit(abs(paired.mean), measure)}" if paired.mean else "equal"
    if paired.mean and paired.p_permutation >= SIGNIFICANT:
        enough = 2.0 ** (1 - paired.n) < SIGNIFICANT  # the least p that so few pictures can give
        clear = "no clear difference" if enough else f"too few pictures for a verdict ({paired.n})"
        head = f"{clear}, {winner} ahead of {loser} by {with_unit(abs(paired.mean), measure)}"
    parts = [
        f"{measure.name}: {head}{_paired_interval(comparison, measure)}",
        f"better on {100 * wins / paired.n:.0f} % of {paired.n} pictures",
        f"equal on {paired.equal}" if paired.equal else "",
        f"{comparison.dropped} left out, which only one of them has" if comparison.dropped else "",
        f"permutation test {show_p(paired.p_permutation)}, sign test {show_p(paired.p_sign)}",
    ]
    return ", ".join(part for part in parts if part)


def _paired_interval(comparison: Comparison, measure: MetricInfo) -> str:
    """The interval of the difference, turned so that the winner's lead is positive."""
    interval = comparison.paired.interval
    if comparison.paired.mean < 0:
        interval = Interval(-interval.high, -interval.low)
    text = show_interval(interval, measure.unit)
    return f" (95 % {text})" if text else ""


def verdict_in_words(verdict: LimitVerdict, measure: MetricInfo) -> str:
    """One sentence: "flat: psnr 27.10 dB of 40 pictures is under 28: failed (--fail-under)"."""
    side = "under" if verdict.under else "over"
    if math.isnan(verdict.value):
        return f"{verdict.method}: {verdict.metric} was not measured: failed (--fail-{side})"
    failed = "" if verdict.passed else f": failed (--fail-{side})"
    state = f"is {'not ' if verdict.passed else ''}{side} {verdict.limit:g}{failed}"
    share = f"{verdict.n}" if verdict.n == verdict.of else f"{verdict.n} of {verdict.of}"
    return f"{verdict.method}: {verdict.metric} {with_unit(verdict.value, measure)} of {share} pictures {state}"
