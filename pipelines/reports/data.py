"""The whole evaluation as JSON: aggregates with intervals, comparisons, every picture's figures, every failure.

A number that JSON cannot hold is a text: "inf", "-inf"; what was not measured is null.
"""

import json
from typing import Any

from pipelines.core.json_text import json_values
from pipelines.core.settings import plain
from pipelines.metrics.base.results import Aggregate, Evaluation, PictureScores
from pipelines.reports.base.wording import describe_comparison, describe_verdict

KIND = "colorize-cli evaluation"


def write(evaluation: Evaluation) -> bytes:
    """Return the evaluation as JSON, ASCII."""
    document = {
        "kind": KIND,
        "version": 1,
        "truth": evaluation.truth,
        "notes": list(evaluation.notes),
        "metrics": {metric.name: plain(metric) for metric in evaluation.metrics},
        "methods": {
            method.label: {
                "place": method.place,
                "failed": method.failed,
                "missing": list(method.missing),
                "metrics": {name: _aggregate(aggregate) for name, aggregate in method.aggregates.items()},
            }
            for method in evaluation.methods
        },
        "comparisons": [
            plain(comparison) | {"words": describe_comparison(comparison, evaluation.metric(comparison.metric))}
            for comparison in evaluation.comparisons
        ],
        "limits": [
            plain(verdict)
            | {"passed": verdict.passed, "words": describe_verdict(verdict, evaluation.metric(verdict.metric))}
            for verdict in evaluation.verdicts
        ],
        "pictures": [_row(row) for row in evaluation.rows],
    }
    return (json.dumps(json_values(document), indent=1, allow_nan=False) + "\n").encode("ascii")


def _aggregate(aggregate: Aggregate) -> dict[str, Any]:
    interval = aggregate.interval
    return {
        "value": aggregate.value,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "n": aggregate.n,
        "of": aggregate.of,
        "infinite": aggregate.infinite,
        "caution": aggregate.caution,
        **aggregate.spread,
    }


def _row(row: PictureScores) -> dict[str, Any]:
    return {
        "method": row.method,
        "name": row.name,
        "figures": dict(row.scores),
        "problem": row.problem,
        "warnings": list(row.warnings),
    }
