"""The whole evaluation as JSON: aggregates with intervals, comparisons, every picture's figures, every failure.

A number that JSON cannot hold is a text: "inf", "-inf"; what was not measured is null.
"""

import json
import math
from typing import Any

from pipelines.core.settings import plain
from pipelines.metrics.base.results import Aggregate, Evaluation, PictureScores
from pipelines.reports._words import comparison_in_words

KIND = "colorize-cli evaluation"


def write(evaluation: Evaluation) -> bytes:
    """Return the evaluation as JSON, ASCII."""
    about = {
        "kind": KIND,
        "version": 1,
        "truth": evaluation.truth,
        "notes": list(evaluation.notes),
        "metrics": {measure.name: plain(measure) for measure in evaluation.metrics},
        "methods": {
            method.label: {
                "place": method.place,
                "failed": method.failed,
                "metrics": {name: _aggregate(aggregate) for name, aggregate in method.aggregates.items()},
            }
            for method in evaluation.methods
        },
        "comparisons": [
            plain(one) | {"words": comparison_in_words(one, evaluation.metric(one.metric))}
            for one in evaluation.comparisons
        ],
        "limits": [plain(verdict) | {"passed": verdict.passed} for verdict in evaluation.verdicts],
        "pictures": [_row(row) for row in evaluation.rows],
    }
    return (json.dumps(sound(about), indent=1, allow_nan=False) + "\n").encode("ascii")


def sound(value: Any) -> Any:
    """Replace what JSON has no word for: infinities by texts, NaN by null."""
    if isinstance(value, dict):
        return {name: sound(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [sound(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value


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
    }


def _row(row: PictureScores) -> dict[str, Any]:
    return {
        "method": row.method,
        "name": row.name,
        "figures": dict(row.scores),
        "problem": row.problem,
        "warnings": list(row.warnings),
    }
