"""Fills the areas of line art with flat colours from hints: exact colours, divided along the ink, nothing left out.

1. Areas: trapped-ball regions (regions/trapped_ball.py). Pieces that no ink divides are joined again, widest pass
   first, but no two that have hints, and none with the paper outside the figure: for that gaps in lines are closed.
2. Outside is what holds a corner of the picture or a quarter of its side. It stays paper, unless hints lie on it
   (`outside`), and where the figure is open hints inside and the paper outside are told apart (flatting/hint_split.py).
3. A region with hints of one colour takes it. One with several is split: the colours grow from their hints over its
   paper, by the way round the ends of lines and not across them, and meet in the narrows (hint_split.py).
4. A region without hints shows the ground where it is a hole (structure/holes.py), or takes the likeliest hint's colour
   or stays paper (hint_transfer.py).
5. The colours grow under the lines and meet in the middle.

Without hints the regions share a palette (palette_assignment.py): the largest take its first colours, neighbours
differ, twins agree. Without a palette one is drawn from the seed.

Sources: S. Fourey, D. Tschumperle, D. Revoy, "A Fast and Efficient Semi-guided Algorithm for Flat Coloring Line-arts",
VMV 2018; D. Sykora, J. Dingliana, S. Collins, "LazyBrush: Flexible Painting Tool for Hand-drawn Cartoons", Computer
Graphics Forum 28(2), 2009 (what people expect of hints).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal, NamedTuple

import numpy as np

from pipelines.core.errors import MethodError, SettingsError
from pipelines.core.imaging.arrays import U8, Index, Labels, Mask
from pipelines.core.imaging.picture import HINT_ALPHA
from pipelines.flatting.background import filled_regions, free_ways, is_paper_white, open_spots, outside_colour
from pipelines.flatting.hint_reach import HintReach, find_reach, holes_of_rings, whites_of_eyes
from pipelines.flatting.hint_split import split_by_hints
from pipelines.flatting.hint_spots import HintSpots
from pipelines.flatting.hint_transfer import transfer_hints
from pipelines.flatting.hinted_drawing import HintedDrawing
from pipelines.flatting.palette_assignment import assign_palette, draw_palette, find_eyes
from pipelines.flatting.reading import LineReading
from pipelines.inference.types import ColorResult, Drawing, ModelTraits
from pipelines.regions import trapped_ball
from pipelines.segmentation.label_maps import map_labels, row_runs, scan_order
from pipelines.segmentation.line_mask import cell_edges
from pipelines.segmentation.watershed import watershed
from pipelines.structure.fill_rules import FillRules
from pipelines.structure.holes import find_holes
from pipelines.structure.lettering import Lettering


@dataclass(frozen=True)
class Params:
    """Settings of flat colour; None is in proportion to the picture."""

    gap: Annotated[
        float | None, "px of the picture: openings in lines up to this wide are closed; None: 2 % of its side"
    ] = None
    outside: Annotated[
        Literal["auto", "paper", "fill"], "colours hinted outside the figure: spots on paper, or all of it"
    ] = "auto"
    guess: Annotated[bool, "regions without hints take the likeliest hint's colour; no: they stay paper"] = True
    work_size: Annotated[int | None, "px, the longer side at which colours are found; None: the picture's own"] = 2048

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        trapped_ball.Params(gap=self.gap)
        if self.work_size is not None and self.work_size < 16:
            raise SettingsError(f"work_size = {self.work_size} is out of range", hint="Use a number of at least 16")


class AreaVerdicts(NamedTuple):
    """What is settled of areas 0..n whatever a network thinks of them."""

    settled: Mask  # (n + 1,), its colour is: whites of eyes, speech balloons, what a hint calls ground or empty
    ground: Index  # (n + 1,), the area whose colour it shows, as the holes of letters and of handles do; 0: none
    asked: U8  # (k + 1, 3), white and the hints' colours
    barred: Mask  # (n + 1, k + 1), which of these speak for other areas only


class FlatResult(NamedTuple):
    """Flat colour for a line drawing."""

    colour: U8  # RGB (H, W, 3), under the lines too
    regions: Labels  # (H, W), 0 = ink, 1..n = area of one colour
    background: Mask  # (H, W), the paper outside the figure, to the middle of its outline
    areas: Labels  # (H, W), the regions, reaching under the ink; all 0 where there is no paper
    colours: U8  # (n + 1, 3), of each region
    verdicts: AreaVerdicts


class ColourPlan(NamedTuple):
    """Which colour goes where, on paper."""

    colours: U8  # 0 is white, then those asked for, then the palette's, the paper outside last
    labels: Labels  # (H, W), index of `colours`; of no meaning on ink
    regions: Labels  # (H, W), labels >= 1
    verdicts: AreaVerdicts  # of the regions


TRAITS = ModelTraits(can_vary=True)
"""What `flat` can do."""


def predict(params: Params, drawings: Sequence[Drawing]) -> list[ColorResult]:
    """Fill drawings from their guides; where nothing guides them the palette is drawn from their random numbers."""
    results = []
    for drawing in drawings:
        guide = drawing.guides[TRAITS.hint_preset]
        result = fill_reading(drawing.reading, guide.hints, guide.palette, params, drawing.rng, rules=drawing.rules)
        results.append(ColorResult(result.colour, result.colour, result.background, result.areas))
    return results


def fill(lines: U8, hints: U8, palette: U8 | None, params: Params, rng: np.random.Generator) -> FlatResult:
    """Fill a line drawing, uint8 (H, W), 0 = ink, from hints, uint8 RGBA (H, W, 4), alpha 0 = no hint.

    Every pixel has one of the hints' colours, exactly, or white. palette: uint8 (k, 3) or None; it serves where there
    is no hint at all, and rng then bends its order and draws one where there is none. Raises MethodError for hints of
    another size than the drawing.
    """
    return fill_reading(LineReading(lines, work_size=params.work_size), hints, palette, params, rng)


def fill_reading(
    reading: LineReading,
    hints: U8,
    palette: U8 | None,
    params: Params,
    rng: np.random.Generator,
    *,
    rules: FillRules | None = None,
) -> FlatResult:
    """Fill a drawing, as `fill` does, of which something may be known already; `params` go before `rules`."""
    lines = reading.lines
    if hints.shape != (*lines.shape, 4):
        raise MethodError(
            f"the hints are {hints.shape[1]}x{hints.shape[0]}, the line art {lines.shape[1]}x{lines.shape[0]}",
            hint="Paint hints on a layer of the line art's size",
        )
    if reading.work_size != params.work_size:
        reading = LineReading(lines, work_size=params.work_size, gap=reading.gap)
    if params.gap is not None:
        reading = LineReading(lines, work_size=params.work_size, gap=params.gap)
    asked = _rules(params, rules or FillRules())
    if (hints[..., 3] >= HINT_ALPHA).any():
        plan = _by_hints(reading.with_hints(hints), reading.lettering, palette, asked, rng)
    else:
        plan = _by_palette(reading, palette, asked, rng)
    return _finished(reading, plan)


def _rules(params: Params, rules: FillRules) -> FillRules:
    """What is asked of the filling, by its settings or else by what goes for all models."""
    return replace(
        rules,
        outside=rules.outside if params.outside == "auto" else params.outside,
        guess=rules.guess if params.guess else "empty",
    )


def _enlarged(labels: Labels, shape: tuple[int, ...]) -> Labels:
    """Spread each label over its cell, int32 of the shape given."""
    down, right = (np.diff(cell_edges(side, count)) for side, count in zip(shape, labels.shape, strict=True))
    return np.repeat(np.repeat(labels, right, axis=1), down, axis=0)


def _by_hints(
    drawing: HintedDrawing, lettering: Lettering, palette: U8 | None, rules: FillRules, rng: np.random.Generator
) -> ColourPlan:
    properties, spots, outside, hinted = drawing.properties, drawing.spots, drawing.outside, drawing.hinted
    ways = free_ways(drawing)
    is_open = open_spots(drawing, ways)
    contested = outside & hinted & ~filled_regions(drawing, is_open, ways, rules)
    colour, several = _votes(spots, properties.labels)
    several |= contested
    colour[outside & ~hinted] = len(spots.colours)
    offered = np.zeros((0, 3), np.uint8) if palette is None else palette
    split = split_by_hints(drawing, several, contested, is_open, rules=rules) if several.any() else None
    is_mute = is_open & contested[spots.region] & ~is_paper_white(spots, rules)
    if split is not None:
        is_mute |= split.is_detail
    ground = outside & hinted & ~contested
    verdicts = _guess(drawing, lettering, colour, offered, rules, rng, ground=ground, is_mute=is_mute)
    colours = np.vstack([spots.colours, outside_colour(spots, is_open), offered, outside_colour(spots, is_open)])
    meaning = np.arange(len(colours), dtype=np.int32)
    meaning[len(spots.colours)] = meaning[-1]
    meaning[: len(spots.colours)][rules.is_ground(spots.colours)] = meaning[-1]
    meaning[: len(spots.colours)][rules.is_empty(spots.colours)] = 0
    labels = map_labels(meaning[colour], drawing.regions)
    if split is not None:
        np.copyto(labels, map_labels(meaning, split.labels), where=split.labels > 0)
    return ColourPlan(colours, labels, drawing.regions, verdicts)


def _guess(
    drawing: HintedDrawing,
    lettering: Lettering,
    colour: Index,
    palette: U8,
    rules: FillRules,
    rng: np.random.Generator,
    *,
    ground: Mask,
    is_mute: Mask,
) -> AreaVerdicts:
    """Give regions without a hint a `colour`, (n + 1,), where one is likely; tell what is settled.

    ground: bool (n + 1,), the paper outside that hints colour all of. is_mute: bool (spots,), those that tell nothing
    of other areas: a blush nothing of the eyes, a shadow on the ground nothing of legs.
    """
    properties, outside, hinted, roots = drawing.properties, drawing.outside, drawing.hinted, drawing.roots
    spots = drawing.spots.select(~_is_reserved(drawing.spots, rules) & ~is_mute)
    reach = find_reach(drawing.regions, properties, outside, ground)
    unknown = ~hinted & ~outside & (properties.area > 0)
    around = np.zeros(len(colour), np.intp)
    shown = roots[lettering.ground] * (roots[lettering.ground] != roots)  # not in what is open to it
    around[roots[shown > 0]] = shown[shown > 0]
    around *= unknown
    white = np.bincount(roots, lettering.balloons, len(colour)) > 0
    white |= whites_of_eyes(reach, hinted) | holes_of_rings(reach, hinted)
    white &= unknown & (around == 0)
    unknown &= ~white & (around == 0)
    if rules.guess != "empty":
        unknown &= ~_show_ground(drawing, reach, colour, around, asked=unknown, ground=ground)
    barred = np.zeros((len(colour), len(spots.colours)), bool)
    if rules.guess == "empty":
        white |= unknown
    elif len(palette) and rules.guess != "nearest":
        chosen = assign_palette(properties, ~unknown, palette, rng)
        colour[unknown] = chosen[unknown] + len(spots.colours)
    else:
        regions = np.flatnonzero(unknown)
        chosen = transfer_hints(properties, spots, regions, outside, size=drawing.size, reach=reach)
        colour[regions] = np.append(spots.colour, 0)[chosen]
        barred[regions] = _barred(spots, reach, regions)
    colour[around > 0] = colour[around[around > 0]]
    settled = white | (unknown & (rules.guess == "nearest"))
    settled |= np.bincount(drawing.spots.region, _is_reserved(drawing.spots, rules), len(colour)) > 0
    return AreaVerdicts(settled, around, spots.colours, barred)


def _show_ground(
    drawing: HintedDrawing, reach: HintReach, colour: Index, around: Index, *, asked: Mask, ground: Mask
) -> Mask:
    """Give holes the `colour`, (n + 1,), of the ground, and tell which they are; asked: where holes may be, (n + 1,).

    `around`, (n + 1,), names the ground where all of it is one; a hole in an open figure shows bare paper.
    """
    paper, outside = drawing.line_mask.paper, drawing.outside
    shown = find_holes(drawing.regions, paper, drawing.properties, outside, asked=asked, meetings=reach.meetings)
    holes = np.flatnonzero(shown)
    is_one = ground[shown[holes]] | ~drawing.hinted[shown[holes]]
    colour[holes] = np.where(is_one, colour[shown[holes]], len(drawing.spots.colours))
    around[holes] = shown[holes] * is_one
    return shown > 0


def _is_reserved(spots: HintSpots, rules: FillRules) -> Mask:
    """Which spots, (spots,), say what an area is instead of its colour."""
    colours = spots.colours[spots.colour]
    return rules.is_ground(colours) | rules.is_empty(colours)


def _barred(spots: HintSpots, reach: HintReach, regions: Index) -> Mask:
    """Which colours, (u, k + 1), no hint may speak for in each of `regions`, (u,)."""
    barred = np.ones((len(regions), len(spots.colours)), bool)
    barred[:, 0] = False
    may_speak = reach.may_speak(spots, regions)
    for colour in np.unique(spots.colour).tolist():
        barred[:, colour] = ~may_speak[:, spots.colour == colour].any(axis=1)
    return barred


def _votes(spots: HintSpots, count: int) -> tuple[Index, Mask]:
    """Return the colour of each region, (n + 1,), 0 without a hint, and which have hints of several colours."""
    pairs = np.unique(spots.region * len(spots.colours) + spots.colour)
    region = pairs // len(spots.colours)
    colour = np.zeros(count, np.intp)
    colour[region] = pairs % len(spots.colours)
    return colour, np.bincount(region, minlength=count) > 1


def _by_palette(reading: LineReading, palette: U8 | None, rules: FillRules, rng: np.random.Generator) -> ColourPlan:
    properties, outside, lettering = reading.properties, reading.outside, reading.lettering
    offered = draw_palette(rng) if palette is None or not len(palette) else palette
    settled = (lettering.balloons & ~outside) | (~outside & (rules.guess == "empty"))
    white = find_eyes(reading.regions, reading.mask, properties, outside) | settled | (lettering.ground > 0)
    shown = find_holes(reading.regions, reading.mask.paper, properties, outside, asked=~white)
    shown += lettering.ground
    colour = assign_palette(properties, outside | white | (shown > 0), offered, rng)
    colour[outside] = len(offered) + 1
    holes = np.flatnonzero(shown)
    colour[holes] = colour[shown[holes]]
    paper = np.full((1, 3), 255, np.uint8)
    verdicts = AreaVerdicts(settled, shown, paper, np.zeros((len(colour), 1), bool))
    labels = map_labels(colour.astype(np.int32), reading.regions)
    return ColourPlan(np.vstack([paper, offered, paper]), labels, reading.regions, verdicts)


def _finished(reading: LineReading, plan: ColourPlan) -> FlatResult:
    """Bring a plan to the size of the line art and its colours under the lines."""
    markers, region, label = _areas(plan, reading.mask.paper)
    paper = reading.paper
    if markers.shape != paper.shape:
        markers = _enlarged(markers, paper.shape) * paper
    areas = watershed(markers, reading.elevation)
    regions = areas * paper
    number = scan_order(regions)
    count = int(number.max(initial=0)) + 1
    colours = np.full((count, 3), 255, np.uint8)
    colours[number] = plan.colours[label[: len(number)]]
    region_of = np.zeros(count, np.intp)
    region_of[number] = region[: len(number)]
    runs = row_runs(areas)
    area = runs.labels(areas)
    ordered = runs.spread(number[area])
    return FlatResult(
        colour=runs.spread(plan.colours[label][area]),
        regions=ordered * paper,
        background=runs.spread((label == len(plan.colours) - 1)[area]),
        areas=ordered,
        colours=colours,
        verdicts=_of_areas(plan.verdicts, region_of),
    )


def _of_areas(verdicts: AreaVerdicts, region_of: Index) -> AreaVerdicts:
    """What is settled of areas, by the region that each is of, (n + 1,)."""
    area_of = np.zeros(len(verdicts.settled), np.intp)
    area_of[region_of[::-1]] = np.arange(len(region_of))[::-1]  # the first of each region
    is_area = np.arange(len(region_of)) > 0
    return AreaVerdicts(
        settled=verdicts.settled[region_of] & is_area,
        ground=area_of[verdicts.ground[region_of]] * is_area,
        asked=verdicts.asked,
        barred=verdicts.barred[region_of] & is_area[:, None],
    )


def _areas(plan: ColourPlan, paper: U8) -> tuple[Labels, Index, Index]:
    """Number the areas of one region and one colour, int32 (H, W), 0 on ink; returns them, and of each both."""
    span = len(plan.colours)
    if (len(plan.verdicts.settled) + 1) * span < 4 * paper.size:
        narrow = (plan.regions * np.int32(span) + plan.labels) * paper
        runs = row_runs(narrow)
        key = runs.labels(narrow)
        seen = np.bincount(key) > 0
        seen[0] = True
        keys, number = np.flatnonzero(seen), np.cumsum(seen, dtype=np.int32)[key] - np.int32(1)
    else:
        wide = (plan.regions.astype(np.int64) * span + plan.labels) * paper
        runs = row_runs(wide)
        keys, number = np.unique(np.append(0, runs.labels(wide)), return_inverse=True)
        number = number[1:].astype(np.int32)
    return runs.spread(number), keys // span, keys % span
