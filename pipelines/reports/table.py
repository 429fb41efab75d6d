"""The summary as a table of plain text, the best of each column marked with *."""

from pipelines.metrics.base.results import Evaluation, MethodResult, MetricInfo
from pipelines.reports.base.wording import describe_comparison, describe_verdict, format_interval, format_score, is_best

_COLUMNS = 6  # metrics side by side


def write(evaluation: Evaluation) -> str:
    """Return the table, a block of lines for each few metrics, with confidence intervals and n on every line."""
    metrics = evaluation.metrics
    blocks = [_block(evaluation, metrics[at : at + _COLUMNS]) for at in range(0, len(metrics), _COLUMNS)]
    sentences = [
        describe_comparison(comparison, evaluation.metric(comparison.metric)) for comparison in evaluation.comparisons
    ]
    sentences += [describe_verdict(verdict, evaluation.metric(verdict.metric)) for verdict in evaluation.verdicts]
    return "\n".join(["\n\n".join(blocks), *(["", *sentences] if sentences else [])])


def _block(evaluation: Evaluation, metrics: tuple[MetricInfo, ...]) -> str:
    head = ["method", "n", *(_heading(metric) for metric in metrics)]
    rows = [head]
    for method in evaluation.methods:
        rows.append([method.label, _counts(method), *(_cell(evaluation, method, metric) for metric in metrics)])
        intervals = [_under(method, metric) for metric in metrics]
        if any(intervals):
            rows.append(["", "", *intervals])
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) if not column else cell.rjust(width) for column, (cell, width) in enumerate(cells))
        for cells in (list(zip(row, widths, strict=True)) for row in rows)
    )


def _heading(metric: MetricInfo) -> str:
    unit = f" {metric.unit}" if metric.unit else ""
    return f"{metric.name}{unit} {'^' if metric.higher_is_better else 'v'}"


def _counts(method: MethodResult) -> str:
    total = max((aggregate.of for aggregate in method.aggregates.values()), default=0)
    return f"{total - method.unmeasured} of {total}" if method.unmeasured else str(total)


def _cell(evaluation: Evaluation, method: MethodResult, metric: MetricInfo) -> str:
    mark = "*" if is_best(evaluation, method, metric) else " "
    return format_score(method.aggregates[metric.name].value, metric.unit) + mark


def _under(method: MethodResult, metric: MetricInfo) -> str:
    """What stands under a figure: its interval, how many pictures it is of where that is not all, and how many inf."""
    aggregate = method.aggregates[metric.name]
    parts = [format_interval(aggregate.interval, metric.unit)]
    if aggregate.n != aggregate.of - method.unmeasured:
        parts.append(f"n={aggregate.n}")
    if aggregate.infinite:
        parts.append(f"{aggregate.infinite} inf")
    return " ".join(part for part in parts if part) + " "
