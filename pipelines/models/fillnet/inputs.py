"""Packs what the network is given: a drawing that `flat` has filled, and what it knew.

Seven channels at the network's scale: line art, flat colour (3), confidence, where hints lie, which area it is. The
areas are those of flat colour: of one region and one colour, so a region with hints of two colours is two.
"""

from typing import NamedTuple

import numpy as np

from pipelines.core.imaging.arrays import U8, Index
from pipelines.core.imaging.picture import HINT_ALPHA
from pipelines.flatting.reading import LineReading
from pipelines.inference.encoding import Encoding, to_floats
from pipelines.models import flat
from pipelines.models.flat import FlatResult
from pipelines.segmentation.line_mask import cell_edges
from pipelines.structure.fill_rules import FillRules

AREAS = 95
"""Areas of a drawing that a network is told apart, the largest ones."""

UNKNOWN, GUESSED, HINTED = 0, 128, 255
"""Confidence in the colour of a pixel: there is no hint in the picture, none in its area, one in its area."""


class NetworkInput(NamedTuple):
    """A drawing filled with flat colour, at the network's scale."""

    lines: U8  # (S, S), 0 = ink
    fill: U8  # (S, S, 3), white where nothing is known
    confidence: U8  # (S, S), UNKNOWN, GUESSED or HINTED
    hint_mask: U8  # (S, S), 255 = a hint lies here
    area_rank: U8  # (S, S), 1..AREAS by size, the largest first; 0 = ink, or one of the others


class AreaFacts(NamedTuple):
    """What is known of the areas of a filled drawing, index 0 being ink."""

    colours: U8  # (n + 1, 3), white where nothing is known
    confidence: U8  # (n + 1,)
    rank: Index  # (n + 1,), 1 for the largest

    @property
    def rank_told(self) -> U8:
        """The ranks that a network is told, uint8 (n + 1,): 0 for areas beyond AREAS."""
        return np.where(self.rank <= AREAS, self.rank, 0).astype(np.uint8)


class FlatFill(NamedTuple):
    """A drawing filled with flat colour at full size, with what is known of its areas."""

    flat: FlatResult
    facts: AreaFacts
    hints: U8  # RGBA (H, W, 4)


def fill_drawing(reading: LineReading, hints: U8, rules: FillRules | None = None) -> FlatFill:
    """Fill a drawing by its hints, uint8 RGBA (H, W, 4); those of reserved colours count as white from then on."""
    rules = rules or FillRules()
    result = flat.fill_reading(reading, hints, None, flat.Params(), np.random.default_rng(0), rules=rules)
    plain = rules.without_reserved(hints)
    return FlatFill(result, area_facts(result, plain), plain)


def fill_and_pack(lines: U8, hints: U8) -> NetworkInput:
    """Fill a drawing, uint8 (S, S), by its hints, uint8 RGBA (S, S, 4), for a network."""
    return pack_inputs(lines, hints, fill_drawing(LineReading(lines), hints))


def area_facts(result: FlatResult, hints: U8) -> AreaFacts:
    """Tell of each area of a colouring, at the size of its hints, uint8 RGBA (H, W, 4), its colour and its rank."""
    sizes = np.bincount(result.regions.reshape(-1), minlength=len(result.colours))
    sizes[0] = 0
    count = len(sizes)
    rank = np.empty(count, np.intp)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(1, count + 1)
    rank[0] = 0
    rows, columns = np.nonzero(hints[..., 3] >= HINT_ALPHA)
    if not len(rows):
        return AreaFacts(np.full((count, 3), 255, np.uint8), np.full(count, UNKNOWN, np.uint8), rank)
    area = result.areas[rows, columns]
    agrees = (result.colours[area] == hints[rows, columns, :3]).all(axis=1)
    confidence = np.full(count, GUESSED, np.uint8)
    confidence[area[agrees]] = HINTED
    confidence[0] = GUESSED
    return AreaFacts(result.colours, confidence, rank)


def pack_inputs(lines: U8, hints: U8, fill: FlatFill) -> NetworkInput:
    """Bring a colouring to the scale of `lines` and `hints`, (h, w): small areas are kept where they would be lost."""
    shape, facts = lines.shape, fill.facts
    area_rank = ranks_seen(fill, shape)
    by_rank = np.zeros(AREAS + 1, np.intp)
    ranked = np.flatnonzero(facts.rank <= AREAS)
    by_rank[facts.rank[ranked]] = ranked
    area = by_rank[area_rank]
    is_known = bool((facts.confidence[1:] != UNKNOWN).any())
    colour = _middles(fill.flat.colour, shape) if is_known else np.full((*shape, 3), 255, np.uint8)
    colour = np.where((area_rank > 0)[..., None], facts.colours[area], colour)
    hint_mask = np.where(hints[..., 3] >= HINT_ALPHA, np.uint8(255), np.uint8(0))
    return NetworkInput(lines, colour, facts.confidence[area], hint_mask, area_rank)


def ranks_seen(fill: FlatFill, shape: tuple[int, ...]) -> U8:
    """Which area a network sees in each of its pixels, the rank, uint8 of the shape given; the smallest there is."""
    return _smallest(fill.facts.rank_told[fill.flat.regions], shape)


def stack_channels(inputs: NetworkInput) -> U8:
    """What a network reads, uint8 (S, S, 7): line, colour, confidence, hint mask, rank."""
    return np.dstack(inputs)


def _smallest(ranks: U8, shape: tuple[int, ...]) -> U8:
    """Shrink a map of ranks: each pixel takes the smallest area, of the greatest rank, that it covers."""
    if ranks.shape == shape:
        return ranks
    (height, width), (rows, columns) = ranks.shape, shape
    if rows > height or columns > width:
        return _middles(ranks, shape)
    if height % rows == 0 and width % columns == 0:  # whole cells: several times as fast
        down, right = height // rows, width // columns
        strips = ranks.reshape(rows, down, width).max(axis=1)
        return np.asarray(np.maximum.reduce([strips[:, offset::right] for offset in range(right)]), np.uint8)
    top, left = cell_edges(height, rows)[:-1], cell_edges(width, columns)[:-1]
    return np.asarray(np.maximum.reduceat(np.maximum.reduceat(ranks, top, axis=0), left, axis=1), np.uint8)


def _middles(picture: U8, shape: tuple[int, ...]) -> U8:
    """Bring a picture, (H, W) or (H, W, c), to another size: each pixel takes the one in its middle."""
    rows, columns = (
        (2 * np.arange(count) + 1) * side // (2 * count) for side, count in zip(picture.shape, shape, strict=False)
    )
    return np.asarray(picture[rows[:, None], columns], np.uint8)


FILLED = Encoding(
    "filled",
    7,
    "line art (1 paper); red, green, blue of the drawing filled with flat colour, 1 where nothing is known; "
    "whether the colour of a pixel is unknown (-1), guessed (0) or hinted (1); 1 where a hint lies, else -1; "
    f"the rank of a pixel's area by size, 1..{AREAS}, 0 for ink, divided by 127.5, less 1",
    lambda lines, hints: to_floats(stack_channels(fill_and_pack(lines, hints))),
)
"""What `flat` makes of a drawing and its hints."""
