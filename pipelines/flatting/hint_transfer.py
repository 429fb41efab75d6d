"""Guesses colours for regions without a hint: the colour of the hint that speaks for a region best, or paper.

A hint's score for a region is a weighted sum of measures; the best hint wins if it beats paper, whose score is fixed:

    distance    log(1 + d / (2 % of the longer side)), d from the hint to the middle of the region's box
    nearest     1 for the nearest hint
    shared      the share of the region's border that it has with the hint's region
    enclosed    1 where that is all of it: what a colour encloses seldom has that colour (eyes, buttons, holes)
    twin        likeness of the two regions in size and shape, at the same height: the other eye, the other leg
    mirrored    the same, and mirrored at the middle of the figure
    lightness   luma of the hint's colour, 0..1

In short: a twin's colour, else the nearest hint's, rather a light one, and rather not that of what encloses it.

The weights were fitted to the expected logarithm of the squared error over some 900 pictures of eleven styles, each
with ten hints and with five. Fitted without a style they do nearly as well on it: they are no style's own.
"""

from typing import NamedTuple

import numpy as np

from pipelines.core.imaging.arrays import F64, Index, Mask
from pipelines.flatting.hint_spots import LUMA, HintSpots
from pipelines.segmentation.properties import RegionProperties, dissimilarity

WEIGHTS = np.array([-0.75, 9.2, -5.0, -4.75, 13.0, 29.5, 5.5])
"""Of the measures, in the order above."""

PAPER = -1.5
"""The score of paper."""

_BLOCK = 1 << 20  # pairs of a region and a hint measured at a time


class FigureAxis(NamedTuple):
    """What the measures are relative to."""

    size: int  # px, the picture's longer side
    axis: float  # px, the x of the middle of the figure


def transfer_hints(facts: RegionProperties, hints: HintSpots, regions: Index, outside: Mask, *, size: int) -> Index:
    """Return for each of `regions`, (u,), the spot, 0.., whose colour it takes, or -1 for paper.

    outside: bool (n + 1,), the regions outside the figure. size: px, the picture's longer side.
    """
    weight = facts.area * ~outside
    figure = FigureAxis(size, float((facts.x * weight).sum() / max(weight.sum(), 1)))
    best, chosen = np.full(len(regions), PAPER), np.full(len(regions), -1)
    step = max(1, _BLOCK // max(1, len(hints.colour)))
    for start in range(0, len(regions) if len(hints.colour) else 0, step):
        part = slice(start, start + step)
        score = measures(facts, hints, regions[part], figure) @ WEIGHTS
        first = score.argmax(axis=1)
        best[part] = score[np.arange(len(first)), first]
        chosen[part] = np.where(best[part] > PAPER, first, -1)
    return chosen


def measures(facts: RegionProperties, hints: HintSpots, regions: Index, figure: FigureAxis) -> F64:
    """Return the measures, (u, spots, 7), of each pair of a region and a spot."""
    one, other = regions[:, None], hints.region[None, :]
    away = np.hypot(facts.x[one] - hints.x, facts.y[one] - hints.y)
    shared = _shared(facts, regions, hints.region)
    twin = np.exp(-dissimilarity(facts, one, other) / 2 - np.abs(facts.y[one] - facts.y[other]) / (0.05 * figure.size))
    askew = np.abs(facts.x[one] + facts.x[other] - 2 * figure.axis) / (0.1 * figure.size)
    columns = (
        np.log1p(away / (0.02 * figure.size)),
        away == away.min(axis=1, keepdims=True),
        shared,
        shared > 0.95,
        twin,
        twin * np.exp(-askew),
        np.broadcast_to(hints.colours[hints.colour] @ LUMA / 255, away.shape),
    )
    return np.stack(columns, axis=-1).astype(np.float64)


def _shared(facts: RegionProperties, regions: Index, hinted: Index) -> F64:
    """Return which share of each region's border, (u, spots), it has with each spot's region."""
    borders = facts.borders
    rows, columns = np.full(facts.labels, -1), np.full(facts.labels, -1)
    rows[regions] = np.arange(len(regions))
    unique, which = np.unique(hinted, return_inverse=True)
    columns[unique] = np.arange(len(unique))
    length, whole = np.zeros((len(regions), len(unique))), np.full(len(regions), 1e-9)
    for here, there in ((borders.first, borders.second), (borders.second, borders.first)):
        mine = rows[here] >= 0
        np.add.at(whole, rows[here[mine]], borders.length[mine])
        both = mine & (columns[there] >= 0)
        length[rows[here[both]], columns[there[both]]] = borders.length[both]
    return np.asarray((length / whole[:, None])[:, which])
