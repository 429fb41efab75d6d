"""Share of the fills that has the colour of its region: 1 where every region of the line art is one flat colour.

    |{p : dE(result(p), median of the result over the region of p) <= 5}| / |fills|,   dE = CIE76

A pixel beyond 5 from the median is a stain, a gradient or a colour that ran in. Range 0..1, higher is better; shaded
truth is below 1 itself. Regions are those of the trapped ball; ink and 1 px beside it are no fill. Needs the line art.
Source: this project.
"""

import numpy as np

from pipelines.metrics.base.case import Case
from pipelines.metrics.base.metric import PictureMetric

UNIT = ""
HIGHER_IS_BETTER = True
NEEDS = ("lines", "regions")

SAME = 5.0  # dE: colours nearer than this are one to the eye at a glance


class Metric(PictureMetric):
    """Region purity."""

    def measure(self, case: Case) -> float | None:
        """Return the share; None where there is no fill."""
        areas = case.areas
        if not len(areas):
            return None
        away = areas.result - np.repeat(areas.result_medians, areas.sizes, axis=0)
        return float((np.square(away).sum(axis=1) <= SAME**2).mean())
