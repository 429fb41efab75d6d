"""Local structure of two pictures under a Gaussian window: what SSIM and MS-SSIM are made of.

Source: Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image Quality Assessment: From Error Visibility to
Structural Similarity", IEEE TIP 13(4), 2004, equations 13-16, with K1 = .01, K2 = .03, L = 255.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import F64

SIGMA = 1.5  # px
RADIUS = 5  # px: the window has 11 x 11 px
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


class Similarity(NamedTuple):
    """Maps (H - 10, W - 10, C), -1..1, of the places where the whole window lies in the picture."""

    luminance: F64  # l of equation 6
    structure: F64  # contrast times structure, c s of equation 13


def similarity_maps(first: NDArray[np.generic], second: NDArray[np.generic]) -> Similarity:
    """Compare two pictures (H, W, C), 0..255, window by window.

    A side shorter than the window is mirrored at its ends, and all of it is kept.
    """
    # one channel after the other, which takes less memory
    channels = [_compare_channels(first[..., at], second[..., at]) for at in range(first.shape[2])]
    luminance, structure = (np.stack(maps, axis=-1) for maps in zip(*channels, strict=True))
    return Similarity(luminance, structure)


def _compare_channels(first: NDArray[np.generic], second: NDArray[np.generic]) -> Similarity:
    """Compare two channels (H, W)."""
    x, y = first.astype(np.float64), second.astype(np.float64)
    mean_x, mean_y = _windowed_mean(x), _windowed_mean(y)
    squares, product = mean_x**2 + mean_y**2, mean_x * mean_y
    variances = _windowed_mean(x * x + y * y) - squares
    covariance = _windowed_mean(x * y) - product
    return Similarity(
        _without_border((2 * product + _C1) / (squares + _C1)),
        _without_border((2 * covariance + _C2) / (variances + _C2)),
    )


def _windowed_mean(values: F64) -> F64:
    """Average under the window, (H, W); borders are mirrored."""
    window = cv2.getGaussianKernel(2 * RADIUS + 1, SIGMA)
    result = cv2.sepFilter2D(values, -1, window, window, borderType=cv2.BORDER_REFLECT)
    return np.asarray(result, np.float64).reshape(values.shape)


def _without_border(values: F64) -> F64:
    """Leave out the border at which the window reaches over the edge."""
    rows, columns = (slice(RADIUS, -RADIUS) if side > 2 * RADIUS else slice(None) for side in values.shape[:2])
    return values[rows, columns]
