"""Lays out what networks that paint on flat colour are given: a drawing that `flat` has filled, and what it knew.

Seven channels at the network's scale: line art, flat colour (3), how sure it is, where hints lie, which area it is.
The areas are those of flat colour: of one region and one colour, so a region with hints of two colours is two.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import F32, U8
from pipelines.core.imaging.picture import HINT_ALPHA
from pipelines.models import flat
from pipelines.segmentation.line_mask import cell_edges

AREAS = 95
"""Areas of a drawing that a network is told apart, the largest ones."""

UNKNOWN, GUESSED, HINTED = 0, 128, 255
"""How sure the colour of a pixel is: there is no hint in the picture, none in its area, one in its area."""


class NetworkInput(NamedTuple):
    """A drawing filled with flat colour, at the network's scale."""

    lines: U8  # (S, S), 0 = ink
    fill: U8  # (S, S, 3), white where nothing is known
    surety: U8  # (S, S), UNKNOWN, GUESSED or HINTED
    marks: U8  # (S, S), 255 = a hint lies here
    ranks: U8  # (S, S), 1..AREAS by size, the largest first; 0 = ink, or one of the others


class FillNetOutput(NamedTuple):
    """What a network says of one drawing."""

    fill: F32  # RGB (h, w, 3), 0..255: colour under the lines
    ink: F32  # RGB (3,), 0..255
    guesses: F32  # (ranks, 125): the probability of each colour for the area of each rank
    shares: F32  # (ranks, ranks + 2): that it has the colour of the area of each rank, white, none of these


class AreaFacts(NamedTuple):
    """What is known of the areas of a filled drawing, index 0 being ink."""

    colours: U8  # (n + 1, 3), white where nothing is known
    surety: U8  # (n + 1,)
    ranks: NDArray[np.intp]  # (n + 1,), 1 for the largest


def fill_and_pack(lines: U8, hints: U8) -> NetworkInput:
    """Fill a drawing, uint8 (S, S), by its hints, uint8 RGBA (S, S, 4), for a network."""
    made = flat.fill(lines, hints, None, flat.Params(), np.random.default_rng(0))
    areas = area_facts(made, hints)
    return pack_inputs(lines, hints, made, areas)


def area_facts(made: flat.FlatResult, hints: U8) -> AreaFacts:
    """Tell of each area of a colouring, at the size of its hints, uint8 RGBA (H, W, 4), its colour and its rank."""
    sizes = np.bincount(made.regions.reshape(-1), minlength=len(made.colours))
    sizes[0] = 0
    count = len(sizes)
    ranks = np.empty(count, np.intp)
    ranks[np.argsort(-sizes, kind="stable")] = np.arange(1, count + 1)
    ranks[0] = 0
    rows, columns = np.nonzero(hints[..., 3] >= HINT_ALPHA)
    if not len(rows):
        return AreaFacts(np.full((count, 3), 255, np.uint8), np.full(count, UNKNOWN, np.uint8), ranks)
    area = made.areas[rows, columns]
    agrees = (made.colours[area] == hints[rows, columns, :3]).all(axis=1)
    surety = np.full(count, GUESSED, np.uint8)
    surety[area[agrees]] = HINTED
    surety[0] = GUESSED
    return AreaFacts(made.colours, surety, ranks)


def pack_inputs(lines: U8, hints: U8, made: flat.FlatResult, areas: AreaFacts) -> NetworkInput:
    """Bring a colouring to the scale of `lines` and `hints`, (h, w): small areas are kept where they would be lost."""
    shape = lines.shape
    ranks = ranks_seen(made, areas, shape)
    by_rank = np.zeros(AREAS + 1, np.intp)
    kept = np.flatnonzero(areas.ranks <= AREAS)
    by_rank[areas.ranks[kept]] = kept
    area = by_rank[ranks]
    known = bool((areas.surety[1:] != UNKNOWN).any())
    fill = _middles(made.colour, shape) if known else np.full((*shape, 3), 255, np.uint8)
    fill = np.where((ranks > 0)[..., None], areas.colours[area], fill)
    marks = np.where(hints[..., 3] >= HINT_ALPHA, np.uint8(255), np.uint8(0))
    return NetworkInput(lines, fill, areas.surety[area], marks, ranks)


def ranks_told(areas: AreaFacts) -> U8:
    """The ranks that a network is told, uint8 (n + 1,): 0 for areas beyond AREAS."""
    return np.where(areas.ranks <= AREAS, areas.ranks, 0).astype(np.uint8)


def ranks_seen(made: flat.FlatResult, areas: AreaFacts, shape: tuple[int, ...]) -> U8:
    """Which area a network sees in each of its pixels, the rank, uint8 of the shape given; the smallest there is."""
    return _smallest(ranks_told(areas)[made.regions], shape)


def stack_channels(filled: NetworkInput) -> U8:
    """What a network reads, uint8 (S, S, 7): line, colour, surety, marks, rank."""
    lines, fill, surety, marks, ranks = filled
    return np.dstack([lines, fill, surety, marks, ranks])


def _smallest(ranks: U8, shape: tuple[int, ...]) -> U8:
    """Shrink a map of ranks: each pixel takes the smallest area, of the greatest rank, that it covers."""
    if ranks.shape == shape:
        return ranks
    if shape[0] > ranks.shape[0] or shape[1] > ranks.shape[1]:
        return _middles(ranks, shape)
    down, right = (cell_edges(side, count)[:-1] for side, count in zip(ranks.shape, shape, strict=True))
    return np.asarray(np.maximum.reduceat(np.maximum.reduceat(ranks, down, axis=0), right, axis=1), np.uint8)


def _middles(picture: U8, shape: tuple[int, ...]) -> U8:
    """Bring a picture, (H, W) or (H, W, c), to another size: each pixel takes the one in its middle."""
    rows, columns = (
        (2 * np.arange(count) + 1) * side // (2 * count) for side, count in zip(picture.shape, shape, strict=False)
    )
    return np.asarray(picture[rows[:, None], columns], np.uint8)
