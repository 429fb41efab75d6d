"""The largest change of the line art on ink, in levels 0..255: 0 where every line stands as it was drawn.

    max over solid ink of |result - line art|   and over soft ink of max(0, result - line art),   each of R, G, B

Solid ink must show in its own colour. Under the soft edge of a line colour shines through and darkens it, but nothing
may make it lighter. Range 0..255 levels, lower is better; a result with alpha may differ by 1 by rounding. Needs the
line art. Source: this project; a copied line drawing has 0 by construction, a network that redraws it has not.
"""

import numpy as np

from pipelines.metrics.base.case import Case
from pipelines.metrics.base.metric import PictureMetric

UNIT = "levels"
HIGHER_IS_BETTER = False
NEEDS = ("lines",)


class Metric(PictureMetric):
    """Largest change on ink."""

    def measure(self, case: Case) -> float | None:
        """Return the largest change; None where there is no ink."""
        assert case.ink is not None
        alpha = case.ink[..., 3]
        change = case.result.astype(np.int16) - case.drawn
        solid, soft = change[alpha == 255], change[(alpha > 0) & (alpha < 255)]
        if not len(solid) and not len(soft):
            return None
        return float(max(np.abs(solid).max(initial=0), soft.max(initial=0)))
