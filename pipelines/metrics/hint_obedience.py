"""Whether hints are obeyed: the mean of CIEDE2000 between result and hint over all pixels that a hint covers.

Ink and 1 px beside it are left out where the line art is given. Range 0 to about 100, lower is better; 0 where every
hint stands in exactly its colour. Shading over a hint raises it. Needs the hints. Source: this project.
"""

from pipelines.core.imaging.colours import ciede2000, srgb_to_lab
from pipelines.core.imaging.picture import HINT_ALPHA
from pipelines.metrics.base.case import Case
from pipelines.metrics.base.metric import PictureMetric

UNIT = "dE00"
HIGHER_IS_BETTER = False
NEEDS = ("hints",)


class Metric(PictureMetric):
    """Mean CIEDE2000 under the hints."""

    def measure(self, case: Case) -> float | None:
        """Return the mean; None where there is no hint."""
        assert case.hints is not None
        hinted = (case.hints[..., 3] >= HINT_ALPHA) & case.fill
        if not hinted.any():
            return None
        return float(ciede2000(srgb_to_lab(case.result[hinted]), srgb_to_lab(case.hints[hinted][:, :3])).mean())
