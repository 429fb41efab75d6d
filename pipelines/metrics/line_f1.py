"""F-measure of the lines that can be seen in the result against the line art: 2 P R / (P + R).

Seen is what is 30 levels darker than its surroundings, the mean of 61 x 61 px. Precision P is the share of seen ink
that lies within 2 px of drawn ink (line drawing below 128), recall R the share of drawn ink within 2 px of seen ink.
Range 0..1, higher is better; lines that vanish in dark fills lower it, in the truth as well. Needs the line art.
Source: D. Martin, C. Fowlkes, J. Malik, IEEE TPAMI 26(5), 2004 (F-measure of boundaries, with tolerance).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.metrics.base.case import INK_LEVEL, Case
from pipelines.metrics.base.metric import PictureMetric

UNIT = ""
HIGHER_IS_BETTER = True
NEEDS = ("lines",)

TOLERANCE = 2  # px
_WINDOW = 61  # px
_DARKER = 30  # levels


class Metric(PictureMetric):
    """F-measure of lines."""

    def measure(self, case: Case) -> float | None:
        """Return the F-measure; None where the line art has no ink."""
        assert case.lines is not None
        drawn = (case.lines < INK_LEVEL).view(np.uint8)
        if not drawn.any():
            return None
        grey = cv2.cvtColor(case.result, cv2.COLOR_RGB2GRAY)
        around = cv2.blur(grey, (_WINDOW, _WINDOW), borderType=cv2.BORDER_REPLICATE)
        seen = (grey.astype(np.int16) < around.astype(np.int16) - _DARKER).view(np.uint8)
        if not seen.any():
            return 0.0
        precision, recall = _share(seen, drawn), _share(drawn, seen)
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _share(of: NDArray[np.uint8], near: NDArray[np.uint8]) -> float:
    """Return the share of one mask that lies within the tolerance of another."""
    side = 2 * TOLERANCE + 1
    widened = cv2.dilate(near, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    return float((of & np.asarray(widened)).sum() / of.sum())
