"""A small evaluation made by hand: two methods, three pictures, one of which failed for one of them."""

import math

from pipelines.metrics.base.aggregate import aggregate, compare
from pipelines.metrics.base.limits import judge
from pipelines.metrics.base.metric import describe
from pipelines.metrics.base.results import Evaluation, MethodResult, PictureScores

SCORES: dict[tuple[str, str], dict[str, float | None]] = {
    ("near", "a"): {"psnr": 30.0, "delta_e": 1.0},
    ("near", "b"): {"psnr": math.inf, "delta_e": 0.0},
    ("near", "=c"): {"psnr": 32.0, "delta_e": None},
    ("far", "a"): {"psnr": 12.0, "delta_e": 9.0},
    ("far", "b"): {"psnr": 14.0, "delta_e": 7.0},
    ("far", "=c"): {},
}


def small_evaluation() -> Evaluation:
    """Means: psnr 54 and 13 dB, delta_e 0.5 and 8."""
    names = ("psnr", "delta_e")
    rows = tuple(
        PictureScores(method, name, scores, "" if scores else "cannot be read")
        for (method, name), scores in SCORES.items()
    )
    methods = []
    for label in ("near", "far"):
        own_rows = [row for row in rows if row.method == label]
        failed = sum(bool(row.problem) for row in own_rows)
        methods.append(
            MethodResult(label, f"runs/{label}", {name: aggregate(name, own_rows) for name in names}, failed)
        )
    evaluation = Evaluation("truth", tuple(map(describe, names)), tuple(methods), rows, notes=("a note",))
    comparisons = tuple(compare(evaluation, "far", "near"))
    verdicts = (*judge(evaluation, {"psnr": 20.0}, under=True), *judge(evaluation, {"delta_e": 8.5}, under=False))
    return Evaluation("truth", evaluation.metrics, evaluation.methods, rows, comparisons, verdicts, evaluation.notes)
