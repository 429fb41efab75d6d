"""Evaluations of the folders of conftest.py, and what came of them."""

from pathlib import Path
from typing import Any

from pipelines.core.batch.plan import BatchSettings
from pipelines.evaluate import EvaluateOptions, EvaluationReport, References, evaluate

ONE = BatchSettings(jobs=1)


def ask(
    work: Path, *methods: str, output: str = "report", batch: BatchSettings = ONE, **options: Any
) -> EvaluationReport:
    """Evaluate with lines and hints."""
    references = References(*(str(work / name) for name in ("truth", "lines", "hints")))
    places = [text if "=" in text else str(work / text) for text in methods]
    return evaluate(places, references, str(work / output), options=EvaluateOptions(**options), batch=batch)


def value(report: EvaluationReport, method: str, metric: str) -> float:
    """A method's value by one metric."""
    assert report.evaluation is not None
    (result,) = (result for result in report.evaluation.methods if result.label == method)
    return result.aggregates[metric].value
