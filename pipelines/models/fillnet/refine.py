"""Brings what the network says of a drawing to full size: colours of areas, shading, the colour of the lines.

1. `flat` has filled the drawing at full size from its hints; the network has seen that in its square.
2. Areas with a hint keep the hint's colour, exactly. Others take the colour of the hint that the network points at, or
   the median of what it painted where it points at none; in drawings without any hint the likeliest colour
   (colour_sampling.py). Paper outside the figure stays paper.
3. Shading is how far the network's colour is off from the area's, smooth within the area; none where it is weak.
4. The network's ink is the colour that the lines have with `--lines tint`; what is nearly black is black.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import F32, F64, U8, Index, Labels, Mask
from pipelines.core.imaging.framing import resized
from pipelines.inference.guided_upsampling import AreaShading, NetworkColours, Smoothing, add_shading, area_medians
from pipelines.inference.types import ColorResult
from pipelines.models.fillnet.colour_sampling import (
    from_palette,
    min_expected_distance,
    nearest_colours,
    sample_colours,
    vivid,
)
from pipelines.models.fillnet.hint_snapping import shading_start
from pipelines.models.fillnet.inputs import AREAS, GUESSED, HINTED, AreaFacts, FlatFill, ranks_seen
from pipelines.models.flat import AreaVerdicts, FlatResult
from pipelines.segmentation.label_maps import map_labels, resize_labels

SMOOTHING = Smoothing(sigma=1.0, noise=32.0, order=3)
"""Of shading: px of the network, levels."""

_START = 0.7  # of probability: what the colour guessed by `flat` has before others
_ONE_GARMENT = 0.86  # of probability that two areas have in common: halves of coats have .88 to .95, hair and face .78
_BLACK = 24.0  # level: ink that is no lighter in any channel is black


class FillNetOutput(NamedTuple):
    """What the network says of one drawing."""

    fill: F32  # RGB (h, w, 3), 0..255: colour under the lines
    ink: F32  # RGB (3,), 0..255
    colour_probs: F32  # (ranks, 125): the probability of each colour for the area of each rank
    copy_probs: F32  # (ranks, ranks + 2): that it has the colour of the area of each rank, white, none of these


def refine(
    output: FillNetOutput,
    lines: U8,
    fill: FlatFill,
    *,
    palette: U8 | None = None,
    snap: bool = True,
    rng: np.random.Generator | None = None,
    area_rank: U8 | None = None,
) -> ColorResult:
    """Bring what the network says to the size of a line drawing, uint8 (H, W).

    palette: uint8 (k, 3); areas without a hint then take its colours, and nothing is shaded. snap: areas have their
    hint's colour where the hint lies, and are lighter or darker elsewhere; else the network may move it there too.
    rng: drawings without any hint get vivid colours, with hues by chance; None: the likeliest, however grey. area_rank:
    uint8 (h, w), which area the network saw in each of its pixels, where that is known.
    """
    result, facts = fill.flat, fill.facts
    shape = output.fill.shape[:2]
    seen = ranks_seen(fill, shape) if area_rank is None else area_rank
    clean = _clean_share(lines, fill, seen)
    levels = np.rint(np.clip(output.fill, 0, 255)).astype(np.uint8)
    medians = area_medians(levels, clean, result.areas, len(facts.confidence))
    hinted, paper = facts.confidence == HINTED, outside_areas(fill)
    colours = _area_colours(output, fill, medians, paper, palette=palette, rng=rng)
    medians[hinted] = shading_start(output.fill, fill, seen, snap=snap)[hinted]
    flats = map_labels(colours, result.areas)
    ink = line_colour(output.ink)
    if palette is not None and len(palette):
        return ColorResult(flats, flats, result.background, result.areas, nearest_colours(ink[None], palette)[0])
    colour = flats.copy()
    is_shaded = ~paper & ~(result.verdicts.settled & (colours == 255).all(axis=1))
    network, areas = NetworkColours(output.fill, clean), AreaShading(medians, colours, is_shaded)
    add_shading(colour, network, result.areas, areas, SMOOTHING)
    return ColorResult(colour, flats, result.background, result.areas, ink)


def _clean_share(lines: U8, fill: FlatFill, seen: U8) -> F32:
    """The share of paper in each pixel of the network, float32 (h, w), 0 where it saw another area than lies there."""
    shape = seen.shape
    clean = np.asarray(resized(lines, (shape[1], shape[0])) / np.float32(255), np.float32)
    clean[seen != fill.facts.rank_told[resize_labels(fill.flat.areas, shape)]] = 0
    return clean


def _area_colours(
    output: FillNetOutput,
    fill: FlatFill,
    medians: F32,
    paper: Mask,
    *,
    palette: U8 | None,
    rng: np.random.Generator | None,
) -> U8:
    """The colour of each area, uint8 (n + 1, 3).

    medians: what the network painted in each, float32 (n + 1, 3); paper: (n + 1,), those outside the figure.
    """
    facts = fill.facts
    hinted = facts.confidence == HINTED
    has_palette = palette is not None and len(palette) > 0
    colours = np.rint(medians).astype(np.uint8)
    colours[hinted] = facts.colours[hinted]
    verdicts = fill.flat.verdicts
    unhinted = ~hinted & ~paper & ~verdicts.settled & (facts.rank > 0)
    guessed = unhinted & (facts.confidence == GUESSED) & (not has_palette)
    colours[guessed] = copied_colours(output, fill, colours)[guessed]
    unknown = unhinted & ~guessed
    if unknown.any():
        colours[unknown] = _unguided_colours(output, fill, np.flatnonzero(unknown), medians, palette=palette, rng=rng)
    colours[verdicts.settled] = facts.colours[verdicts.settled]
    colours[paper] = 255
    holes = np.flatnonzero((verdicts.ground > 0) & ~hinted)
    colours[holes] = colours[verdicts.ground[holes]]
    return colours


def _unguided_colours(
    output: FillNetOutput,
    fill: FlatFill,
    areas: Index,
    painted: F32,
    *,
    palette: U8 | None,
    rng: np.random.Generator | None,
) -> U8:
    """Colours, uint8 (n, 3), of `areas`, (n,), that no hint speaks for; `painted`: by the network, in each area."""
    is_lively = rng is not None and (palette is None or not len(palette))
    heads, probs, sizes = merge_open_areas(output, fill, areas, over_folds=is_lively)
    groups, group = np.unique(heads, return_inverse=True)
    if palette is not None and len(palette):
        return from_palette(probs, sizes, palette)[group]
    if rng is not None:
        return vivid(probs, sizes, painted[groups], rng)[group]
    return min_expected_distance(probs, painted[groups])[group]


def copied_colours(output: FillNetOutput, fill: FlatFill, painted: U8) -> U8:
    """For each area without a hint, (n + 1, 3), whose colour it shares: a hint's, white, or what was painted there.

    The colour that `flat` guessed gives way only to one that is likelier by far, and that may speak for the area.
    """
    facts = fill.facts
    hinted = np.flatnonzero((facts.confidence == HINTED) & (facts.rank > 0) & (facts.rank <= AREAS))
    white = np.full((1, 3), 255, np.uint8)
    offered, group = np.unique(np.vstack([facts.colours[hinted], white]), axis=0, return_inverse=True)
    probs = _of_areas(output.copy_probs, facts)
    columns = np.append(facts.rank[hinted], AREAS + 1)
    score = probs[:, columns] @ (group.reshape(-1, 1) == np.arange(len(offered)))
    score += _START * (facts.colours[:, None] == offered[None]).all(axis=2)
    score[_barred(fill.flat.verdicts, offered)] = -np.inf
    best = np.column_stack([score, probs[:, AREAS + 2]]).argmax(axis=1)
    copied = offered[np.minimum(best, len(offered) - 1)]
    return np.where((best == len(offered))[:, None], painted, copied)


def _barred(verdicts: AreaVerdicts, offered: U8) -> Mask:
    """Which colours offered, uint8 (m, 3), sorted, speak for other areas only, (n + 1, m)."""
    barred = np.zeros((len(verdicts.settled), len(offered)), bool)
    column = {tuple(colour): number for number, colour in enumerate(offered.tolist())}
    for number, colour in enumerate(verdicts.asked.tolist()):
        if number and tuple(colour) in column:
            barred[:, column[tuple(colour)]] = verdicts.barred[:, number]
    return barred


def sample_hints(output: FillNetOutput, fill: FlatFill, rng: np.random.Generator, palette: U8 | None = None) -> U8:
    """Hints, uint8 RGBA (H, W, 4), for another plausible colouring: colours by chance in areas that have none.

    palette: uint8 (k, 3); the colours are then out of it.
    """
    facts = fill.facts
    is_free = (facts.confidence != HINTED) & ~outside_areas(fill) & ~fill.flat.verdicts.settled
    free = np.flatnonzero(is_free & (facts.rank > 0))
    heads, probs, sizes = merge_open_areas(output, fill, free, over_folds=True)
    groups, colours = sample_colours(probs, sizes, rng)
    if palette is not None and len(palette):
        colours = nearest_colours(colours, palette)
    layer = np.zeros((len(facts.confidence), 4), np.uint8)
    group = np.unique(heads, return_inverse=True)[1]
    for sampled, colour in zip(groups.tolist(), colours, strict=True):
        layer[free[group == sampled]] = (*colour, 255)
    return np.where(fill.hints[..., 3:] > 0, fill.hints, map_labels(layer, fill.flat.regions))


def merge_open_areas(
    output: FillNetOutput, fill: FlatFill, free: Index, *, over_folds: bool = False
) -> tuple[Index, F32, F64]:
    """Areas that no ink divides are one: the head of each of the areas `free`, (n,); probabilities and sizes of groups.

    Trapped balls part a region at its narrow passages; without hints nothing says that the parts differ. Two areas are
    one where more than half of their border is open. Through a gap in a line they stay two; `over_folds`: unless the
    network takes them for the same, a garment that a fold divides.
    """
    heads = np.arange(len(fill.facts.confidence))
    is_free = np.zeros(len(heads), bool)
    is_free[free] = True
    probs_of_areas = area_probs(output, fill)
    for first, second, share in open_borders(fill.flat):
        if not (is_free[first] and is_free[second]):
            continue
        if share > 0.5 or (over_folds and _in_common(probs_of_areas[first], probs_of_areas[second]) >= _ONE_GARMENT):
            heads[heads == heads[second]] = heads[first]
    sizes = area_sizes(fill)[free]
    groups, group = np.unique(heads[free], return_inverse=True)
    group_sizes = np.bincount(group, sizes, len(groups)).astype(np.float64)
    probs = np.zeros((len(groups), output.colour_probs.shape[1]))
    np.add.at(probs, group, probs_of_areas[free] * np.maximum(sizes, 1)[:, None])
    return heads[free], np.asarray(probs / probs.sum(axis=1, keepdims=True), np.float32), group_sizes


def _in_common(first: F32, second: F32) -> float:
    """How much of two distributions over colours, (125,) each, is the same, 0..1."""
    return float(np.minimum(first, second).sum())


def open_borders(result: FlatResult) -> list[tuple[int, int, float]]:
    """Pairs of areas that meet over paper, and which share of their border lies on it."""
    count = len(result.colours)
    lengths = [_borders(labels, count) for labels in (result.regions, result.areas)]
    keys, at = np.unique(np.concatenate([keys for keys, _ in lengths]), return_inverse=True)
    parts = np.split(at, [len(lengths[0][0])])
    paper, border = (np.bincount(part, sizes, len(keys)) for part, (_, sizes) in zip(parts, lengths, strict=True))
    is_open = paper > 0
    shares = paper[is_open] / np.maximum(border[is_open], 1)
    return [(key // count, key % count, share) for key, share in zip(keys[is_open].tolist(), shares, strict=True)]


def _borders(labels: Labels, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many pixels of different labels >= 1 touch: keys first * count + second, first < second, and the numbers."""
    keys = []
    for here, there in ((labels[:, 1:], labels[:, :-1]), (labels[1:], labels[:-1])):
        rows, columns = np.nonzero((here != there) & (here > 0) & (there > 0))
        pair = np.stack([here[rows, columns], there[rows, columns]]).astype(np.int64)
        keys.append(pair.min(axis=0) * count + pair.max(axis=0))
    pairs, numbers = np.unique(np.concatenate(keys), return_counts=True)
    return pairs, numbers


def area_probs(output: FillNetOutput, fill: FlatFill) -> F32:
    """The probabilities of each area's colour, (n + 1, 125); areas too small to be told apart share theirs."""
    return _of_areas(output.colour_probs, fill.facts)


def _of_areas(by_rank: F32, facts: AreaFacts) -> F32:
    return np.asarray(by_rank[facts.rank_told], np.float32)


def area_sizes(fill: FlatFill) -> F64:
    """Px of paper in each area, (n + 1,)."""
    return np.bincount(fill.flat.regions.reshape(-1), minlength=len(fill.facts.confidence)).astype(np.float64)


def outside_areas(fill: FlatFill) -> Mask:
    """Tell which areas, (n + 1,), are paper outside the figure that no hint colours."""
    count = len(fill.facts.confidence)
    outside = np.bincount(fill.flat.areas[fill.flat.background], minlength=count) > 0
    return np.asarray(outside & (fill.facts.confidence != HINTED))


def line_colour(ink: F32) -> U8:
    """The colour of the lines, uint8 (3,): black where the network's is nearly black."""
    level = np.rint(np.clip(ink, 0, 255))
    return np.asarray(level if level.max() > _BLACK else np.zeros(3), np.uint8)
