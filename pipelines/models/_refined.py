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

from pipelines.core.framing import resized
from pipelines.models import flat
from pipelines.models._filled import (
    AREAS,
    GUESSED,
    HINTED,
    UNKNOWN,
    Areas,
    Filled,
    Found,
    facts_of,
    lay_down,
    seen_ranks,
    told_apart,
)
from pipelines.models._guessing import drawn, from_palette, likeliest, lively, nearest_of
from pipelines.models._guided import Smoothing, add_shading, medians_of, nearest
from pipelines.models._hint_marks import OPAQUE
from pipelines.regions.trapped_ball import look_up

if TYPE_CHECKING:
    from pipelines.models._painting import Sheet

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]
Sizes = NDArray[np.float64]

SMOOTHING = Smoothing(sigma=1.0, noise=32.0, order=3)
"""Of shading: px of the network, levels."""

_START = 0.7  # of probability: what the colour guessed by `flat` has before others
_BLACK = 24.0  # level: ink that is no lighter in any channel is black


class Ground(NamedTuple):
    """A drawing filled with flat colour at full size, with what is known of its areas."""

    made: flat.Colouring
    areas: Areas
    hints: Bytes  # RGBA (H, W, 4)


class Refined(NamedTuple):
    """Colour for a line drawing."""

    colour: Bytes  # RGB (H, W, 3), under the lines too
    flat: Bytes  # RGB (H, W, 3), the same without shading
    background: Bools  # (H, W), the paper outside the figure
    ink: Bytes  # RGB (3,), the colour of the lines


def fill(lines: Bytes, hints: Bytes) -> Ground:
    """Fill a drawing, uint8 (H, W), by its hints, uint8 RGBA (H, W, 4)."""
    made = flat.paint(lines, hints, None, flat.Params(), np.random.default_rng(0))
    return Ground(made, facts_of(made, hints), hints)


def lay_out(ground: Ground, sheet: "Sheet") -> Filled:
    """Lay a filled drawing into the network's square; what lies around it belongs to the paper outside."""
    small = lay_down(sheet.lines[sheet.place], sheet.hints[sheet.place], ground.made, ground.areas)
    size = sheet.lines.shape
    edge = np.concatenate([small.ranks[0], small.ranks[-1], small.ranks[:, 0], small.ranks[:, -1]])
    outside = int(np.bincount(edge).argmax())
    known = ground.areas.surety.max(initial=0) != UNKNOWN
    whole = Filled(
        sheet.lines,
        np.full((*size, 3), 255, np.uint8),
        np.full(size, GUESSED if known else UNKNOWN, np.uint8),
        np.zeros(size, np.uint8),
        np.full(size, outside, np.uint8),
    )
    for large, part in zip(whole[1:], small[1:], strict=True):
        large[sheet.place] = part
    return whole


def finish(
    found: Found,
    lines: Bytes,
    ground: Ground,
    palette: Bytes | None = None,
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
    seen = seen_ranks(made, areas, (height, width))
    clean[seen != told_apart(areas)[nearest(made.areas, (height, width))]] = 0  # what it saw there is another area
    levels = np.rint(np.clip(found.fill, 0, 255)).astype(np.intp)
    base = medians_of(levels, clean, made.areas, len(areas.surety))
    hinted, paper = areas.surety == HINTED, outside_of(ground)
    wanted = np.rint(base).astype(np.uint8)
    wanted[hinted] = areas.colours[hinted]
    base[hinted] = at_hints(found, ground, seen)[hinted] if snap else areas.colours[hinted]
    chosen = palette is not None and len(palette) > 0
    free = ~hinted & ~paper & (areas.ranks > 0)
    guessed = free & (areas.surety == GUESSED) & (not chosen)
    wanted[guessed] = shared_colours(found, ground, wanted)[guessed]
    unknown = free & ~guessed
    if unknown.any():
        wanted[unknown] = _guessed(found, ground, np.flatnonzero(unknown), base, palette=palette, chance=chance)
    wanted[paper] = 255
    plain = look_up(wanted, made.areas)
    colour = plain
    if not chosen:
        colour = plain.copy()
        add_shading(colour, (found.fill, clean), made.areas, (base, wanted, ~paper), SMOOTHING)
    ink = ink_of(found.ink)
    return Refined(
        colour, plain, made.background, nearest_of(ink[None], palette)[0] if chosen and palette is not None else ink
    )


def _guessed(
    found: Found,
    ground: Ground,
    areas: NDArray[np.intp],
    base: Floats,
    *,
    palette: Bytes | None,
    chance: np.random.Generator | None,
) -> Bytes:
    """Colours, uint8 (n, 3), of `areas`, (n,), that no hint speaks for; `base`: what the network painted in each."""
    heads, odds, sizes = together(found, ground, areas)
    groups, which = np.unique(heads, return_inverse=True)
    if palette is not None and len(palette):
        return from_palette(odds, sizes, palette)[which]
    if chance is not None:
        return lively(odds, sizes, base[groups], chance)[which]
    return likeliest(odds, base[groups])[which]


def at_hints(found: Found, ground: Ground, seen: Bytes) -> Floats:
    """What the network painted where the hints of each area lie, the mean, float32 (n + 1, 3).

    seen: uint8 (h, w), which area it saw in each of its pixels: those of others do not count. Where none is left it is
    the hint's colour.
    """
    made, areas = ground.made, ground.areas
    rows, columns = np.nonzero(ground.hints[..., 3] >= OPAQUE)
    area = made.areas[rows, columns]
    (height, width), (tall, wide) = found.fill.shape[:2], made.areas.shape
    rows, columns = rows * height // tall, columns * width // wide
    own = seen[rows, columns] == told_apart(areas)[area]
    painted = found.fill[rows[own], columns[own]]
    counts = np.bincount(area[own], minlength=len(areas.surety))
    sums = [np.bincount(area[own], painted[:, channel], len(counts)) for channel in range(3)]
    means = np.stack(sums, axis=1) / np.maximum(counts, 1)[:, None]
    return np.where(counts[:, None] > 0, means, areas.colours).astype(np.float32)


def shared_colours(found: Found, ground: Ground, painted: Bytes) -> Bytes:
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


def another(found: Found, ground: Ground, rng: np.random.Generator, palette: Bytes | None = None) -> Bytes:
    """Hints, uint8 RGBA (H, W, 4), for another plausible colouring: colours by chance in areas that have none.

    palette: uint8 (k, 3); the colours are then out of it.
    """
    free = np.flatnonzero((ground.areas.surety != HINTED) & ~outside_of(ground) & (ground.areas.ranks > 0))
    heads, odds, sizes = together(found, ground, free)
    places, colours = drawn(odds, sizes, rng)
    if palette is not None and len(palette):
        colours = nearest_of(colours, palette)
    asked = np.zeros((len(ground.areas.surety), 4), np.uint8)
    group = np.unique(heads, return_inverse=True)[1]
    for place, colour in zip(places.tolist(), colours, strict=True):
        asked[free[group == place]] = (*colour, 255)
    return np.where(ground.hints[..., 3:] > 0, ground.hints, look_up(asked, ground.made.regions))


def together(found: Found, ground: Ground, free: NDArray[np.intp]) -> tuple[NDArray[np.intp], Floats, Sizes]:
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
    sizes = sizes_of(ground)[free]
    groups, which = np.unique(heads[free], return_inverse=True)
    whole = np.bincount(which, sizes, len(groups)).astype(np.float64)
    odds = np.zeros((len(groups), found.guesses.shape[1]))
    np.add.at(odds, which, odds_of(found, ground)[free] * np.maximum(sizes, 1)[:, None])
    return heads[free], np.asarray(odds / odds.sum(axis=1, keepdims=True), np.float32), whole


def open_borders(made: flat.Colouring) -> list[tuple[int, int]]:
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


def odds_of(found: Found, ground: Ground) -> Floats:
    """The odds of each area's colour, (n + 1, 125); areas too small for the network to tell apart share one."""
    return _of_areas(found.guesses, ground.areas)


def _of_areas(by_rank: Floats, areas: Areas) -> Floats:
    return np.asarray(by_rank[np.where(areas.ranks <= AREAS, areas.ranks, 0)], np.float32)


def sizes_of(ground: Ground) -> Sizes:
    """Px of paper in each area, (n + 1,)."""
    return np.bincount(ground.made.regions.reshape(-1), minlength=len(ground.areas.surety)).astype(np.float64)


def outside_of(ground: Ground) -> Bools:
    """Tell which areas, (n + 1,), are paper outside the figure that no hint colours."""
    count = len(ground.areas.surety)
    outside = np.bincount(ground.made.areas[ground.made.background], minlength=count) > 0
    return np.asarray(outside & (ground.areas.surety != HINTED))


def ink_of(ink: Floats) -> Bytes:
    """The colour of the lines, uint8 (3,): black where the network's is nearly black."""
    level = np.rint(np.clip(ink, 0, 255))
    return np.asarray(level if level.max() > _BLACK else np.zeros(3), np.uint8)
