"""Inked lines of varying width: how wide a line is along a curve, and the polygons that cover it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from _monster_curves import Pair, Points, arc_length, normals

Floats = npt.NDArray[np.float64]

TAPER = 0.035
"""Length over which a free end of a line tapers, on the canvas."""


@dataclass(frozen=True)
class LineStyle:
    """How lines look; widths in units of the canvas."""

    width: float  # full width of a line of weight 1
    outer: float  # added outside the silhouette of the whole figure
    pressure: float  # how much wider lines are on the side away from the light, 0..1
    grain: float = 0.0  # depth of the paper's grain in the line, 0..1
    coloured: bool = False  # each line in a dark tone of the area it surrounds


STYLES: dict[str, LineStyle] = {
    "ink": LineStyle(width=0.0082, outer=0.0040, pressure=0.45),
    "thin": LineStyle(width=0.0052, outer=0.0, pressure=0.0),
    "thick": LineStyle(width=0.0125, outer=0.0060, pressure=0.35),
    "pencil": LineStyle(width=0.0074, outer=0.0012, pressure=0.60, grain=0.62),
    "coloured": LineStyle(width=0.0084, outer=0.0030, pressure=0.45, coloured=True),
}


def outline_width(outline: Points, light: Pair, style: LineStyle, *, open_root: bool) -> Floats:
    """Return the width at each point of an area's outline, in line weights: heavier away from the light."""
    away = normals(outline, closed=True) @ -np.asarray(light)
    swing = 0.10 * np.sin(outline @ np.array([23.0, 17.0]))
    width = 1 - 0.45 * style.pressure + style.pressure * (np.maximum(0, _calm(away)) + swing)
    if open_root:
        run = arc_length(outline, closed=False)
        width = width * _ends(run, TAPER, 0.30)
    return np.asarray(width, dtype=np.float64)


def line_width(curve: Points, style: LineStyle) -> Floats:
    """Return the width at each point of a bare line, in line weights: it swells in the middle."""
    run = arc_length(curve, closed=False)
    reach = max(1e-6, min(2.5 * TAPER, 0.5 * float(run[-1])))
    return np.asarray(0.75 + 0.4 * style.pressure * _ends(run, reach, 0.0)) * _ends(run, reach, 0.35)


def _calm(values: Floats) -> Floats:
    """Return cyclic values averaged over nine neighbours, so that fur does not make the line flicker."""
    ring = np.concatenate([values[-4:], values, values[:4]]) if len(values) > 8 else np.pad(values, 4, mode="edge")
    return np.convolve(ring, np.ones(9) / 9, mode="valid")


def _ends(run: Floats, reach: float, least: float) -> Floats:
    """Return a factor that rises from `least` at both ends of a line to 1 within `reach`."""
    inside = np.minimum(run, run[-1] - run) / reach
    rise = np.sin(np.clip(inside, 0, 1) * np.pi / 2)
    return np.asarray(least + (1 - least) * rise, dtype=np.float64)


def pieces(curve: Points, half: Floats, *, closed: bool) -> Iterator[tuple[Points, Floats]]:
    """Yield the runs of a line that are drawn (half width above 0), with their half widths."""
    if closed:
        start = int(np.argmin(half))
        curve, half = np.roll(curve, -start, axis=0), np.roll(half, -start)
        curve, half = np.concatenate([curve, curve[:1]]), np.concatenate([half, half[:1]])
    drawn = half > 0
    edges = np.flatnonzero(np.diff(drawn.astype(np.int8))) + 1
    for run in np.split(np.arange(len(curve)), edges):
        if drawn[run[0]] and len(run) > 1:
            yield curve[run], half[run]


def ribbons(curve: Points, half: Floats) -> Iterator[Points]:
    """Yield polygons that together cover a line: ribbons between sharp turns."""
    step = np.diff(curve, axis=0)
    length = np.hypot(step[:, 0], step[:, 1])
    keep = np.concatenate([[True], length > 1e-9])
    curve, half, step, length = curve[keep], half[keep], step[length > 1e-9], length[length > 1e-9]
    if len(curve) < 2:
        return
    normal = np.stack([step[:, 1], -step[:, 0]], axis=1) / length[:, None]
    cuts = joints(curve, half)
    for start, stop in pairwise(cuts):
        yield _ribbon(curve[start : stop + 1], half[start : stop + 1], normal[start:stop])


def joints(curve: Points, half: Floats) -> list[int]:
    """Return the points where a line must be cut into ribbons: too sharp a turn, or much turning since the last cut."""
    step = np.diff(curve, axis=0)
    heading = np.arctan2(step[:, 1], step[:, 0])
    turn = np.abs((np.diff(heading) + np.pi) % (2 * np.pi) - np.pi)
    length = np.hypot(step[:, 0], step[:, 1])
    tight = turn * np.maximum(half[1:-1], 1e-9) > 0.8 * np.minimum(length[1:], length[:-1])
    cuts, turned = [0], 0.0
    for i in range(len(turn)):
        turned += float(turn[i])
        if tight[i] or turned > 1.2:
            cuts.append(i + 1)
            turned = 0.0
    return [*cuts, len(curve) - 1]


def _ribbon(curve: Points, half: Floats, normal: Points) -> Points:
    """Return one ribbon's polygon; at inner points it uses the mean of the two normals."""
    across = np.empty_like(curve)
    across[0], across[-1] = normal[0], normal[-1]
    if len(curve) > 2:
        across[1:-1] = normal[1:] + normal[:-1]
        across[1:-1] /= np.maximum(np.hypot(across[1:-1, 0], across[1:-1, 1]), 1e-9)[:, None]
    side = across * half[:, None]
    return np.concatenate([curve + side, (curve - side)[::-1]])
