"""Measures how colourful a picture is, and makes dull ones more so."""

import cv2
import numpy as np

from pipelines.core.imaging.arrays import U8, Mask

COLOURFUL = 82.0
"""The colourfulness that people call "highly colourful" (Hasler and Suesstrunk 2003, table 2): no boost from here."""


def colourfulness(rgb: U8, mask: Mask | None = None) -> float:
    """Measure the colourfulness of `rgb` uint8 (H, W, 3), or of the pixels in `mask` bool (H, W), 0 = grey.

        M = sqrt(s_rg^2 + s_yb^2) + 0.3 sqrt(m_rg^2 + m_yb^2),   rg = r - g,   yb = (r + g) / 2 - b

    with means m and standard deviations s. People call 15 slightly, 33 moderately, 45 averagely, 59 quite, 82 highly
    and 109 extremely colourful. Source: D. Hasler, S. Suesstrunk, "Measuring colourfulness in natural images", 2003.
    """
    if mask is not None and not mask.any():
        return 0.0
    area = None if mask is None else mask.astype(np.uint8)
    opponent = cv2.transform(rgb.astype(np.float32), np.array([[1, -1, 0], [0.5, 0.5, -1]], np.float32))
    means, deviations = cv2.meanStdDev(opponent, mask=area)
    return float(np.hypot(*deviations.ravel()) + 0.3 * np.hypot(*means.ravel()))


def saturation_factor(measured: float, strength: float) -> float:
    """The factor by which to raise saturation: 1 + strength for grey, falling in a straight line to 1 at COLOURFUL."""
    return 1 + strength * max(0.0, 1 - measured / COLOURFUL)


def saturate(rgb: U8, factor: float) -> U8:
    """Multiply the HSV saturation of `rgb` uint8 (H, W, 3) by `factor` >= 1; hue and value stay, full stays full.

    With S = (V - min) / V, moving every channel away from V, c' = V - f (V - c), multiplies S by f and keeps the
    ratios of V - r, V - g, V - b, which are the hue; f = min(factor, V / (V - min)) takes S to 1 at most.
    """
    if factor == 1:
        return rgb
    value = rgb.max(axis=2).astype(np.float32)
    chroma = value - rgb.min(axis=2)
    limit = np.divide(value, chroma, out=np.ones_like(value), where=chroma > 0)
    away = (value[..., None] - rgb) * np.minimum(np.float32(factor), limit)[..., None]
    raised: U8 = np.rint(value[..., None] - away).astype(np.uint8)
    return raised
