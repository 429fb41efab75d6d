"""The summary as a table of plain text, the best of each column marked with *."""

from pipelines.metrics.base.results import Evaluation, MetricInfo, MethodResult
from pipelines.reports._words import comparison_in_words, is_best, show, show_interval, verdict_in_words

_COLUMNS = 6  # metrics side by side


def write(evaluation: Evaluation) -> str:
    """Return the table, a block of lines for each few metrics, with confidence intervals and n on every line."""
    measures = evaluation.metrics
    blocks = [_block(evaluation, measures[at : at + _COLUMNS]) for at in range(0, len(measures), _COLUMNS)]
    lines = "\n\n".join(blocks)
    extra = [comparison_in_words(one, evaluation.metric(one.metric)) for one in evaluation.comparisons]
    extra += [verdict_in_words(one, evaluation.metric(one.metric)) for one in evaluation.verdicts]
    return "\n".join([lines, *(["", *extra] if extra else [])])


def _block(evaluation: Evaluation, measures: tuple[MetricInfo, ...]) -> str:
    head = ["method", "n", *(_heading(measure) for measure in measures)]
    rows = [head]
    for method in evaluation.methods:
        rows.append([method.label, _counts(method), *(_cell(evaluation, method, measure) for measure in measures)])
        intervals = [_under(method, measure) for measure in measures]
        if any(intervals):
            rows.append(["", "", *intervals])
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) if not column else cell.rjust(width) for column, (cell, width) in enumerate(cells))
        for cells in (list(zip(row, widths, strict=True)) for row in rows)
    )


def _heading(measure: MetricInfo) -> str:
    unit = f" {measure.unit}" if measure.unit else ""
    return f"{measure.name}{unit} {'^' if measure.higher_is_better else 'v'}"


def _counts(method: MethodResult) -> str:
    total = max((aggregate.of for aggregate in method.aggregates.values()), default=0)
    return str(total) if not method.failed else f"{total - method.failed} of {total}"


def _cell(evaluation: Evaluation, method: MethodResult, measure: MetricInfo) -> str:
    mark = "*" if is_best(evaluation, method, measure) else " "
    return show(method.aggregates[measure.name].value, measure.unit) + mark


def _under(method: MethodResult, measure: MetricInfo) -> str:
    """What stands under a figure: its interval, how many pictures it is of where that is not all, and how many inf."""
    aggregate = method.aggregates[measure.name]
    parts = [show_interval(aggregate.interval, measure.unit)]
    if aggregate.n != aggregate.of - method.failed:
        parts.append(f"n={aggregate.n}")
    if aggregate.infinite:
        parts.append(f"{aggregate.infinite} inf")
    return " ".join(part for part in parts if part) + " "
