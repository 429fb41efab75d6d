"""Reads each area's colour off a finished colouring of the same drawing (`--reference`).

Each area takes its commonest colour there, away from ink: light and shadow are minorities, and ink is left out. What
trapped balls alone divide, and only shadow tells apart, is one. An area that holds several large colours of different
hue, which no shadow explains and no line divides, is divided between them.

Where a line of the colouring runs through an area, or the ground around its figure lies in it, that part was drawn
otherwise: its colour is left to others to say.
"""

from typing import NamedTuple

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F64, U8, Index, Labels, Mask
from pipelines.core.imaging.colours import pack_rgb, srgb_to_lab, unpack_rgb
from pipelines.flatting.dense_hints import keep_apart
from pipelines.flatting.reading import LineReading
from pipelines.flatting.references.alignment import layer_over_white
from pipelines.segmentation.label_maps import label_boxes, map_labels, row_runs

_DEPTH = 2.5  # px: as deep in an area pixels count, or half as deep as it gets
_BIN = 16  # levels of a channel that count as one colour
_EXACT = 0.3  # of a bin: a colour that has as much is flat, else the mean of the bin counts
_LARGE = 0.12  # of an area: a colour of its own
_SOME = 0.05  # of an area: a colour that it has
_INK = 48  # levels: as dark is ink, where the area has anything else
_ALL_INK = 0.75  # of an area: it is black
_LINE = 0.03  # of an area: ink of the colouring that runs through it
_HUE, _CHROMA, _LIGHTNESS = 28.0, 30.0, 60.0  # CIELAB: what differs by less is light and shadow
_FLAT = 0.85  # of the paper that has its area's commonest colour: the colouring is not shaded
_SAME = 6  # levels
_PAPER = 250  # level: white paper
_GROUND = 12  # levels: what differs no more from the picture's border, and reaches it, is its ground
_OUTLINED = 0.5  # of the drawing's ink that is dark in the colouring: it has lines, which keep its ground out


class FineAreas(NamedTuple):
    """A drawing's areas on paper, however small: regions that slivers were joined to are taken apart again."""

    labels: Labels  # (H, W), 1..n, 0 on ink
    outside: Mask  # (n + 1,), which may be outside the figure
    piece: Index  # (n + 1,), the connected paper that each is part of


class ReferenceHints(NamedTuple):
    """What a finished colouring says of a drawing."""

    hints: U8  # RGBA (H, W, 4): each area's colour on all of its paper; none on paper outside that stays paper
    doubtful: Mask  # (H, W), areas that were drawn otherwise there, without hints
    is_flat: bool  # whether it has no light and shadow inside areas


class _Shades(NamedTuple):
    """The colours of areas, an entry for each colour in each area."""

    area: Index  # (n,)
    colour: U8  # (n, 3)
    px: F64  # (n,)


def hints_of_areas(reading: LineReading, layer: U8) -> ReferenceHints:
    """Return each area's colour in a colouring that lies over the drawing, RGBA (H, W, 4)."""
    areas, rgb = fine_areas(reading), layer_over_white(layer)
    inner = _inner_pixels(reading, areas.labels)
    shades = _shades(areas.labels, rgb, inner)
    colours, known = commonest_colours(shades, len(areas.outside))
    _join_shadows(shades, colours, known, areas)
    several = _several_paints(shades, colours, known)
    doubtful = _doubtful(reading, areas, rgb, inner=inner, several=several)
    hints = np.column_stack([colours, np.where(known & ~doubtful, 255, 0)]).astype(np.uint8)
    hints[(areas.outside & (colours.min(axis=1) >= _PAPER)) | (hints[:, 3] == 0)] = 0
    result = map_labels(hints, areas.labels)
    boxes = label_boxes(areas.labels)
    for area, paints in several.items():
        if not doubtful[area]:
            _divide(result, areas.labels, rgb, area=area, window=boxes.window(area), paints=paints)
    own = map_labels(colours, areas.labels)
    inner &= ~map_labels(areas.outside | doubtful, areas.labels)
    near = np.abs(rgb[inner].astype(np.int16) - own[inner]).max(axis=1, initial=0) <= _SAME
    is_flat = not len(near) or float(near.mean()) >= _FLAT
    return ReferenceHints(keep_apart(result, areas.labels), map_labels(doubtful, areas.labels), is_flat)


def fine_areas(reading: LineReading) -> FineAreas:
    """Return a drawing's areas on paper."""
    _, pieces = cv2.connectedComponents(reading.paper, connectivity=4, ltype=cv2.CV_32S)
    regions = reading.areas.labels * reading.paper
    span = int(regions.max()) + 1
    key = (pieces.astype(np.int64) * span + regions) * (regions > 0)
    runs = row_runs(key)
    values, which = np.unique(np.append(key.reshape(-1)[runs.start], 0), return_inverse=True)
    labels = np.repeat(which[:-1], runs.length).reshape(key.shape).astype(np.int32)
    outside = reading.areas.outside[values % span] & (values > 0)
    return FineAreas(labels, outside, (values // span).astype(np.intp))


def _inner_pixels(reading: LineReading, areas: Labels) -> Mask:
    """Tell which pixels say what colour an area has, bool (H, W): those well away from ink, or the deepest."""
    depth = np.asarray(cv2.distanceTransform(reading.paper, cv2.DIST_L2, 5), np.float32)
    deepest = np.zeros(int(areas.max()) + 1, np.float32)
    np.maximum.at(deepest, areas.reshape(-1), depth.reshape(-1))
    least = np.minimum(_DEPTH, np.maximum(deepest / 2, np.minimum(deepest, 1.0)))
    return np.asarray((depth >= map_labels(least, areas)) & (areas > 0))


def _shades(areas: Labels, rgb: U8, counts: Mask) -> _Shades:
    key = areas[counts].astype(np.int64) << 24 | pack_rgb(rgb[counts])
    values, px = np.unique(key, return_counts=True)
    area, colour = (values >> 24).astype(np.intp), unpack_rgb(values & 0xFFFFFF)
    is_ink = colour.astype(np.intp).max(axis=1) < _INK
    total = np.bincount(area, px)
    ink = np.bincount(area, px * is_ink, len(total))
    kept = ~is_ink | (ink[area] > _ALL_INK * total[area])  # an area that is black is black
    return _Shades(area[kept], colour[kept], px[kept].astype(np.float64))


def commonest_colours(shades: _Shades, count: int) -> tuple[U8, Mask]:
    """Return the commonest colour of each of `count` areas, uint8 (count, 3), white where none is known, and where."""
    best = np.zeros(count)
    chosen = np.full((count, 3), 255, np.uint8)
    for offset in (0, _BIN // 2):
        bins = _bin_of(shades.colour, offset)
        values, which = np.unique(shades.area.astype(np.int64) << 15 | bins, return_inverse=True)
        px = np.asarray(np.bincount(which, shades.px, len(values)), np.float64)
        colour = _colour_of_bins(shades, which, px)
        area = (values >> 15).astype(np.intp)
        order = np.lexsort((-np.arange(len(values)), px))  # of each area the commonest comes last
        top = np.zeros(count, np.intp)
        top[area[order]] = order
        present = np.unique(area)
        better = present[px[top[present]] > best[present]]
        best[better], chosen[better] = px[top[better]], colour[top[better]]
    return chosen, best > 0


def _bin_of(colour: U8, offset: int) -> Index:
    red, green, blue = ((colour.astype(np.intp) + offset) // _BIN).T
    return np.asarray((red * 32 + green) * 32 + blue)


def _colour_of_bins(shades: _Shades, which: Index, px: F64) -> U8:
    """Return the colour of each bin, uint8 (bins, 3): the commonest in it where it is flat, else the mean."""
    order = np.lexsort((shades.px, which))
    last = np.zeros(len(px), np.intp)
    last[which[order]] = order  # the commonest entry of each bin
    mean = np.stack([np.bincount(which, shades.px * shades.colour[:, c], len(px)) for c in range(3)], axis=1)
    flat = shades.px[last] >= _EXACT * px
    return np.where(flat[:, None], shades.colour[last], np.rint(mean / px[:, None])).astype(np.uint8)


# areas that are not of one colour


def _join_shadows(shades: _Shades, colours: U8, known: Mask, areas: FineAreas) -> None:
    """Give parts of one piece of paper, whose colour is a shadow of its largest part's, that colour, in place."""
    size = np.bincount(areas.labels.reshape(-1), minlength=len(colours))
    largest = np.zeros(int(areas.piece.max()) + 1, np.intp)
    order = np.argsort(size, kind="stable")
    largest[areas.piece[order]] = order
    main = largest[areas.piece]
    differs = known & known[main] & (np.abs(colours.astype(np.int16) - colours[main]).max(axis=1) > _SAME)
    before = colours.copy()
    for area in np.flatnonzero(differs).tolist():
        own, other = before[area], before[main[area]]
        if is_other_paint(own[None], other)[0]:
            continue
        if max(_share(shades, int(main[area]), own), _share(shades, area, other)) >= _SOME:
            colours[area] = other


def _share(shades: _Shades, area: int, colour: U8) -> float:
    """Return which share of an area's pixels has a colour, 0..1."""
    at = slice(*np.searchsorted(shades.area, [area, area + 1]))
    near = np.abs(shades.colour[at].astype(np.int16) - colour).max(axis=1, initial=0) < _BIN
    return float(shades.px[at][near].sum() / max(shades.px[at].sum(), 1))


def _doubtful(reading: LineReading, areas: FineAreas, rgb: U8, *, inner: Mask, several: dict[int, U8]) -> Mask:
    """Tell which areas, (n + 1,), the colouring does not show as they are."""
    count = len(areas.outside)
    total = np.maximum(np.bincount(areas.labels[inner], minlength=count), 1)
    dark = rgb.max(axis=2) < _INK
    doubtful = np.zeros(count, bool)
    doubtful[list(several)] = True
    doubtful &= np.bincount(areas.labels[inner & dark], minlength=count) > _LINE * total
    ink = (reading.lines < 128) & (reading.paper == 0)
    if np.count_nonzero(dark & ink) >= _OUTLINED * np.count_nonzero(ink):
        in_ground = np.bincount(areas.labels[inner & ground_of(rgb)], minlength=count)
        doubtful |= (in_ground > 0.5 * total) & ~_on_paper_outside(areas)
    return np.asarray(doubtful & ~areas.outside, bool)


def _on_paper_outside(areas: FineAreas) -> Mask:
    """Tell which areas, (n + 1,), no ink divides from the paper outside, though a gap between them is narrow."""
    reaching = np.zeros(int(areas.piece.max()) + 1, bool)
    reaching[areas.piece[areas.outside]] = True
    return np.asarray(reaching[areas.piece])


def ground_of(rgb: U8) -> Mask:
    """Tell which pixels of a picture have the commonest colour of its border and reach it, bool (H, W)."""
    border = np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]])
    values, counts = np.unique(pack_rgb(border), return_counts=True)
    colour = unpack_rgb(values[counts.argmax()])
    alike = np.asarray(np.abs(rgb.astype(np.int16) - colour).max(axis=2) <= _GROUND, np.uint8)
    _, parts = cv2.connectedComponents(alike, connectivity=4, ltype=cv2.CV_32S)
    reaching = np.zeros(int(parts.max()) + 1, bool)
    reaching[np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]])] = True
    reaching[0] = False
    return np.asarray(reaching[parts], bool)


def _several_paints(shades: _Shades, colours: U8, known: Mask) -> dict[int, U8]:
    """Return for areas that hold several large colours, which no light or shadow explains, those colours, (k, 3)."""
    total = np.bincount(shades.area, shades.px, len(colours))
    own = np.abs(shades.colour.astype(np.int16) - colours[shades.area]).max(axis=1) < _BIN
    is_mixed = known & (np.bincount(shades.area, shades.px * own, len(colours)) < (1 - _LARGE) * total)
    several = {}
    for area in np.flatnonzero(is_mixed).tolist():
        at = slice(*np.searchsorted(shades.area, [area, area + 1]))
        paints = _paints(shades.colour[at], shades.px[at], colours[area])
        if len(paints) > 1:
            several[area] = paints
    return several


def _paints(colour: U8, px: F64, commonest: U8) -> U8:
    """Return the colours, (k, 3), of which an area has much, the commonest first, all of them different paints."""
    paints, total = [commonest], px.sum()
    left = is_other_paint(colour, commonest)
    while px[left].sum() >= _LARGE * total:
        of_one_area = _Shades(np.zeros(np.count_nonzero(left), np.intp), colour[left], px[left])
        paint = commonest_colours(of_one_area, 1)[0][0]
        near = np.abs(colour.astype(np.int16) - paint).max(axis=1) < _BIN
        if px[near].sum() >= _LARGE * total:
            paints.append(paint)
        left &= is_other_paint(colour, paint) & ~near
    return np.array(paints, np.uint8)


def is_other_paint(colours: U8, paint: U8) -> Mask:
    """Tell which colours, (n, 3), differ from one, (3,), as paints do: in hue, in chroma or very much in lightness."""
    (l1, a1, b1), (l2, a2, b2) = srgb_to_lab(colours).T, srgb_to_lab(paint)
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    in_hue = 2 * np.sqrt(c1 * c2) * np.abs(np.sin((np.arctan2(b1, a1) - np.arctan2(b2, a2)) / 2))
    return np.asarray((in_hue > _HUE) | (np.abs(c1 - c2) > _CHROMA) | (np.abs(l1 - l2) > _LIGHTNESS))


def _divide(hints: U8, areas: Labels, rgb: U8, *, area: int, window: tuple[slice, slice], paints: U8) -> None:
    """Lay the nearest of several paints on each pixel of an area, in place, in hints, RGBA (H, W, 4)."""
    inside = areas[window] == area
    away = np.abs(rgb[window][..., None, :].astype(np.int16) - paints).sum(axis=-1)
    nearest = cv2.medianBlur(away.argmin(axis=-1).astype(np.uint8), 5)
    colour = np.dstack([paints[nearest], np.full(nearest.shape, 255, np.uint8)])
    hints[window][inside] = colour[inside]
