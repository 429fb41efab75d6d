"""Mouths: smiles, grins, fangs, tusks, tongues, drawn around the middle of the upper edge for a half width of 1."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from _monster_curves import SIDES, Pair, Points, cone, drawn, ellipse, mirror, points, smooth
from _monster_model import Part, Sketch


def mouth(s: Sketch, at: Pair, width: float, kind: str) -> list[Part]:
    """Return a mouth of half width `width` with the middle of its upper edge at a point."""
    return [_placed(part, at, width) for part in MOUTHS[kind](s)]


def _placed(part: Part, at: Pair, width: float) -> Part:
    marks = tuple(_placed(mark, at, width) for mark in part.marks)
    return dataclasses.replace(part, outline=part.outline * width + points([at]), marks=marks)


def _ticks(y: float) -> list[Part]:
    """Return the little creases at the corners of a smile."""
    right = drawn("-.055,.11 0,0 -.066,-.11", at=(1.0, y), closed=False)
    return [Part("dimple", mirror(right, side), weight=0.6) for side in SIDES]


def _curve(depth: float, width: float = 1.0) -> Points:
    """Return the line of a smile that hangs down by `depth`."""
    rows = [(-width, -0.1 * width), (-0.55 * width, 0.62 * depth), (0.0, depth)]
    return smooth([*rows, (0.55 * width, 0.62 * depth), (width, -0.1 * width)], closed=False)


def _tooth(name: str, x: float, top: float, tip: float, half: float, role: str = "white") -> Part:
    """Return a pointed tooth from height `top` to `tip`."""
    return Part(name, cone((x - half, top), (x + half, top), (0.97 * x, tip)), role, 0.65)


def _smile(s: Sketch) -> list[Part]:
    return [Part("mouth", _curve(s.between(0.28, 0.50))), *_ticks(-0.08)]


def _small(s: Sketch) -> list[Part]:
    return [Part("mouth", _curve(s.between(0.10, 0.22), 0.5))]


def _frown(s: Sketch) -> list[Part]:
    line = mirror(_curve(s.between(0.22, 0.34), 0.8), 1.0) * points([(1.0, -1.0)]) + points([(0.0, 0.25)])
    return [Part("mouth", line), Part("chin", _curve(0.06, 0.25) + points([(0.0, 0.55)]), weight=0.6)]


def _smirk(s: Sketch) -> list[Part]:
    side = s.side()
    line = drawn("-.7,.1 -.1,.2 .55,.04 .95,-.28", side=side, closed=False)
    fang = mirror(cone((0.20, 0.13), (0.46, 0.06), (0.36, 0.42)), side)
    tick = drawn("-.16,-.08 0,-.02 .08,.12", at=(0.98 * side, -0.28), side=side, closed=False)
    return [Part("fang", fang, "white", 0.7), Part("mouth", line), Part("dimple", tick, weight=0.6)]


def _wobble(s: Sketch) -> list[Part]:
    x = np.linspace(-0.8, 0.8, 40)
    return [Part("mouth", np.stack([x, 0.08 * np.sin(x * s.between(8, 11))], axis=1))]


def _cat(s: Sketch) -> list[Part]:
    line = drawn("-.66,.04 -.38,.3 -.1,.2 0,0! .1,.2 .38,.3 .66,.04", closed=False)
    nose = drawn("-.22,-.2 0,-.25 .22,-.2 0,.03!")
    return [Part("mouth", line, weight=0.95), Part("nose", nose, s.pick("ink accent tongue"), 0.7)]


def _round(s: Sketch) -> list[Part]:
    r = s.between(0.28, 0.42)
    tongue = Part("tongue", ellipse((0.0, 2.1 * r), 0.8 * r, 0.75 * r), "tongue", 0.5)
    hole = ellipse((0.0, r), r, r * s.between(1.0, 1.3))
    return [Part("mouth", hole, "mouth", 0.8, marks=(tongue,), shade=(0.0, 0.25))]


def _gape(depth: float, sag: float) -> Points:
    """Return an open mouth: its upper edge hangs by `sag`, its lower one by `depth`."""
    upper = [(-1.0, 0.0), (-0.5, sag), (0.0, 1.25 * sag), (0.5, sag), (1.0, 0.0)]
    lower = [(0.82, 0.55 * depth), (0.42, 0.93 * depth), (0.0, depth), (-0.42, 0.93 * depth), (-0.82, 0.55 * depth)]
    return smooth(upper + lower, corners=(0, 4))


def _open(s: Sketch) -> list[Part]:
    depth, sag = s.between(0.75, 1.15), s.between(0.02, 0.14)
    tongue = ellipse((s.between(-0.15, 0.15), 1.02 * depth), 0.58, 0.42 * depth)
    marks = [Part("tongue", tongue, "tongue", 0.6), *_upper_teeth(s, depth, sag)]
    return [Part("mouth", _gape(depth, sag), "mouth", 0.95, marks=tuple(marks), shade=(0.0, 0.16)), *_ticks(0.0)]


def _upper_teeth(s: Sketch, depth: float, sag: float) -> list[Part]:
    kind = s.pick("band fangs fangs one none")
    if kind == "band":
        edge = [(0.8, sag + 0.13 * depth), (0.0, 1.2 * sag + 0.22 * depth), (-0.8, sag + 0.13 * depth)]
        return [Part("teeth", smooth([(-1.1, -0.3), (1.1, -0.3), *edge], corners=(0, 1)), "white", 0.6)]
    places = {"fangs": (-0.52, 0.52), "one": (s.between(-0.35, 0.35),)}.get(kind, ())
    return [_tooth("fang", x, -0.02, sag + 0.36, 0.17) for x in places]


def _grin(s: Sketch) -> list[Part]:
    depth = s.between(0.42, 0.62)
    bite = smooth([(-1.0, 0.12 * depth), (0.0, 0.62 * depth), (1.0, 0.12 * depth)], closed=False)
    return _teeth(_gape(depth, 0.18 * depth), bite, np.linspace(-0.66, 0.66, s.count(4, 6)), depth) + _ticks(0.0)


def _grit(s: Sketch) -> list[Part]:
    h = s.between(0.22, 0.30)
    box = ellipse((0.0, h), 0.85, h, power=3.2)
    return _teeth(box, points([(-1.0, h), (1.0, h)]), np.linspace(-0.55, 0.55, s.count(4, 5)), 2.2 * h)


def _teeth(
    outline: Points, bite: Points, gaps: np.ndarray[tuple[int, ...], np.dtype[np.float64]], depth: float
) -> list[Part]:
    """Return clenched teeth: an outline, the line between the rows, and the gaps between teeth."""
    lines = [Part("gap", points([(x, -0.1), (1.02 * x, depth)]), weight=0.5) for x in gaps.tolist()]
    marks = (Part("bite", bite, weight=0.55), *lines)
    return [Part("teeth", outline, "white", 0.95, marks=marks, shade=(0.0, 0.12))]


def _zigzag(s: Sketch) -> list[Part]:
    depth, count = s.between(0.50, 0.75), s.count(4, 6)
    half, low_half = 0.94 / count, 0.55 / count
    upper = [_tooth("fang", (2 * i + 1) * half - 0.94, -0.1, 0.42 * depth, half) for i in range(count)]
    places = [(2 * i + 2) * 0.66 / count - 0.66 for i in range(count - 1)]
    lower = [_tooth("fang", x, 1.1 * depth, 0.62 * depth, low_half) for x in places]
    hole = _gape(depth, 0.10 * depth)
    return [Part("mouth", hole, "mouth", 0.95, marks=(*upper, *lower), shade=(0.0, 0.16)), *_ticks(0.0)]


def _fangs(s: Sketch) -> list[Part]:
    depth, long = s.between(0.22, 0.36), s.between(0.30, 0.44)
    sides = SIDES if s.chance(0.7) else (s.side(),)
    teeth = [_tooth("fang", 0.5 * side, 0.66 * depth, 0.66 * depth + long, 0.15) for side in sides]
    return [*teeth, Part("mouth", _curve(depth), weight=1.05), *_ticks(-0.08)]


def _tusks(s: Sketch) -> list[Part]:
    depth, long = s.between(0.06, 0.18), s.between(0.34, 0.52)
    teeth = [_tooth("tusk", 0.56 * side, 0.5 * depth + 0.03, 0.5 * depth - long, 0.15, "cream") for side in SIDES]
    return [*teeth, Part("mouth", _curve(depth), weight=1.05)]


def _tongue(s: Sketch) -> list[Part]:
    depth, x, long = s.between(0.28, 0.40), s.between(-0.3, 0.3), s.between(0.45, 0.70)
    crease = Part("crease", points([(x, depth), (x + 0.01, depth + 0.55 * long)]), weight=0.55)
    lick = drawn("-.24,-.2! -.26,.6 0,1 .26,.6 .24,-.2!", (1.0, long), (x, depth))
    tongue = Part("tongue", lick, "tongue", 0.8, marks=(crease,))
    return [tongue, Part("mouth", _curve(depth), weight=1.05), *_ticks(-0.08)]


def _buck(s: Sketch) -> list[Part]:
    depth, tall = s.between(0.24, 0.36), s.between(0.30, 0.42)
    boxes = [ellipse((0.135 * side, 0.9 * depth + 0.42 * tall), 0.135, 0.62 * tall, power=3.5) for side in SIDES]
    teeth = [Part("tooth", box, "white", 0.7) for box in boxes]
    return [*teeth, Part("mouth", _curve(depth), weight=1.05), *_ticks(-0.08)]


MOUTHS: dict[str, Callable[[Sketch], list[Part]]] = {
    "smile": _smile,
    "small": _small,
    "frown": _frown,
    "smirk": _smirk,
    "wobble": _wobble,
    "cat": _cat,
    "o": _round,
    "open": _open,
    "grin": _grin,
    "grit": _grit,
    "zigzag": _zigzag,
    "fangs": _fangs,
    "tusks": _tusks,
    "tongue": _tongue,
    "buck": _buck,
}
"""Kinds of mouth by name."""
