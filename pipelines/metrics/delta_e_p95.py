"""How far off the worst twentieth is: the 95th percentile over all pixels of CIEDE2000 between result and truth.

Range 0 to about 100, lower is better; 1 is just noticeable. A wrong area of 5 % of the picture shows here and is lost
in the mean. Percentile with linear interpolation. Source: Sharma, Wu, Dalal, Color Res. Appl. 30, 2005.
"""

import numpy as np

from pipelines.metrics.base.case import Case
from pipelines.metrics.base.metric import PictureMetric

UNIT = "dE00"
HIGHER_IS_BETTER = False


class Metric(PictureMetric):
    """95th percentile of CIEDE2000 over white paper."""

    def measure(self, case: Case) -> float:
        """Return the percentile over pixels."""
        return float(np.percentile(case.delta_e, 95))
