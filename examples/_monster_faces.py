"""Faces: eyes of many kinds, lids, brows, cheeks."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from _monster_curves import SIDES, Pair, Points, drawn, ellipse, points, smooth, tube
from _monster_model import Motion, Part, Sketch, moving
from _monster_mouths import mouth


@dataclass(frozen=True)
class Mood:
    """What a face feels."""

    lid: float  # lower edge of the upper lid, in eye radii from the middle (y down); below -1 there is no lid
    slant: float  # how much lower lids and brows are at the nose, in radii (positive = cross)
    mouths: str  # kinds of mouth to choose from


MOODS: dict[str, Mood] = {
    "happy": Mood(-2.0, -0.15, "open open smile grin fangs tongue"),
    "calm": Mood(-0.62, 0.0, "smile cat fangs tusks smile"),
    "sly": Mood(-0.30, 0.28, "smirk grin fangs zigzag"),
    "sleepy": Mood(-0.05, -0.10, "small wobble o tongue"),
    "surprised": Mood(-2.0, -0.25, "o open small"),
    "cross": Mood(-0.45, 0.42, "frown zigzag tusks grit"),
    "silly": Mood(-2.0, 0.0, "tongue open buck grin"),
}


@dataclass(frozen=True)
class Look:
    """How all eyes of one face are drawn."""

    kind: str  # "iris", "dot", "bead", "slit" or "happy" (closed)
    mood: Mood
    gaze: Pair  # where the pupils are, in radii from the middle
    lid_role: str
    ball_role: str
    brows: bool


def choose_look(s: Sketch, kinds: str = "iris iris iris iris dot dot dot bead bead bead slit happy") -> Look:
    """Return a random look; friendly moods are more frequent than others."""
    mood = MOODS[s.pick("happy happy happy happy calm calm sly sleepy surprised cross silly silly")]
    kind = s.pick(kinds)
    gaze = (s.between(-0.30, 0.30), s.between(-0.14, 0.14))
    brows = s.chance(0.55 if kind in ("bead", "happy") else 0.15)
    return Look(kind, mood, gaze, s.pick("second skin skin"), s.pick("white white white cream"), brows)


def eye(s: Sketch, centre: Pair, radius: float, look: Look, side: float = 0.0) -> list[Part]:
    """Return one eye; `side` tells on which side of the nose it is (-1, 0, 1)."""
    blink = Motion((centre[0], centre[1] + 0.3 * radius), blink=True)
    if look.kind == "happy":
        return [
            Part("eye", drawn("-.8,.25 -.45,-.35 0,-.55 .45,-.35 .8,.25", radius, centre, closed=False), weight=1.5)
        ]
    if look.kind == "bead":
        return [moving(part, blink) for part in _bead(s, centre, 0.78 * radius)]
    marks = (*_pupil(s, centre, radius, look), *_lid(centre, radius, look, side))
    ball = Part("eye", ellipse(centre, radius, 1.06 * radius), look.ball_role, 0.85, marks=marks, shade=(0.0, 0.2))
    lash = Part("eye-lash", _lash(side) * radius + points([centre]), weight=1.25)
    return [moving(ball, blink), moving(lash, blink)]


def _lash(side: float) -> Points:
    """Return the heavy upper edge of a unit eye, longer on its outer side."""
    start, stop = (-0.95, 0.80) if side > 0 else (-0.80, 0.95) if side < 0 else (-0.9, 0.9)
    angle = np.linspace(-np.pi / 2 - start, -np.pi / 2 - stop, 24)
    return np.stack([np.cos(angle), 1.06 * np.sin(angle)], axis=1)


def _bead(s: Sketch, centre: Pair, radius: float) -> list[Part]:
    """Return a shiny black eye."""
    toward = float(np.sign(s.light[0]))
    shine = (centre[0] + 0.28 * toward * radius, centre[1] - 0.40 * radius)
    spark = (centre[0] - 0.30 * toward * radius, centre[1] + 0.45 * radius)
    return [
        Part("eye", ellipse(centre, 0.86 * radius, 1.12 * radius), "ink", 0.0),
        Part("eye-shine", ellipse(shine, 0.33 * radius, 0.38 * radius), "white", 0.0, shade=(0.0, 0.0)),
        Part("eye-spark", ellipse(spark, 0.16 * radius, 0.16 * radius), "white", 0.0, shade=(0.0, 0.0)),
    ]


def _pupil(s: Sketch, centre: Pair, radius: float, look: Look) -> list[Part]:
    """Return iris, pupil and shine."""
    x, y = centre[0] + look.gaze[0] * radius, centre[1] + look.gaze[1] * radius
    shine = (x + 0.24 * float(np.sign(s.light[0])) * radius, y - 0.27 * radius)
    parts = [Part("pupil", ellipse((x, y), 0.46 * radius, 0.52 * radius), "ink", 0.0)]
    if look.kind != "dot":
        wide = 0.15 if look.kind == "slit" else 0.37
        iris = Part("iris", ellipse((x, y), 0.64 * radius, 0.67 * radius), "iris", 0.55, shade=(0.0, 0.45))
        parts = [iris, Part("pupil", ellipse((x, y), wide * radius, 0.42 * radius), "ink", 0.0)]
    line = 0.0 if look.kind == "dot" else 0.35
    shown = ellipse(shine, 0.19 * radius, 0.21 * radius)
    return [*parts, Part("eye-shine", shown, "white", line, shade=(0.0, 0.0))]


def _lid(centre: Pair, radius: float, look: Look, side: float) -> list[Part]:
    """Return the upper lid, a flap over the eyeball, or nothing."""
    lid, tilt = look.mood.lid, look.mood.slant * side
    if lid < -1:
        return []
    edge = smooth([(-1.3, lid + 1.3 * tilt - 0.05), (0.0, lid - 0.12), (1.3, lid - 1.3 * tilt - 0.05)], closed=False)
    flap = np.concatenate([edge, points([(1.5, -1.6), (-1.5, -1.6)])]) * radius + points([centre])
    return [Part("eyelid", flap, look.lid_role, 0.85, cast=0.006, shade=(0.0, 0.0))]


def _brow(centre: Pair, radius: float, look: Look, side: float) -> Part:
    """Return a brow over an eye, low at the nose when cross, high when surprised."""
    slant, lift = 0.9 * look.mood.slant, -1.45 if look.kind != "happy" else -1.05
    path = [(-0.75, 0.10 + slant * side * 0.75), (0.0, -0.16), (0.75, 0.10 - slant * side * 0.75)]
    place = points([(centre[0], centre[1] + lift * radius)])
    return Part("brow", smooth(path, closed=False) * radius + place, weight=1.5)


Spots = list[tuple[float, float, float, float]]  # x, y, radius in half widths of the face; side


def _arrangement(s: Sketch, kind: str) -> Spots:
    """Return where the eyes are in a face of half width 1."""
    if kind == "one":
        return [(0.0, -0.12, s.between(0.46, 0.60), 0.0)]
    if kind == "odd":
        r = s.between(0.24, 0.28)
        return [(-0.38, -0.02, r * 1.3, -1.0), (0.42, 0.02, r * 0.85, 1.0)]
    if kind == "many":
        r = s.between(0.18, 0.22)
        outer = [(side * 0.66, -0.36, r * 0.85, side) for side in SIDES]
        return [*((side * 0.34, 0.02, r * 1.35, side) for side in SIDES), *outer, (0.0, -0.44, r, 0.0)]
    apart, low, high, third = {
        "three": (0.52, 0.25, 0.30, -0.38),
        "row": (0.54, 0.23, 0.28, -0.08),
        "close": (0.0, 0.34, 0.42, 0.0),
    }.get(kind, (s.between(0.46, 0.56), 0.27, 0.37, 0.0))
    r = s.between(low, high)
    pair = [(side * (apart or 0.98 * r), 0.0, r, side) for side in SIDES]
    return [*pair, (0.0, third, r * 1.18, 0.0)] if third else pair


def face(
    s: Sketch,
    centre: Pair,
    width: float,
    *,
    depth: float = 2.0,
    eyes: str = "two two two two close one one three many odd row",
    mouths: str = "",
    look: Look | None = None,
    mouth_at: float | None = None,
    cheeks: bool = True,
    moves: Sequence[Motion] = (),
) -> None:
    """Add eyes, mouth and perhaps cheeks around a centre (between the eyes), `width` half the width of the face.

    `eyes` and `mouths` are kinds to choose from ("none": no mouth); `mouth_at` fixes the mouth's height in widths.
    """
    look = look or choose_look(s)
    kind = s.pick(eyes)
    if look.kind == "happy" and kind not in ("two", "close"):
        look = dataclasses.replace(look, kind="iris")  # closed eyes read as a smile only in pairs
    spots = _arrangement(s, kind)
    for x, y, r, side in spots:
        place = (centre[0] + x * width, centre[1] + y * width)
        s.add(depth + 0.01 * y, *eye(s, place, r * width, look, side), moves=moves)
        if look.brows and kind in ("two", "close", "odd"):
            s.add(depth + 0.03, _brow(place, r * width * 0.95, look, side), moves=moves)
    low = max(y + r for _, y, r, _ in spots)
    chosen = s.pick(mouths or look.mood.mouths)
    if chosen != "none":
        down = mouth_at if mouth_at is not None else _mouth_height(s, kind, low)
        wide = s.between(0.46, 0.62) if chosen in ("grin", "zigzag", "grit") else s.between(0.33, 0.50)
        at = (centre[0] + 0.06 * look.gaze[0] * width, centre[1] + down * width)
        s.add(depth + 0.02, *mouth(s, at, wide * width, chosen), moves=moves)
    if cheeks and s.chance(0.65):
        _blush(s, (centre[0], centre[1] + (low + 0.10) * width), width, moves)


def _mouth_height(s: Sketch, kind: str, low: float) -> float:
    """Return the height of a mouth under eyes that reach down to `low`: often between them, which looks young."""
    if kind == "two" and s.chance(0.5):
        return max(0.20, low - 0.06)
    return low + s.between(0.14, 0.26)


def _blush(s: Sketch, centre: Pair, width: float, moves: Sequence[Motion]) -> None:
    """Add rosy cheeks; only the shaded picture has them."""
    rx, ry = s.between(0.13, 0.17) * width, s.between(0.08, 0.11) * width
    for side in SIDES:
        cheek = ellipse((centre[0] + side * 0.70 * width, centre[1]), rx, ry)
        s.tones.append(moving(Part("cheek", cheek, "blush", 0.0, tone=True), *moves))


def stalk_eyes(s: Sketch, feet: Sequence[Pair], height: float, radius: float) -> Look:
    """Add eyes on stalks that sway, and return their look."""
    look = choose_look(s, "iris iris dot dot slit")
    for foot in feet:
        side = float(np.sign(foot[0] - np.mean([x for x, _ in feet]))) or 1.0
        top = (foot[0] + 0.12 * side, foot[1] - height)
        sway = Motion(foot, 0.12 * side, height, s.between(0, 1.5))
        stalk = tube([(foot[0], foot[1] + 0.18), (foot[0], foot[1] - 0.3 * height), top], [0.10, 0.085, 0.08])
        s.add(-0.3, Part("stalk", stalk, "skin", 0.85), moves=[sway])
        s.add(2.0, *eye(s, (top[0], top[1] - 0.5 * radius), radius, look, side), moves=[sway])
    return dataclasses.replace(look, brows=False)
