"""Paints with a network that works on flat colour (fillnet.py): fills, asks the network, brings what it says to size.

1. `flat` fills the drawing at full size from its hints.
2. The network sees the filled drawing in its square, and says what each area's colour is and where it is shaded.
3. Areas with a hint keep the hint's colour, exactly. Others take the colour of the hint that the network points at, or
   the median of what it painted where it points at none; in drawings without any hint the likeliest colour
   (`_guessing.py`). Paper outside the figure stays paper.
4. Shading is how far the network's colour is off from the area's, smooth within the area; none where it is weak.
5. The network's ink is the colour that the lines have with `--lines tint`; what is nearly black is black.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.framing import resized
from pipelines.core.imaging.picture import HINT_ALPHA
from pipelines.inference.guided_upsampling import Smoothing, add_shading, area_medians
from pipelines.models import flat
from pipelines.models.fillnet.colour_sampling import (
    from_palette,
    min_expected_distance,
    nearest_colours,
    sample_colours,
    vivid,
)
from pipelines.models.fillnet.inputs import (
    AREAS,
    GUESSED,
    HINTED,
    UNKNOWN,
    AreaFacts,
    FillNetOutput,
    NetworkInput,
    area_facts,
    pack_inputs,
    ranks_seen,
    ranks_told,
)
from pipelines.segmentation.label_maps import map_labels, resize_labels

if TYPE_CHECKING:
    from pipelines.inference.letterbox import Letterboxed
from pipelines.core.imaging.arrays import F32, F64, U8, Mask

SMOOTHING = Smoothing(sigma=1.0, noise=32.0, order=3)
"""Of shading: px of the network, levels."""

_START = 0.7  # of probability: what the colour guessed by `flat` has before others
_BLACK = 24.0  # level: ink that is no lighter in any channel is black


class FlatFill(NamedTuple):
    """A drawing filled with flat colour at full size, with what is known of its areas."""

    made: flat.FlatResult
    areas: AreaFacts
    hints: U8  # RGBA (H, W, 4)


class Refined(NamedTuple):
    """Colour for a line drawing."""

    colour: U8  # RGB (H, W, 3), under the lines too
    flat: U8  # RGB (H, W, 3), the same without shading
    background: Mask  # (H, W), the paper outside the figure
    ink: U8  # RGB (3,), the colour of the lines


def fill(lines: U8, hints: U8) -> FlatFill:
    """Fill a drawing, uint8 (H, W), by its hints, uint8 RGBA (H, W, 4)."""
    made = flat.fill(lines, hints, None, flat.Params(), np.random.default_rng(0))
    return FlatFill(made, area_facts(made, hints), hints)


def place_in_square(ground: FlatFill, sheet: "Letterboxed") -> NetworkInput:
    """Lay a filled drawing into the network's square; what lies around it belongs to the paper outside."""
    small = pack_inputs(sheet.lines[sheet.place], sheet.hints[sheet.place], ground.made, ground.areas)
    size = sheet.lines.shape
    edge = np.concatenate([small.ranks[0], small.ranks[-1], small.ranks[:, 0], small.ranks[:, -1]])
    outside = int(np.bincount(edge).argmax())
    known = ground.areas.surety.max(initial=0) != UNKNOWN
    whole = NetworkInput(
        sheet.lines,
        np.full((*size, 3), 255, np.uint8),
        np.full(size, GUESSED if known else UNKNOWN, np.uint8),
        np.zeros(size, np.uint8),
        np.full(size, outside, np.uint8),
    )
    for large, part in zip(whole[1:], small[1:], strict=True):
        large[sheet.place] = part
    return whole


def refine(
    found: FillNetOutput,
    lines: U8,
    ground: FlatFill,
    palette: U8 | None = None,
    *,
    snap: bool = True,
    chance: np.random.Generator | None = None,
) -> Refined:
    """Bring what a network found to the size of a line drawing, uint8 (H, W).

    palette: uint8 (k, 3); areas without a hint then take its colours, and nothing is shaded. snap: areas have their
    hint's colour where the hint lies, and are lighter or darker elsewhere; else the network may move it there too.
    chance: drawings without any hint get lively colours, with hues by chance; None: the likeliest, however grey.
    """
    made, areas = ground.made, ground.areas
    height, width = found.fill.shape[:2]
    clean = np.asarray(resized(lines, (width, height)) / np.float32(255), np.float32)
    seen = ranks_seen(made, areas, (height, width))
    clean[seen != ranks_told(areas)[resize_labels(made.areas, (height, width))]] = (
        0  # what it saw there is another area
    )
    levels = np.rint(np.clip(found.fill, 0, 255)).astype(np.intp)
    base = area_medians(levels, clean, made.areas, len(areas.surety))
    hinted, paper = areas.surety == HINTED, outside_areas(ground)
    wanted = np.rint(base).astype(np.uint8)
    wanted[hinted] = areas.colours[hinted]
    base[hinted] = painted_at_hints(found, ground, seen)[hinted] if snap else areas.colours[hinted]
    chosen = palette is not None and len(palette) > 0
    free = ~hinted & ~paper & (areas.ranks > 0)
    guessed = free & (areas.surety == GUESSED) & (not chosen)
    wanted[guessed] = copied_colours(found, ground, wanted)[guessed]
    unknown = free & ~guessed
    if unknown.any():
        wanted[unknown] = _guessed(found, ground, np.flatnonzero(unknown), base, palette=palette, chance=chance)
    wanted[paper] = 255
    plain = map_labels(wanted, made.areas)
    colour = plain
    if not chosen:
        colour = plain.copy()
        add_shading(colour, (found.fill, clean), made.areas, (base, wanted, ~paper), SMOOTHING)
    ink = line_colour(found.ink)
    return Refined(
        colour,
        plain,
        made.background,
        nearest_colours(ink[None], palette)[0] if chosen and palette is not None else ink,
    )


def _guessed(
    found: FillNetOutput,
    ground: FlatFill,
    areas: NDArray[np.intp],
    base: F32,
    *,
    palette: U8 | None,
    chance: np.random.Generator | None,
) -> U8:
    """Colours, uint8 (n, 3), of `areas`, (n,), that no hint speaks for; `base`: what the network painted in each."""
    heads, odds, sizes = merge_open_areas(found, ground, areas)
    groups, which = np.unique(heads, return_inverse=True)
    if palette is not None and len(palette):
        return from_palette(odds, sizes, palette)[which]
    if chance is not None:
        return vivid(odds, sizes, base[groups], chance)[which]
    return min_expected_distance(odds, base[groups])[which]


def painted_at_hints(found: FillNetOutput, ground: FlatFill, seen: U8) -> F32:
    """What the network painted where the hints of each area lie, the mean, float32 (n + 1, 3).

    seen: uint8 (h, w), which area it saw in each of its pixels: those of others do not count. Where none is left it is
    the hint's colour.
    """
    made, areas = ground.made, ground.areas
    rows, columns = np.nonzero(ground.hints[..., 3] >= HINT_ALPHA)
    area = made.areas[rows, columns]
    (height, width), (tall, wide) = found.fill.shape[:2], made.areas.shape
    rows, columns = rows * height // tall, columns * width // wide
    own = seen[rows, columns] == ranks_told(areas)[area]
    painted = found.fill[rows[own], columns[own]]
    counts = np.bincount(area[own], minlength=len(areas.surety))
    sums = [np.bincount(area[own], painted[:, channel], len(counts)) for channel in range(3)]
    means = np.stack(sums, axis=1) / np.maximum(counts, 1)[:, None]
    return np.where(counts[:, None] > 0, means, areas.colours).astype(np.float32)


def copied_colours(found: FillNetOutput, ground: FlatFill, painted: U8) -> U8:
    """For each area without a hint, (n + 1, 3), whose colour it shares: a hint's, white, or what was painted there.

    The colour that `flat` guessed gives way only to one that is likelier by far.
    """
    areas = ground.areas
    named = np.flatnonzero((areas.surety == HINTED) & (areas.ranks > 0) & (areas.ranks <= AREAS))
    white = np.full((1, 3), 255, np.uint8)
    offered, group = np.unique(np.vstack([areas.colours[named], white]), axis=0, return_inverse=True)
    odds = _of_areas(found.shares, areas)
    columns = np.append(areas.ranks[named], AREAS + 1)
    score = odds[:, columns] @ (group.reshape(-1, 1) == np.arange(len(offered)))
    score += _START * (areas.colours[:, None] == offered[None]).all(axis=2)
    best = np.column_stack([score, odds[:, AREAS + 2]]).argmax(axis=1)
    chosen = offered[np.minimum(best, len(offered) - 1)]
    return np.where((best == len(offered))[:, None], painted, chosen)


def sample_hints(found: FillNetOutput, ground: FlatFill, rng: np.random.Generator, palette: U8 | None = None) -> U8:
    """Hints, uint8 RGBA (H, W, 4), for another plausible colouring: colours by chance in areas that have none.

    palette: uint8 (k, 3); the colours are then out of it.
    """
    free = np.flatnonzero((ground.areas.surety != HINTED) & ~outside_areas(ground) & (ground.areas.ranks > 0))
    heads, odds, sizes = merge_open_areas(found, ground, free)
    places, colours = sample_colours(odds, sizes, rng)
    if palette is not None and len(palette):
        colours = nearest_colours(colours, palette)
    asked = np.zeros((len(ground.areas.surety), 4), np.uint8)
    group = np.unique(heads, return_inverse=True)[1]
    for place, colour in zip(places.tolist(), colours, strict=True):
        asked[free[group == place]] = (*colour, 255)
    return np.where(ground.hints[..., 3:] > 0, ground.hints, map_labels(asked, ground.made.regions))


def merge_open_areas(
    found: FillNetOutput, ground: FlatFill, free: NDArray[np.intp]
) -> tuple[NDArray[np.intp], F32, F64]:
    """Areas that no ink divides are one: the head of each of the areas `free`, (n,); odds and sizes of those groups.

    Trapped balls part a region at its narrow passages; without hints nothing says that the parts differ. Two areas are
    one where more than half of their border is open: through a gap in a line they stay two.
    """
    heads = np.arange(len(ground.areas.surety))
    loose = np.zeros(len(heads), bool)
    loose[free] = True
    for one, other in open_borders(ground.made):
        if loose[one] and loose[other]:
            heads[heads == heads[other]] = heads[one]
    sizes = area_sizes(ground)[free]
    groups, which = np.unique(heads[free], return_inverse=True)
    whole = np.bincount(which, sizes, len(groups)).astype(np.float64)
    odds = np.zeros((len(groups), found.guesses.shape[1]))
    np.add.at(odds, which, area_probs(found, ground)[free] * np.maximum(sizes, 1)[:, None])
    return heads[free], np.asarray(odds / odds.sum(axis=1, keepdims=True), np.float32), whole


def open_borders(made: flat.FlatResult) -> list[tuple[int, int]]:
    """Pairs of areas more than half of whose border lies on paper."""
    count = len(made.colours)
    lengths = [_borders(labels, count) for labels in (made.regions, made.areas)]
    keys, at = np.unique(np.concatenate([keys for keys, _ in lengths]), return_inverse=True)
    parts = np.split(at, [len(lengths[0][0])])
    paper, whole = (np.bincount(part, found[1], len(keys)) for part, found in zip(parts, lengths, strict=True))
    return [(key // count, key % count) for key in keys[2 * paper > whole].tolist()]


def _borders(labels: NDArray[np.int32], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many pixels of different labels >= 1 touch: keys first * count + second, first < second, and the numbers."""
    found = []
    for one, other in ((labels[:, 1:], labels[:, :-1]), (labels[1:], labels[:-1])):
        rows, columns = np.nonzero((one != other) & (one > 0) & (other > 0))
        pair = np.stack([one[rows, columns], other[rows, columns]]).astype(np.int64)
        found.append(pair.min(axis=0) * count + pair.max(axis=0))
    keys, numbers = np.unique(np.concatenate(found), return_counts=True)
    return keys, numbers


def area_probs(found: FillNetOutput, ground: FlatFill) -> F32:
    """The odds of each area's colour, (n + 1, 125); areas too small for the network to tell apart share one."""
    return _of_areas(found.guesses, ground.areas)


def _of_areas(by_rank: F32, areas: AreaFacts) -> F32:
    return np.asarray(by_rank[np.where(areas.ranks <= AREAS, areas.ranks, 0)], np.float32)


def area_sizes(ground: FlatFill) -> F64:
    """Px of paper in each area, (n + 1,)."""
    return np.bincount(ground.made.regions.reshape(-1), minlength=len(ground.areas.surety)).astype(np.float64)


def outside_areas(ground: FlatFill) -> Mask:
    """Tell which areas, (n + 1,), are paper outside the figure that no hint colours."""
    count = len(ground.areas.surety)
    outside = np.bincount(ground.made.areas[ground.made.background], minlength=count) > 0
    return np.asarray(outside & (ground.areas.surety != HINTED))


def line_colour(ink: F32) -> U8:
    """The colour of the lines, uint8 (3,): black where the network's is nearly black."""
    level = np.rint(np.clip(ink, 0, 255))
    return np.asarray(level if level.max() > _BLACK else np.zeros(3), np.uint8)
