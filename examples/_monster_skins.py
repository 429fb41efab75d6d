"""What is painted on bodies and worn on them: bellies, spots, stripes, scales, stitches, scarves, ties."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from _monster_curves import (
    SIDES,
    Pair,
    Points,
    cone,
    drawn,
    ellipse,
    half_width,
    mirror,
    points,
    ripple,
    rotate,
    smooth,
    toward,
)
from _monster_growths import UP, bow, placed
from _monster_model import Part, Sketch

Circle = tuple[float, float, float]  # x, y, radius


def belly(
    s: Sketch, body: Points, top: float, *, kinds: str = "patch plates oval patch", wide: float = 0.66
) -> list[Part]:
    """Return a belly on the lower body from height `top` down: "patch", "plates", "oval" or "fluff"."""
    bottom = float(body[:, 1].max())
    middle, half = half_width(body, top + 0.55 * (bottom - top))
    kind, tall = s.pick(kinds), bottom - top
    if kind == "oval":
        return [Part("belly", ellipse((middle, top + tall / 2), 0.9 * wide * half, 0.42 * tall), "belly", 0.75)]
    rx = wide * half
    patch = ellipse((middle, top + 0.62 * tall), rx, 0.62 * tall, power=2.3)
    if kind == "fluff":
        patch = ripple(patch, 11, 0.10 * rx)
    heights = np.linspace(top, bottom, s.count(4, 6))[1:-1].tolist() if kind == "plates" else []
    return [Part("belly", patch, "belly", 0.75, marks=tuple(plate_line(middle, 1.2 * rx, y) for y in heights))]


def plate_line(middle: float, half: float, y: float) -> Part:
    """Return the edge of a belly plate, sagging a little."""
    line = smooth([(middle - half, y - 0.03), (middle, y + 0.05), (middle + half, y - 0.03)], closed=False)
    return Part("plate-line", line, weight=0.6)


def _scattered(
    s: Sketch, body: Points, avoid: Sequence[Circle], *, size: float, low: float, gap: float, most: int
) -> list[Circle]:
    """Return circles of radius size * (low..1) in a body's box, clear of the circles to avoid and of each other."""
    (x0, y0), (x1, y1) = body.min(axis=0), body.max(axis=0)
    found: list[Circle] = []
    for _ in range(70):
        x, y, r = s.between(float(x0), float(x1)), s.between(float(y0), float(y1)), size * s.between(low, 1.0)
        near = [np.hypot(x - cx, y - cy) < r + cr + gap * size for cx, cy, cr in (*avoid, *found)]
        if not any(near) and len(found) < most:
            found.append((x, y, r))
    return found


def spots(
    s: Sketch,
    body: Points,
    avoid: Sequence[Circle] = (),
    *,
    role: str = "second",
    size: float = 0.16,
    tone: bool = False,
) -> list[Part]:
    """Return spots scattered over a body, clear of the circles to avoid and of each other."""
    marks = []
    for x, y, r in _scattered(s, body, avoid, size=size, low=0.35, gap=0.35, most=11):
        blob = ellipse((x, y), r, r * s.between(0.75, 1.0), turn=s.between(-0.6, 0.6))
        marks.append(Part("spot", blob, role, 0.0 if tone else 0.65, tone=tone))
    return marks


def stripes(
    s: Sketch, body: Points, top: float, bottom: float, *, role: str = "second", reach: float = 0.42, tone: bool = False
) -> list[Part]:
    """Return tapered stripes that reach inwards from both edges of a body."""
    count, marks = s.count(3, 4), []
    gap = (bottom - top) / count
    for side in SIDES:
        for y in np.linspace(top + gap / 2, bottom - gap / 2, count).tolist():
            middle, half = half_width(body, y)
            tip = (half * (1 - reach * s.between(0.8, 1.15)), y + 0.12 * gap)
            shape = cone((1.15 * half, y - 0.30 * gap), (1.15 * half, y + 0.26 * gap), tip, bulge=0.06)
            outline = mirror(shape, side) + points([(middle, 0.0)])
            marks.append(Part("stripe", outline, role, 0.0 if tone else 0.65, tone=tone))
    return marks


def crown_stripes(body: Points, length: float) -> list[Part]:
    """Return three tapered stripes from the top of a head down."""
    (x, y), _ = toward(body, UP)
    shapes = [cone((x + d - 0.085, y - 0.1), (x + d + 0.085, y - 0.1), (x + d, y + k * length)) for d, k in _CROWN]
    return [Part("stripe", shape, "second", 0.65) for shape in shapes]


_CROWN = ((-0.24, 0.75), (0.0, 1.0), (0.24, 0.75))


def scales(s: Sketch, body: Points, avoid: Sequence[Circle], *, size: float = 0.09) -> list[Part]:
    """Return small clusters of scale ticks."""
    marks = []
    for x, y, _ in _scattered(s, body, avoid, size=1.3 * size, low=1.0, gap=0.8, most=6):
        middle, half = half_width(body, y)
        if abs(x - middle) > half - 1.9 * size:
            continue  # half a scale at the edge would look like a slip of the pen
        for dx, dy in ((-0.65, 0.0), (0.65, 0.0), (0.0, 0.62)):
            tick = drawn("-1,-.3 -.5,.35 0,.5 .5,.35 1,-.3", 0.6 * size, (x + dx * size, y + dy * size), closed=False)
            marks.append(Part("scale", tick, weight=0.55))
    return marks


def pattern(
    s: Sketch, body: Points, avoid: Sequence[Circle], top: float, bottom: float, *, size: float = 0.16
) -> list[Part]:
    """Return a pattern for a body: spots, stripes or scales, outlined or only in the shaded picture, or nothing."""
    kind = s.pick("spots tone-spots stripes tone-stripes scales crown none")
    if kind == "spots":
        return spots(s, body, avoid, size=size)
    if kind == "tone-spots":
        return spots(s, body, avoid, role=s.pick("tone glow"), size=1.2 * size, tone=True)
    if kind == "stripes":
        return stripes(s, body, top, bottom)
    if kind == "tone-stripes":
        return stripes(s, body, top, bottom, role="tone", tone=True, reach=0.5)
    if kind == "scales":
        return scales(s, body, avoid)
    return crown_stripes(body, 0.22) if kind == "crown" else []


def stitches(at: Pair, length: float, turn: float) -> list[Part]:
    """Return a sewn-up scar."""
    line = drawn("-.5,0 0,.06 .5,0", length, at, turn=turn, closed=False)
    crosses = [rotate(points([(x, -0.13), (x + 0.02, 0.19)]) * length, turn) + points([at]) for x in (-0.32, 0.0, 0.32)]
    return [Part("scar", line, weight=0.7), *(Part("stitch", cross, weight=0.6) for cross in crosses)]


def freckles(centre: Pair, spread: float, size: float) -> list[Part]:
    """Return three dots of ink."""
    places = [(centre[0] + x * spread, centre[1] + y * spread) for x, y in ((-0.5, 0.1), (0.0, -0.25), (0.5, 0.15))]
    return [Part("freckle", ellipse(place, size, 0.8 * size), "ink", 0.0) for place in places]


def scarf(s: Sketch, body: Points, y: float, *, depth: float = 2.6) -> None:
    """Wrap a scarf around a body at a height."""
    middle, half = half_width(body, y)
    wrap = drawn("-1.04,-.13 0,.05 1.04,-.13 1.08,.02 .98,.13 0,.26 -.98,.13 -1.08,.02", (half, 1.0), (middle, y))
    side = s.side()
    at = (middle + side * 0.30 * half, y + 0.12)
    threads = [
        mirror(points([(0.05 + 0.09 * i, 0.47), (0.06 + 0.09 * i, 0.7)]), side) + points([at]) for i in (1, 2, 3)
    ]
    fringe = tuple(Part("fringe", thread, weight=0.55) for thread in threads)
    end = drawn("0,0! .22,0! .3,.3 .34,.56! .06,.6! .02,.3", at=at, side=side)
    s.add(depth, Part("scarf-end", end, "accent", 0.85, marks=fringe, cast=0.01))
    s.add(depth, Part("scarf", wrap, "accent", 0.85, cast=0.01))


def bow_tie(s: Sketch, at: Pair, size: float, *, depth: float = 2.6) -> None:
    """Tie a bow under a chin."""
    s.add(depth, *(placed(part, at, size) for part in bow()))
