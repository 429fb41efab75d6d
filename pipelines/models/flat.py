"""Fills the areas of line art with flat colours from hints: exact colours, divided along the ink, nothing left out.

1. Areas: trapped-ball regions (regions/trapped_ball.py). Pieces that no ink divides are joined again, widest pass
   first, but no two that have hints, and none with the paper outside the figure: for that gaps in lines are closed.
2. Outside is what holds a corner of the picture or a quarter of its side. It stays paper, unless hints lie on it
   (`outside`), and where the figure is open hints inside and the paper outside are told apart (flatting/hint_split.py).
3. A region with hints of one colour takes it. One with several is split: the colours grow from their hints over its
   paper, by the way round the ends of lines and not across them, and meet in the narrows (hint_split.py).
4. A region without hints takes the likeliest hint's colour or stays paper (hint_transfer.py).
5. The colours grow under the lines and meet in the middle.

Without hints the regions share a palette (palette_assignment.py): the largest take its first colours, neighbours
differ, twins agree. Without a palette one is drawn from the seed.

Sources: S. Fourey, D. Tschumperle, D. Revoy, "A Fast and Efficient Semi-guided Algorithm for Flat Coloring Line-arts",
VMV 2018; D. Sykora, J. Dingliana, S. Collins, "LazyBrush: Flexible Painting Tool for Hand-drawn Cartoons", Computer
Graphics Forum 28(2), 2009 (what people expect of hints).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

import numpy as np

from pipelines.core.errors import MethodError, SettingsError
from pipelines.core.imaging.arrays import U8, Index, Labels, Mask
from pipelines.core.imaging.picture import HINT_ALPHA
from pipelines.flatting.background import filled_regions, open_spots, outside_colour
from pipelines.flatting.hint_split import split_by_hints
from pipelines.flatting.hint_spots import HintSpots
from pipelines.flatting.hint_transfer import transfer_hints
from pipelines.flatting.hinted_drawing import HintedDrawing, is_outside, read_drawing
from pipelines.flatting.palette_assignment import assign_palette, draw_palette, find_eyes
from pipelines.flatting.reading import LineReading
from pipelines.inference.types import ColorResult, Drawing, ModelTraits
from pipelines.regions import trapped_ball
from pipelines.regions.trapped_ball import enclose
from pipelines.segmentation.label_maps import map_labels, scan_order
from pipelines.segmentation.line_mask import LineMask, cell_edges
from pipelines.segmentation.properties import RegionProperties, region_properties
from pipelines.segmentation.watershed import watershed


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


class FlatResult(NamedTuple):
    """Flat colour for a line drawing."""

    colour: U8  # RGB (H, W, 3), under the lines too
    regions: Labels  # (H, W), 0 = ink, 1..n = area of one colour
    background: Mask  # (H, W), the paper outside the figure, to the middle of its outline
    areas: Labels  # (H, W), the regions, reaching under the ink; all 0 where there is no paper
    colours: U8  # (n + 1, 3), of each region


class ColourPlan(NamedTuple):
    """Which colour goes where, on paper."""

    colours: U8  # (k + 2, 3): 0 is white, 1..k as asked for, k + 1 is the paper outside
    labels: Labels  # (H, W), index of `colours`; of no meaning on ink
    regions: Labels  # (H, W), labels >= 1


TRAITS = ModelTraits(can_vary=True)
"""What `flat` can do."""


def predict(params: Params, drawings: Sequence[Drawing]) -> list[ColorResult]:
    """Fill drawings from their guides; where nothing guides them the palette is drawn from their random numbers."""
    results = []
    for drawing in drawings:
        guide = drawing.guides[TRAITS.hint_preset]
        result = fill_reading(drawing.reading, guide.hints, guide.palette, params, drawing.rng)
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
    reading: LineReading, hints: U8, palette: U8 | None, params: Params, rng: np.random.Generator
) -> FlatResult:
    """Fill a drawing, as `fill` does, of which something may be known already."""
    lines = reading.lines
    if hints.shape != (*lines.shape, 4):
        raise MethodError(
            f"the hints are {hints.shape[1]}x{hints.shape[0]}, the line art {lines.shape[1]}x{lines.shape[0]}",
            hint="Paint hints on a layer of the line art's size",
        )
    if reading.work_size != params.work_size:
        reading = LineReading(lines, work_size=params.work_size, gap=reading.gap)
    regions, properties = _regions(reading, params.gap)
    small_hints = _shrink_hints(hints, reading.small_lines.shape)
    if (small_hints[..., 3] >= HINT_ALPHA).any():
        hinted = read_drawing(reading.small_lines, small_hints, regions, reading.mask, properties=properties)
        plan = _by_hints(hinted, params)
    else:
        plan = _by_palette(regions, reading.mask, properties, palette, rng)
    return _finished(reading, plan)


def _regions(reading: LineReading, gap: float | None) -> tuple[Labels, RegionProperties]:
    """The regions at the working size with gaps of `gap` px of the drawing closed, and what is known of them."""
    if gap is None:
        return reading.regions, reading.properties
    small_gap = gap * max(reading.small_lines.shape) / max(reading.lines.shape)
    regions = enclose(reading.mask, trapped_ball.Params(gap=small_gap))
    return regions, region_properties(regions, reading.mask)


def _shrink_hints(hints: U8, shape: tuple[int, ...]) -> U8:
    """Shrink so that no hint is lost: each cell takes its last hint."""
    if hints.shape[:2] == shape:
        return hints
    down, right = (cell_edges(side, count) for side, count in zip(hints.shape, shape, strict=False))
    rows, columns = np.nonzero(hints[..., 3] >= HINT_ALPHA)
    small_hints = np.zeros((*shape, 4), np.uint8)
    place = np.searchsorted(down, rows, "right") - 1, np.searchsorted(right, columns, "right") - 1
    small_hints[place] = hints[rows, columns]
    return small_hints


def _enlarged(labels: Labels, shape: tuple[int, ...]) -> Labels:
    """Spread each label over its cell, int32 of the shape given."""
    down, right = (np.diff(cell_edges(side, count)) for side, count in zip(shape, labels.shape, strict=True))
    return np.repeat(np.repeat(labels, right, axis=1), down, axis=0)


def _by_hints(drawing: HintedDrawing, params: Params) -> ColourPlan:
    properties, spots, outside, hinted = drawing.properties, drawing.spots, drawing.outside, drawing.hinted
    is_open = open_spots(drawing)
    contested = outside & hinted & ~filled_regions(drawing, is_open, params.outside)
    colour, several = _votes(spots, properties.labels)
    several |= contested
    colour[outside & ~hinted] = len(spots.colours)
    unknown = np.flatnonzero(~hinted & ~outside & (properties.area > 0))
    split = split_by_hints(drawing, several, contested, is_open) if several.any() else None
    if params.guess:
        telling = spots if split is None else spots.select(~split.is_detail)  # a blush tells nothing of the eyes
        chosen = transfer_hints(properties, telling, unknown, outside, size=drawing.size)
        colour[unknown] = np.append(telling.colour, 0)[chosen]
    labels = map_labels(colour.astype(np.int32), drawing.regions)
    if split is not None:
        np.copyto(labels, split.labels, where=split.labels > 0)
    return ColourPlan(np.vstack([spots.colours, outside_colour(spots, is_open)]), labels, drawing.regions)


def _votes(spots: HintSpots, count: int) -> tuple[Index, Mask]:
    """Return the colour of each region, (n + 1,), 0 without a hint, and which have hints of several colours."""
    pairs = np.unique(spots.region * len(spots.colours) + spots.colour)
    region = pairs // len(spots.colours)
    colour = np.zeros(count, np.intp)
    colour[region] = pairs % len(spots.colours)
    return colour, np.bincount(region, minlength=count) > 1


def _by_palette(
    regions: Labels, line_mask: LineMask, properties: RegionProperties, palette: U8 | None, rng: np.random.Generator
) -> ColourPlan:
    outside = is_outside(properties, max(regions.shape))
    offered = draw_palette(rng) if palette is None or not len(palette) else palette
    eyes = find_eyes(regions, line_mask, properties, outside)
    colour = assign_palette(properties, outside | eyes, offered, rng)
    colour[outside] = len(offered) + 1
    white = np.full((1, 3), 255, np.uint8)
    return ColourPlan(np.vstack([white, offered, white]), map_labels(colour.astype(np.int32), regions), regions)


def _finished(reading: LineReading, plan: ColourPlan) -> FlatResult:
    """Bring a plan to the size of the line art and its colours under the lines."""
    markers, label = _areas(plan, reading.mask.paper)
    paper = reading.paper
    if markers.shape != paper.shape:
        markers = _enlarged(markers, paper.shape) * paper
    areas = watershed(markers, reading.elevation)
    number = scan_order(areas * paper)
    colours = np.full((int(number.max(initial=0)) + 1, 3), 255, np.uint8)
    colours[number] = plan.colours[label[: len(number)]]
    ordered = map_labels(number, areas)
    return FlatResult(
        colour=map_labels(plan.colours[label], areas),
        regions=ordered * paper,
        background=map_labels(label == len(plan.colours) - 1, areas),
        areas=ordered,
        colours=colours,
    )


def _areas(plan: ColourPlan, paper: U8) -> tuple[Labels, Index]:
    """Number the areas of one region and one colour, int32 (H, W), 0 on ink; returns them and each one's colour."""
    span = len(plan.colours)
    key = (plan.regions.astype(np.int64) * span + plan.labels) * paper
    if int(key.max(initial=0)) < 4 * key.size:
        seen = np.bincount(key.reshape(-1)) > 0
        seen[0] = True
        return (np.cumsum(seen, dtype=np.int32) - 1)[key], np.flatnonzero(seen) % span
    values, number = np.unique(np.append(key, 0), return_inverse=True)
    return number[:-1].reshape(key.shape).astype(np.int32), values % span
