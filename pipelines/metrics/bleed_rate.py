"""Share of the fills whose colour came across a line: they have the neighbour's colour where they should not.

A pixel of region a is at risk where its true colour is more than 10 from the true median of a region b that a meets
under a line. It has bled where the result is within 5 of the median that the result itself has in b, and more than 5
from its true colour. Bled / at risk, in CIE76. Range 0..1, lower is better; 1 for an uncoloured drawing of many
colours, since its paper runs everywhere. Needs the line art. Source: this project.
"""

import numpy as np

from pipelines.core.imaging.arrays import F32
from pipelines.metrics.base.areas import LabelledAreas
from pipelines.metrics.base.case import Case
from pipelines.metrics.base.metric import PictureMetric

UNIT = ""
HIGHER_IS_BETTER = False
NEEDS = ("lines", "regions")

APART = 10.0  # dE between true colours that must be told apart
SAME = 5.0  # dE


class Metric(PictureMetric):
    """Bleed rate."""

    def measure(self, case: Case) -> float | None:
        """Return the share; None where no pixel is at risk."""
        areas = case.areas
        counts = [_counts(areas, index) for index in range(len(areas)) if len(areas.neighbours[index])]
        bled, at_risk = (sum(column) for column in zip(*counts, strict=True)) if counts else (0, 0)
        return bled / at_risk if at_risk else None


def _counts(areas: LabelledAreas, index: int) -> tuple[int, int]:
    """Count the pixels of one region that have bled and that are at risk."""
    pixels, others = areas.pixels(index), areas.neighbours[index]
    result, truth = areas.result[pixels], areas.truth[pixels]
    apart = _squares(truth, areas.truth_medians[others]) > APART**2  # (n, neighbours)
    same = _squares(result, areas.result_medians[others]) <= SAME**2
    wrong = np.square(result - truth).sum(axis=1) > SAME**2
    return int(((apart & same).any(axis=1) & wrong).sum()), int(apart.any(axis=1).sum())


def _squares(colours: F32, others: F32) -> F32:
    """Squared distances (n, k) of colours (n, 3) from others (k, 3)."""
    return np.asarray(
        np.square(colours).sum(axis=1)[:, None] - 2 * colours @ others.T + np.square(others).sum(axis=1), np.float32
    )
