"""Numbers and findings as they are shown: enough digits to tell methods apart, no more."""

import math

from pipelines.core.files import show_path
from pipelines.metrics.base.results import (
    BaselineVerdict,
    Comparison,
    Evaluation,
    LimitVerdict,
    MethodResult,
    MetricInfo,
)
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


def describe_verdict(verdict: LimitVerdict | BaselineVerdict, metric: MetricInfo) -> str:
    """One sentence: "flat: psnr 27.10 dB of 40 pictures is under 28: failed (--fail-under)"."""
    if isinstance(verdict, BaselineVerdict):
        return _describe_against(verdict, metric)
    side, name = "under" if verdict.under else "over", _statistic(verdict)
    if math.isnan(verdict.value):
        return f"{verdict.method}: {name} was not measured: failed (--fail-{side})"
    failed = "" if verdict.passed else f": failed (--fail-{side})"
    state = f"is {'not ' if verdict.passed else ''}{side} {verdict.limit:g}{failed}"
    share = f"{verdict.n}" if verdict.n == verdict.of else f"{verdict.n} of {verdict.of}"
    value = f"{verdict.method}: {name} {with_unit(verdict.value, metric)}"
    return f"{value} of {share} pictures{_whose(verdict)} {state}{_hidden(verdict, metric)}"


def _statistic(verdict: LimitVerdict | BaselineVerdict) -> str:
    return verdict.metric if verdict.statistic == "mean" else f"{verdict.metric}.{verdict.statistic}"


def _whose(verdict: LimitVerdict) -> str:
    """The picture whose score the value is."""
    is_of_one = verdict.statistic not in ("mean", "median") and verdict.picture
    return f" ({show_path(verdict.picture)})" if is_of_one else ""


def _hidden(verdict: LimitVerdict, metric: MetricInfo) -> str:
    """What a mean that keeps its limit does not show: pictures that do not."""
    if not verdict.passed or verdict.score is None or verdict.statistic not in ("mean", "median"):
        return ""
    worst = f"{show_path(verdict.picture)} {with_unit(verdict.score, metric)}"
    gate = f"{verdict.metric}.{'min' if verdict.under else 'max'}={verdict.limit:g}"
    pictures = "1 picture is" if verdict.beyond == 1 else f"{verdict.beyond} pictures are, the worst"
    return f", but {pictures}: {worst} ({gate} would fail)"


def _describe_against(verdict: BaselineVerdict, metric: MetricInfo) -> str:
    """One sentence: "flat: psnr 27.10 dB is 0.45 dB lower than 27.55 dB in base.json, on 40 pictures that both ..."."""
    name, source = _statistic(verdict), show_path(verdict.source)
    if math.isnan(verdict.loss):
        return f"{verdict.method}: {name} cannot be compared with {source}: failed (--no-worse)"
    pictures = f" on {verdict.n} pictures that both have" if verdict.n else ""
    change = abs(verdict.loss)
    side = "lower" if (verdict.loss > 0) == verdict.higher_is_better else "higher"
    before = f"{with_unit(change, metric)} {side} than {with_unit(verdict.before, metric)}"
    beside = f"is {before if change else 'as'} in {source}{pictures}"
    value = f"{verdict.method}: {name} {with_unit(verdict.value, metric)} {beside}"
    if verdict.loss <= 0:
        return f"{value}: {'better' if change else 'no worse'}"
    if verdict.passed:
        return f"{value}: within {verdict.allowed:g}"
    better = "higher is better" if verdict.higher_is_better else "lower is better"
    most = f", most in {show_path(verdict.picture)}" if verdict.picture else ""
    return f"{value}{most}: worse by more than {verdict.allowed:g} ({better}): failed (--no-worse)"
