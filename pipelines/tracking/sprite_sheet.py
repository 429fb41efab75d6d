"""Finds the sprites of a sheet, many figures in one picture, and takes them for frames: hints on one count for all.

A sheet is a grid of like cells. Its lines run between rows and columns of pixels without ink, at even distances; its
cells hold much the same ink (the correlation of their ink, each in its box, without the rim that panels of a comic
have in common). Areas are followed from sprite to sprite as from frame to frame (tracks.py). What is followed to no
hint takes the colour that lies at its place in that sprite with hints which is most like its own. Every area is hinted
as a whole, so that no colour is mixed or invented; the paper between the sprites gets none, unless it is hinted.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np

from pipelines.core.errors import MethodError
from pipelines.core.imaging.arrays import F32, U8, Index, Labels, Mask
from pipelines.core.imaging.colours import pack_rgb, unpack_rgb
from pipelines.core.imaging.picture import HINT_ALPHA
from pipelines.flatting.areas import AreaMap
from pipelines.flatting.dense_hints import keep_apart
from pipelines.flatting.reading import LineReading
from pipelines.segmentation.label_maps import map_labels, resize_labels
from pipelines.segmentation.line_mask import line_mask_of
from pipelines.tracking.frames import Frame, FrameHint, survey
from pipelines.tracking.hint_propagation import draw_hints, hints_of_tracks, propagate_hints
from pipelines.tracking.tracks import UNTRACKED, track_areas

_LEAST_CELLS = 4  # that hold a sprite
_LEAST_AREAS = 2  # that a sprite encloses
_LEAST_SIDE = 6  # px of a cell
_MOST_CELLS = 1024
_LIKE = 0.3  # correlation of two sprites' ink
_LIKE_OTHERS, _LIKE_SHARE = 2, 0.75  # so many others are as like, for that share of the sprites
_BOX_RATIO = 1.7  # of the sides of two sprites' boxes, at most
_COMPARED, _RIM = 32, 4  # px: a sprite's box when it is compared, and what is left out at its border
_PIXEL_ART = 128  # px of a cell's longer side: smaller cells are pixel art, whose lines have no gaps to be closed
_GAP = 0.02  # of a cell's longer side, as of any drawing's
_OFF = 0.15  # of the distance between two columns: they are as far apart as the others

Window = tuple[slice, slice]


class Sheet(NamedTuple):
    """The cells of a sheet, row by row, those without a sprite too."""

    cells: tuple[Window, ...]
    rows: int
    columns: int

    @property
    def gap(self) -> float:
        """Px: openings in lines up to this wide are closed: 2 % of a cell, none in pixel art."""
        rows, columns = self.cells[0]
        side = max(rows.stop - rows.start, columns.stop - columns.start)
        return 0.0 if side <= _PIXEL_ART else _GAP * side


class _Sprite(NamedTuple):
    """A cell that holds something."""

    window: Window
    lines: U8  # (h, w)
    hints: U8  # RGBA (h, w, 4)
    areas: AreaMap


# the grid


def find_sheet(paper: U8) -> Sheet | None:
    """Find the cells of a drawing, uint8 (H, W), 1 = paper, that is a sheet of like sprites; None where it is none."""
    ink = paper == 0
    down, across = _cuts(ink.any(axis=1)), _cuts(ink.any(axis=0))
    if down is None or across is None:
        return None
    sheet = _sheet(down, across)
    sprites = [ink[cell] for cell in sheet.cells if ink[cell].any()]
    if not _LEAST_CELLS <= len(sprites) <= _MOST_CELLS or not _are_figures(sprites) or not _are_alike(sprites):
        return None
    return sheet


def sheet_of_grid(shape: tuple[int, ...], cell: tuple[int, int]) -> Sheet:
    """Return the cells, width and height in px, of a picture (H, W); MethodError where they are larger than it."""
    (height, width), (cell_width, cell_height) = shape[:2], cell
    if cell_width > width or cell_height > height:
        raise MethodError(
            f"it is {width}x{height} px, smaller than a sprite of --grid {cell_width}x{cell_height}",
            hint="Give the px of one sprite",
        )
    down = [*range(0, height, cell_height), height]
    across = [*range(0, width, cell_width), width]
    return _sheet(down, across)


def _sheet(down: Sequence[int], across: Sequence[int]) -> Sheet:
    cells = tuple(
        (slice(top, bottom), slice(left, right)) for top, bottom in pairwise(down) for left, right in pairwise(across)
    )
    return Sheet(cells, len(down) - 1, len(across) - 1)


def _cuts(has_ink: Mask) -> list[int] | None:
    """Return where to cut an axis, px, both ends included, by which of its rows (or columns) have ink, (n,)."""
    if not has_ink.any():
        return None
    length = len(has_ink)
    crossed = has_ink[:-1] & has_ink[1:]  # between k and k + 1
    even = [
        count
        for count in range(1, length // _LEAST_SIDE + 1)
        if length % count == 0 and not crossed[np.arange(1, count) * (length // count) - 1].any()
    ]
    filled = [count for count in even if has_ink.reshape(count, -1).any(axis=1).mean() > 0.5]
    bands = _band_cuts(has_ink)
    by_division = [part * length // filled[-1] for part in range(filled[-1] + 1)] if filled else [0, length]
    return bands if bands is not None and len(bands) > len(by_division) else by_division


def _band_cuts(has_ink: Mask) -> list[int] | None:
    """Return cuts half way between the bands of an axis, where these are evenly spaced; None where they are not."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], has_ink.view(np.int8), [0]])))
    begin, end = edges[::2], edges[1::2]
    if len(begin) < 2:
        return None
    pitch = np.diff((begin + end) / 2)
    sizes = end - begin
    is_even = np.abs(pitch - pitch.mean()).max() <= _OFF * pitch.mean() + 1
    if not is_even or sizes.max() > _BOX_RATIO * sizes.min() + 1 or pitch.min() < _LEAST_SIDE:
        return None
    return [0, *((begin[1:] + end[:-1]) // 2).tolist(), len(has_ink)]


def _are_figures(sprites: Sequence[Mask]) -> bool:
    """Tell whether most sprites' ink, bool (h, w) each, encloses several areas: keys and swatches enclose one."""
    areas = [cv2.connectedComponents((~ink).view(np.uint8), connectivity=4)[0] - 2 for ink in sprites]
    return bool(np.median(areas) >= _LEAST_AREAS)


def _are_alike(sprites: Sequence[Mask]) -> bool:
    """Tell whether most sprites, bool (h, w) each, are like several others: a sheet may show several figures."""
    boxes = [_box(ink) for ink in sprites]
    likeness = _likeness(sprites)
    sizes = np.array([ink[box].shape for ink, box in zip(sprites, boxes, strict=True)], np.float64)
    ratio = np.maximum(sizes[:, None] / sizes, sizes / sizes[:, None]).max(axis=2)
    others = ((likeness >= _LIKE) & (ratio <= _BOX_RATIO)).sum(axis=1) - 1
    return bool(np.count_nonzero(others >= _LIKE_OTHERS) >= _LIKE_SHARE * len(sprites))


def _likeness(sprites: Sequence[Mask]) -> F32:
    """Return the correlation of each two sprites' ink, bool (h, w) each, -1..1, float32 (n, n)."""
    patterns = np.stack([_pattern(ink[_box(ink)]).reshape(-1) for ink in sprites])
    return np.asarray(patterns @ patterns.T / patterns.shape[1], np.float32)


def _box(mask: Mask) -> Window:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _pattern(ink: Mask) -> F32:
    """Return a sprite's ink without its rim, with a mean of 0 and a variance of 1."""
    small = cv2.resize(ink.astype(np.float32), (_COMPARED, _COMPARED), interpolation=cv2.INTER_AREA)
    inner = cv2.GaussianBlur(small, (0, 0), 1.0)[_RIM:-_RIM, _RIM:-_RIM]
    return np.asarray((inner - inner.mean()) / max(float(inner.std()), 1e-6), np.float32)


# hints


def needs_hints(sheet: Sheet, paper: U8, hints: U8) -> bool:
    """Tell whether some of a sheet's sprites have hints, RGBA (H, W, 4), and others have none; 1 = paper, (H, W)."""
    ink = paper == 0
    hinted = [bool((hints[cell][..., 3] >= HINT_ALPHA).any()) for cell in sheet.cells if ink[cell].any()]
    return any(hinted) and not all(hinted)


def spread_hints(sheet: Sheet, lines: U8, hints: U8) -> U8:
    """Return hints, RGBA (H, W, 4), for all sprites of a sheet, each area as a whole.

    It has the colour of its own hint, else of that on the same area of another sprite, else of what lies at its place.
    """
    ink = line_mask_of(lines).paper == 0
    sprites = [_sprite(cell, lines, hints) for cell in sheet.cells if ink[cell].any()]
    frames = [survey(sprite.lines, sprite.areas, sprite.hints) for sprite in sprites]
    tracks = track_areas(frames)
    hinted = hints_of_tracks([frame.info for frame in frames], tracks)
    carried = [propagate_hints(frame.info, own, hinted) for frame, own in zip(frames, tracks, strict=True)]
    layers = [_filled(*item) for item in zip(sprites, frames, carried, strict=True)]
    own = [bool((sprite.hints[..., 3] >= HINT_ALPHA).any()) for sprite in sprites]
    with_hints = np.flatnonzero(own)
    likeness = _likeness([line_mask_of(sprite.lines).paper == 0 for sprite in sprites])
    result, by_track = hints.copy(), dict[int, U8]()
    for number in sorted(range(len(sprites)), key=lambda number: not own[number]):
        sprite, layer = sprites[number], layers[number]
        pattern = int(with_hints[likeness[number, with_hints].argmax()])
        _fill_missing(layer, sprite, tracks[number], _TrackColours(by_track, layers[pattern], sprites[pattern]))
        apart = keep_apart(layer, sprite.areas.labels * line_mask_of(sprite.lines).paper)
        result[sprite.window] = np.where(sprite.hints[..., 3:] >= HINT_ALPHA, sprite.hints, apart)
    return result


def _sprite(window: Window, lines: U8, hints: U8) -> _Sprite:
    part = np.ascontiguousarray(lines[window])
    return _Sprite(window, part, np.ascontiguousarray(hints[window]), _areas(part))


def _areas(lines: U8) -> AreaMap:
    """Return the areas of a sprite: those of any drawing, or in pixel art what ink divides, to the pixel."""
    if max(lines.shape) > _PIXEL_ART:
        return LineReading(lines).areas
    paper = line_mask_of(lines).paper
    count, labels = cv2.connectedComponents(paper, connectivity=4, ltype=cv2.CV_32S)
    outside = np.zeros(count, bool)
    outside[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = True
    outside[0] = False
    size = np.bincount(labels.reshape(-1), minlength=count).astype(np.float64)
    return AreaMap(np.asarray(labels, np.int32), outside, size, np.zeros((0, 2), np.intp))


def _filled(sprite: _Sprite, frame: Frame, carried: Sequence[FrameHint]) -> U8:
    """Return the sprite's own hints and those carried to it, each over all of its area, RGBA (h, w, 4)."""
    labels, paper = sprite.areas.labels, line_mask_of(sprite.lines).paper > 0
    by_area: dict[int, list[FrameHint]] = {}
    for hint in (*frame.info.hints, *carried):
        by_area.setdefault(hint.area, []).append(hint)
    table = np.zeros((len(sprite.areas.outside), 4), np.uint8)
    several: list[FrameHint] = []
    for area, area_hints in by_area.items():
        if len({hint.colour for hint in area_hints}) > 1:
            several += [hint for hint in area_hints if hint in carried]
        else:
            table[area] = (*area_hints[0].colour, 255)
    layer = map_labels(table, labels) * paper[..., None]
    return draw_hints(np.asarray(layer, np.uint8), several, sprite.lines, labels)


class _TrackColours(NamedTuple):
    """The colours of areas that no hint is carried to."""

    by_track: dict[int, U8]  # RGBA (4,), of those that have one already
    pattern_layer: U8  # RGBA (h, w, 4), the colours of the sprite that is most like it of those with hints
    pattern: _Sprite


def _fill_missing(layer: U8, sprite: _Sprite, tracks: Index, of_tracks: _TrackColours) -> None:
    """Colour a sprite's areas without a colour, in place: as what no ink divides from them, else as in other sprites.

    Where no other has a colour, it is the commonest at their place, or the nearest, in the sprite most like it.
    """
    labels, paper = sprite.areas.labels, line_mask_of(sprite.lines).paper > 0
    count = len(sprite.areas.outside)
    lying = np.flatnonzero(layer[..., 3] > 0)
    colours = np.zeros((count, 4), np.uint8)
    colours[labels.reshape(-1)[lying]] = layer.reshape(-1, 4)[lying]
    unknown = (colours[:, 3] == 0) & ~sprite.areas.outside & (np.bincount(labels[paper], minlength=count) > 0)
    unknown[0] = False
    _spread_over_gaps(colours, sprite.areas, unknown)
    missing = np.flatnonzero(unknown & (colours[:, 3] == 0)).tolist()
    laid = _laid_over(of_tracks.pattern_layer, of_tracks.pattern.lines, sprite.lines) if missing else labels
    for area in missing:
        inside, track = (labels == area) & paper, int(tracks[area])
        colours[area] = of_tracks.by_track[track] if track in of_tracks.by_track else _at_place(laid, inside)
        if track != UNTRACKED:
            of_tracks.by_track.setdefault(track, colours[area])
    filled = map_labels(unknown, labels) & paper
    layer[filled] = map_labels(colours, labels)[filled]


def _spread_over_gaps(colours: U8, areas: AreaMap, unknown: Mask) -> None:
    """Give unknown areas the colour, RGBA (n + 1, 4), of what no ink divides from them, in place."""
    pairs = sorted(map(tuple, areas.open.tolist()), key=lambda pair: -min(areas.size[list(pair)]))
    for _ in range(len(pairs)):
        before = colours[:, 3].copy()
        for pair in pairs:
            for area, neighbour in (pair, pair[::-1]):
                if unknown[area] and not colours[area, 3] and not areas.outside[neighbour]:
                    colours[area] = colours[neighbour]
        if (colours[:, 3] == before).all():
            return


def _laid_over(layer: U8, lines: U8, others: U8) -> Labels:
    """Bring a sprite's colours, RGBA (h, w, 4), by its box to where another is: 0xRRGGBB + 1, 0 where there is none."""
    packed = np.where(layer[..., 3] > 0, pack_rgb(layer) + 1, 0).astype(np.int32)
    own, other = (_box(line_mask_of(drawing).paper == 0) for drawing in (lines, others))
    result = np.zeros(others.shape, np.int32)
    result[other] = resize_labels(np.ascontiguousarray(packed[own]), result[other].shape)
    return result


def _at_place(packed: Labels, inside: Mask) -> U8:
    """Return the commonest colour in an area, else the nearest to its middle, RGBA (4,); none where there is none."""
    values, counts = np.unique(packed[inside & (packed > 0)], return_counts=True)
    if len(values):
        return _opaque(values[counts.argmax()])
    rows, columns = np.nonzero(packed)
    if not len(rows):
        return np.zeros(4, np.uint8)
    row, column = np.argwhere(inside).mean(axis=0)
    nearest = int(((rows - row) ** 2 + (columns - column) ** 2).argmin())
    return _opaque(packed[rows[nearest], columns[nearest]])


def _opaque(packed: np.int32) -> U8:
    return np.append(unpack_rgb(np.asarray(packed - 1)), 255).astype(np.uint8)
