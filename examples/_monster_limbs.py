"""Limbs: arms with hands, legs with feet, tails, wings."""

from __future__ import annotations

import numpy as np
from _monster_curves import SIDES, Pair, Points, cone, drawn, ellipse, mirror, points, resample, smooth, tube
from _monster_model import Motion, Part, Sketch

ARM_POSES: dict[str, list[Pair]] = {  # from the shoulder to the wrist of an arm of length 1, outwards positive
    "down": [(0, 0), (0.34, 0.40), (0.36, 0.92)],
    "up": [(0, 0), (0.52, 0.10), (0.74, -0.62)],
    "cheer": [(0, 0), (0.42, -0.22), (0.50, -0.88)],
    "hip": [(0, 0), (0.46, 0.20), (0.52, 0.46), (0.16, 0.66)],
    "wide": [(0, 0), (0.44, 0.14), (0.80, -0.04)],
    "belly": [(0, 0), (0.26, 0.30), (0.24, 0.58), (-0.10, 0.70)],
    "curl": [(0, 0), (0.48, 0.34), (0.80, -0.12)],
}

HAND_WIDTHS = {"mitten": 1.38, "fingers": 1.15, "claws": 1.10, "nub": 0.85, "paw": 1.35}


def arm(
    s: Sketch,
    shoulder: Pair,
    side: float,
    *,
    length: float,
    radius: float,
    pose: str,
    hand: str,
    role: str = "skin",
    depth: float = 3.0,
    merged: bool = True,
) -> None:
    """Add an arm that grows out of the body at a shoulder; `side` is -1 for the left of the picture, 1 for the right.

    A `merged` arm has the body's colour and no line at its root; another one must start out of sight.
    """
    joints = points(ARM_POSES[pose]) * length
    joints[1:] += s.rng.normal(0, 0.03 * length, joints[1:].shape)
    path = mirror(joints, side) + points([shoulder])
    swing = Motion(
        shoulder, (0.20 if pose in ("up", "cheer", "wide", "curl") else 0.07) * side, length, s.between(0, 1.2)
    )
    palm = radius * HAND_WIDTHS[hand]
    limb = tube(path, [1.1 * radius, 0.92 * radius, 0.95 * radius, palm])
    wrist, heading = _pair(path[-1]), _heading(path[-2], path[-1])
    if hand == "claws":
        s.add(depth, *(_claw(wrist, heading + a, palm, (0.72, 0.95, 0.30)) for a in (-0.75, 0.0, 0.75)), moves=[swing])
    s.add(depth, Part("arm", limb, role, 0.9, open_root=merged, cast=0.014), moves=[swing])
    s.add(depth, *_fingers(wrist, heading, palm, hand=hand, role=role, side=side), moves=[swing])


def _pair(row: Points) -> Pair:
    return float(row.ravel()[0]), float(row.ravel()[1])


def _heading(start: Points, end: Points) -> float:
    return float(np.arctan2(*(end - start)[::-1]))


def _polar(centre: Pair, angle: float, radius: float) -> Pair:
    return centre[0] + radius * float(np.cos(angle)), centre[1] + radius * float(np.sin(angle))


def _claw(centre: Pair, angle: float, size: float, shape: tuple[float, float, float], role: str = "cream") -> Part:
    """Return a claw that points away from a centre; `shape` is its start, length and half width in sizes."""
    start, length, half = (size * value for value in shape)
    base = _polar(centre, angle, start)
    left, right = _polar(base, angle - np.pi / 2, half), _polar(base, angle + np.pi / 2, half)
    return Part("claw", cone(left, right, _polar(base, angle, length)), role, 0.7)


def _fingers(wrist: Pair, heading: float, radius: float, *, hand: str, role: str, side: float) -> list[Part]:
    """Return what lies on a hand: fingers, a thumb, or the lines of a paw."""
    if hand == "fingers":
        return [_finger(wrist, heading + a, radius, role, 0.95) for a in (-0.72, 0.0, 0.72)]
    if hand == "mitten":
        return [_thumb(wrist, heading - 1.25 * side, radius, role)]
    if hand != "paw":
        return []
    ends = [
        (_polar(wrist, heading + 0.8 * a, 0.45 * radius), _polar(wrist, heading + a, 0.98 * radius))
        for a in (-0.38, 0.38)
    ]
    return [Part("toe-line", points(end), weight=0.65) for end in ends]


def _finger(wrist: Pair, angle: float, radius: float, role: str, length: float) -> Part:
    start, stop = _polar(wrist, angle, 0.50 * radius), _polar(wrist, angle, (0.75 + length) * radius)
    middle = _polar(wrist, angle + 0.05, (0.60 + 0.5 * length) * radius)
    outline = tube([start, middle, stop], [0.34 * radius, 0.36 * radius, 0.33 * radius])
    return Part("finger", outline, role, 0.75, open_root=True)


def _thumb(wrist: Pair, angle: float, radius: float, role: str) -> Part:
    path = [_polar(wrist, angle, reach * radius) for reach in (0.45, 0.95, 1.30)]
    return Part("thumb", tube(path, [0.44 * radius, 0.42 * radius, 0.38 * radius]), role, 0.75, open_root=True)


def leg(
    s: Sketch, hip: Pair, foot: Pair, side: float, *, radius: float, kind: str, role: str = "skin", depth: float = -1.0
) -> None:
    """Add a leg from a hip (hidden behind the body) to a foot on the ground; `kind` is the foot."""
    knee = ((hip[0] + foot[0]) / 2 + 0.10 * side * radius, (hip[1] + foot[1]) / 2)
    shin = tube([hip, knee, (foot[0], foot[1] - 0.95 * radius)], [1.15 * radius, radius, 0.9 * radius])
    s.add(depth, Part("leg", shin, role, 0.9, open_root=True))
    s.add(depth + 0.1, *foot_parts(foot, side, size=radius * s.between(1.5, 1.75), kind=kind, role=role))


def foot_parts(at: Pair, side: float, *, size: float, kind: str, role: str = "skin") -> list[Part]:
    """Return a foot standing at a point, turned outwards: "paw", "claws", "boot", "bird" or "hoof"."""
    if kind == "bird":
        return _bird_foot(at, size)
    outline = drawn("-.72,0 -.82,-.34 -.45,-.8 .25,-.82 .92,-.46 1.02,-.08 .8,.06 .1,.09 -.5,.07", size, at, side=side)
    marks = tuple(
        Part(name, drawn(path, size, at, side=side, closed=fill is not None), fill, 0.7)
        for name, fill, path in _FOOT_MARKS.get(kind, ())
    )
    foot = Part("foot", outline, "accent" if kind == "boot" else role, 0.9, marks=marks)
    return [foot, *(_toe_claw(at, side, size, x, y) for x, y in _TOE_CLAWS)] if kind == "claws" else [foot]


_FOOT_MARKS: dict[str, tuple[tuple[str, str | None, str], ...]] = {
    "hoof": (("hoof", "cream", ".25,-1 .32,-.4 .28,.2! 1.4,.3! 1.4,-1!"),),
    "boot": (("sole", "cream", "-1.2,-.16! 1.4,-.16! 1.4,.4! -1.2,.4!"),),
    "paw": (("toe-line", None, ".32,-.3 .24,-.12 .3,.04"), ("toe-line", None, ".68,-.3 .6,-.12 .66,.04")),
}

_TOE_CLAWS = ((0.96, -0.16), (0.62, -0.05), (0.22, 0.0))


def _toe_claw(at: Pair, side: float, size: float, x: float, y: float) -> Part:
    rows = points([(x - 0.15, y - 0.20), (x - 0.17, y + 0.15), (x + 0.30, y + 0.16)]) * size
    left, right, tip = (_pair(row) for row in mirror(rows, side) + points([at]))
    return Part("claw", cone(left, right, tip, bulge=0.2), "cream", 0.65)


def _bird_foot(at: Pair, size: float) -> list[Part]:
    """Return three toes, the middle one nearest."""
    root = (at[0], at[1] - 0.42 * size)
    toes = []
    for angle in (2.55, 0.60, 1.57):
        tip = (at[0] + 0.95 * size * float(np.cos(angle)), at[1] + (0.42 * float(np.sin(angle)) - 0.22) * size)
        middle = ((root[0] + tip[0]) / 2, (root[1] + tip[1]) / 2 - 0.05 * size)
        toes.append(Part("toe", tube([root, middle, tip], [0.17 * size, 0.20 * size, 0.20 * size]), "accent", 0.75))
    return toes


def tail(s: Sketch, root: Pair, side: float, *, length: float, radius: float, tip: str, role: str = "skin") -> None:
    """Add a tail behind the body, curling up to one side; `tip` is "plain", "spade", "tuft", "ball" or "bolt"."""
    up = s.between(0.35, 0.8)
    rows = points([(0, 0), (0.42, 0.10), (0.78, -0.12 - 0.2 * up), (0.80, -0.40 - 0.5 * up)]) * length
    path = mirror(rows, side) + points([root])
    wag = Motion(root, 0.22 * side, length, s.between(0, 6))
    outline = tube(path, [radius, 0.85 * radius, 0.62 * radius, (0.10 if tip == "plain" else 0.42) * radius])
    places = np.linspace(0.35, 0.9, s.count(3, 5)).tolist() if s.chance(0.4) else []
    marks = tuple(_band(path, place, 1.3 * radius) for place in places)
    s.add(-4.0, Part("tail", outline, role, 0.9, marks=marks), moves=[wag])
    heading = _heading(path[2], path[3]) - 0.25 * side
    s.add(-4.0, *_tail_tip(_pair(path[3]), heading, max(0.11, 1.25 * radius), tip), moves=[wag])


def _band(path: Points, at: float, radius: float, half: float = 0.05) -> Part:
    """Return a stripe across a limb."""
    run = resample(smooth(path, closed=False), 101, closed=False)
    low, high = run[int(100 * max(0.0, at - half))], run[int(100 * min(1.0, at + half))]
    along = (high - low) / max(1e-9, float(np.hypot(*(high - low))))
    across, bow = np.array([-along[1], along[0]]) * radius, 0.25 * radius * along
    rows = np.stack([low - across, low + bow, low + across, high + across, high + bow, high - across])
    return Part("stripe", smooth(rows, corners=(0, 2, 3, 5)), "second", 0.6)


_TAIL_TIPS = {
    "spade": "-.35,0 -.75,-.95! .3,-.55 1.55,0! .3,.55 -.75,.95!",
    "tuft": "-.6,-.3 .1,-.85 1,-.55! .85,-.3! 1.75,.05! .9,.25! 1.05,.65! .1,.8 -.6,.3",
    "bolt": "-.5,-.35! .5,-.95! .45,-.35! 1.7,-.55! .55,.75! .55,.15! -.5,.45!",
}


def _tail_tip(end: Pair, heading: float, size: float, kind: str) -> list[Part]:
    if kind == "ball":
        spikes = [_claw(end, heading + a, size, (0.8, 0.55, 0.28)) for a in (-2.1, -1.05, 0.0, 1.05, 2.1)]
        return [*spikes, Part("tail-tip", ellipse(end, 0.95 * size, 0.95 * size), "accent", 0.85)]
    if kind == "plain":
        return []
    return [Part("tail-tip", drawn(_TAIL_TIPS[kind], size, end, turn=heading), "accent", 0.85)]


_BAT_WING = "0,.05 .35,-.55 .95,-.92! 1.32,-.4 1.3,.12! .98,-.02 .86,.36! .6,.12 .4,.46! .02,.3"
_BAT_BONES = (".95,-.92 1.02,-.4 .86,.36", ".95,-.92 .72,-.42 .4,.46")
_FEATHER_WING = "0,0 .28,-.46 .8,-.74 1.12,-.62! .98,-.4! 1.06,-.22! .86,-.1! .9,.08! .66,.12! .62,.28! .3,.28 0,.24"
_QUILLS = (".98,-.4 .8,-.43 .62,-.38", ".86,-.1 .69,-.17 .52,-.16", ".66,.12 .52,.04 .38,.04")


def wings(
    s: Sketch, root: Pair, size: float, kind: str, *, depth: float = -3.0, role: str = "accent", x: float = 0.0
) -> None:
    """Add a pair of wings behind the body, rooted at `root` to the right of x and mirrored: "bat", "feather", "bug"."""
    for side in SIDES:
        at = (x + side * root[0], root[1])
        flap = Motion(at, 0.28 * side, size, 0.0)
        s.add(depth, *_wing(at, size, kind, role=role, side=side), moves=[flap])


def _wing(at: Pair, size: float, kind: str, *, role: str, side: float) -> list[Part]:
    if kind == "bug":
        lower = mirror(ellipse((0.52 * size, 0.20 * size), 0.46 * size, 0.22 * size, turn=0.45), side) + points([at])
        upper = mirror(ellipse((0.60 * size, -0.34 * size), 0.66 * size, 0.30 * size, turn=-0.55), side) + points([at])
        vein = Part("vein", drawn(".15,-.08 .5,-.3 .9,-.62", size, at, side=side, closed=False), weight=0.5)
        return [Part("lower-wing", lower, "belly", 0.8), Part("wing", upper, "belly", 0.8, marks=(vein,))]
    path, lines = (_BAT_WING, _BAT_BONES) if kind == "bat" else (_FEATHER_WING, _QUILLS)
    marks = tuple(Part("wing-line", drawn(line, size, at, side=side, closed=False), weight=0.6) for line in lines)
    wing = Part("wing", drawn(path, size, at, side=side), role, 0.9, marks=marks)
    if kind != "bat":
        return [wing]
    thumb = (at[0] + side * 0.95 * size, at[1] - 0.92 * size)
    return [_claw(thumb, -np.pi / 2 + 0.3 * side, size, (-0.04, 0.18, 0.06)), wing]
