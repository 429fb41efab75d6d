"""Moves the areas of a painting to other flat colours, with the shading around them: colour + (wanted - flat)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.models._alike import WHITE, Colour, apart
from pipelines.models._guided import Areas
from pipelines.models._painters import Painting
from pipelines.regions.trapped_ball import look_up

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Labels = NDArray[np.int32]
Wanted = Mapping[int, tuple[Colour, ...]]  # by area: its colour, or those among which its parts choose

INK = 0
"""The lines, in place of an area."""


def recoloured(painting: Painting, areas: Areas, wanted: Wanted) -> Painting:
    """Move a painting's areas to the colours wanted, with the shading around their flat colour.

    Parts of an area that were painted in several colours each take the nearest of those wanted; outside the figure
    white is among them, and what becomes white there is background.
    """
    count = len(areas.outside)
    painted = packed(painting.flat)
    # Each pixel's colour follows from its own flat colour and its area. One colour of each area, its last pixel's, is
    # looked up for all of its pixels at once, the others after it: which one that is changes nothing but the time.
    last = np.zeros(count, np.int32)
    last[areas.labels.reshape(-1)] = painted.reshape(-1)
    table = np.stack([last >> 16 & 255, last >> 8 & 255, last & 255], axis=1).astype(np.uint8)
    for area, colours in wanted.items():
        if 0 < area < count:
            table[area] = _chosen(colours, table[area], outside=bool(areas.outside[area]))
    flat: Bytes = look_up(table, areas.labels)
    others = np.nonzero(painted != last[areas.labels])
    flat[others] = _parts(painting.flat[others], areas.labels[others], areas.outside, wanted)
    shading = cv2.subtract(painting.colour, painting.flat, dtype=cv2.CV_16S)
    colour = np.asarray(cv2.add(shading, flat, dtype=cv2.CV_8U), np.uint8)
    changed = (flat != painting.flat).any(axis=2) & look_up(areas.outside, areas.labels)
    background = np.asarray(np.where(changed, (flat == 255).all(axis=2), painting.background), bool)
    colour[background] = 255
    ink = np.array(wanted[INK][0], np.uint8) if INK in wanted else painting.ink
    return replace(painting, colour=colour, flat=flat, background=background, ink=ink)


def _parts(flat: Bytes, labels: Labels, outside: Bools, wanted: Wanted) -> Bytes:
    """Return the colours wanted for pixels, (m, 3), whose flat colour is not that of their area's last one."""
    key = labels.astype(np.int64) << 24 | packed(flat)
    begins = np.flatnonzero(np.diff(key, prepend=-1))  # of runs of the same: pixels are far more
    values, which = np.unique(key[begins], return_inverse=True)
    chosen = np.zeros((len(values), 3), np.uint8)
    for place, value in enumerate(values.tolist()):
        area, colour = value >> 24, np.array(unpacked(value), np.uint8)
        colours = wanted.get(area) if area != INK else None  # the ink's colour is for no pixel
        chosen[place] = colour if not colours else _chosen(colours, colour, outside=bool(outside[area]))
    return np.asarray(chosen[np.repeat(which, np.diff(begins, append=len(key)))], np.uint8)


def _chosen(colours: Sequence[Colour], painted: Bytes, *, outside: bool) -> Colour:
    """The nearest of the colours wanted to what was painted; outside the figure it may be white too."""
    offered = [*colours, WHITE] if outside else list(colours)
    if len(offered) == 1:
        return offered[0]
    known = (int(painted[0]), int(painted[1]), int(painted[2]))
    return offered[int(apart([known], offered)[0].argmin())]


def packed(colours: Bytes) -> NDArray[np.int32]:
    """Return each colour, uint8 (..., 3), as one number."""
    parts = colours.astype(np.int32)
    return np.asarray(parts[..., 0] << 16 | parts[..., 1] << 8 | parts[..., 2])


def unpacked(value: int) -> Colour:
    """Return the colour of a number that `packed` made, in its 24 lowest bits."""
    return value >> 16 & 255, value >> 8 & 255, value & 255


def encode_wanted(wanted: Wanted) -> bytes:
    """Turn the colours that areas get into JSON."""
    return json.dumps([[area, [list(colour) for colour in colours]] for area, colours in wanted.items()]).encode()


def decode_wanted(data: bytes) -> dict[int, tuple[Colour, ...]]:
    """Turn JSON that `encode_wanted` wrote into the colours of areas."""
    return {area: tuple((r, g, b) for r, g, b in colours) for area, colours in json.loads(data)}
