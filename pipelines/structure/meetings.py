"""Finds where three regions of a drawing meet, and how much of a small circle around that place each of them fills.

The one that fills half of it is bounded by a line that goes straight on, and the line between the two others ends
there.
"""

from typing import NamedTuple

import numpy as np

from pipelines.core.imaging.arrays import F64, Index, Labels

_SIZE = 768  # px of the longer side, at most, that are looked at
_RADIUS = 0.025  # of the longer side: of the circle that is looked at
_LEAST_RADIUS = 5.0  # px
_ANGLES = 64
_APART = 3.0  # px: meetings of the same areas that are nearer are one


class Meetings(NamedTuple):
    """Places where three regions meet."""

    regions: Index  # (m, 3), ascending
    share: (
        F64  # (m, 3), of a circle around the place; together less than 1 where there are others, or it leaves the page
    )


def find_meetings(regions: Labels) -> Meetings:
    """Find where three regions, int32 (H, W), ink included, meet."""
    step = -(-max(regions.shape) // _SIZE)
    regions = regions[::step, ::step]
    triples, rows, columns = _meetings(regions)
    return Meetings(triples, _shares(regions, triples, rows, columns))


def _meetings(regions: Labels) -> tuple[Index, Index, Index]:
    """The three areas, ascending, (m, 3), and the row and column of each place where three meet."""
    across, down = regions[:, 1:] != regions[:, :-1], regions[1:] != regions[:-1]
    differs = across[:-1].view(np.uint8) + across[1:].view(np.uint8)
    differs += down[:, :-1].view(np.uint8)
    differs += down[:, 1:].view(np.uint8)
    rows, columns = np.divmod(np.flatnonzero(differs >= 3), differs.shape[1])
    square = [regions[rows + below, columns + beside] for below in (0, 1) for beside in (0, 1)]
    labels = np.sort(np.stack(square, axis=1).astype(np.intp), axis=1)
    new = np.column_stack([np.ones(len(labels), bool), np.diff(labels, axis=1) > 0])
    three = new.sum(axis=1) == 3
    rows, columns = rows[three], columns[three]
    triples = labels[three][new[three]].reshape(-1, 3)
    kept = np.ones(len(rows), bool)
    order = np.lexsort((columns, rows, *triples.T))
    for before, after in zip(order[:-1].tolist(), order[1:].tolist(), strict=True):
        near = np.hypot(float(rows[after] - rows[before]), float(columns[after] - columns[before])) <= _APART
        kept[after] = not (near and (triples[after] == triples[before]).all())
    return triples[kept], rows[kept], columns[kept]


def _shares(regions: Labels, triples: Index, rows: Index, columns: Index) -> F64:
    """Which share of a circle around each meeting its three areas have, (m, 3); less where it leaves the page."""
    height, width = regions.shape
    radius = max(_LEAST_RADIUS, _RADIUS * max(height, width))
    angle = 2 * np.pi * np.arange(_ANGLES) / _ANGLES
    y = np.rint(rows[:, None] + 0.5 + radius * np.sin(angle)).astype(np.intp)
    x = np.rint(columns[:, None] + 0.5 + radius * np.cos(angle)).astype(np.intp)
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    seen = np.where(inside, regions[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)], 0)
    return np.asarray((seen[:, None, :] == triples[:, :, None]).mean(axis=2))
