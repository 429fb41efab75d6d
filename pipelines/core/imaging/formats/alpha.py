"""Undoes the multiplication of colours by their alpha ("associated" or "premultiplied" alpha)."""

import numpy as np

from pipelines.core.imaging.arrays import Samples


def divide_by_alpha(colours: Samples, alpha: Samples, largest: int = 255) -> Samples:
    """Divide colours (H, W, C) by alpha (H, W), both 0..largest, rounded to nearest; what cannot be seen is black."""
    visible = alpha[..., None].astype(np.uint32)
    straight = (colours.astype(np.uint32) * largest + visible // 2) // np.maximum(visible, 1)
    shown = np.where(visible > 0, np.minimum(straight, largest), 0)
    return shown.astype(np.uint8) if colours.dtype == np.uint8 else shown.astype(np.uint16)
