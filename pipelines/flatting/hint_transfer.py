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
from pipelines.flatting.hint_reach import HintReach
from pipelines.flatting.hint_spots import LUMA, HintSpots
from pipelines.segmentation.properties import RegionProperties, dissimilarity

WEIGHTS = np.array([-0.75, 9.2, -5.0, -4.75, 13.0, 29.5, 5.5])
"""Of the measures, in the order above."""

PAPER = -1.5
"""The score of paper."""

FOLD = 16.0
"""What a hint gains that only a fold parts from the region: more than the nearest one has."""

_BLOCK = 1 << 20  # pairs of a region and a hint measured at a time


class FigureAxis(NamedTuple):
    """What the measures are relative to."""

    size: int  # px, the picture's longer side
    axis: float  # px, the x of the middle of the figure


def transfer_hints(
    properties: RegionProperties,
    spots: HintSpots,
    regions: Index,
    outside: Mask,
    *,
    size: int,
    reach: HintReach | None = None,
) -> Index:
    """Return for each of `regions`, (u,), the spot, 0.., whose colour it takes, or -1 for paper.

    outside: bool (n + 1,), the regions outside the figure. size: px, the picture's longer side. reach: where each hint
    may speak; None: everywhere.
    """
    weight = properties.area * ~outside
    figure = FigureAxis(size, float((properties.x * weight).sum() / max(weight.sum(), 1)))
    best, chosen = np.full(len(regions), PAPER), np.full(len(regions), -1)
    step = max(1, _BLOCK // max(1, len(spots.colour)))
    for start in range(0, len(regions) if len(spots.colour) else 0, step):
        part = slice(start, start + step)
        may_speak = None if reach is None else reach.may_speak(spots, regions[part])
        score = measures(properties, spots, regions[part], figure, may_speak=may_speak) @ WEIGHTS
        if reach is not None and may_speak is not None:
            score += FOLD * reach.is_beyond_fold(spots, regions[part])
            score[~may_speak] = -np.inf
        spot = score.argmax(axis=1)
        best[part] = score[np.arange(len(spot)), spot]
        chosen[part] = np.where(best[part] > PAPER, spot, -1)
    return chosen


def measures(
    properties: RegionProperties,
    spots: HintSpots,
    regions: Index,
    figure: FigureAxis,
    *,
    may_speak: Mask | None = None,
) -> F64:
    """Return the measures, (u, spots, 7), of each pair of a region and a spot; the nearest is one that may speak."""
    region, hinted = regions[:, None], spots.region[None, :]
    x, y = properties.x, properties.y
    distance = np.hypot(x[region] - spots.x, y[region] - spots.y)
    least = np.where(may_speak, distance, np.inf) if may_speak is not None else distance
    shared = _shared(properties, regions, spots.region)
    off_level = np.abs(y[region] - y[hinted]) / (0.05 * figure.size)
    twin = np.exp(-dissimilarity(properties, region, hinted) / 2 - off_level)
    askew = np.abs(x[region] + x[hinted] - 2 * figure.axis) / (0.1 * figure.size)
    columns = (
        np.log1p(distance / (0.02 * figure.size)),
        distance == least.min(axis=1, keepdims=True),
        shared,
        shared > 0.95,
        twin,
        twin * np.exp(-askew),
        np.broadcast_to(spots.colours[spots.colour] @ LUMA / 255, distance.shape),
    )
    return np.stack(columns, axis=-1).astype(np.float64)


def _shared(properties: RegionProperties, regions: Index, hinted: Index) -> F64:
    """Return which share of each region's border, (u, spots), it has with each spot's region."""
    borders = properties.borders
    rows, columns = np.full(properties.labels, -1), np.full(properties.labels, -1)
    rows[regions] = np.arange(len(regions))
    unique, which = np.unique(hinted, return_inverse=True)
    columns[unique] = np.arange(len(unique))
    shared, total = np.zeros((len(regions), len(unique))), np.full(len(regions), 1e-9)
    for here, there in ((borders.first, borders.second), (borders.second, borders.first)):
        counted = rows[here] >= 0
        np.add.at(total, rows[here[counted]], borders.length[counted])
        both = counted & (columns[there] >= 0)
        shared[rows[here[both]], columns[there[both]]] = borders.length[both]
    return np.asarray((shared / total[:, None])[:, which])
