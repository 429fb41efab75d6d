"""Numbers and findings as they are shown: enough digits to tell methods apart, no more."""

import math

from pipelines.metrics.base.results import Comparison, Evaluation, LimitVerdict, MethodResult, MetricInfo
from pipelines.metrics.base.statistics import Interval, PairedDifference

SIGNIFICANT = 0.05  # p below which a difference is called one
_DIGITS = {"dB": 2, "dE00": 2, "levels": 1}


def format_score(value: float | None, unit: str = "") -> str:
    """A number in the digits of its unit; "-" where there is none."""
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return f"{value:.{_DIGITS.get(unit, 4)}f}"


def format_interval(interval: Interval | None, unit: str = "") -> str:
    """A confidence interval, "low..high"; empty where it is unknown."""
    if interval is None or math.isinf(interval.low):
        return ""
    return f"{format_score(interval.low, unit)}..{format_score(interval.high, unit)}"


def format_p_value(value: float) -> str:
    """A p-value."""
    return "p < .001" if value < 0.001 else f"p = {value:.3f}".replace("0.", ".")


def with_unit(value: float, metric: MetricInfo) -> str:
    """A number with its unit."""
    return f"{format_score(value, metric.unit)} {metric.unit}".strip()


def is_best(evaluation: Evaluation, method: MethodResult, metric: MetricInfo) -> bool:
    """Whether a method's value, as it is shown, is the best of its column; never where there is one method alone."""
    shown = {each.label: format_score(each.aggregates[metric.name].value, metric.unit) for each in evaluation.methods}
    best = {shown[label] for label in evaluation.best(metric)}
    return len(shown) > 1 and shown[method.label] in best


def describe_comparison(comparison: Comparison, metric: MetricInfo) -> str:
    """One sentence: "psnr: B better than A by 0.80 dB (95 % 0.50..1.10), better on 83 % of 120 pictures, ..."."""
    paired = comparison.paired
    second_leads = (paired.mean >= 0) == metric.higher_is_better or not paired.mean
    leader, other = (comparison.second, comparison.first) if second_leads else (comparison.first, comparison.second)
    wins = paired.larger if second_leads == metric.higher_is_better else paired.smaller
    parts = [
        f"{metric.name}: {_describe_lead(paired, leader, other, metric)}{_paired_interval(comparison, metric)}",
        f"better on {100 * wins / paired.n:.0f} % of {paired.n} pictures",
        f"equal on {paired.equal}" if paired.equal else "",
        f"{comparison.dropped} left out, which only one of them has" if comparison.dropped else "",
        f"permutation test {format_p_value(paired.p_permutation)}, sign test {format_p_value(paired.p_sign)}",
    ]
    return ", ".join(part for part in parts if part)


def _describe_lead(paired: PairedDifference, leader: str, other: str, metric: MetricInfo) -> str:
    """Who is ahead, by how much, and whether that is more than chance."""
    if not paired.mean:
        return "equal"
    lead = with_unit(abs(paired.mean), metric)
    if paired.p_permutation < SIGNIFICANT:
        return f"{leader} better than {other} by {lead}"
    least_p = 2.0 ** (1 - paired.n)  # that so few pictures can give
    doubt = "no clear difference" if least_p < SIGNIFICANT else f"too few pictures for a verdict ({paired.n})"
    return f"{doubt}, {leader} ahead of {other} by {lead}"


def _paired_interval(comparison: Comparison, metric: MetricInfo) -> str:
    """The interval of the difference, turned so that the leader's lead is positive."""
    interval = comparison.paired.interval
    if comparison.paired.mean < 0:
        interval = Interval(-interval.high, -interval.low)
    text = format_interval(interval, metric.unit)
    return f" (95 % {text})" if text else ""


def describe_verdict(verdict: LimitVerdict, metric: MetricInfo) -> str:
    """One sentence: "flat: psnr 27.10 dB of 40 pictures is under 28: failed (--fail-under)"."""
    side = "under" if verdict.under else "over"
    if math.isnan(verdict.value):
        return f"{verdict.method}: {verdict.metric} was not measured: failed (--fail-{side})"
    failed = "" if verdict.passed else f": failed (--fail-{side})"
    state = f"is {'not ' if verdict.passed else ''}{side} {verdict.limit:g}{failed}"
    share = f"{verdict.n}" if verdict.n == verdict.of else f"{verdict.n} of {verdict.of}"
    return f"{verdict.method}: {verdict.metric} {with_unit(verdict.value, metric)} of {share} pictures {state}"
