"""Colour difference of the fills alone: the mean of CIEDE2000 over pixels that are neither ink nor beside it.

Ink (below 128 in the line drawing, widened by 1 px for its soft edge) is the same in every colouring and would dilute
the figure. Range 0 to about 100, lower is better; 1 is just noticeable. Needs the line art.
Source: Sharma, Wu, Dalal, Color Res. Appl. 30, 2005.
"""

from pipelines.metrics.base.case import Case
from pipelines.metrics.base.metric import PictureMetric

UNIT = "dE00"
HIGHER_IS_BETTER = False
NEEDS = ("lines",)


class Metric(PictureMetric):
    """Mean CIEDE2000 without ink."""

    def measure(self, case: Case) -> float | None:
        """Return the mean over the fills; None where all is ink."""
        return float(case.delta_e[case.fill].mean()) if case.fill.any() else None
