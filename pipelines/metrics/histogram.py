"""Hellinger distance of the colour histograms of result and truth, in log-chroma space.

    d = |sqrt(H_result) - sqrt(H_truth)|_2 / sqrt(2),   H_c(u, v) ~ sum_p k(u_c(p) - u) k(v_c(p) - v) I(p),   sum H = 1
    u_R = ln R/G, v_R = ln R/B and so on for G and B;   k(x) = 1 / (1 + (x / tau)^2), tau = .02;   I = |(R, G, B)|

with 64 x 64 bins from -3 to 3 for each of R, G, B, over 128 x 128 px at most, evenly spread (150 in the source). Chroma
beyond that, which the source lets fade away, is counted at the edge, so that pure colours are not lost. Range 0..1,
lower is better; brightness alone does not change u and v.
Source: M. Afifi, M. A. Brubaker, M. S. Brown, "HistoGAN", CVPR 2021, equations 1-4 and 8.
"""

import numpy as np

from pipelines.core.imaging.arrays import F64, U8
from pipelines.core.imaging.colours import pack_rgb, unpack_rgb
from pipelines.metrics.base.case import Case
from pipelines.metrics.base.metric import PictureMetric

UNIT = ""
HIGHER_IS_BETTER = False

BINS, REACH, TAU = 64, 3.0, 0.02
SAMPLES = 128  # rows and columns at most that are looked at
_EPSILON = 1e-6  # of the source, against the logarithm of 0


class Metric(PictureMetric):
    """Hellinger distance of colour histograms."""

    def measure(self, case: Case) -> float:
        """Return the distance."""
        first, second = log_chroma_histogram(case.result), log_chroma_histogram(case.truth)
        return float(np.linalg.norm(np.sqrt(first) - np.sqrt(second)) / np.sqrt(2))


def log_chroma_histogram(rgb: U8) -> F64:
    """Return the histogram (3, 64, 64) of a picture (H, W, 3), which sums to 1; an all-black picture's is even."""
    colours, count = np.unique(pack_rgb(_sampled(rgb)), return_counts=True)
    levels = unpack_rgb(colours) / 255  # (n, 3)
    log = np.log(levels + _EPSILON)
    weight = (count * np.linalg.norm(levels, axis=1)).astype(np.float64)
    planes = []
    for own, first, second in ((0, 1, 2), (1, 0, 2), (2, 0, 1)):
        across, down = _kernel(log[:, own] - log[:, first]), _kernel(log[:, own] - log[:, second])
        planes.append((across * weight[:, None]).T @ down)
    histogram = np.stack(planes).astype(np.float64)
    total = histogram.sum()
    return histogram / total if total else np.full_like(histogram, 1 / histogram.size)


def _sampled(rgb: U8) -> U8:
    """Return evenly spread rows and columns of a picture."""
    rows, columns = (np.linspace(0, side - 1, min(side, SAMPLES)).astype(np.intp) for side in rgb.shape[:2])
    return rgb[rows[:, None], columns]


def _kernel(chroma: F64) -> F64:
    """Return how much each of n colours gives to each bin, (n, BINS)."""
    inside = np.clip(chroma, -REACH, REACH) / TAU
    bins = np.linspace(-REACH / TAU, REACH / TAU, BINS)
    return np.asarray(1 / (1 + np.square(inside[:, None] - bins)), np.float64)
