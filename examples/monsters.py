"""Draw original cartoon monsters: line art, flat colours, shaded colour, region map and hints, from a seed.

    python examples/monsters.py OUT --count 12 --size 512 --seed 7 [--style ink|pencil|thin|thick|coloured] [--gaps]
    python examples/monsters.py OUT --count 12 --frames 8    # animations: OUT/lines/monster_000/0.png ...

A monster is a description in curves, the same at every size, and depends on (seed, index) alone: drawing more of
them never changes the earlier ones. The arrays follow the conventions of the project:

lines    uint8 (H, W), 0 = ink, 255 = paper
flats    uint8 RGBA (H, W, 4): one colour per region, continued under the lines; alpha 0 outside the figure
shaded   uint8 RGBA (H, W, 4): the finished picture, lines included
alpha    uint8 (H, W): the figure with its outline, soft at the edge
regions  int32 (H, W), on disk 16-bit PNG: 0 = ink, 1 = the paper outside, 2.. = areas that ink encloses. The number of
         the largest area of a part is that part's own at every size and time, so numbers may be missing where a part is
         hidden. Paper enclosed between arm and body is an area of its own, named "paper~2" and so on. With gaps, the
         regions are those of the line art before the gaps were made: what closing the gaps must find.
hints    uint8 RGBA (H, W, 4): a disc of the flat colour in every region that is big enough, alpha 0 elsewhere
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from _monster_bodies import PLANS
from _monster_model import Monster, Motion, Part, Sketch, moving
from _monster_palettes import LEVELS, design
from _monster_raster import DEEP, SHADE, Canvas, close_seams, paint
from _monster_regions import PAPER, Bytes, Labels, find_areas, place_hints, separated
from _monster_strokes import STYLES, Floats, LineStyle

__all__ = ["PAPER", "Rendering", "describe", "livelier", "render", "write"]

_INK = np.uint8(128)  # coverage from which a pixel is ink: its line art is then darker than 128


@dataclass(frozen=True, eq=False)
class Rendering:
    """One monster in pixels; see the head of this file for the arrays."""

    lines: Bytes
    flats: Bytes
    shaded: Bytes
    alpha: Bytes
    regions: Labels
    hints: Bytes
    names: Mapping[int, str]  # region number -> name of the part, such as "body" or "horn-2"


def describe(seed: int, index: int) -> Monster:
    """Return monster number `index` of a seed; body plans and hues take turns, so that neighbours differ."""
    turn, place = divmod(index, len(PLANS))
    order = np.random.default_rng([seed, 1, turn]).permutation(len(PLANS))
    plan = sorted(PLANS)[order[place]]
    rng = np.random.default_rng([seed, 2, index])
    first_hue = np.random.default_rng([seed, 3]).uniform(0, 360)
    palette = design(rng, (first_hue + 137.508 * index) % 360)
    sketch = Sketch(rng)
    PLANS[plan](sketch)
    parts = sketch.finish()
    return Monster(seed, index, plan, parts, palette, sketch.light, sketch.floats, _footing(parts))


@dataclass(frozen=True)
class _Walk(Motion):
    """The whole figure goes to and fro in arcs, leaning into the way, and is back at time 1."""

    stride: float = 0.04  # of the canvas, to either side
    hop: float = 0.02  # of the canvas, height
    lean: float = 0.05  # radians

    def move(self, outline: Floats, time: float) -> Floats:
        """Return the outline at a time in 0..1; time 0 is the drawn pose."""
        side, angle = np.sin(2 * np.pi * time), self.lean * np.sin(2 * np.pi * time)
        arm = outline - np.array(self.pivot)
        turned = arm @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        away = np.array([self.stride * side, -self.hop * abs(np.sin(4 * np.pi * time))])
        return np.asarray(turned + np.array(self.pivot) + away, np.float64)


def livelier(monster: Monster, vigour: float = 2.0) -> Monster:
    """Return the monster with wider motion: parts swing `vigour` times as far, and all of it walks to and fro, hopping.

    At time 0 it is the same picture as before.
    """
    x, _, ground = monster.footing
    walk = _Walk((x, ground), stride=0.02 * vigour, hop=0.01 * vigour, lean=0.025 * vigour)
    parts = tuple(moving(_swinging(part, vigour), walk) for part in monster.parts)
    return dataclasses.replace(monster, parts=parts)


def _swinging(part: Part, vigour: float) -> Part:
    """Return the part, and what is drawn on it, with its swings so many times as wide."""
    motions = tuple(dataclasses.replace(motion, swing=vigour * motion.swing) for motion in part.motions)
    marks = tuple(_swinging(mark, vigour) for mark in part.marks)
    return dataclasses.replace(part, motions=motions, marks=marks)


def _footing(parts: tuple[Part, ...]) -> tuple[float, float, float]:
    """Return the middle and half width of what is low enough to throw a shadow on the ground, and its lowest y."""
    everything = np.concatenate([part.outline for part in parts])
    low = everything[everything[:, 1] > everything[:, 1].max() - 0.2]
    return float((low[:, 0].min() + low[:, 0].max()) / 2), float(np.ptp(low[:, 0]) / 2), float(everything[:, 1].max())


def render(
    monster: Monster,
    size: int,
    *,
    line_style: str = "ink",
    gaps: bool = False,
    time: float = 0.0,
    ground_shadow: bool = False,
) -> Rendering:
    """Return the monster in size x size pixels, at a moment `time` (0..1, a loop) of its idle motion."""
    style = STYLES[line_style]
    canvas = _painted(monster, size, style, time=time, gates={})
    ink = _ink_coverage(canvas, size)
    solid = (ink >= _INK) | (_centres(canvas.ink, size) > 0)
    owner = _centres(canvas.owner, size)
    solid = separated(canvas.colours(owner), solid)
    areas = find_areas(solid, owner, canvas.names, monster)
    np.maximum(ink, _INK, out=ink, where=areas.numbers == 0)
    flats = _flats(canvas, monster, size)
    alpha = np.maximum(_shrunk(np.where(canvas.owner > 0, np.uint8(255), np.uint8(0)), size), ink)
    shaded = _shaded(canvas, monster, size, _drawn(ink, monster, style))
    if gaps:
        ink = _with_gaps(ink, monster, style, time)
    lines = _line_art(ink, monster, style)
    picture = np.dstack([shaded, alpha])
    if ground_shadow:
        picture = _over_shadow(picture, monster)
    return Rendering(lines, flats, picture, alpha, areas.numbers, place_hints(areas, flats), areas.names)


def _painted(monster: Monster, size: int, style: LineStyle, *, time: float, gates: dict[str, Floats]) -> Canvas:
    fineness = _fineness(size)
    canvas = Canvas(size * fineness, light=monster.light, style=style, least_width=1.7 * fineness)
    paint(monster, canvas, time=time, gates=gates)
    if not gates:
        close_seams(canvas)
    return canvas


def _fineness(size: int) -> int:
    """Return how many times finer than wanted the painting is done: an even number."""
    return 8 if size <= 128 else 4 if size <= 640 else 2


def _shrunk(array: Bytes, size: int) -> Bytes:
    return np.asarray(cv2.resize(array, (size, size), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _centres(array: Bytes, size: int) -> Bytes:
    """Return the fine raster's values at the middle of each pixel."""
    step = array.shape[0] // size
    return np.ascontiguousarray(array[step // 2 :: step, step // 2 :: step])


def _ink_coverage(canvas: Canvas, size: int) -> Bytes:
    """Return how much of each pixel is inked, 0..255."""
    return _shrunk(np.where(canvas.ink > 0, np.uint8(255), np.uint8(0)), size)


def _flats(canvas: Canvas, monster: Monster, size: int) -> Bytes:
    """Return the flat colours as RGBA; lines are left out, the colours meet under them."""
    table = np.zeros((256, 4), np.uint8)
    table[1 : len(canvas.areas)] = [(*monster.palette.colour(role), 255) for role in canvas.areas[1:]]
    return np.take(table, _centres(canvas.owner, size), axis=0)


def _shaded(canvas: Canvas, monster: Monster, size: int, ink: Bytes) -> Bytes:
    """Return the lit colours with the lines on top, RGB."""
    table = np.array(
        [[monster.palette.colour(role, level) for level in LEVELS] for role in ("ink", *canvas.roles)], np.uint8
    ).reshape(-1, 3)
    step = canvas.size // (2 * size)
    role = canvas.colours(canvas.owner[::step, ::step])
    tone, level = canvas.tone[::step, ::step], canvas.level[::step, ::step]
    np.copyto(role, tone, where=tone > 0)
    fine = np.take(table, role * np.uint8(len(LEVELS)) + level, axis=0)
    colour = _aired(_shrunk(fine, size), canvas, size)
    line = _line_colour(canvas, monster, size)
    cover = (ink.astype(np.float32) / 255)[..., None]
    return np.asarray(np.rint(colour * (1 - cover) + line * cover), dtype=np.uint8)


def _aired(colour: Bytes, canvas: Canvas, size: int) -> npt.NDArray[np.float32]:
    """Soften the light: shadows bleed a little over their edge, and the figure darkens towards the ground."""
    small = (canvas.level[::8, ::8] == SHADE) | (canvas.level[::8, ::8] == DEEP)
    soft = cv2.GaussianBlur(small.astype(np.float32), (0, 0), 0.030 * small.shape[0])
    soft = cv2.resize(soft, (size, size), interpolation=cv2.INTER_LINEAR)
    height = np.linspace(1.03, 0.90, size, dtype=np.float32)[:, None]
    dim = np.clip(height * (1.03 - 0.20 * soft), 0, 1.04)
    tint = np.array([1.0, 0.985, 1.045], np.float32)
    dark = (1.04 - dim)[..., None]
    return np.asarray(np.clip(colour * (dim[..., None] + dark * (tint - 1)), 0, 255), dtype=np.float32)


def _line_colour(canvas: Canvas, monster: Monster, size: int) -> npt.NDArray[np.float32]:
    """Return the colour of the lines: one dark tone, or for coloured lines one per area, by pixel."""
    plain = np.asarray(monster.palette.colour("ink"), np.float32)
    if not canvas.style.coloured:
        return plain
    table = np.array([plain, *(monster.palette.line(role) for role in canvas.roles)], np.float32)
    number = canvas.ink[:: max(1, canvas.size // (2 * size)), :: max(1, canvas.size // (2 * size))]
    weight = _shrunk(np.where(number > 0, np.uint8(255), np.uint8(0)), size).astype(np.float32)[..., None] / 255
    spread = table[number] * (number > 0)[..., None]
    total = cv2.resize(spread, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(np.where(weight > 0.02, total / np.maximum(weight, 0.02), plain), dtype=np.float32)


def _drawn(ink: Bytes, monster: Monster, style: LineStyle) -> Bytes:
    """Return how dark the ink's coverage looks, 0..255: pencil shows the paper's grain."""
    if not style.grain:
        return ink
    return np.asarray(np.rint(ink * (1 - style.grain * _grain(ink.shape[0], monster))), dtype=np.uint8)


def _line_art(ink: Bytes, monster: Monster, style: LineStyle) -> Bytes:
    """Return the drawing on paper; coloured lines are dark grey."""
    strength = _drawn(ink, monster, style)
    if style.coloured:  # lighten what is darker than half, so that the same pixels count as ink
        strength = np.minimum(strength, 128 + np.rint(0.62 * (strength.astype(np.float32) - 128))).astype(np.uint8)
    return np.asarray(255 - strength, dtype=np.uint8)


def _grain(size: int, monster: Monster) -> npt.NDArray[np.float32]:
    """Return the paper's grain in 0..1, the same picture at every size."""
    rng = np.random.default_rng([monster.seed, 4, monster.index])
    fine = cv2.GaussianBlur(rng.random((512, 512), dtype=np.float32), (0, 0), 1.1)
    coarse = cv2.resize(rng.random((20, 20), dtype=np.float32), (512, 512), interpolation=cv2.INTER_CUBIC)
    both = 0.26 * (fine - fine.mean()) / fine.std() + 0.55 * (coarse - 0.5) + 0.22
    grown = cv2.resize(np.clip(both, 0, 0.75), (size, size), interpolation=cv2.INTER_LINEAR)
    return np.asarray(grown, dtype=np.float32)


def _with_gaps(ink: Bytes, monster: Monster, style: LineStyle, time: float) -> Bytes:
    """Return the ink's coverage with gaps in the outlines."""
    size, gates = ink.shape[0], _gates(monster, style)
    open_ink = _ink_coverage(_painted(monster, size, style, time=time, gates=gates), size)
    near = np.zeros((size, size), np.uint8)
    reach = max(2, round(1.5 * (style.width + 2 * style.outer) * size))
    for part in monster.parts:
        if part.name in gates:
            for x, y in np.rint(monster.shape(part, time)[gates[part.name] == 0] * size).astype(int).tolist():
                cv2.circle(near, (x, y), reach, 1, -1)
    return np.where(near > 0, np.minimum(ink, open_ink), ink)


def _gates(monster: Monster, style: LineStyle) -> dict[str, Floats]:
    """Return, for some parts, where along the outline the line is left out (0), a few widths long."""
    rng = np.random.default_rng([monster.seed, 5, monster.index])
    gates = {}
    for part in monster.parts:
        run = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(part.outline, axis=0).T))])
        chosen, place, length = rng.random() < 0.75, rng.uniform(0.1, 0.9), rng.uniform(1.3, 3.2)
        if part.fill not in (None, "ink") and part.weight >= 0.6 and run[-1] > 0.25 and chosen:
            reach = 0.5 * (length * style.width + 2 * style.outer)
            gates[part.name] = (np.abs(run - place * run[-1]) > reach).astype(np.float64)
    return gates


def _over_shadow(picture: Bytes, monster: Monster) -> Bytes:
    """Return the picture over a soft shadow on the ground."""
    size = picture.shape[0]
    x, half, bottom = monster.footing
    drop = min(0.97, bottom + 0.05) if monster.floats else bottom - 0.05 * half
    shadow = np.zeros((size, size), np.uint8)
    centre, axes = (round(x * size), round(drop * size)), (round(half * size), round(max(0.02, 0.12 * half) * size))
    cv2.ellipse(shadow, centre, axes, 0, 0, 360, 255, -1, cv2.LINE_AA)
    under = cv2.GaussianBlur(shadow, (0, 0), 0.008 * size).astype(np.float32) * (0.16 if monster.floats else 0.26)
    above = picture[..., 3].astype(np.float32)
    total = above + under * (1 - above / 255)
    tone = np.asarray(monster.palette.colour("ink"), np.float32)
    mixed = picture[..., :3] * above[..., None] + tone * (total - above)[..., None]
    colour = mixed / np.maximum(total, 1)[..., None]
    return np.asarray(np.rint(np.dstack([colour, total])), dtype=np.uint8)


def write(monster: Monster, rendering: Rendering, out: Path, *, frame: int | None = None) -> None:
    """Write a rendering as OUT/lines/monster_000.png and so on, a frame as OUT/lines/monster_000/0.png."""
    name = f"monster_{monster.index:03d}" if frame is None else f"monster_{monster.index:03d}/{frame}"
    layers = {
        "lines": rendering.lines,
        "flats": cv2.cvtColor(rendering.flats, cv2.COLOR_RGBA2BGRA),
        "shaded": cv2.cvtColor(rendering.shaded, cv2.COLOR_RGBA2BGRA),
        "regions": rendering.regions.astype(np.uint16),
        "hints": cv2.cvtColor(rendering.hints, cv2.COLOR_RGBA2BGRA),
    }
    for folder, array in layers.items():
        path = out / folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".png", array)[1].tobytes())


def main() -> None:
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n")[0])
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write to; made if it is missing")
    parser.add_argument("--count", type=int, default=12, help="how many monsters (default: 12)")
    parser.add_argument("--size", type=int, default=512, help="side in pixels, 64 to 4096 (default: 512)")
    parser.add_argument("--seed", type=int, default=7, help="another seed, other monsters (default: 7)")
    parser.add_argument("--style", choices=sorted(STYLES), default="ink", help="how the lines look (default: ink)")
    parser.add_argument("--gaps", action="store_true", help="leave small gaps in the outlines")
    parser.add_argument("--ground-shadow", action="store_true", help="put a soft shadow under the shaded pictures")
    parser.add_argument("--frames", type=int, help="draw a loop of so many frames of each, in a folder of its own")
    choice = parser.parse_args()
    if not 64 <= choice.size <= 4096:
        parser.error("--size must be 64 to 4096")
    for index in range(choice.count):
        monster = describe(choice.seed, index)
        if choice.frames is not None:
            monster = livelier(monster)
        for frame in range(choice.frames or 1):
            picture = render(
                monster,
                choice.size,
                line_style=choice.style,
                gaps=choice.gaps,
                time=frame / (choice.frames or 1),
                ground_shadow=choice.ground_shadow,
            )
            write(monster, picture, choice.out, frame=None if choice.frames is None else frame)


if __name__ == "__main__":
    main()
