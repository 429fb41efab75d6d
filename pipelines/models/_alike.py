"""Tells which colours are the same to the eye, and finds the colour that stands for many."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.core.colours import ciede2000, srgb_to_lab

Floats = NDArray[np.float64]
Colour = tuple[int, int, int]  # sRGB 0..255

SAME = 5.0
"""dE00: colours no further apart are taken for one."""

WHITE: Colour = (255, 255, 255)


def apart(ones: Sequence[Colour], others: Sequence[Colour]) -> Floats:
    """Return the CIEDE2000 of each of n colours from each of m, (n, m)."""
    return ciede2000(srgb_to_lab(ones)[:, None], srgb_to_lab(others)[None])


def differ(colours: Sequence[Colour]) -> bool:
    """Tell whether any two colours differ to the eye."""
    return len(set(colours)) > 1 and bool((apart(colours, colours) > SAME).any())


def medoid(colours: Sequence[Colour], weights: Sequence[float]) -> Colour:
    """Return the colour with the least sum of CIEDE2000 from all others, by weight; of equals the least (r, g, b)."""
    total: Counter[Colour] = Counter()
    for colour, weight in zip(colours, weights, strict=True):
        total[colour] += weight  # type: ignore[assignment]
    known = sorted(total)
    costs = apart(known, known) @ np.array([total[colour] for colour in known], np.float64)
    return known[int(np.argmin(np.round(costs, 9)))]
