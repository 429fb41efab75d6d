"""What a monster is before it is drawn: parts with outlines, colour roles and motions, on a canvas of one unit.

A Sketch gathers parts in the unit of the body (ground at y = 0, up is negative); `finish` gives them a gesture and a
hand's wobble, and fits them into the canvas: x and y in 0..1, y down.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from _monster_curves import Pair, Points, points
from _monster_palettes import Palette

GROUND = 0.925
"""Height on the canvas of the ground that monsters stand on."""

ROOM = 0.86
"""Largest extent of a monster on the canvas."""


@dataclass(frozen=True)
class Motion:
    """How a part moves over one loop: it swings about a pivot, bending more the farther out, or blinks at a height."""

    pivot: Pair
    swing: float = 0.0  # radians at full reach
    reach: float = 1.0  # distance from the pivot at which the swing is full
    phase: float = 0.0  # radians
    blink: bool = False  # closes towards the pivot's height for a moment

    def move(self, outline: Points, time: float) -> Points:
        """Return the outline at a time in 0..1; time 0 is the drawn pose."""
        if self.blink:
            close = 0.88 * np.exp(-(((time - 0.62) / 0.035) ** 2))
            return np.stack([outline[:, 0], self.pivot[1] + (outline[:, 1] - self.pivot[1]) * (1 - close)], axis=1)
        angle = self.swing * (np.sin(2 * np.pi * time + self.phase) - np.sin(self.phase))
        arm = outline - points([self.pivot])
        turn = angle * np.minimum(1.0, np.hypot(arm[:, 0], arm[:, 1]) / self.reach)
        cos, sin = np.cos(turn), np.sin(turn)
        x, y = arm[:, 0] * cos - arm[:, 1] * sin, arm[:, 0] * sin + arm[:, 1] * cos
        return np.stack([x, y], axis=1) + points([self.pivot])


@dataclass(frozen=True, eq=False)
class Part:
    """One drawn thing: an area with a line around it, a bare line, or a solid of ink."""

    name: str
    outline: Points  # closed, or along the line for a bare line
    fill: str | None = None  # colour role; None: a bare line; "ink": solid ink
    weight: float = 1.0  # line width, 1 = the outer line of a body; 0 = no line
    open_root: bool = False  # no line along the last edge, where the part grows out of another of its colour
    marks: tuple[Part, ...] = ()  # drawn on this part and cut off at its outline
    tone: bool = False  # only in the shaded picture: no line, not in the flats
    shade: Pair | None = None  # where the lit area is moved, in radii of the part; None: towards the light
    cast: float = 0.0  # distance of the shadow thrown on what is behind, in units of the canvas
    gloss: float = 0.0  # size of the highlight along the lit edge, in radii of the part; 0 = none
    motions: tuple[Motion, ...] = ()

    def at(self, time: float) -> Points:
        """Return the outline at a time in 0..1."""
        outline = self.outline
        for motion in self.motions:
            outline = motion.move(outline, time)
        return outline


@dataclass(frozen=True, eq=False)
class Monster:
    """A monster as a drawing without pixels: the same at every size."""

    seed: int
    index: int
    plan: str  # the body plan, such as "dragon"
    parts: tuple[Part, ...]  # back to front
    palette: Palette
    light: Pair  # unit vector towards the light, y down
    floats: bool  # hovers over the ground
    footing: tuple[float, float, float]  # middle x and half width of its shadow on the ground, lowest y of the figure

    def shape(self, part: Part, time: float) -> Points:
        """Return a part's outline on the canvas at a time in 0..1: it moves, and the whole body breathes or bobs."""
        outline = part.at(time)
        breath = float(np.sin(2 * np.pi * time))
        if self.floats:
            return outline + points([(0.0, -0.015 * breath)])
        x, _, ground = self.footing
        return (outline - (x, ground)) * (1 - 0.008 * breath, 1 + 0.014 * breath) + (x, ground)


def moving(part: Part, *motions: Motion) -> Part:
    """Return a part that also follows these motions, with all that is drawn on it."""
    marks = tuple(moving(mark, *motions) for mark in part.marks)
    return dataclasses.replace(part, marks=marks, motions=(*part.motions, *motions))


Warp = Callable[[Points], Points]


class Sketch:
    """Gathers the parts of one monster, each at a depth: greater is nearer to the eye; the body is at 0."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        side = -1.0 if rng.random() < 0.75 else 1.0
        self.light = _unit((side * rng.uniform(0.70, 0.95), -1.0))
        self.floats = False  # hovers over the ground
        self.face_on = "body"  # name of the part that tones of the face are painted on
        self.tones: list[Part] = []
        self._parts: list[tuple[float, Part]] = []

    def add(self, depth: float, *parts: Part, moves: Sequence[Motion] = ()) -> None:
        """Add parts at a depth that follow some motions; equal depths stay in the order added."""
        self._parts.extend((depth, moving(part, *moves)) for part in parts)

    def size(self) -> int:
        """Return how many parts were added so far, for `attach_since`."""
        return len(self._parts)

    def attach_since(self, count: int, *motions: Motion, rise: float = 0.0) -> None:
        """Let all parts added after the first `count` follow these motions too, and bring them nearer to the eye."""
        self._parts[count:] = [(depth + rise, moving(part, *motions)) for depth, part in self._parts[count:]]

    def chance(self, probability: float) -> bool:
        """Return true with a probability."""
        return bool(self.rng.random() < probability)

    def count(self, low: int, high: int) -> int:
        """Return a whole number drawn evenly from low..high, both included."""
        return int(self.rng.integers(low, high + 1))

    def side(self) -> float:
        """Return -1 or 1."""
        return 1.0 if self.chance(0.5) else -1.0

    def between(self, low: float, high: float) -> float:
        """Return a number drawn evenly from low..high."""
        return float(self.rng.uniform(low, high))

    def pick(self, options: str) -> str:
        """Return one of the words; write one twice to see it twice as often."""
        words = options.split()
        return words[int(self.rng.integers(len(words)))]

    def finish(self) -> tuple[Part, ...]:
        """Return the parts back to front, with unique names, posed and fitted into the canvas."""
        ordered = [part for _, part in sorted(self._parts, key=lambda entry: entry[0])]
        for place, part in enumerate(ordered):
            if part.name == self.face_on:
                ordered[place] = dataclasses.replace(part, marks=(*part.marks, *self.tones))
                break
        warp = _gesture(self.rng)
        posed = [_mapped(part, warp, 1.0) for part in ordered]
        fit, scale = _fitting(posed, self.floats)
        return tuple(_named([_mapped(part, fit, scale) for part in posed], Counter()))


def _unit(vector: Pair) -> Pair:
    length = float(np.hypot(*vector))
    return vector[0] / length, vector[1] / length


def _gesture(rng: np.random.Generator) -> Warp:
    """Return a warp that leans, bends and wobbles everything alike, so that what touches keeps touching."""
    lean, bend = rng.normal(0, 0.05), rng.normal(0, 0.022)
    size = rng.uniform(0.006, 0.012)
    wave = rng.uniform(2.0, 6.5, (4, 2))
    phase = rng.uniform(0, 2 * np.pi, 4)

    def warp(outline: Points) -> Points:
        ripples = np.sin(outline @ wave.T + phase)
        x = outline[:, 0] - lean * outline[:, 1] + bend * outline[:, 1] ** 2
        moved = np.stack([x, outline[:, 1] * (1 + 0.25 * lean * outline[:, 0])], axis=1)
        return moved + size * np.stack([ripples[:, 0] + ripples[:, 1], ripples[:, 2] + ripples[:, 3]], axis=1)

    return warp


def _mapped(part: Part, warp: Warp, scale: float) -> Part:
    """Return a part with its outline, marks and motions warped; `scale` is what the warp does to lengths."""
    motions = tuple(
        dataclasses.replace(motion, pivot=_pair(warp(points([motion.pivot]))), reach=motion.reach * scale)
        for motion in part.motions
    )
    marks = tuple(_mapped(mark, warp, scale) for mark in part.marks)
    return dataclasses.replace(part, outline=warp(part.outline), marks=marks, motions=motions)


def _pair(row: Points) -> Pair:
    return float(row[0, 0]), float(row[0, 1])


def _fitting(parts: list[Part], floats: bool) -> tuple[Warp, float]:
    """Return the map into the canvas and its scale: centred, standing on the ground or hovering over it."""
    everything = np.concatenate([part.outline for part in parts])
    low, high = everything.min(axis=0), everything.max(axis=0)
    extent = high - low
    scale = float(ROOM / max(extent[0], extent[1], 0.5))
    bottom = 0.5 + scale * extent[1] / 2 if floats else min(GROUND, 0.5 + scale * extent[1] / 2 + 0.06)
    offset = np.array([0.5 - scale * (low[0] + high[0]) / 2, bottom - scale * high[1]])
    return (lambda outline: outline * scale + offset), scale


def _named(parts: list[Part], seen: Counter[str]) -> list[Part]:
    """Return the parts with names made unique by a number: eye, eye-2, eye-3 ..."""
    named = []
    for part in parts:
        seen[part.name] += 1
        name = part.name if seen[part.name] == 1 else f"{part.name}-{seen[part.name]}"
        named.append(dataclasses.replace(part, name=name, marks=tuple(_named(list(part.marks), seen))))
    return named
