"""Multi-scale structural similarity: contrast and structure at five scales, luminance at the coarsest.

    MS-SSIM = l_5^w5 prod_j (c_j s_j)^wj,   w = .0448 .2856 .3001 .2363 .1333

with each scale the 2 x 2 average of the one before, the mean over windows and R, G, B at each scale, negative means
taken for 0. Range 0..1, higher is better. Sides below 176 px have no window at the fifth scale: such pictures are not
measured. Source: Z. Wang, E. P. Simoncelli, A. C. Bovik, "Multi-scale structural similarity for image quality
assessment", Asilomar 2003, equation 7; within .0001 of torchmetrics'
`multiscale_structural_similarity_index_measure(result, truth, data_range=255)`, which counts mirrored borders too.
"""

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F64
from pipelines.metrics.base.case import Case
from pipelines.metrics.base.metric import PictureMetric
from pipelines.metrics.base.structural_similarity import RADIUS, similarity_maps

UNIT = ""
HIGHER_IS_BETTER = True
WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
LEAST_SIDE = (2 * RADIUS + 1) << (len(WEIGHTS) - 1)  # px


class Metric(PictureMetric):
    """MS-SSIM over white paper."""

    def measure(self, case: Case) -> float | None:
        """Return the MS-SSIM; None for a picture that is too small."""
        if min(case.truth.shape[:2]) < LEAST_SIDE:
            return None
        truth, result = case.truth.astype(np.float64), case.result.astype(np.float64)
        luminance, structure = case.similarity
        product = 1.0
        for scale, weight in enumerate(WEIGHTS):
            if scale:
                truth, result = _halved(truth), _halved(result)
                luminance, structure = similarity_maps(truth, result)
            last = scale == len(WEIGHTS) - 1
            product *= max(0.0, float((luminance * structure if last else structure).mean())) ** weight
        return product


def _halved(picture: F64) -> F64:
    """Average 2 x 2 pixels; an odd last row or column is left out."""
    height, width = picture.shape[0] // 2, picture.shape[1] // 2
    even = picture[: 2 * height, : 2 * width]
    return np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.float64)
