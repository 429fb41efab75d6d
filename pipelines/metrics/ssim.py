"""Structural similarity: the mean over windows and R, G, B of SSIM = l c s.

    SSIM = (2 mx my + C1) (2 cov + C2) / ((mx^2 + my^2 + C1) (vx + vy + C2)),   C1 = (.01 255)^2,   C2 = (.03 255)^2

under an 11 x 11 Gaussian window of sigma 1.5 px. Range -1..1, higher is better, 1 for identical pictures.
Source: Wang et al., IEEE TIP 13(4), 2004; agrees with `skimage.metrics.structural_similarity(truth, result,
channel_axis=2, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False)`.
"""

from pipelines.metrics.base.case import Case
from pipelines.metrics.base.metric import PictureMetric

UNIT = ""
HIGHER_IS_BETTER = True


class Metric(PictureMetric):
    """SSIM over white paper."""

    def measure(self, case: Case) -> float:
        """Return the mean SSIM."""
        luminance, structure = case.similarity
        return float((luminance * structure).mean())
