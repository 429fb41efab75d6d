"""Gives hints their exact colours in what was painted, by a network or by several that were merged.

An area of the figure whose hints have one colour is moved as a whole, so that this colour comes out where they lie, in
the mean; so it is lighter and darker around them as it was painted. Elsewhere, as where an area has hints of several
colours, what is left to the hint's colour fades around it:

    c(p) += (1 - d(p) / reach)^2 (h_q - c_q),    d(p) = |p - q|, q the nearest pixel of a hint in the area

and is all of it on the hint itself.
"""

from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F32, U8, Index, Mask
from pipelines.core.imaging.colours import pack_rgb
from pipelines.core.imaging.picture import HINT_ALPHA
from pipelines.flatting.background import asked_areas
from pipelines.flatting.hinted_drawing import HintedDrawing
from pipelines.inference.types import ColorResult, Drawing, HintPreset
from pipelines.segmentation.label_maps import label_boxes, map_labels

_REACH = (
    0.05  # of the longer side: between the least and the greatest stain of a hint on paper (flatting/background.py)
)
_PAPER_WHITE = 250  # a hint with no channel below this is paper, as in flatting/background.py


class ExactHints(NamedTuple):
    """The pixels of a drawing whose colour hints decide."""

    pixels: Index  # (m,), flat indices
    colours: U8  # (m, 3)
    movable: Mask  # (m,), whether the area around each is moved as a whole where its hints have one colour


def snapped(result: ColorResult, drawing: Drawing, preset: HintPreset) -> ColorResult:
    """Return the result with the exact colours of a drawing's hints where they lie, if the drawing asks for that.

    preset: which of the drawing's hints. A hint counts where its middle lies, as in `flat`: not where its rim reaches
    over a line. Colours that say what an area is instead of its colour are none.
    """
    hints = drawing.guides[preset].hints
    if not drawing.snap or not (hints[..., 3] >= HINT_ALPHA).any():
        return result
    return snap(result, exact_hints(drawing, drawing.reading.with_hints(hints), hints))


def exact_hints(drawing: Drawing, hinted: HintedDrawing, hints: U8) -> ExactHints:
    """Find which pixels of hints, uint8 RGBA (H, W, 4), count in the area that they lie in; hinted: the same, read."""
    rules, areas, spots = drawing.rules, drawing.areas, hinted.spots
    pixels = np.flatnonzero((hints[..., 3] >= HINT_ALPHA) & (areas.labels > 0))
    colours = hints.reshape(-1, 4)[pixels, :3]
    pixels, colours = _without(pixels, colours, rules.is_ground(colours) | rules.is_empty(colours))
    region = hinted.roots[areas.labels.reshape(-1)[pixels]]
    counting = spots.region << 24 | pack_rgb(spots.colours[spots.colour]).astype(np.int64)
    packed = pack_rgb(colours).astype(np.int64)
    listed = np.isin(packed, pack_rgb(spots.colours[1:]))  # where there are too many colours, like ones count as one
    counts = np.isin(region << 24 | packed, counting) | (~listed & hinted.hinted[region])
    pixels, colours = _without(pixels, colours, ~counts)
    movable = ~areas.outside | asked_areas(hinted, rules).filled
    return ExactHints(pixels, colours, movable[areas.labels.reshape(-1)[pixels]])


def snap(result: ColorResult, hints: ExactHints) -> ColorResult:
    """Return the result with the colours of hints where they lie; areas of the figure are moved to them.

    The areas are the result's own, which may be others than the drawing's, as where a model splits them by their hints.
    """
    pixels, colours = hints.pixels, hints.colours
    if not len(pixels):
        return result
    area = result.areas.reshape(-1)[pixels].astype(np.intp)
    colour, flats, background = result.colour.copy(), result.flats.copy(), result.background.copy()
    _move_areas(colour, flats, result, hints, area)
    _fade(colour, result, hints, area)
    for picture in (colour, flats):
        picture.reshape(-1, 3)[pixels] = colours
    background.reshape(-1)[pixels[colours.min(axis=1) < _PAPER_WHITE]] = False
    return replace(result, colour=colour, flats=flats, background=background)


def _move_areas(colour: U8, flats: U8, result: ColorResult, hints: ExactHints, area: Index) -> None:
    """Move areas whose hints have one colour, in place; area: (m,), in which each pixel of a hint lies."""
    count = int(result.areas.max()) + 1
    packed = pack_rgb(hints.colours)
    least, most = np.full(count, 1 << 24), np.full(count, -1)
    np.minimum.at(least, area, packed)
    np.maximum.at(most, area, packed)
    moved = (least == most) & (np.bincount(area, ~hints.movable, count) == 0)
    moved[0] = False  # ink
    if not moved.any():
        return
    sizes = np.maximum(np.bincount(area, minlength=count), 1)
    off = hints.colours.astype(np.float64) - colour.reshape(-1, 3)[hints.pixels]
    sums = np.stack([np.bincount(area, off[:, channel], count) for channel in range(3)], axis=1)
    shift = np.rint(sums / sizes[:, None]).astype(np.int16)
    shift[~moved] = 0
    shifts = map_labels(shift, result.areas)
    shifts[result.background] = 0
    colour[...] = cv2.add(colour, shifts, dtype=cv2.CV_8U)
    wanted = np.zeros((count, 3), np.uint8)
    wanted[area] = hints.colours
    is_moved = map_labels(moved, result.areas) & ~result.background
    np.copyto(flats, map_labels(wanted, result.areas), where=is_moved[..., None])


def _fade(colour: U8, result: ColorResult, hints: ExactHints, area: Index) -> None:
    """Let what is left to the hints' colours fade around them within their areas, in place."""
    height, width = result.areas.shape
    reach = max(round(_REACH * max(height, width)), 1)
    left = hints.colours.astype(np.float32) - colour.reshape(-1, 3)[hints.pixels]
    lies = np.zeros(int(result.areas.max()) + 1, bool)
    lies[area[np.abs(left).max(axis=1, initial=0) > 0]] = True
    lies[0] = False  # ink
    boxes = label_boxes(result.areas, len(lies))
    for number in np.flatnonzero(lies).tolist():
        own = np.flatnonzero(area == number)
        rows, columns = np.divmod(hints.pixels[own], width)
        box = boxes.window(number)
        near = tuple(
            slice(max(side.start, int(place.min()) - reach), min(side.stop, int(place.max()) + reach + 1))
            for side, place in zip(box, (rows, columns), strict=True)
        )
        inside = (result.areas[near] == number) & ~result.background[near]
        change = _faded((rows - near[0].start, columns - near[1].start), left[own], inside.shape, reach)
        levels = np.rint(np.clip(colour[near] + change, 0, 255)).astype(np.uint8)
        np.copyto(colour[near], levels, where=inside[..., None])


def _faded(places: tuple[Index, Index], left: F32, shape: tuple[int, ...], reach: int) -> F32:
    """What is left, (m, 3), at places in a window of a shape, and around them the less the further off, (h, w, 3)."""
    away = np.ones(shape, np.uint8)
    away[places] = 0
    distance, nearest = cv2.distanceTransformWithLabels(
        away, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    of_label = np.zeros((int(nearest.max(initial=0)) + 1, 3), np.float32)
    of_label[nearest[places]] = left
    share = np.square(np.maximum(1 - distance / reach, 0))
    return np.asarray(of_label[nearest] * share[..., None], np.float32)


def _without(pixels: Index, colours: U8, left_out: Mask) -> tuple[Index, U8]:
    return pixels[~left_out], colours[~left_out]
