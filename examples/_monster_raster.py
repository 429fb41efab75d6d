"""Paint a monster's parts back to front into pixels: who owns each pixel, how it is lit, where the ink is.

Parts are painted as an artist with opaque paint would: a nearer part covers the lines and areas behind it, so no
hidden line shows. All is painted several times finer than wanted and averaged down.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
from _monster_curves import Pair, Points, arc_length, points, signed_area
from _monster_model import Monster, Part
from _monster_regions import Bytes
from _monster_strokes import Floats, LineStyle, joints, line_width, outline_width, pieces, ribbons

BASE, SHADE, DEEP, GLOSS, RIM = range(5)
"""Tones of a pixel, as in palettes.LEVELS."""

_SHIFT = 4  # bits of the fixed-point coordinates that OpenCV takes


class Canvas:
    """Rasters of one size, and what their numbers mean.

    owner: 0 = nothing, i = area number i; level: how it is lit; ink, tone: 0 = none, else 1 + a role's number (a tone
    is a colour that only the shaded picture has). `light` points towards the light.
    """

    def __init__(self, size: int, *, light: Pair, style: LineStyle, least_width: float) -> None:
        self.size = size
        self.light = np.asarray(light)
        self.style = style
        self.least_half = least_width / 2  # narrowest half line, in pixels
        self.owner = np.zeros((size, size), np.uint8)
        self.level = np.zeros((size, size), np.uint8)
        self.ink = np.zeros((size, size), np.uint8)
        self.tone = np.zeros((size, size), np.uint8)
        self.roles: list[str] = ["ink"]
        self.names: list[str] = [""]
        self.areas: list[str] = ["ink"]  # role, by owner

    def colours(self, owner: Bytes) -> Bytes:
        """Return the number of the role that each owner is painted with, 0 for nothing."""
        table = np.zeros(256, np.uint8)
        table[1 : len(self.areas)] = [self.number(role) for role in self.areas[1:]]
        return np.asarray(cv2.LUT(np.ascontiguousarray(owner), table), dtype=np.uint8)

    def number(self, role: str) -> int:
        """Return the number that stands for a role in the ink and the tone."""
        if role not in self.roles:
            self.roles.append(role)
        return 1 + self.roles.index(role)


def paint(monster: Monster, canvas: Canvas, *, time: float, gates: dict[str, Floats]) -> None:
    """Paint a monster at a moment; `gates` maps a part's name to 0 where its line is left out, by outline point."""
    for part in monster.parts:
        _underline(canvas, monster, part, time=time, gates=gates)
    for part in monster.parts:
        _paint_part(canvas, monster, part, parent=None, time=time, gates=gates)


def close_seams(canvas: Canvas) -> None:
    """Ink a thin line wherever two colours, or a colour and the paper, still meet without one."""
    colour = canvas.colours(canvas.owner[::2, ::2])
    bare = (canvas.ink[::2, ::2] == 0).view(np.uint8)
    across = (colour[:, 1:] != colour[:, :-1]).view(np.uint8) & bare[:, 1:] & bare[:, :-1]
    down = (colour[1:] != colour[:-1]).view(np.uint8) & bare[1:] & bare[:-1]
    radius = max(1, round(canvas.least_half))
    for seam in (across, down):
        found = cv2.findNonZero(seam)
        for x, y in () if found is None else found.reshape(-1, 2):
            cv2.circle(canvas.ink, (2 * int(x) + 1, 2 * int(y) + 1), radius, canvas.number("ink"), -1)


def _underline(canvas: Canvas, monster: Monster, part: Part, *, time: float, gates: dict[str, Floats]) -> None:
    """Ink a wider line behind everything: what stays in sight makes the silhouette's line heavier."""
    if part.fill is None or part.weight == 0 or canvas.style.outer == 0:
        return
    outline = monster.shape(part, time) * canvas.size
    away = -canvas.light * 0.35 * canvas.style.outer * canvas.size
    width = (part.weight * canvas.style.width + 2 * canvas.style.outer) * canvas.size
    gate = gates.get(part.name, np.ones(len(outline)))
    for curve, _ in pieces(outline + away, gate, closed=not part.open_root):
        run = [np.rint(curve * (1 << _SHIFT)).astype(np.int32)]
        cv2.polylines(canvas.ink, run, False, canvas.number(part.fill), max(1, round(width)), 8, _SHIFT)


def _paint_part(
    canvas: Canvas, monster: Monster, part: Part, *, parent: int | None, time: float, gates: dict[str, Floats]
) -> None:
    outline = monster.shape(part, time) * canvas.size
    if part.fill == "ink":
        _blot(canvas, canvas.ink, outline, parent)
    elif part.tone and part.fill is not None:
        _blot(canvas, canvas.tone, outline, parent, role=part.fill)
    elif part.fill is not None:
        if part.cast:
            _cast_shadow(canvas, part, outline, parent)
        number = _fill(canvas, part, outline, parent)
        for mark in part.marks:
            _paint_part(canvas, monster, mark, parent=number, time=time, gates=gates)
        if part.gloss:
            _highlight(canvas, outline, part.gloss, number)
    if part.weight:
        _draw_line(canvas, part, outline, parent, gates.get(part.name))


class _Window:
    """The part of the canvas around an outline, with masks of that size."""

    def __init__(self, canvas: Canvas, outline: Points, margin: float = 2.0) -> None:
        low = np.floor(outline.min(axis=0) - margin).astype(int)
        high = np.ceil(outline.max(axis=0) + margin).astype(int)
        self.x0, self.y0 = (int(v) for v in np.clip(low, 0, canvas.size - 1))
        self.x1, self.y1 = (int(v) for v in np.clip(high + 1, 1, canvas.size))
        self.shape = (max(1, self.y1 - self.y0), max(1, self.x1 - self.x0))

    def of(self, array: Bytes) -> Bytes:
        """Return the window's view of a raster."""
        return array[self.y0 : self.y0 + self.shape[0], self.x0 : self.x0 + self.shape[1]]

    def mask(self, outlines: Sequence[Points], value: int = 1) -> Bytes:
        """Return a mask that is `value` inside any of the outlines."""
        mask = np.zeros(self.shape, np.uint8)
        for outline in outlines:
            cv2.fillPoly(mask, [_fixed(outline - points([(self.x0, self.y0)]))], value, 8, _SHIFT)
        return mask

    def disc(self, centre: Floats, radius: float) -> npt.NDArray[np.bool_]:
        """Return a mask that is true in a disc."""
        mask = np.zeros(self.shape, np.uint8)
        x, y = np.rint(centre - (self.x0, self.y0)).astype(int)
        cv2.circle(mask, (int(x), int(y)), max(1, round(radius)), 1, -1)
        return mask.view(np.bool_)

    def family(self, canvas: Canvas, parent: int) -> npt.NDArray[np.bool_]:
        """Return where the parent area, or what was painted on it, is in sight."""
        owner = self.of(canvas.owner)
        return np.asarray((owner >= parent) & (owner <= len(canvas.names) - 1))


def _fixed(outline: Points) -> npt.NDArray[np.int32]:
    return np.rint(outline * (1 << _SHIFT)).astype(np.int32)


def _put(target: Bytes, value: int, where: npt.NDArray[np.bool_]) -> None:
    np.copyto(target, np.uint8(value), where=where)


def _fill(canvas: Canvas, part: Part, outline: Points, parent: int | None) -> int:
    """Fill an area, cover the ink that was there, and light it; return its number."""
    window = _Window(canvas, outline)
    inside = window.mask([outline]).view(np.bool_)
    if parent is not None:
        inside &= window.family(canvas, parent)
    number = len(canvas.names)
    if number > 255:
        raise ValueError("a monster can have 255 areas at most")
    canvas.names.append(part.name)
    canvas.areas.append(part.fill or "ink")
    _put(window.of(canvas.owner), number, inside)
    _put(window.of(canvas.ink), 0, inside)
    _put(window.of(canvas.tone), 0, inside)
    if parent is None or part.shade is not None:
        _light(canvas, part, outline, window, inside)
    return number


def _radius(outline: Points) -> float:
    """Return twice the area over the perimeter: the radius of a circle, the width of a tube."""
    return 2 * abs(signed_area(outline)) / max(1e-9, float(arc_length(outline, closed=True)[-1]))


def _light(canvas: Canvas, part: Part, outline: Points, window: _Window, inside: npt.NDArray[np.bool_]) -> None:
    """Shade the edge away from the light: all that the outline moved towards the light does not cover."""
    radius = _radius(outline)
    shift = np.asarray(part.shade if part.shade is not None else 0.36 * canvas.light) * radius
    if part.open_root:  # near the root the tone of what it grows out of goes on
        root = inside & window.disc(*_root(outline))
        _put(window.of(canvas.level), SHADE, root & (window.of(canvas.level) == RIM))
        inside = inside & ~root
    lit = window.mask([outline + shift]).view(np.bool_)
    level = window.of(canvas.level)
    _put(level, SHADE, inside)
    _put(level, BASE, inside & lit)
    if part.shade is None and radius > 0.045 * canvas.size:
        far = window.mask([outline + canvas.light * 0.065 * radius]).view(np.bool_)
        _put(level, RIM, inside & ~far & ~lit)


def _cast_shadow(canvas: Canvas, part: Part, outline: Points, parent: int | None) -> None:
    """Darken what lies behind, where the part's silhouette moved away from the light falls."""
    fall = (-canvas.light * 0.8 + (0, 0.45)) * part.cast * canvas.size
    if part.open_root:  # a limb lies closer to the body towards its root
        root, reach = _root(outline)
        away = np.hypot(*(outline - root).T) / max(1e-9, 4.2 * reach)
        fall = fall * np.clip(away - 0.35, 0, 1)[:, None] ** 1.5
    fallen = outline + fall
    window = _Window(canvas, fallen)
    where = window.mask([fallen]).view(np.bool_)
    if part.open_root:
        where &= ~window.disc(root, reach)
    where &= (window.of(canvas.owner) > 0) if parent is None else window.family(canvas, parent)
    level = window.of(canvas.level)
    deeper = where & (level == SHADE)
    _put(level, SHADE, where)
    _put(level, DEEP, deeper)


def _root(outline: Points) -> tuple[Floats, float]:
    """Return middle and radius of the disc over the edge with which a limb grows out of a body."""
    return (outline[0] + outline[-1]) / 2, 0.72 * float(np.hypot(*(outline[0] - outline[-1])))


def _highlight(canvas: Canvas, outline: Points, gloss: float, number: int) -> None:
    """Paint a tapered highlight and a dot inside the edge that faces the light."""
    radius = _radius(outline)
    window = _Window(canvas, outline)
    shapes = highlight_shapes(outline, canvas.light, gloss * radius)
    where = window.mask(shapes).view(np.bool_) & window.family(canvas, number)
    level = window.of(canvas.level)
    _put(level, GLOSS, where & (level == BASE))


def highlight_shapes(outline: Points, light: Floats, inset: float) -> list[Points]:
    """Return the polygons of a highlight `inset` inside the edge that faces the light."""
    heading = float(np.arctan2(light[1], light[0]))
    middle = (outline.min(axis=0) + outline.max(axis=0)) / 2
    ray = outline - middle
    reach = float(np.max(ray @ light))
    unit = inset / max(reach, 1e-9)  # angle that is one inset long
    arc = _inner_arc(outline, inset, heading - 3.6 * unit, heading + 0.6 * unit)
    half = 0.42 * inset * np.sin(np.linspace(0.12, np.pi - 0.12, len(arc)))
    dot = _inner_arc(outline, inset, heading + 1.9 * unit, heading + 2.3 * unit)
    return [*ribbons(arc, half), *ribbons(dot, np.full(len(dot), 0.36 * inset)), *_dots(dot, 0.36 * inset)]


def _inner_arc(outline: Points, inset: float, start: float, stop: float) -> Points:
    """Return the curve that runs inside an outline between two headings from its middle."""
    middle = (outline.min(axis=0) + outline.max(axis=0)) / 2
    ray = outline - middle
    angle = np.arctan2(ray[:, 1], ray[:, 0])
    order = np.argsort(angle)
    wide = np.linspace(start - 0.3, stop + 0.3, 60)
    reach = np.interp(wide, angle[order], np.hypot(ray[:, 0], ray[:, 1])[order], period=2 * np.pi)
    reach = np.convolve(np.pad(reach, 6, mode="edge"), np.ones(13) / 13, mode="valid")
    wanted = np.linspace(start, stop, 30)
    inner = np.interp(wanted, wide, reach)
    inner = np.maximum(0.35 * inner, inner - 1.6 * inset)
    return np.asarray(middle + np.stack([np.cos(wanted), np.sin(wanted)], axis=1) * inner[:, None])


def _dots(curve: Points, radius: float) -> list[Points]:
    angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius
    return [curve[0] + ring, curve[-1] + ring]


def _blot(canvas: Canvas, target: Bytes, outline: Points, parent: int | None, *, role: str = "ink") -> None:
    """Fill an area of the ink or of the tone with a role."""
    window = _Window(canvas, outline)
    where = window.mask([outline]).view(np.bool_)
    if parent is not None:
        where &= window.family(canvas, parent)
    _put(window.of(target), canvas.number(role), where)


def _draw_line(canvas: Canvas, part: Part, outline: Points, parent: int | None, gate: Floats | None) -> None:
    """Ink a part's line, cut off at its parent's outline."""
    bare = part.fill is None
    unit = outline / canvas.size
    if bare:
        width = line_width(unit, canvas.style)
    else:
        width = outline_width(unit, (canvas.light[0], canvas.light[1]), canvas.style, open_root=part.open_root)
    half = np.maximum(0.5 * width * part.weight * canvas.style.width * canvas.size, canvas.least_half)
    if gate is not None:
        half = half * gate
    window = _Window(canvas, outline, margin=2 + float(half.max()))
    mask = np.zeros(window.shape, np.uint8)
    for curve, halves in pieces(outline - points([(window.x0, window.y0)]), half, closed=not (bare or part.open_root)):
        _ink_run(mask, curve, halves)
    where = mask.view(np.bool_)
    if parent is not None:
        where &= window.family(canvas, parent)
    role = canvas.areas[parent] if bare and parent is not None else part.fill or "ink"
    _put(window.of(canvas.ink), canvas.number(role), where)


def _ink_run(mask: Bytes, curve: Points, half: Floats) -> None:
    """Fill one run of a line: its ribbons, and round joints between them."""
    for ribbon in ribbons(curve, half):
        cv2.fillPoly(mask, [_fixed(ribbon)], 1, 8, _SHIFT)
    for joint in joints(curve, half):
        x, y = _fixed(curve[joint])
        cv2.circle(mask, (int(x), int(y)), max(1, round(float(half[joint]) * (1 << _SHIFT))), 1, -1, 8, _SHIFT)
