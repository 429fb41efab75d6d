"""Body plans that crawl, hover, swim or sprout: slimes, ghosts, jellyfish, snails, serpents, fish, plants."""

from __future__ import annotations

import numpy as np
from _monster_curves import (
    SIDES,
    Pair,
    Points,
    drawn,
    ellipse,
    half_width,
    mirror,
    normals,
    points,
    profile,
    resample,
    ripple,
    smooth,
    toward,
    tube,
)
from _monster_faces import face, stalk_eyes
from _monster_growths import UP, antennae, headgear, spines
from _monster_limbs import arm, foot_parts
from _monster_model import Motion, Part, Sketch
from _monster_mouths import mouth
from _monster_skins import Circle, belly, pattern, spots
from _monster_walkers import add_head, head_gear_that_nods, lump


def slime(s: Sketch) -> None:
    """A drop of slime that melts over the ground, with bubbles inside."""
    tall, width, peak = s.between(1.15, 1.6), s.between(0.70, 0.85), s.between(-0.25, 0.25)
    top = "0,-1! .34,-.86" if s.chance(0.3) else "0,-1 .34,-.86"
    puddle = ".62,-.5 .78,-.2 1.12,-.09 1.16,-.01 .85,.04 .55,0 .3,.05 -.1,.01 -.45,.05 -.8,.02 -1.14,.02 -1.14,-.07"
    body = drawn(f"{top} {puddle} -.8,-.2 -.64,-.5 -.34,-.86", (width, tall))
    body[:, 0] += peak * np.clip(-body[:, 1] / tall, 0, 1) ** 3
    eye_y = -tall * s.between(0.50, 0.58)
    middle, half = half_width(body, eye_y)
    avoid: list[Circle] = [(middle, eye_y + 0.1, 0.85 * half)]
    bubbles = s.chance(0.6)
    marks = spots(s, body, avoid, role="glow" if bubbles else "second", size=0.13, tone=bubbles)
    s.add(0.0, Part("body", body, "skin", marks=tuple(marks), gloss=0.2))
    face(s, (middle, eye_y), 0.86 * half)
    if s.chance(0.5):
        r = s.between(0.10, 0.16)
        drop = lump(s, "onion", -2.3 * r, 0.03, r, x=s.side() * (width + 0.40))
        s.add(0.5, Part("drop", drop, "skin", 0.85, gloss=0.25))
    pose, y = s.pick("none none up cheer wide curl down"), -0.40 * tall
    for side in SIDES if pose != "none" else ():
        x, reach = half_width(body, y)
        arm(s, (x + side * (reach - 0.10), y), side, length=0.5, radius=0.10, pose=pose, hand="nub")
    gear = "leaf ball crown party curl devil flower bow star unicorn spike none none"
    headgear(s, body, s.between(0.38, 0.52), gear)


def ghost(s: Sketch) -> None:
    """A floating sheet with a wavy hem."""
    tall, width, role = s.between(1.5, 1.9), s.between(0.60, 0.74), s.pick("skin skin belly")
    waves, sway = s.count(3, 5), s.between(-0.35, 0.35)
    right = [(0.0, -tall), (0.62 * width, -0.93 * tall), (0.95 * width, -0.66 * tall), (width, -0.36 * tall)]
    left = [(-x, y) for x, y in right[:0:-1]]
    hem = [(1.1 * width * (1 - i / waves) + 0.6 * sway, -0.20 * (i % 2)) for i in range(1, 2 * waves)]
    ends = [(1.10 * width + 0.3 * sway, -0.10), (-1.10 * width + 0.3 * sway, -0.06)]
    body = smooth([*right, ends[0], *hem, ends[1], *left])
    eye_y = -0.66 * tall
    marks = pattern(s, body, [(0, eye_y + 0.15, width)], -0.45 * tall, -0.2) if s.chance(0.5) else []
    drift = Motion((0.0, -tall), 0.06, tall, 0.0)
    s.add(0.0, Part("body", body, role, marks=tuple(marks), gloss=0.18), moves=[drift])
    face(s, (0.0, eye_y), 0.84 * width, eyes="two two one three close odd")
    for side, pose in zip(
        SIDES, s.pick("up+up wide+wide up+down cheer+cheer curl+curl down+up").split("+"), strict=True
    ):
        shoulder = (0.82 * side * width, -0.42 * tall)
        arm(s, shoulder, side, length=0.46, radius=0.12, pose=pose, hand="nub", role=role)
    headgear(s, body, 0.5, "top crown bow flame party devil cat none flower")
    s.floats = True


def jelly(s: Sketch) -> None:
    """A jellyfish: a dome, a frill and swaying tentacles."""
    width, high, base = s.between(0.78, 0.95), s.between(0.85, 1.08), -0.95
    path = "-1,0! -.97,-.42 -.6,-.88 0,-1 .6,-.88 .97,-.42 1,0! .5,.1 0,.13 -.5,.1"
    dome = drawn(path, (width, high), (0.0, base))
    eye_y = base - 0.44 * high
    marks = pattern(s, dome, [(0, eye_y + 0.1, 0.72 * width)], base - 0.9 * high, base, size=0.15)
    s.add(0.0, Part("body", dome, "skin", marks=tuple(marks), gloss=0.2))
    frill = ripple(ellipse((0.0, base + 0.05), 1.02 * width, 0.15), 18, 0.085)
    s.add(-0.5, Part("frill", frill, "accent", 0.9))
    face(s, (0.0, eye_y), 0.62 * width)
    for i, x in enumerate(np.linspace(-0.78, 0.78, s.count(5, 7)).tolist()):
        _streamer(s, (x * width, base + 0.02), s.between(0.65, 1.0) * (1.1 - 0.35 * abs(x)), i)
    if s.chance(0.5):
        headgear(s, dome, 0.45, "crown ball star party bow leaf unicorn flower")
    s.floats = True


def _streamer(s: Sketch, root: Pair, length: float, number: int) -> None:
    """Add one tentacle, broad and thin ones by turns."""
    wave, broad = s.between(0.05, 0.085) * (1 if number % 2 else -1), number % 2 == 0
    steps = points([(0, 0), (1, 0.22), (0.2, 0.45), (-0.9, 0.66), (0, 0.86), (1.2, 1)])
    radii = [0.11, 0.10, 0.08, 0.04] if broad else [0.05, 0.055, 0.055, 0.05]
    outline = tube(steps * (wave, length) + points([root]), radii)
    part = Part("tentacle", outline, "second" if broad else "accent", 0.85)
    s.add(-1.1 if broad else -1.0, part, moves=[Motion(root, 0.22, length, 0.9 * number)])


def snail(s: Sketch) -> None:
    """A slug or snail with stalked eyes."""
    side, shelled, tall = s.side(), s.chance(0.65), s.between(0.95, 1.25)
    length = 1.0 if shelled else 0.8
    trunk = f".15,-.5 .3,{-0.85 * tall} .55,{-tall} .92,{-0.95 * tall} 1.05,{-0.6 * tall} .98,-.25"
    body = drawn(f"-1.25,0! -.95,-.2 -.3,-.34 {trunk} 1.08,-.03 .5,.05 -.5,.04", (length, 1.0), side=side)
    foot = drawn("-1.3,-.06 0,-.13 1.2,-.16 1.3,.3! -1.3,.3!", side=side)
    x = 0.70 * side * length
    marks = [Part("sole", foot, "belly", 0.7)]
    if not shelled:
        marks += spots(s, body, [(x, -0.65 * tall, 0.42)], size=0.13)
    s.add(0.0, Part("body", body, "skin", marks=tuple(marks)))
    if s.chance(0.7):
        feet = [(x + dx, -0.94 * tall) for dx in (-0.20, 0.20)]
        look = stalk_eyes(s, feet, s.between(0.30, 0.45), s.between(0.18, 0.22))
        s.add(2.1, *mouth(s, (x, -0.64 * tall), 0.25, s.pick(look.mood.mouths)))
        for dx in (-0.27, 0.27):
            s.tones.append(Part("cheek", ellipse((x + dx, -0.60 * tall), 0.07, 0.05), "blush", 0.0, tone=True))
    else:
        face(s, (x, -0.70 * tall), 0.36)
        antennae(s, body[body[:, 0] * side > 0.25], 0.42)
    if shelled:
        _snail_shell(s, side)
    else:
        back = drawn("-1,-.18 -.4,-.32 .1,-.46", (length, 1.0), side=side, closed=False)
        spines(s, back if side > 0 else back[::-1], 5, s.between(0.22, 0.34), s.pick("spike plate round"))


def _snail_shell(s: Sketch, side: float) -> None:
    r = s.between(0.60, 0.70)
    x, y = -0.28 * side, -0.28 - 0.86 * r
    shell = ellipse((x, y), r, 0.96 * r)
    t = np.linspace(0.35 * np.pi, 4.6 * np.pi, 220)
    reach = 0.97 * r * (t / t[-1]) ** 0.85
    spiral = np.stack([-side * reach * np.cos(t + 0.4), reach * np.sin(t + 0.4)], axis=1) + points([(x, y)])
    marks = spots(s, shell, role="trim", size=0.15) if s.chance(0.35) else [Part("spiral", spiral, weight=0.9)]
    s.add(1.0, Part("shell", shell, "accent", marks=tuple(marks), gloss=0.17, cast=0.018))
    if s.chance(0.35):
        back = shell[shell[:, 1] < y - 0.35 * r]
        spines(s, back[np.argsort(back[:, 0])], 5, 0.2, s.pick("spike round"), depth=0.8)


def octopus(s: Sketch) -> None:
    """A big head on curling arms."""
    width, eye_y = s.between(0.62, 0.74), s.between(-1.24, -1.12)
    head = profile("0,0 .06,.5 .31,1 .57,.92 .78,.66 .92,.6 1,0", top=-1.75, bottom=-0.30, width=width)
    marks = pattern(s, head, [(0, eye_y + 0.15, 0.78 * width)], -1.7, -0.8)
    s.add(1.0, Part("body", head, "skin", marks=tuple(marks), gloss=0.18))
    face(s, (0.0, eye_y), 0.86 * width)
    rows = (
        (points([(0.12, -0.55), (0.22, -0.16), (0.52, -0.06), (0.66, -0.26)]), 1.2),
        (points([(0.24, -0.62), (0.52, -0.30), (0.95, -0.12), (1.16, -0.36)]), 0.9),
        (points([(0.34, -0.68), (0.72, -0.60), (1.02, -0.62), (1.12, -0.92)]), -0.5),
    )
    for side in SIDES:
        for i, (path, depth) in enumerate(rows):
            curve = mirror(path + s.rng.normal(0, 0.025, (4, 2)), side)
            sway = Motion((float(curve[0, 0]), float(curve[0, 1])), 0.12 * side, 0.9, 1.1 * i)
            limb, near = tube(curve, [0.17, 0.15, 0.11, 0.06]), depth > 0
            suckers = tuple(_suckers(curve, side))
            part = Part("tentacle", limb, "skin" if near else "second", 0.9, open_root=near, marks=suckers, cast=0.010)
            s.add(1.0 + depth, part, moves=[sway])
    headgear(s, head, 0.5, "crown top bow party ball leaf devil none flower spike")


def _suckers(curve: Points, side: float) -> list[Part]:
    """Return suckers along the inner side of a tentacle, smaller towards its tip."""
    run = resample(smooth(curve, closed=False), 40, closed=False)
    rim = run + normals(run, closed=False) * 0.07 * side
    sizes = ((18, 0.042), (23, 0.038), (28, 0.033), (33, 0.028))
    return [Part("sucker", ellipse((float(rim[i, 0]), float(rim[i, 1])), r, r), "belly", 0.5) for i, r in sizes]


def mushroom(s: Sketch) -> None:
    """A mushroom with a face on its stem."""
    wide, high, stem_w, brim = s.between(0.88, 1.05), s.between(0.70, 0.95), s.between(0.48, 0.60), -0.88
    role = s.pick("belly cream belly")
    stem = profile("0,.8 .26,.84 .55,.92 .86,1.04 .965,.8 1,0", top=brim - 0.3, bottom=-0.04, width=stem_w)
    s.add(0.0, Part("body", stem, role))
    path = f"-1,.05 -.98,-.22 -.68,{-0.72 * high} 0,{-high} .68,{-0.72 * high} .98,-.22 1,.05 .5,.1 0,.07 -.5,.1"
    cap = drawn(path, (wide, 1.0), (0.0, brim))
    dots = spots(s, cap, role=s.pick("cream second accent"), size=0.22)
    s.add(3.0, Part("cap", cap, "skin", marks=tuple(dots), gloss=0.2, cast=0.028))
    at = None if s.chance(0.5) else 0.30
    face(s, (0.0, -0.52), 0.84 * stem_w, mouth_at=at, eyes="two two two close one")
    shoe, pose = s.pick("boot paw"), s.pick("up+down wide+wide hip+up up+up down+down hip+hip").split("+")
    for side, gesture in zip(SIDES, pose, strict=True):
        s.add(-0.2, *foot_parts((0.26 * side, 0.0), side, size=0.17, kind=shoe, role="second"))
        shoulder = (0.84 * side * stem_w, -0.42)
        arm(s, shoulder, side, length=0.38, radius=0.075, pose=gesture, hand="mitten", role=role)
    if s.chance(0.4):
        x = s.side() * 0.92 * wide
        s.add(-1.0, Part("sprout", tube([(x, 0.0), (x - 0.02, -0.14), (x, -0.26)], [0.08, 0.07, 0.07]), "belly", 0.8))
        small = drawn("-.26,0 -.2,-.16 0,-.26 .2,-.16 .26,0 0,.04", 0.9, (x, -0.23))
        s.add(-1.0, Part("sprout-cap", small, "skin", 0.85, gloss=0.2))


def serpent(s: Sketch) -> None:
    """A snake on its coils."""
    coils = [(0.0, -0.17, 0.86, 0.21), (0.02, -0.44, 0.68, 0.19), (-0.02, -0.68, 0.50, 0.17)][: s.count(2, 3)]
    for i, (x, y, rx, ry) in enumerate(coils):
        plates = Part("belly", ellipse((x, y + 1.25 * ry), 0.98 * rx, 0.95 * ry, power=2.4), "belly", 0.7)
        s.add(1.0 - 0.3 * i, Part("coil", ellipse((x, y), rx, ry, power=2.6), "skin", marks=(plates,), cast=0.012))
    low, lean = coils[-1][1], s.between(-0.25, 0.25)
    at = (lean, low - s.between(0.75, 0.95))
    _serpent_neck(s, at, low)
    width, side = s.between(0.48, 0.58), s.side()
    head = lump(s, "ball egg box", at[1] - 0.46, at[1] + 0.36, width, x=lean)
    nod = Motion((lean, at[1] + 0.4), 0.08, 0.9, 0.0)
    if s.chance(0.6):
        _hood(s, at, nod)
    add_head(s, head, nod, spots(s, head, [(lean, at[1] + 0.08, 0.85 * width)], size=0.09) if s.chance(0.5) else [])
    mouths = "fangs smile open fangs tongue"
    face(s, (lean, at[1] - 0.04), 0.9 * width, mouth_at=0.44, mouths=mouths, moves=[nod], eyes="two two one odd three")
    head_gear_that_nods(s, head, 0.42, "spike devil leaf crown none flame goat ball", nod)
    tip = tube(mirror(points([(0.70, -0.12), (1.05, -0.06), (1.22, -0.30)]), side), [0.14, 0.11, 0.03])
    s.add(0.5, Part("tail", tip, "skin", 0.9), moves=[Motion((0.7 * side, -0.12), 0.2 * side, 0.5, 0.5)])


def _serpent_neck(s: Sketch, at: Pair, low: float) -> None:
    """Add the neck from the coils (at height `low`) to the head, with plates down its front."""
    x, y = at
    path = points([(-0.05, low + 0.05), (0.20 + 0.6 * x, low - 0.26), (0.10 + 0.9 * x, y + 0.42), (x, y)])
    lines = tuple(
        Part("plate-line", smooth([(-0.9, h), (0.2, h + 0.04), (1.0, h)], closed=False), weight=0.55)
        for h in np.linspace(0.9 * low + 0.1 * y, 0.1 * low + 0.9 * y, 7).tolist()
    )
    throat = tube(path - points([(0.03, 0.0)]), [0.18, 0.15, 0.13, 0.13])
    front = Part("throat", throat, "belly", 0.7, marks=lines)
    s.add(-0.5, Part("neck", tube(path, [0.30, 0.25, 0.22, 0.22]), "skin", marks=(front,)))


def _hood(s: Sketch, at: Pair, nod: Motion) -> None:
    path = "0,-.52 .55,-.38 .8,.1 .52,.62 .2,.86 -.2,.86 -.52,.62 -.8,.1 -.55,-.38"
    lining = Part("hood-lining", drawn(path, (0.72, 0.80), (at[0], at[1] + 0.04)), "accent", 0.7)
    s.add(-0.6, Part("hood", drawn(path, at=at), "second", 0.95, marks=(lining,)), moves=[nod])


def fish(s: Sketch) -> None:
    """A puffer or lantern fish that swims."""
    r, spiky, side = s.between(0.72, 0.82), s.chance(0.5), s.side()
    body = ellipse((0.0, -1.0), r * s.between(1.0, 1.12), r * s.between(0.88, 1.0), power=2.1)
    outline = ripple(body, s.count(15, 21), 0.13, kind="spike") if spiky else body
    marks = pattern(s, body, [(0.12 * side, -1.0, 0.85 * r)], -1.7, -0.7, size=0.14)
    if s.chance(0.7):
        marks += belly(s, body, -0.72, kinds="patch plates", wide=0.95)
    s.add(0.0, Part("body", outline, "skin", marks=tuple(marks), gloss=0.0 if spiky else 0.18))
    face(s, (0.14 * side, -1.10), 0.82 * r, eyes="two two one odd close")
    _fins(s, r, side)
    if s.chance(0.45):
        foot, _ = toward(body, UP + 0.15 * side)
        path = mirror(points([(0, 0), (0.05, -0.45), (0.50, -0.50), (0.66, -0.22)]), side) + points([foot])
        sway, end = Motion(foot, 0.15 * side, 0.8, 0.0), (float(path[3, 0]), float(path[3, 1]) + 0.08)
        s.add(-0.5, Part("lure", tube(path, [0.05, 0.04, 0.035, 0.03]), "second", 0.8), moves=[sway])
        s.add(-0.4, Part("bulb", ellipse(end, 0.14, 0.14), "gold", 0.85, gloss=0.3), moves=[sway])
    else:
        headgear(s, body, 0.45, "mohawk crown none spike flame top")
    s.floats = True


def _fins(s: Sketch, r: float, side: float) -> None:
    root = (-0.92 * side * r, -1.0)
    rays = [
        drawn(f".12,{0.3 * y} .31,{0.65 * y} .5,{y}", at=root, side=-side, closed=False)
        for y in (-0.34, -0.12, 0.12, 0.34)
    ]
    fan = drawn("0,-.12 .3,-.42 .62,-.52! .52,-.22 .62,0! .52,.22 .62,.5! .3,.4 0,.12", at=root, side=-side)
    marks = tuple(Part("ray", ray, weight=0.55) for ray in rays)
    s.add(-1.0, Part("tail-fin", fan, "accent", 0.9, marks=marks), moves=[Motion(root, 0.3, 0.6, 0.0)])
    path = "-.02,-.12 .26,-.1 .44,.08! .36,.16! .34,.28! .22,.24! .1,.32! -.06,.12"
    for fin_side in SIDES:
        place = (0.80 * fin_side * r, -0.80)
        fin = Part("fin", drawn(path, at=place, side=fin_side), "accent", 0.9, cast=0.012)
        s.add(2.8, fin, moves=[Motion(place, 0.3 * fin_side, 0.4, 1.0)])
    ridge = "-.4,.12! -.34,-.2 -.1,-.3 .02,-.2! .2,-.26 .28,-.12 .4,.12!"
    s.add(-0.9, Part("back-fin", drawn(ridge, at=(-0.1 * side, -1.0 - 0.92 * r)), "accent", 0.9))


def caterpillar(s: Sketch) -> None:
    """A chain of round segments with many little feet, its head raised."""
    side, r, spotted = s.side(), s.between(0.34, 0.40), s.pick("odd all none")
    x = 0.13
    for i in range(s.count(4, 5)):
        size = r * (1.0 - 0.07 * i)
        x -= 0.0 if i == 0 else 0.30 if i == 1 else 1.42 * size
        at = (side * x, -size - 0.05 - (0.40 if i == 0 else 0.0) - s.between(0.0, 0.10))
        spot = Part("spot", ellipse((at[0], at[1] - 0.36 * size), 0.26 * size, 0.22 * size), "accent", 0.6)
        marks = (spot,) if spotted == "all" or (spotted == "odd" and i % 2) else ()
        segment = Part(
            "body", ellipse(at, size, 1.02 * size), "second" if i % 2 else "skin", 0.95, marks=marks, cast=0.012
        )
        wriggle = Motion((at[0], 0.0), 0.05, 1.0, 1.2 * i)
        s.add(1.0 - 0.2 * i, segment, moves=[wriggle])
        feet = [ellipse((at[0] + dx, min(-0.06, at[1] + 0.98 * size)), 0.09, 0.08) for dx in (-0.13, 0.13)] if i else []
        s.add(0.95 - 0.2 * i, *(Part("foot", foot, "accent", 0.75) for foot in feet), moves=[wriggle])
    _caterpillar_front(s, side, r)


def _caterpillar_front(s: Sketch, side: float, r: float) -> None:
    """Add the raised head and the feet below it."""
    for dx, y in ((0.22, -0.85), (0.34, -0.62), (0.20, -0.10), (-0.02, -0.06)):
        s.add(1.4, Part("foot", ellipse((side * dx, y), 0.10, 0.08), "accent", 0.75))
    at, size = (0.26 * side, -3.1 * r), r * s.between(1.45, 1.65)
    nod = Motion((at[0], at[1] + size), 0.06, 2 * size, 0.2)
    head = ellipse(at, 1.04 * size, size, power=2.2)
    add_head(s, head, nod, [], gloss=0.2)
    face(s, (at[0], at[1] - 0.02), 0.86 * size, moves=[nod])
    head_gear_that_nods(s, head, 0.42, "ball star ball spike leaf devil", nod)


def sprout(s: Sketch) -> None:
    """A plant creature in a pot: a cactus or a bulb."""
    pot_w, pot_h, tall = s.between(0.48, 0.58), s.between(0.50, 0.62), s.between(1.05, 1.35)
    pot = drawn("-1,-1! 1,-1! .74,-.07! 0,.03 -.74,-.07!", (pot_w, pot_h))
    band = Part("pot-band", drawn("-1,-.34! 1,-.34! 1,-.22! -1,-.22!"), "cream", 0.65)
    s.add(2.0, Part("pot", pot, "accent", marks=(band,) if s.chance(0.6) else ()))
    s.add(2.1, Part("pot-rim", ellipse((0.0, -pot_h), 1.16 * pot_w, 0.11, power=3.6), "accent", 0.95, cast=0.014))
    top = -pot_h - tall
    body = lump(s, "capsule egg gourd ball", top, -pot_h + 0.25, s.between(0.50, 0.62))
    eye_y = top + 0.42 * tall
    middle, half = half_width(body, eye_y)
    places = ((-0.59, 0.16), (0.55, 0.22), (-0.68, 0.62), (0.70, 0.70), (0.05, 0.12), (-0.38, 0.90), (0.43, 0.92))
    ticks = [drawn("-.03,-.05! 0,.05! .04,-.05!", at=(x * half, top + y * tall), closed=False) for x, y in places]
    s.add(0.0, Part("body", body, "skin", marks=tuple(Part("spine", tick, weight=0.6) for tick in ticks), gloss=0.18))
    face(s, (middle, eye_y), 0.84 * half)
    for side in SIDES:
        _plant_arm(s, body, side, top + s.between(0.50, 0.72) * tall)
    headgear(s, body, 0.55, "leaf flower flower flame bow curl")


def _plant_arm(s: Sketch, body: Points, side: float, y: float) -> None:
    """Add an arm like a cactus's, or a leaf."""
    root = (0.88 * side * half_width(body, y)[1], y)
    sway = Motion(root, 0.1 * side, 0.6, 0.0)
    if s.chance(0.75):
        path = mirror(points([(0, 0), (0.34, 0.02), (0.40, -0.40)]), side) + points([root])
        limb = Part("arm", tube(path, [0.12, 0.13, 0.13]), "skin", 0.95, open_root=True, cast=0.012)
        s.add(1.0, limb, moves=[sway])
    else:
        s.add(
            -0.5,
            Part("leaf", drawn("0,.05! .25,-.22 .72,-.18! .45,.14", at=root, side=side), "second", 0.9),
            moves=[sway],
        )


def flame(s: Sketch) -> None:
    """A living flame."""
    tall, width, lick, core = (
        s.between(1.6, 1.9),
        s.between(0.66, 0.78),
        s.between(-0.83, -0.62),
        s.pick("belly gold belly"),
    )
    path = (
        f".05,-1! .16,-.78 .42,-.6 .56,{lick}! .7,-.44 .98,-.4! 1,-.2 .72,-.03 0,.02 -.72,-.03 -1,-.22 "
        "-.92,-.5! -.62,-.44 -.58,-.74! -.3,-.66"
    )
    inner = Part("core", drawn(path, (0.80 * width, 0.80 * tall)), core, 0.8)
    flicker = Motion((0.0, 0.0), 0.07, tall, 0.0)
    s.add(0.0, Part("body", drawn(path, (width, tall)), "skin", marks=(inner,)), moves=[flicker])
    face(s, (0.0, -0.34 * tall), 0.76 * width, eyes="two two close one")
    for side in SIDES:
        if s.chance(0.6):
            pose, shoulder = s.pick("up wide cheer hip"), (0.90 * side * width, -0.20 * tall)
            arm(s, shoulder, side, length=0.36, radius=0.085, pose=pose, hand="nub")
    for x, y in ((-0.88, 0.86), (0.92, 0.78), (0.60, 1.0), (-0.55, 1.04))[: s.count(2, 4)]:
        at = (x * width, -tall * y + s.between(-0.06, 0.06))
        spark = drawn("0,-2.1! .55,-.85 .98,.05 0,1 -.98,.05 -.55,-.85", s.between(0.06, 0.10), at)
        s.add(0.5, Part("spark", spark, core, 0.8), moves=[Motion((at[0], at[1] + 1.0), 0.06, 1.0, 5 * x)])


DRIFTERS = {
    "caterpillar": caterpillar,
    "fish": fish,
    "flame": flame,
    "ghost": ghost,
    "jelly": jelly,
    "mushroom": mushroom,
    "octopus": octopus,
    "serpent": serpent,
    "slime": slime,
    "snail": snail,
    "sprout": sprout,
}
"""Body plans by name."""
