"""Finds the lines that divide a thing and not two things: folds, locks, seams.

Where three areas meet and two of the three lines go straight on, the straight ones are the outline of what lies on the
other side of the third area, or of that area itself; the line that ends there divides only what lies on one side of the
outline. So a border is a fold where it has two such ends or more and no others: there the third area fills half of a
circle, and neither of its own does.

Source: the T-junctions of D. Waltz, "Understanding Line Drawings of Scenes with Shadows", in P. H. Winston (ed.), The
Psychology of Computer Vision, 1975, read the other way round.
"""

import numpy as np

from pipelines.core.imaging.arrays import F64, Index, Labels, Mask
from pipelines.segmentation.adjacency import Borders

_SIZE = 768  # px of the longer side, at most, that are looked at
_RADIUS = 0.025  # of the longer side: of the circle that is looked at
_LEAST_RADIUS = 5.0  # px
_ANGLES = 64
_HALF = 0.5
_OFF = 0.1  # of the circle: by so much straight lines may bend
_LEAST = 0.12  # of the circle: what a line divides is no narrower
_OTHERS = 0.05  # of the circle: more than three areas tell nothing
_APART = 3.0  # px: meetings of the same areas that are nearer are one


def find_folds(regions: Labels, borders: Borders) -> Mask:
    """Tell which borders, (pairs,), are folds; regions: int32 (H, W), ink included."""
    count = int(regions.max(initial=0)) + 1
    step = -(-max(regions.shape) // _SIZE)
    regions = regions[::step, ::step]
    triples, rows, columns = _meetings(regions)
    share = _shares(regions, triples, rows, columns)
    tells = share.sum(axis=1) >= 1 - _OTHERS
    straight = np.abs(share - _HALF) <= _OFF
    is_tee = tells & (straight.sum(axis=1) == 1) & (share.min(axis=1, initial=1) >= _LEAST)
    bar = straight.argmax(axis=1)
    keys = borders.first * count + borders.second
    stems, others = np.zeros(len(keys), np.intp), np.zeros(len(keys), np.intp)
    for first, second, third in ((0, 1, 2), (0, 2, 1), (1, 2, 0)):
        pair = triples[:, first] * count + triples[:, second]
        place = np.searchsorted(keys, pair)
        known = place < len(keys)
        known[known] = keys[place[known]] == pair[known]
        is_stem = is_tee & (bar == third)
        np.add.at(stems, place[known & is_stem], 1)
        np.add.at(others, place[known & ~is_stem], 1)
    return np.asarray((stems > 1) & (others == 0))


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
