"""What grows on heads and backs, or is worn there: horns, ears, antennae, crests, plates, fur, hats."""

from __future__ import annotations

import dataclasses

import numpy as np
from _monster_curves import (
    SIDES,
    Pair,
    Points,
    cone,
    drawn,
    ellipse,
    mirror,
    points,
    resample,
    ripple,
    rotate,
    smooth,
    toward,
    tube,
)
from _monster_model import Motion, Part, Sketch

UP = -np.pi / 2

GEAR = "bull goat devil ram spike unicorn cat round bunny bat floppy hair mohawk leaf flame curl party crown bow ball"
"""All that can be on a head; see `headgear`."""


def headgear(s: Sketch, head: Points, size: float, options: str = GEAR, *, aside: float = 0.0) -> None:
    """Add one of the things that grow on heads or are worn on them; `aside` turns its place by an angle."""
    kind = s.pick(options)
    if kind in _HORNS:
        horns(s, head, kind, size)
    elif kind in _EARS:
        ears(s, head, kind, size)
    elif kind in ("mohawk", "leaf", *_CRESTS):
        crest(s, head, kind, size)
    elif kind in _HATS:
        hat(s, head, kind, size, aside=aside)
    elif kind in ("ball", "star"):
        antennae(s, head, 1.1 * size, kind)


_HORNS: dict[str, list[Pair]] = {  # path of the right horn
    "unicorn": [(0, 0.12), (0.01, -0.5), (0.04, -1.1)],
    "bull": [(0, 0.1), (0.45, -0.18), (0.62, -0.75)],
    "goat": [(0, 0.12), (0.12, -0.62), (0.62, -0.98)],
    "devil": [(0, 0.12), (0.22, -0.42), (0.10, -0.85)],
    "ram": [(0, 0.1), (0.52, -0.42), (0.92, 0.05), (0.58, 0.36)],
    "spike": [(0, 0.1), (0.12, -0.3), (0.26, -0.72)],
}


def horns(s: Sketch, head: Points, kind: str, size: float, *, spread: float = 0.62, depth: float = -0.5) -> None:
    """Add a pair of horns, or one for "unicorn", behind the top of a head."""
    role, rings = s.pick("cream cream accent second"), s.count(0, 3)
    for side in (0.0,) if kind == "unicorn" else SIDES:
        foot, _ = toward(head, UP + side * spread)
        path = mirror(points(_HORNS[kind]) * size, side) + points([foot])
        radii = [0.24 * size, 0.19 * size, 0.13 * size] if kind != "ram" else [0.25 * size, 0.23 * size, 0.16 * size]
        marks = tuple(_ring(path, place, radii[0]) for place in (0.34, 0.54, 0.72)[:rings])
        s.add(depth, Part("horn", tube(path, radii, sharp=True), role, 0.85, marks=marks))


def _ring(path: Points, place: float, radius: float) -> Part:
    """Return a groove across a horn."""
    run = resample(smooth(path, closed=False), 61, closed=False)
    i = int(60 * place)
    along = (run[i + 1] - run[i - 1]) / float(np.hypot(*(run[i + 1] - run[i - 1])))
    across = np.array([-along[1], along[0]]) * radius
    rows = np.stack([run[i] - across, run[i] + 0.3 * radius * along, run[i] + across])
    return Part("ring", smooth(rows, closed=False), weight=0.6)


_EARS = {
    "cat": "-.42,.25! -.3,-.45 .06,-.98! .36,-.42 .42,.25!",
    "round": "-.42,.15 -.48,-.35 0,-.78 .48,-.35 .42,.15",
    "bunny": "-.2,.3 -.3,-.6 -.02,-1.7 .3,-.7 .22,.3",
    "bat": "-.38,.3! -.34,-.5 .1,-1.28! .3,-.62 .52,-.3! .38,.3!",
    "floppy": "-.28,.15 -.15,-.42 .38,-.45 .72,.15 .66,.78 .38,.72 .25,.2",
}


def ears(s: Sketch, head: Points, kind: str, size: float, *, spread: float = 0.78) -> None:
    """Add a pair of ears, floppy ones in front of the head and others behind it."""
    inner, floppy = s.pick("belly accent second"), kind == "floppy"
    for side in SIDES:
        foot, _ = toward(head, UP + side * spread)
        tilt = 0.0 if floppy else side * spread * 0.75
        outline = drawn(_EARS[kind], size)
        inside = (outline - outline.mean(axis=0)) * 0.62 + outline.mean(axis=0) + points([(0, 0.08 * size)])
        hollow = Part("inner-ear", rotate(mirror(inside, side), tilt) + points([foot]), inner, 0.6)
        placed = rotate(mirror(outline, side), tilt) + points([foot])
        ear = Part("ear", placed, "skin", 0.9, marks=() if floppy else (hollow,))
        s.add(4.0 if floppy else -0.6, ear, moves=[Motion(foot, 0.07 * side, size, 0.4)])


def antennae(s: Sketch, head: Points, size: float, bulb: str = "ball") -> None:
    """Add a pair of feelers with a ball or a star at the end."""
    for side in SIDES:
        foot, _ = toward(head, UP + 0.38 * side)
        path = mirror(points([(0, 0.1), (0.10, -0.45), (0.46, -0.80)]) * size, side) + points([foot])
        sway = Motion(foot, 0.16 * side, size, s.between(0, 2))
        stalk = tube(path, [0.075 * size, 0.055 * size, 0.05 * size])
        s.add(-0.7, Part("antenna", stalk, "skin", 0.8), moves=[sway])
        s.add(-0.65, _bulb((float(path[2, 0]), float(path[2, 1])), 0.20 * size, bulb), moves=[sway])


def _bulb(at: Pair, radius: float, kind: str) -> Part:
    if kind == "ball":
        return Part("bulb", ellipse(at, radius, radius), "accent", 0.85, gloss=0.32)
    angle = np.linspace(UP, 1.5 * np.pi, 10, endpoint=False)
    reach = np.where(np.arange(10) % 2 == 0, 1.55, 0.72) * radius
    rows = np.stack([np.cos(angle), np.sin(angle)], axis=1) * reach[:, None] + points([at])
    return Part("bulb", smooth(rows, corners=range(0, 10, 2)), "accent", 0.8)


_CRESTS = {
    "hair": "-.35,.15 -.52,-.4! -.2,-.3! -.06,-.8! .14,-.36! .52,-.55! .36,.15",
    "flame": "-.34,.15 -.42,-.25 -.18,-.62! -.1,-.48! .08,-1.05! .18,-.5! .34,-.62! .4,-.2 .32,.15",
    "curl": "-.14,.12 -.22,-.45 .1,-.78 .42,-.6 .36,-.32 .18,-.4 .1,-.3 .14,.12",
}


def crest(s: Sketch, head: Points, kind: str, size: float, *, depth: float = -0.4) -> None:
    """Add hair, a flame, a curl, a mohawk or a leaf on top of a head."""
    top, _ = toward(head, UP)
    sway = Motion(top, 0.10, size, 1.0)
    if kind == "leaf":
        s.add(depth, *_sprout(s, top, size), moves=[sway])
    elif kind == "mohawk":
        s.add(depth, Part("crest", _mohawk(head, size, s.count(4, 6)), "accent", 0.85), moves=[sway])
    else:
        outline = drawn(_CRESTS[kind], size, top, side=s.side())
        s.add(depth, Part("crest", outline, s.pick("accent second"), 0.85), moves=[sway])


def _sprout(s: Sketch, top: Pair, size: float) -> list[Part]:
    stem = tube(
        points([(0, 0.12), (0.02, -0.15), (0, -0.40)]) * size + points([top]), [0.07 * size, 0.05 * size, 0.05 * size]
    )
    base, leaves = (top[0], top[1] - 0.38 * size), []
    for side in SIDES:
        grown = size * (1.0 if side > 0 else s.between(0.6, 1.0))
        vein = Part("vein", drawn(".08,-.03 .3,-.14 .55,-.2", grown, base, side=side, closed=False), weight=0.55)
        leaf = drawn("0,0! .22,-.3 .72,-.3! .5,.04", grown, base, side=side)
        leaves.append(Part("leaf", leaf, "accent", 0.85, marks=(vein,)))
    return [Part("stem", stem, "accent", 0.75), *leaves]


def _mohawk(head: Points, size: float, count: int) -> Points:
    """Return a fan of spikes along the top of a head."""
    middle = (head.min(axis=0) + head.max(axis=0)) / 2
    knots = []
    for i, angle in enumerate(np.linspace(UP - 0.55, UP + 0.55, 2 * count + 1)):
        foot = np.asarray(toward(head, float(angle))[0])
        ray = (foot - middle) / float(np.hypot(*(foot - middle)))
        knots.append(foot + ray * size * (0.62 - 0.31 * abs(i - count) / count if i % 2 else 0.10))
    for angle in (UP + 0.5, UP - 0.5):  # the hidden foot of the fan
        knots.append(0.85 * np.asarray(toward(head, angle)[0]) + 0.15 * middle)
    return smooth(np.stack(knots), corners=range(len(knots)))


def spines(s: Sketch, back: Points, count: int, size: float, kind: str, *, depth: float = -0.8) -> None:
    """Add plates, spikes or bumps along a curve that runs left to right over a back; they stand on its upper side."""
    run = resample(back, 2 * count + 1, closed=False)
    role = s.pick("accent accent second")
    for i in range(count):
        grown = size * (1 - 0.45 * abs(2 * i / max(1, count - 1) - 1))
        s.add(depth, Part("spine", _spine(run[2 * i], run[2 * i + 1], run[2 * i + 2], grown, kind), role, 0.85))


def _spine(left: Points, foot: Points, right: Points, size: float, kind: str) -> Points:
    wide = float(np.hypot(*(right - left)))
    along = (right - left) / max(1e-9, wide)
    half, turn = 0.525 * wide, float(np.arctan2(along[1], along[0]))
    at = (float(foot[0]), float(foot[1]))
    if kind == "round":
        return ellipse(at, half, 0.8 * size)
    if kind == "plate":
        return drawn("-.7,.35! -.95,-.4 0,-1.1! .95,-.4 .7,.35!", (half, size), at, turn=turn)
    return rotate(cone((-half, 0.35 * size), (half, 0.35 * size), (0.35 * half, -1.1 * size)), turn) + points([at])


def fur(s: Sketch, outline: Points, size: float, count: int) -> Points:
    """Return an outline with tufts of fur of uneven length."""
    return ripple(outline, count, (s.rng.uniform(0.55, 1.1, count) * size).tolist(), kind="tuft", droop=0.8)


def hat(s: Sketch, head: Points, kind: str, size: float, *, aside: float = 0.0) -> None:
    """Put a hat on a head: "party", "crown", "top", "bow" or "flower"."""
    lean = aside + s.between(-0.28, 0.28)
    at, _ = toward(head, UP + lean)
    s.add(6.0, *(placed(part, at, size, lean * 0.8) for part in _HATS[kind]()))


def placed(part: Part, at: Pair, scale: float, turn: float = 0.0) -> Part:
    """Return a part drawn in units of `scale` around 0, turned and moved to a point."""
    marks = tuple(placed(mark, at, scale, turn) for mark in part.marks)
    return dataclasses.replace(part, outline=rotate(part.outline * scale, turn) + points([at]), marks=marks)


def bow() -> list[Part]:
    """Return a bow around its knot, for heads and collars, in a unit of its own."""
    loops = []
    for side in SIDES:
        fold = Part("fold", drawn(".12,-.02 .26,-.05 .36,-.12", side=side, closed=False), weight=0.6)
        loop = drawn("0,0! .28,-.34 .6,-.36 .62,0 .58,.3 .28,.26", side=side)
        loops.append(Part("bow", loop, "accent", 0.85, marks=(fold,), cast=0.008))
    return [*loops, Part("knot", ellipse((0, 0), 0.13, 0.16), "accent", 0.8)]


def _party_hat() -> list[Part]:
    paths = ("-.6,.02! .6,-.18! .6,-.38! -.6,-.18!", "-.6,-.38! .6,-.58! .6,-.78! -.6,-.58!")
    bands = tuple(Part("band", drawn(path), "cream", 0.65) for path in paths)
    outline = drawn("-.42,.1! -.2,-.45 0,-1! .2,-.45 .42,.1! 0,.2")
    pompom = ripple(ellipse((0, -1), 0.15, 0.15), 8, 0.05)
    return [Part("hat", outline, "accent", 0.85, marks=bands, cast=0.010), Part("pompom", pompom, "cream", 0.75)]


def _crown() -> list[Part]:
    gem = Part("gem", ellipse((0, -0.08), 0.10, 0.13), "tongue", 0.6)
    outline = drawn("-.48,.1! -.56,-.52! -.26,-.22! 0,-.66! .26,-.22! .56,-.52! .48,.1! 0,.2")
    return [Part("crown", outline, "gold", 0.85, marks=(gem,), cast=0.010)]


def _top_hat() -> list[Part]:
    band = Part("band", drawn("-.6,-.12! .6,-.12! .6,-.3! -.6,-.3!"), "accent", 0.65)
    tall = drawn("-.34,.05! -.36,-.4 -.42,-.82! 0,-.9 .42,-.82! .36,-.4 .34,.05!")
    brim = Part("brim", ellipse((0, 0.06), 0.66, 0.14), "second", 0.85, cast=0.010)
    return [Part("hat", tall, "second", 0.85, marks=(band,)), brim]


def _flower() -> list[Part]:
    petals = ripple(ellipse((0, 0), 0.24, 0.24), 6, 0.22)
    heart = Part("flower-heart", ellipse((0, 0), 0.14, 0.14), "cream", 0.7)
    return [Part("flower", petals, "accent", 0.8, cast=0.008), heart]


_HATS = {"bow": bow, "party": _party_hat, "crown": _crown, "top": _top_hat, "flower": _flower}
