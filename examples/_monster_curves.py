"""Curves that the monsters are drawn with: smooth outlines, tubes, fur and scallops, as dense lists of points.

Points are float64 (n, 2), x to the right and y down, in any unit; a closed outline does not repeat its first point.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
Pair = tuple[float, float]

SIDES: tuple[float, float] = (-1.0, 1.0)
"""Left and right of the picture."""

STEP = 0.014
"""Wanted distance between neighbouring points of a curve, in the unit of the body (about two units high)."""


def points(rows: Sequence[Pair] | Points) -> Points:
    """Return the rows as float64 (n, 2)."""
    return np.asarray(rows, dtype=np.float64).reshape(-1, 2)


def drawn(
    path: str,
    scale: float | Pair = 1.0,
    at: Pair = (0.0, 0.0),
    *,
    side: float = 1.0,
    turn: float = 0.0,
    closed: bool = True,
) -> Points:
    """Return the smooth curve through knots written as "x,y x,y ..."; "x,y!" is a corner.

    The knots are scaled, flipped left to right where `side` is negative, turned by `turn` radians and moved to `at`.
    """
    words = path.split()
    rows = [tuple(float(number) for number in word.rstrip("!").split(",")) for word in words]
    corners = [place for place, word in enumerate(words) if word.endswith("!")]
    knot = mirror(np.asarray(rows, dtype=np.float64) * scale, side)
    return smooth(rotate(knot, turn) + points([at]), closed=closed, corners=corners)


def smooth(knots: Sequence[Pair] | Points, *, closed: bool = True, corners: Collection[int] = ()) -> Points:
    """Return the centripetal Catmull-Rom curve through the knots; it turns sharply at the knots numbered in `corners`.

    Centripetal means that the parameter grows by the root of each chord, which keeps the curve free of loops
    (Yuksel, Schaefer, Keyser 2011, doi:10.1016/j.cad.2010.08.008).
    """
    knot = points(knots)
    leave, arrive = _tangents(knot, closed, corners)
    count = len(knot) if closed else len(knot) - 1
    pieces = []
    for i in range(count):
        j = (i + 1) % len(knot)
        pieces.append(_hermite(knot[i], knot[j], leave[i], arrive[j]))
    if not closed:
        pieces.append(knot[-1:])
    return np.concatenate(pieces)


def _tangents(knot: Points, closed: bool, corners: Collection[int]) -> tuple[Points, Points]:
    """Return the tangent with which the curve leaves each knot and the one with which it arrives there."""
    ahead, back = np.roll(knot, -1, axis=0) - knot, knot - np.roll(knot, 1, axis=0)
    root_ahead = np.sqrt(np.maximum(np.hypot(ahead[:, 0], ahead[:, 1]), 1e-9))[:, None]
    root_back = np.sqrt(np.maximum(np.hypot(back[:, 0], back[:, 1]), 1e-9))[:, None]
    speed = back / root_back - (ahead + back) / (root_ahead + root_back) + ahead / root_ahead
    leave, arrive = speed * root_ahead, speed * root_back
    sharp = sorted({*corners, *(() if closed else (0, len(knot) - 1))})
    leave[sharp], arrive[sharp] = ahead[sharp], back[sharp]
    return leave, arrive


def _hermite(start: Points, end: Points, leave: Points, arrive: Points) -> Points:
    """Return points of one cubic Hermite piece without its end point."""
    count = int(np.clip(np.ceil(np.hypot(*(end - start)) / STEP), 6, 90))
    t = (np.arange(count) / count)[:, None]
    return (
        (2 * t**3 - 3 * t**2 + 1) * start
        + (t**3 - 2 * t**2 + t) * leave
        + (3 * t**2 - 2 * t**3) * end
        + (t**3 - t**2) * arrive
    )


def ellipse(centre: Pair, rx: float, ry: float, *, turn: float = 0.0, power: float = 2.0) -> Points:
    """Return a superellipse |x/rx|^power + |y/ry|^power = 1 turned by `turn` radians; power 2 is an ellipse."""
    count = int(np.clip(2 * np.pi * max(rx, ry) / STEP, 30, 600))
    angle = 2 * np.pi * np.arange(count) / count
    cos, sin = np.cos(angle), np.sin(angle)
    x = rx * np.sign(cos) * np.abs(cos) ** (2 / power)
    y = ry * np.sign(sin) * np.abs(sin) ** (2 / power)
    return rotate(np.stack([x, y], axis=1), turn) + points([centre])


def rotate(curve: Points, angle: float, centre: Pair = (0.0, 0.0)) -> Points:
    """Return the curve turned by `angle` radians (clockwise on the screen) about a centre."""
    cos, sin = np.cos(angle), np.sin(angle)
    middle = points([centre])
    return np.asarray((curve - middle) @ np.array([[cos, sin], [-sin, cos]]) + middle, dtype=np.float64)


def mirror(curve: Points, side: float) -> Points:
    """Return the curve flipped left to right where `side` is negative."""
    return curve * points([(1.0 if side >= 0 else -1.0, 1.0)])


def arc_length(curve: Points, closed: bool) -> npt.NDArray[np.float64]:
    """Return the distance run from the first point to each point (and back to the first, when closed)."""
    ring = np.concatenate([curve, curve[:1]]) if closed else curve
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(ring, axis=0).T))])


def resample(curve: Points, count: int, *, closed: bool) -> Points:
    """Return `count` points at even distances along the curve."""
    run = arc_length(curve, closed)
    ring = np.concatenate([curve, curve[:1]]) if closed else curve
    wanted = np.linspace(0, run[-1], count, endpoint=not closed)
    return np.stack([np.interp(wanted, run, ring[:, axis]) for axis in (0, 1)], axis=1)


def normals(curve: Points, closed: bool) -> Points:
    """Return unit normals: outwards for a closed outline of either direction, to the left of an open curve."""
    along = np.roll(curve, -1, axis=0) - np.roll(curve, 1, axis=0) if closed else np.gradient(curve, axis=0)
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-12)[:, None]
    normal = np.stack([along[:, 1], -along[:, 0]], axis=1) / length
    outwards = float(np.sign(signed_area(curve))) or 1.0 if closed else 1.0
    return np.asarray(normal * outwards, dtype=np.float64)


def signed_area(outline: Points) -> float:
    """Return the area in square units, positive when the outline runs clockwise on the screen (y down)."""
    x, y = outline[:, 0], outline[:, 1]
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2)


def tube(
    path: Sequence[Pair] | Points, radii: Sequence[float], *, sharp: bool = False, round_root: bool = False
) -> Points:
    """Return the outline of a limb along a path, from the left of its root around the tip to the right of the root.

    The radii are spread evenly over the path and blended; the tip is a half circle, or a point when `sharp`; the
    root is flat, or a half circle too when `round_root`.
    """
    centre = smooth(path, closed=False)
    count = max(16, int(arc_length(centre, closed=False)[-1] / STEP))
    centre = _eased(resample(centre, count, closed=False), int(0.9 * max(radii) / STEP))
    along = np.linspace(0, 1, count)
    radius = np.interp(along, np.linspace(0, 1, len(radii)), radii)
    radius = _eased(np.stack([along, radius], axis=1), count // 8)[:, 1]
    if sharp:
        radius = radius * (1 - along**2.5)
    normal = normals(centre, closed=False)
    left = _without_loops(centre + normal * radius[:, None], centre)
    right = _without_loops(centre - normal * radius[:, None], centre)
    cap = centre[-1:] if sharp else _half_circle(centre[-1], normal[-1], radius[-1])
    root = _half_circle(centre[0], -normal[0], radius[0]) if round_root else centre[:0]
    return np.concatenate([left, cap, right[::-1], root])


def _eased(curve: Points, reach: int) -> Points:
    """Return an open curve averaged over `reach` neighbours each way, its ends kept: rounder elbows."""
    reach = min(reach, len(curve) // 3)
    if reach < 1:
        return curve
    before, after = 2 * curve[:1] - curve[reach:0:-1], 2 * curve[-1:] - curve[-2 : -reach - 2 : -1]
    padded = np.concatenate([before, curve, after])
    kernel = np.ones(2 * reach + 1) / (2 * reach + 1)
    return np.stack([np.convolve(padded[:, axis], kernel, mode="valid") for axis in (0, 1)], axis=1)


def _without_loops(edge: Points, centre: Points) -> Points:
    """Cut off the loops that an edge makes on the inside of a bend tighter than the limb is thick."""
    run = np.sum(np.diff(edge, axis=0) * np.diff(centre, axis=0), axis=1)
    if np.all(run > 0):
        return edge
    start, step = edge[:-1], np.diff(edge, axis=0)
    apart = start[None, :] - start[:, None]  # (i, j): from segment i to segment j
    cross = step[:, None, 0] * step[None, :, 1] - step[:, None, 1] * step[None, :, 0]
    cross = np.where(np.abs(cross) < 1e-15, np.inf, cross)
    at_i = (apart[..., 0] * step[None, :, 1] - apart[..., 1] * step[None, :, 0]) / cross
    at_j = (apart[..., 0] * step[:, None, 1] - apart[..., 1] * step[:, None, 0]) / cross
    meets = np.triu((at_i >= 0) & (at_i < 1) & (at_j >= 0) & (at_j < 1), k=2)
    keep, i = [edge[0]], 0
    while i < len(step):
        later = np.flatnonzero(meets[i])
        if len(later):
            j = int(later[-1])
            keep.append(start[i] + at_i[i, j] * step[i])
            i = j
        keep.append(edge[i + 1])
        i += 1
    return np.stack(keep)


def _half_circle(centre: Points, normal: Points, radius: float) -> Points:
    """Return the points of a round tip from the left edge to the right one, ends left out."""
    angle = np.linspace(0, np.pi, max(10, int(np.pi * radius / STEP)))[1:-1, None]
    forward = np.array([-normal[1], normal[0]])
    return np.asarray(centre + radius * (np.cos(angle) * normal + np.sin(angle) * forward), dtype=np.float64)


def profile(path: str, *, top: float, bottom: float, width: float, x: float = 0.0, lop: float = 0.0) -> Points:
    """Return a body from half widths at heights, written as "t,w t,w ...": t from 0 at the top to 1, w in widths.

    A row of width 0 is a single knot on the axis at `x`; `lop` moves the upper part sideways, for a lopsided body.
    """
    rows = [tuple(float(number) for number in word.split(",")) for word in path.split()]
    right = [(x + lop * (1 - t) ** 2 + width * w, top + (bottom - top) * t) for t, w in rows]
    left = [(x + lop * (1 - t) ** 2 - width * w, top + (bottom - top) * t) for t, w in rows if w > 0]
    return smooth(right + left[::-1])


def ripple(
    outline: Points, count: int, depth: float | Sequence[float], *, kind: str = "scallop", droop: float = 0.0
) -> Points:
    """Return a closed outline with `count` lobes pushed outwards: "scallop", "wave", "spike" or "tuft" (fur).

    `depth` is one height, or one per lobe; tufts point downwards on both sides, by `droop` heights more.
    """
    each = max(8, int(np.ceil(arc_length(outline, closed=True)[-1] / STEP / count)))
    even = resample(outline, each * count, closed=True)
    normal = normals(_blurred(even, each // 2), closed=True)
    downwards = np.repeat(np.roll(even[::each, 1], -1) > even[::each, 1], each)
    phase = np.tile(np.arange(each) / each, count)
    bump = _lobe(np.where(downwards, phase, 1 - phase), kind)
    height = np.repeat(np.broadcast_to(np.asarray(depth, dtype=np.float64), (count,)), each) * bump
    hang = np.stack([np.zeros(len(even)), droop * height * bump * np.abs(normal[:, 0])], axis=1)
    return np.asarray(even + normal * height[:, None] + hang, dtype=np.float64)


def _lobe(phase: npt.NDArray[np.float64], kind: str) -> npt.NDArray[np.float64]:
    """Return the height (0..1) of one lobe over its phase (0..1)."""
    if kind == "wave":
        return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * phase))
    if kind == "scallop":
        return np.asarray(np.sin(np.pi * phase))
    if kind == "spike":
        return np.asarray((1 - np.abs(2 * phase - 1)) ** 1.35)
    return np.asarray(np.where(phase < 0.66, (phase / 0.66) ** 1.4, 1 - (np.clip(phase - 0.66, 0, 1) / 0.34) ** 0.8))


def _blurred(outline: Points, reach: int) -> Points:
    """Return a closed outline averaged over `reach` neighbours each way: steadier normals."""
    kernel = np.ones(2 * reach + 1) / (2 * reach + 1)
    ring = np.concatenate([outline[-reach:], outline, outline[:reach]]) if reach else outline
    return np.stack([np.convolve(ring[:, axis], kernel, mode="valid") for axis in (0, 1)], axis=1)


def toward(outline: Points, angle: float) -> tuple[Pair, Pair]:
    """Return the point of an outline in a direction from its middle (0 = right, -pi/2 = up), and the normal there."""
    middle = (outline.min(axis=0) + outline.max(axis=0)) / 2
    ray = outline - middle
    match = ray @ np.array([np.cos(angle), np.sin(angle)]) / np.maximum(np.hypot(*ray.T), 1e-9)
    best = int(np.argmax(match))
    normal = normals(_blurred(outline, 4), closed=True)[best]
    return (float(outline[best, 0]), float(outline[best, 1])), (float(normal[0]), float(normal[1]))


def half_width(outline: Points, y: float) -> tuple[float, float]:
    """Return the middle x and the half width of an outline at a height."""
    near = outline[np.abs(outline[:, 1] - y) < 0.04]
    if len(near) < 2:
        near = outline[np.argsort(np.abs(outline[:, 1] - y))[:4]]
    low, high = float(near[:, 0].min()), float(near[:, 0].max())
    return (low + high) / 2, (high - low) / 2


def cone(left: Pair, right: Pair, tip: Pair, *, bulge: float = 0.12) -> Points:
    """Return a pointed shape over a base, for claws, teeth and spikes; `bulge` rounds its sides outwards."""
    base = points([left, right, tip])
    middle = base[:2].mean(axis=0)
    sides = [(base[i] + base[2]) / 2 + bulge * (base[i] - middle) * 2 for i in (0, 1)]
    return smooth(np.stack([base[0], sides[0], base[2], sides[1], base[1]]), corners=(0, 2, 4))
