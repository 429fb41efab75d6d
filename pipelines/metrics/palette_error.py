"""How far the palettes of result and truth are apart: the way from each colour to the nearest of the other, both ways.

    (sum_i a_i min_j dE(c_i, d_j) + sum_j b_j min_i dE(c_i, d_j)) / 2

where c, d are the palettes of result and truth and a, b the shares of the fills with these colours: the mean colours of
the cells of 16 levels a side that hold .5 % of the fills at least, 32 at most; dE is CIEDE2000. Where colours lie
does not matter. Range 0 to about 100, lower is better. Source: this project, after the Chamfer distance (H. G. Barrow
et al., IJCAI 1977).
"""

import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import F64
from pipelines.core.imaging.colours import ciede2000, srgb_to_lab
from pipelines.metrics.base.case import Case
from pipelines.metrics.base.metric import PictureMetric

UNIT = "dE00"
HIGHER_IS_BETTER = False

LEAST_SHARE = 0.005
MOST_COLOURS = 32


class Metric(PictureMetric):
    """Palette error."""

    def measure(self, case: Case) -> float | None:
        """Return the error; None where there is no fill."""
        if not case.fill.any():
            return None
        (first, first_share), (second, second_share) = (_palette(rgb[case.fill]) for rgb in (case.result, case.truth))
        apart = ciede2000(first[:, None], second[None])  # (colours of result, colours of truth)
        return float(first_share @ apart.min(axis=1) + second_share @ apart.min(axis=0)) / 2


def _palette(pixels: NDArray[np.uint8]) -> tuple[F64, F64]:
    """Return the main colours of pixels (n, 3) in L*a*b*, (k, 3), and their shares, (k,), which sum to 1."""
    cells = pixels.astype(np.int32) >> 4
    cell = cells[:, 0] << 8 | cells[:, 1] << 4 | cells[:, 2]
    count = np.bincount(cell, minlength=4096)
    kept = np.argsort(-count, kind="stable")[:MOST_COLOURS]
    kept = kept[count[kept] >= max(1.0, min(LEAST_SHARE * len(pixels), float(count.max())))]
    sums = np.stack([np.bincount(cell, pixels[:, channel], 4096)[kept] for channel in range(3)], axis=1)
    return srgb_to_lab(sums / count[kept, None]), count[kept] / count[kept].sum()
