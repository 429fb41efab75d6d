"""Peak signal-to-noise ratio of the result, in dB: 10 log10(255^2 / MSE), the mean square over pixels and R, G, B.

Range 0 dB to infinity, higher is better; infinite where result and truth are identical. In a mean (over pictures, not
over their MSE) a picture counts for 100 dB at most, so that identical pictures neither drop out nor drown the others.
Source: ITU-T J.340; agrees with `skimage.metrics.peak_signal_noise_ratio(truth, result, data_range=255)`.
"""

import math

import cv2

from pipelines.metrics.base.case import Case
from pipelines.metrics.base.metric import PictureMetric

UNIT = "dB"
HIGHER_IS_BETTER = True
CEILING = 100.0  # dB


class Metric(PictureMetric):
    """PSNR over white paper."""

    ceiling = CEILING

    def measure(self, case: Case) -> float:
        """Return the PSNR in dB, infinity for identical pictures."""
        square = cv2.norm(case.result, case.truth, cv2.NORM_L2SQR) / case.truth.size
        return 10 * math.log10(255**2 / square) if square else math.inf
