"""Keeps the exact colour of a hint where it lies (`--snap`): shading there counts as none, and starts around it."""

import numpy as np

from pipelines.core.imaging.arrays import F32, U8
from pipelines.core.imaging.picture import HINT_ALPHA
from pipelines.models.fillnet.inputs import FlatFill


def shading_start(painted: F32, fill: FlatFill, seen: U8, *, snap: bool) -> F32:
    """The colour in what the network painted, (h, w, 3), that is each area's hint unshaded, float32 (n + 1, 3).

    snap: it is what was painted where the area's hints lie, the mean, so that the hint's colour comes out there; else
    the hint's own colour, so that the network may make it lighter or darker there too. seen: uint8 (h, w), which area
    the network saw in each of its pixels: those of others do not count. Where none is left it is the hint's colour.
    """
    areas, facts = fill.flat.areas, fill.facts
    if not snap:
        return facts.colours.astype(np.float32)
    rows, columns = np.nonzero(fill.hints[..., 3] >= HINT_ALPHA)
    area = areas[rows, columns]
    (height, width), (full_height, full_width) = painted.shape[:2], areas.shape
    rows, columns = rows * height // full_height, columns * width // full_width
    own = seen[rows, columns] == facts.rank_told[area]
    at_hints = painted[rows[own], columns[own]]
    counts = np.bincount(area[own], minlength=len(facts.confidence))
    sums = [np.bincount(area[own], at_hints[:, channel], len(counts)) for channel in range(3)]
    means = np.stack(sums, axis=1) / np.maximum(counts, 1)[:, None]
    return np.where(counts[:, None] > 0, means, facts.colours).astype(np.float32)
