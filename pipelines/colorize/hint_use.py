"""Tells what became of each hint that was painted: whether it was used, and if not, why.

A mark is a dab or stroke of one colour: connected pixels of the hint picture, faint ones too, whose colours are alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import cv2
import numpy as np

from pipelines.core.imaging.arrays import U8, Index, Labels, Mask
from pipelines.core.imaging.colours import Rgb, pack_rgb, unpack_rgb
from pipelines.core.imaging.picture import HINT_ALPHA
from pipelines.inference.types import ColorResult
from pipelines.segmentation.label_maps import resize_labels

Unused = Literal["", "too faint", "too small", "on ink alone", "outside the picture", "overruled"]
"""Why a mark was not used; empty where it was."""

_ALIKE = 24  # levels: colours of one mark, at a brush's edge or with its grain
_SHOWN = 20  # levels: a flat colour that near is the hint's, whose grain was cleaned
_MOST_COLOURS = 64  # of a hint picture that are told apart
_MOST_MARKS = 2000  # the largest
_LEAST_SHARE = 0.1  # of its connected pixels: fewer of another colour are where two marks run into each other
_LEAST_ALPHA = 16  # what is fainter nobody sees
_SOME = 0.3  # of a mark's pixels: an area that has so many holds it


@dataclass(frozen=True)
class HintMark:
    """A dab or stroke of one colour."""

    x: int  # px of the drawing, its middle
    y: int
    colour: Rgb
    size: int  # px of the hint picture
    unused: Unused = ""


@dataclass(frozen=True, eq=False)
class PaintedHints:
    """The marks of a hint picture, and where they lie on the drawing."""

    marks: tuple[HintMark, ...]
    solid: Mask  # of each mark, whether any of it is solid enough to be a hint whatever it is for
    pixels: Index  # (m,), flat indices into the drawing
    mark: Index  # (m,), the mark, 0.., that each of them is of


def find_marks(hints: U8, shape: tuple[int, ...]) -> PaintedHints:
    """Find the marks of a hint picture, uint8 RGBA of any size, on a drawing of the shape (H, W)."""
    alpha = cv2.extractChannel(hints, 3)
    visible = np.asarray(cv2.threshold(alpha, _LEAST_ALPHA - 1, 1, cv2.THRESH_BINARY)[1], np.uint8)
    pixels = np.flatnonzero(visible.view(bool))
    if not len(pixels):
        return PaintedHints((), np.zeros(0, bool), pixels, pixels)
    colours, colour_of = _main_colours(hints.reshape(-1, 4)[pixels])
    mark, colour = _numbered(_connected(visible, pixels), colour_of, len(colours))
    kept = np.flatnonzero(mark >= 0)
    pixels, mark, count = pixels[kept], mark[kept], len(colour)
    width = hints.shape[1]
    y, x = np.divmod(_middles(pixels, mark, count, width), width)
    sizes = np.bincount(mark, minlength=count)
    strongest = np.zeros(count, np.uint8)
    np.maximum.at(strongest, mark, hints.reshape(-1, 4)[pixels, 3])
    rows, columns = y * shape[0] // hints.shape[0], x * shape[1] // width
    described = (columns.tolist(), rows.tolist(), colours[colour].tolist(), sizes.tolist())
    marks = tuple(
        HintMark(at_x, at_y, (red, green, blue), size)
        for at_x, at_y, (red, green, blue), size in zip(*described, strict=True)
    )
    if hints.shape[:2] != tuple(shape[:2]):
        labels = np.zeros(hints.shape[:2], np.int32)
        labels.reshape(-1)[pixels] = mark + 1
        fitted = resize_labels(labels, shape).reshape(-1)
        pixels = np.flatnonzero(fitted)
        mark = fitted[pixels].astype(np.intp) - 1
    return PaintedHints(marks, strongest >= HINT_ALPHA, pixels, mark)


def judge_marks(
    painted: PaintedHints, guide: U8, result: ColorResult, *, paper: U8, seen: U8 | None = None
) -> tuple[tuple[HintMark, ...], Index]:
    """Return the marks with why they were not used, and the areas of the result that hold one that was.

    guide: the hints that the model was given, uint8 RGBA (H, W, 4). paper: 1 = paper, (H, W). seen: the alpha of the
    finished picture, (H, W), None = opaque.
    """
    pixels, mark = painted.pixels, painted.mark
    colours = np.array([each.colour for each in painted.marks], np.int16).reshape(-1, 3)
    accepted = guide.reshape(-1, 4)[pixels, 3] >= HINT_ALPHA
    on_paper = accepted & (paper.reshape(-1)[pixels] > 0)
    difference = np.abs(result.flats.reshape(-1, 3)[pixels].astype(np.int16) - colours[mark]).max(axis=1, initial=0)
    shown = accepted & (difference <= _SHOWN)
    visible = np.ones(len(pixels), bool) if seen is None else seen.reshape(-1)[pixels] > 0
    columns = (np.ones(len(pixels), bool), accepted, on_paper, shown, result.background.reshape(-1)[pixels], visible)
    tallies = [_Tally(*sums) for sums in zip(*(np.bincount(mark, each, len(colours)) for each in columns), strict=True)]
    obeys = 2 * sum(tally.shown > 0 for tally in tallies) >= len(tallies)
    judged = tuple(
        replace(each, unused=_why_unused(tally, solid=solid, obeys=obeys))
        for each, tally, solid in zip(painted.marks, tallies, painted.solid.tolist(), strict=True)
    )
    is_used = np.array([not each.unused for each in judged], bool)
    only_on_ink = np.array([not tally.on_paper for tally in tallies], bool)  # they count in the areas below
    counted = is_used[mark] & (on_paper | only_on_ink[mark]) & (shown | (not obeys))
    sizes = np.bincount(mark, accepted, len(colours))
    return judged, _areas_of(result.areas.reshape(-1)[pixels[counted]], mark[counted], sizes)


def count_reasons(marks: Sequence[HintMark]) -> dict[str, int]:
    """How many marks were not used, by why."""
    reasons: dict[str, int] = {}
    for mark in marks:
        if mark.unused:
            reasons[mark.unused] = reasons.get(mark.unused, 0) + 1
    return reasons


class _Tally(NamedTuple):
    """How many pixels of a mark are what."""

    present: float  # on the drawing at all
    accepted: float  # hints in the eyes of the model
    on_paper: float
    shown: float  # of its colour in the result
    ground: float
    visible: float


def _why_unused(tally: _Tally, *, solid: bool, obeys: bool) -> Unused:
    """Why a mark was not used; obeys: whether the model gives hints their exact colours."""
    if tally.shown:
        return "" if tally.visible or tally.ground else "outside the picture"
    if solid and tally.present and 2 * tally.ground > tally.present:
        return ""  # it is about the ground
    if not tally.accepted:
        return "too small" if solid else "too faint"
    if not tally.on_paper:
        return "on ink alone"
    return "overruled" if obeys else ""


def _areas_of(areas: Labels, mark: Index, sizes: Index) -> Index:
    """The areas, ascending, that hold a good part of a mark, by the area and mark of each pixel, (m,)."""
    span = int(areas.max(initial=0)) + 1
    pairs, counts = np.unique(mark * span + areas, return_counts=True)
    some = counts >= np.minimum(_SOME * sizes[pairs // span], 3)
    held = np.unique(pairs[some] % span)
    return np.asarray(held[held > 0])


def _main_colours(pixels: U8) -> tuple[U8, Index]:
    """The colours of hint pixels, RGBA (m, 4), that are told apart, (k, 3), and which of them each pixel has, (m,)."""
    values, which, counts = np.unique(pack_rgb(pixels), return_inverse=True, return_counts=True)
    colours = unpack_rgb(values).astype(np.int16)
    main: list[int] = []
    owner = np.full(len(values), -1)
    for at in np.argsort(-counts, kind="stable"):
        if owner[at] >= 0 or len(main) == _MOST_COLOURS:
            continue
        near = (owner < 0) & (np.abs(colours - colours[at]).max(axis=1) <= _ALIKE)
        owner[near] = len(main)
        main.append(int(at))
    rest = np.flatnonzero(owner < 0)
    if len(rest):
        apart = np.abs(colours[rest][:, None] - colours[main][None]).max(axis=2)
        owner[rest] = apart.argmin(axis=1)
    return colours[main].astype(np.uint8), owner[which.reshape(-1)]


def _numbered(part: Index, colour: Index, colours: int) -> tuple[Index, Index]:
    """The mark of each pixel, (m,), 0.., -1 for none, and the colour of each mark, by part and colour of the pixels."""
    key = part * colours + colour
    pairs, which, counts = np.unique(key, return_inverse=True, return_counts=True)
    of_part = np.bincount(part)
    is_mark = counts >= _LEAST_SHARE * of_part[pairs // colours]
    if np.count_nonzero(is_mark) > _MOST_MARKS:
        least = np.sort(counts[is_mark])[-_MOST_MARKS]
        is_mark &= counts >= least
    number = np.where(is_mark, np.cumsum(is_mark) - 1, -1)
    return number[which.reshape(-1)], (pairs % colours)[is_mark]


def _connected(visible: U8, pixels: Index) -> Index:
    """The connected part, 0.., that each pixel is of, (m,)."""
    _, parts = cv2.connectedComponents(visible, connectivity=8, ltype=cv2.CV_32S)
    return parts.reshape(-1)[pixels].astype(np.intp)


def _middles(pixels: Index, mark: Index, count: int, width: int) -> Index:
    """The flat index of the middle of each mark, (count,): of its pixels the one nearest to its centre of gravity."""
    y, x = np.divmod(pixels, width)
    sizes = np.bincount(mark, minlength=count)
    across, down = (np.bincount(mark, places, count) / sizes for places in (x, y))
    distance = (x - across[mark]) ** 2 + (y - down[mark]) ** 2
    order = np.lexsort((pixels, distance, mark))
    return pixels[order[np.searchsorted(mark[order], np.arange(count))]]
