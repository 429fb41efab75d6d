"""Moves the areas of a colouring to other flat colours, with the shading around them: colour + (target - flat)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np

from pipelines.core.imaging.arrays import U8, Labels, Mask
from pipelines.core.imaging.colours import WHITE, Rgb, as_rgb, pack_rgb, pairwise_ciede2000, unpack_rgb
from pipelines.flatting.areas import AreaMap
from pipelines.inference.types import ColorResult
from pipelines.segmentation.label_maps import map_labels

TargetColours = Mapping[int, tuple[Rgb, ...]]  # by area: its colour, or those among which its parts choose

INK = 0
"""The lines, in place of an area."""


def recolour(painting: ColorResult, areas: AreaMap, targets: TargetColours) -> ColorResult:
    """Move a colouring's areas to their target colours, with the shading around their flat colour.

    Parts of an area that were painted in several colours each take the nearest of their targets; outside the figure
    white is among them, and what becomes white there is background.
    """
    count = len(areas.outside)
    painted = pack_rgb(painting.flats)
    # Each pixel's colour follows from its own flat colour and its area. One colour of each area, its last pixel's, is
    # looked up for all of its pixels at once, the others after it: which one that is changes nothing but the time.
    last = np.zeros(count, np.int32)
    last[areas.labels.reshape(-1)] = painted.reshape(-1)
    table = unpack_rgb(last)
    for area, colours in targets.items():
        if 0 < area < count:
            table[area] = _choose(colours, as_rgb(table[area]), outside=bool(areas.outside[area]))
    flat = map_labels(table, areas.labels)
    others = np.nonzero(painted != last[areas.labels])
    flat[others] = _recolour_pixels(painted[others], areas.labels[others], areas.outside, targets)
    shading = cv2.subtract(painting.colour, painting.flats, dtype=cv2.CV_16S)
    colour = np.asarray(cv2.add(shading, flat, dtype=cv2.CV_8U), np.uint8)
    changed = (flat != painting.flats).any(axis=2) & map_labels(areas.outside, areas.labels)
    background = np.asarray(np.where(changed, (flat == 255).all(axis=2), painting.background), bool)
    colour[background] = 255
    ink = np.array(targets[INK][0], np.uint8) if INK in targets else painting.ink
    return replace(painting, colour=colour, flats=flat, background=background, ink=ink)


def _recolour_pixels(painted: Labels, labels: Labels, outside: Mask, targets: TargetColours) -> U8:
    """Return the colours, (m, 3), of pixels by their packed flat colours, (m,), and their areas, (m,)."""
    key = labels.astype(np.int64) << 24 | painted
    begins = np.flatnonzero(np.diff(key, prepend=-1))  # of runs of the same: pixels are far more
    values, which = np.unique(key[begins], return_inverse=True)
    chosen = unpack_rgb(values)
    for place, area in enumerate((values >> 24).tolist()):
        colours = targets.get(area) if area != INK else None  # the ink's colour is for no pixel
        if colours:
            chosen[place] = _choose(colours, as_rgb(chosen[place]), outside=bool(outside[area]))
    return np.asarray(chosen[np.repeat(which, np.diff(begins, append=len(key)))], np.uint8)


def _choose(colours: Sequence[Rgb], painted: Rgb, *, outside: bool) -> Rgb:
    """Return the target colour that is nearest to what was painted; outside the figure it may be white too."""
    offered = [*colours, WHITE] if outside else list(colours)
    if len(offered) == 1:
        return offered[0]
    return offered[int(pairwise_ciede2000([painted], offered)[0].argmin())]


def encode_targets(targets: TargetColours) -> bytes:
    """Turn the colours that areas get into JSON."""
    return json.dumps([[area, [list(colour) for colour in colours]] for area, colours in targets.items()]).encode()


def decode_targets(data: bytes) -> dict[int, tuple[Rgb, ...]]:
    """Turn JSON that `encode_targets` wrote into the colours of areas."""
    return {area: tuple((r, g, b) for r, g, b in colours) for area, colours in json.loads(data)}
