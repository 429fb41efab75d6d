"""Colour difference as the eye sees it: the mean over all pixels of CIEDE2000 between result and truth.

Range 0 to about 100, lower is better; 1 is just noticeable. sRGB, white D65, 2 degrees.
Source: Sharma, Wu, Dalal, Color Res. Appl. 30, 2005; agrees with `skimage.color.deltaE_ciede2000`.
"""

from pipelines.metrics.base.case import Case
from pipelines.metrics.base.metric import PictureMetric

UNIT = "dE00"
HIGHER_IS_BETTER = False


class Metric(PictureMetric):
    """Mean CIEDE2000 over white paper."""

    def measure(self, case: Case) -> float:
        """Return the mean over pixels."""
        return float(case.delta_e.mean())
