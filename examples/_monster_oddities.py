"""Stranger body plans: mimics, clouds, hatchlings, bugs, bats, flying eyes, stumps."""

from __future__ import annotations

import numpy as np
from _monster_curves import SIDES, Pair, Points, cone, drawn, ellipse, points, ripple, smooth, toward, tube
from _monster_faces import choose_look, eye, face
from _monster_growths import UP, antennae, ears, fur, headgear
from _monster_limbs import arm, foot_parts, tail, wings
from _monster_model import Motion, Part, Sketch, moving
from _monster_skins import belly, pattern, spots, stripes
from _monster_walkers import lump


def mimic(s: Sketch) -> None:
    """A treasure chest that bites."""
    w, low, gap, tall = s.between(0.74, 0.86), s.between(0.62, 0.74), s.between(0.34, 0.50), s.between(0.50, 0.66)
    lip = -low - gap
    inside = points([(-0.94 * w, -low + 0.2), (-0.94 * w, lip - 0.2), (0.94 * w, lip - 0.2), (0.94 * w, -low + 0.2)])
    s.add(-1.0, Part("mouth", inside, "mouth", 0.9, shade=(0.0, 0.35)))
    box = drawn("-1,-1! 1,-1! .93,-.03! 0,.04 -.93,-.03!", (w, low))
    s.add(0.0, Part("body", box, "skin", marks=tuple(_bands(w, -low - 0.3, 0.3))))
    lid = drawn("-1,0! -1.02,-.5 -.7,-.93 0,-1.06 .7,-.93 1.02,-.5 1,0! 0,.12", (w, tall), (0.0, lip))
    chew = Motion((0.0, lip - tall), 0.03, 0.5, 0.0)
    bands = tuple(_bands(w, lip - 1.5 * tall, lip + 0.3))
    s.add(0.2, Part("lid", lid, "skin", marks=bands, gloss=0.2), moves=[chew])
    _mimic_mouth(s, w, low, lip)
    _mimic_eyes(s, w, lip, tall, chew)
    if s.chance(0.5):
        hole = Part("keyhole", ellipse((0.0, -low + 0.11), 0.035, 0.06), "ink", 0.0)
        lock = ellipse((0.0, -low + 0.10), 0.15, 0.17, power=3.0)
        s.add(0.3, Part("lock", lock, "gold", 0.85, marks=(hole,), cast=0.008, gloss=0.25))
    walks, pose = s.chance(0.6), s.pick("none none up hip wide")
    for side in SIDES:
        if walks:
            s.add(0.6, *foot_parts((0.5 * side * w, 0.06), side, size=0.22, kind="claws", role="second"))
        if pose != "none":
            at = (0.90 * side * w, -0.5 * low)
            arm(s, at, side, length=0.5, radius=0.09, pose=pose, hand="claws", role="second", depth=-2.0, merged=False)


def _bands(w: float, top: float, bottom: float) -> list[Part]:
    rows = [((x - 0.11) * w, (x + 0.11) * w) for x in (-0.72, 0.72)]
    return [Part("band", points([(a, top), (b, top), (b, bottom), (a, bottom)]), "gold", 0.7) for a, b in rows]


def _mimic_mouth(s: Sketch, w: float, low: float, lip: float) -> None:
    """Add teeth along both edges and a tongue that hangs out."""
    count, long = s.count(5, 7), s.between(0.16, 0.24)
    for x in ((np.arange(count) + 0.5) / count * 1.76 - 0.88).tolist():
        half = 0.80 / count
        upper = cone(((x - half) * w, lip - 0.05), ((x + half) * w, lip - 0.05), (x * w, lip + long))
        s.add(0.1, Part("fang", upper, "cream", 0.7))
    for x in ((np.arange(count - 1) + 0.5) / (count - 1) * 1.56 - 0.78).tolist():
        half = 0.66 / count
        lower = cone(((x - half) * w, -low + 0.05), ((x + half) * w, -low + 0.05), (x * w, -low - 0.8 * long))
        s.add(-0.1, Part("fang", lower, "cream", 0.7))
    x, curl = s.between(-0.25, 0.25), s.side()
    path = [(x, -low - 0.10), (x, -low + 0.15), (x + 0.06 * curl, -0.34), (x + 0.22 * curl, -0.18)]
    crease = smooth([(x, -low - 0.1), (x, -low + 0.14), (x + 0.07 * curl, -0.32)], closed=False)
    tongue = tube(path, [0.17, 0.19, 0.18, 0.14], round_root=True)
    part = Part("tongue", tongue, "tongue", 0.9, cast=0.012, marks=(Part("crease", crease, weight=0.6),))
    s.add(0.5, part, moves=[Motion((x, -low), 0.10, 0.7, 0.5)])


def _mimic_eyes(s: Sketch, w: float, lip: float, tall: float, chew: Motion) -> None:
    """Put eyes on the lid's front, or bulging over its top."""
    if s.chance(0.6):
        at = (0.0, lip - 0.44 * tall)
        face(s, at, 0.60 * w, eyes="two close one odd", mouths="none", cheeks=False, moves=[chew])
        return
    look, r = choose_look(s, "iris iris dot slit"), s.between(0.20, 0.25)
    for side in SIDES:
        s.add(-0.5, *eye(s, (0.36 * side * w, lip - 1.08 * tall), r, look, side), moves=[chew])


def cloud(s: Sketch) -> None:
    """A storm cloud with rain or lightning."""
    width, high, role, lobes = s.between(0.80, 0.92), s.between(0.56, 0.66), s.pick("belly belly white"), s.count(9, 12)
    core = ellipse((0.0, -1.15), width, high, power=2.2)
    body = ripple(core, lobes, s.rng.uniform(0.14, 0.26, lobes).tolist())
    places = ((-0.62, -0.42), (0.60, -0.30), (-0.30, 0.40), (0.38, 0.42))
    path = "-.12,0 -.05,-.1 .07,-.09 .12,.02 .06,.07"
    puffs = [drawn(path, at=(x * width, -1.15 + y * high), closed=False) for x, y in places]
    s.add(0.0, Part("body", body, role, marks=tuple(Part("puff", puff, weight=0.65) for puff in puffs), gloss=0.2))
    face(s, (0.0, -1.22), 0.72 * width)
    for side, pose in zip(SIDES, s.pick("none+none up+up wide+wide hip+up up+hip").split("+"), strict=True):
        if pose != "none":
            arm(s, (0.96 * side * width, -1.0), side, length=0.46, radius=0.09, pose=pose, hand="mitten", role=role)
    bolts = s.chance(0.5)
    for x in np.linspace(-0.55, 0.55, s.count(3, 4)).tolist():
        at = (x * width, -0.18 + s.between(-0.08, 0.10))
        bolt = drawn("-.1,-.3! .14,-.3! .03,-.04! .16,-.04! -.12,.4! -.02,.08! -.16,.08!", at=at)
        part = (
            Part("bolt", bolt, "gold", 0.85)
            if bolts
            else Part("drop", drop(at, s.between(0.09, 0.12)), "iris", 0.85, gloss=0.28)
        )
        s.add(-1.0, part, moves=[Motion((at[0], at[1] - 2.0), 0.03, 1.0, 6 * x)])
    headgear(s, core, 0.45, "crown none none bow devil party top")
    s.floats = True


def drop(at: Pair, radius: float) -> Points:
    """Return a drop with its point up."""
    return drawn("0,-2.1! .55,-.85 .98,.05 .62,.82 0,1 -.62,.82 -.98,.05 -.55,-.85", radius, at)


def hatchling(s: Sketch) -> None:
    """A baby in the lower half of its egg, the rest of the shell perhaps on its head."""
    width, rim, beaked = s.between(0.66, 0.76), s.between(-0.86, -0.70), s.chance(0.35)
    body = lump(s, "egg capsule ball", -1.70, -0.2, 0.90 * width)
    marks = pattern(s, body, [(0, -1.15, 0.6)], -1.6, -0.9, size=0.12)
    s.add(0.0, Part("body", body, "skin", marks=tuple(marks)))
    mouths, at = "none" if beaked else "", s.between(0.34, 0.42)
    face(s, (0.0, -1.26), 0.70 * width, mouth_at=at, mouths=mouths, eyes="two two close")
    if beaked:
        s.add(2.5, Part("beak", drawn("-.17,0! 0,-.09 .17,0! 0,.16!", at=(0.0, -1.08)), "accent", 0.85, cast=0.006))
    _shell(s, width, rim)
    for side in SIDES:
        if s.chance(0.7):
            path = [(0.36 * side, rim - 0.02), (0.40 * side, rim + 0.08), (0.41 * side, rim + 0.15)]
            hand = tube(path, [0.10, 0.11, 0.11], round_root=True)
            s.add(4.5, Part("hand", hand, "skin", 0.9, cast=0.01))
    if s.chance(0.65):
        _shell_cap(s, body, width * s.between(0.58, 0.68))
    else:
        headgear(s, body, 0.45, "leaf curl hair ball spike devil unicorn round cat")
    if s.chance(0.4):
        wings(s, (0.62 * width, -1.0), 0.52, s.pick("bat feather"))


def _shell(s: Sketch, width: float, rim: float) -> None:
    """Add the lower half of an eggshell with a broken edge."""
    count = 2 * s.count(5, 7)
    crack = [
        (width * (2 * i / count - 1), rim + (-0.12 if i % 2 else 0.05) * s.between(0.7, 1.2)) for i in range(count + 1)
    ]
    bowl = [(0.98 * width, -0.40), (0.72 * width, -0.08), (0, 0.03), (-0.72 * width, -0.08), (-0.98 * width, -0.40)]
    shell = smooth(crack + bowl, corners=range(len(crack)))
    spotted = s.chance(0.7)
    dots = spots(s, shell, role="accent", size=0.17) if spotted else stripes(s, shell, -0.6, -0.05, role="accent")
    s.add(4.0, Part("shell", shell, "cream", marks=tuple(dots), cast=0.02))


def _shell_cap(s: Sketch, body: Points, w: float) -> None:
    (x, y), _ = toward(body, UP)
    edge = [(w - w * i / 4, 0.14 + (0.11 if i % 2 else 0.0)) for i in range(9)]
    dome = [(-0.92 * w, -0.10), (-0.5 * w, -0.32), (0.0, -0.40), (0.5 * w, -0.32), (0.92 * w, -0.10)]
    cap = smooth(edge + dome, corners=range(9)) + points([(x + s.between(-0.06, 0.06), y + 0.02)])
    s.add(5.0, Part("shell-cap", cap, "cream", 0.95, cast=0.014, gloss=0.22))


def bug(s: Sketch) -> None:
    """A chubby bee, beetle or moth on the wing."""
    width, tall, top = s.between(0.56, 0.68), s.between(1.2, 1.4), -1.75
    bottom = top + tall
    body = lump(s, "egg capsule onion ball", top, bottom, width)
    heights = np.linspace(top + 0.62 * tall, top + 0.98 * tall, s.count(2, 3)).tolist()
    bands = [drawn("-1,-.05! 0,.03 1,-.05! 1,.06! 0,.15 -1,.06!", at=(0.0, y)) for y in heights]
    s.add(
        0.0, Part("body", body, "skin", marks=tuple(Part("band", band, "second", 0.75) for band in bands), gloss=0.18)
    )
    face(s, (0.0, top + 0.36 * tall), 0.88 * width)
    wings(s, (0.62 * width, top + 0.50 * tall), s.between(0.78, 0.95), "bug")
    pose = s.pick("up hip wide belly cheer")
    for side in SIDES:
        at = (0.84 * side * width, top + 0.66 * tall)
        arm(s, at, side, length=0.36, radius=0.065, pose=pose, hand="mitten", role="accent", depth=-0.6, merged=False)
        path = [(0.20 * side, bottom - 0.14), (0.26 * side, bottom + 0.06), (0.22 * side, bottom + 0.20)]
        s.add(-0.5, Part("leg", tube(path, [0.065, 0.06, 0.06]), "accent", 0.8))
        s.add(-0.4, *foot_parts((0.22 * side, bottom + 0.26), side, size=0.12, kind="paw", role="accent"))
    if s.chance(0.6):
        sting = cone((-0.10, bottom - 0.06), (0.10, bottom - 0.06), (0.0, bottom + 0.20))
        s.add(-0.8, Part("sting", sting, "cream", 0.8))
    antennae(s, body, s.between(0.45, 0.58), s.pick("ball ball star"))
    s.floats = True


def bat(s: Sketch) -> None:
    """A round flyer with large wings and ears."""
    r, furry = s.between(0.68, 0.80), s.chance(0.45)
    body = lump(s, "ball egg top onion", -1.0 - r, -1.0 + 1.02 * r, r)
    outline = fur(s, body, 0.07, 26) if furry else body
    marks = belly(s, body, -0.72, kinds="fluff patch oval", wide=0.6) if s.chance(0.6) else []
    s.add(0.0, Part("body", outline, "skin", marks=tuple(marks), gloss=0.0 if furry else 0.18))
    face(s, (0.0, -1.12), 0.86 * r, mouths="fangs fangs open smirk o grin", eyes="two two close one three")
    wings(s, (0.70 * r, -1.05), s.between(0.72, 0.85), s.pick("bat bat feather bug"))
    toes = s.pick("claws paw")
    for side in SIDES:
        s.add(-0.3, *foot_parts((0.22 * side, -1.0 + 1.12 * r), side, size=0.14, kind=toes))
    ears(s, body, s.pick("bat cat bat round"), s.between(0.40, 0.56), spread=s.between(0.55, 0.75))
    if s.chance(0.4):
        tail(s, (0.1, -1.0 + 0.8 * r), s.side(), length=0.7, radius=0.07, tip=s.pick("spade bolt tuft"))
    s.floats = True


def eyeball(s: Sketch) -> None:
    """A flying eye."""
    r, centre = s.between(0.66, 0.76), (0.0, -1.0)
    look = choose_look(s, "iris slit iris")
    gaze = (0.5 * look.gaze[0] * r, -1.0 + 0.4 * look.gaze[1] * r)
    paths = ("-.9,.35 -.77,.29 -.72,.24 -.61,.23", ".92,.3 .79,.25 .74,.21 .63,.2", "-.6,.76 -.52,.64 -.48,.53 -.41,.5")
    veins = [Part("vein", drawn(path, r, centre, closed=False), weight=0.5) for path in paths]
    lid_y = s.between(-0.62, -0.30)
    lid = drawn(f"-1.2,{lid_y + 0.35}! 0,{lid_y} 1.2,{lid_y + 0.35}! 1.4,-1.4! -1.4,-1.4!", r, centre)
    under = drawn("-1.2,.52! 0,.78 1.2,.52! 1.4,1.4! -1.4,1.4!", r, centre)
    flaps = [Part("lid", lid, "skin", 0.95, cast=0.02, shade=(0.0, 0.0)), Part("under-lid", under, "skin", 0.9)]
    marks = (*veins, *_great_iris(s, gaze, r, slit=look.kind == "slit"), *flaps)
    s.add(0.0, Part("body", ellipse(centre, r, r), "white", 1.05, marks=marks))
    kind = s.pick("bat bat feather bug tentacles")
    if kind != "tentacles":
        wings(s, (0.80 * r, -1.05), s.between(0.62, 0.74), kind)
    _nerves(s, r, 5 if kind == "tentacles" else 1)
    headgear(s, ellipse(centre, r, r), s.between(0.40, 0.52), "devil bull crown mohawk goat none top flame")
    s.floats = True


def _great_iris(s: Sketch, gaze: Pair, r: float, *, slit: bool) -> list[Part]:
    """Return a large iris with rays, its pupil and shine; they look from side to side."""
    x, y = gaze
    rays = []
    for a in np.linspace(0.2, 2 * np.pi, 14, endpoint=False).tolist():
        out = points([(np.cos(a), np.sin(a))]) * r
        rays.append(Part("ray", np.concatenate([0.30 * out, 0.44 * out]) + points([gaze]), weight=0.5))
    shine = (x + 0.22 * float(np.sign(s.light[0])) * r, y - 0.24 * r)
    parts = [
        Part("iris", ellipse(gaze, 0.52 * r, 0.53 * r), "iris", 0.8, marks=tuple(rays), shade=(0.0, 0.4)),
        Part("pupil", ellipse(gaze, (0.12 if slit else 0.25) * r, 0.30 * r), "ink", 0.0),
        Part("eye-shine", ellipse(shine, 0.12 * r, 0.14 * r), "white", 0.45, shade=(0.0, 0.0)),
    ]
    return [moving(part, Motion((x, y - 3.0), 0.03, 3.0)) for part in parts]


def _nerves(s: Sketch, r: float, count: int) -> None:
    """Add what hangs from a flying eye."""
    for i, x in enumerate(np.linspace(-0.5, 0.5, count).tolist() if count > 1 else [0.0]):
        root, turn = (x * r, -1.0 + 0.78 * r), 1.0 if i % 2 else -1.0
        path = points([(0, 0), (0.10, 0.26), (-0.06, 0.46), (0.12, 0.66)]) * (turn, 1.0) + points([root])
        part = Part("tail", tube(path, [0.12, 0.10, 0.07, 0.04]), "skin", 0.9)
        s.add(-1.0, part, moves=[Motion(root, 0.25, 0.6, float(i))])


def stump(s: Sketch) -> None:
    """A tree stump on its roots, with branches for arms."""
    w, top = s.between(0.52, 0.62), s.between(-1.45, -1.25)
    right = f".45,.05! .9,-.06! 1.6,0! 1.34,-.13 1.02,-.45 .96,{top + 0.4} 1,{top}!"
    body = drawn(
        f"-1,{top}! -.96,{top + 0.4} -1.02,-.45 -1.34,-.13 -1.6,0! -.9,-.06! -.45,.05! 0,-.06! {right}", (w, 1.0)
    )
    grain = (
        (-0.75, 0.25, 0.30),
        (0.72, 0.18, 0.24),
        (-0.82, 0.85, 0.2),
        (0.80, 0.70, 0.3),
        (-0.2, 0.95, 0.2),
        (0.3, 1.0, 0.2),
    )
    bark = [drawn("0,0 .02,.5 -.01,1", (1.0, long), (x * w, top + y), closed=False) for x, y, long in grain]
    s.add(0.0, Part("body", body, "skin", marks=tuple(Part("bark", line, weight=0.6) for line in bark)))
    rings = [ellipse((0.02, top), k * w, 0.20 * k) for k in (0.70, 0.38)]
    closed = tuple(Part("ring", np.concatenate([ring, ring[:1]]), weight=0.55) for ring in rings)
    s.add(0.5, Part("cut", ellipse((0.0, top), 1.02 * w, 0.20), "belly", 0.95, marks=closed))
    face(s, (0.0, top + 0.52), 0.86 * w)
    for side in SIDES:
        _branch(s, (0.90 * side * w, top + s.between(0.50, 0.75)), side)
    if s.chance(0.6):
        _little_mushrooms(s, w, top)


def _branch(s: Sketch, root: Pair, side: float) -> None:
    """Add an arm that is a branch with two twigs and a leaf."""
    x, y = root[0] + 0.55 * side, root[1] + s.between(-0.55, 0.15)
    sway = Motion(root, 0.14 * side, 0.7, s.between(0, 3))
    limb = tube([root, (root[0] + 0.28 * side, root[1] + 0.08), (x, y)], [0.10, 0.085, 0.06])
    s.add(1.0, Part("arm", limb, "skin", 0.9, open_root=True, cast=0.01), moves=[sway])
    for dx, dy in ((0.01, -0.20), (0.16, 0.03)):
        twig = tube([(x, y), (x + 0.5 * dx * side, y + 0.5 * dy - 0.02), (x + dx * side, y + dy)], [0.05, 0.04, 0.03])
        s.add(1.1, Part("twig", twig, "skin", 0.8, open_root=True), moves=[sway])
    leaf = drawn("0,0! .08,-.16 .34,-.26! .28,-.02", at=(x - 0.08 * side, y + 0.05), side=side)
    s.add(1.2, Part("leaf", leaf, "accent", 0.8), moves=[sway])


def _little_mushrooms(s: Sketch, w: float, top: float) -> None:
    for x, size in ((-0.45 * w, 1.0), (-0.10 * w, 0.7)):
        stalk = tube(
            [(x, top + 0.02), (x, top - 0.10 * size), (x, top - 0.2 * size)], [0.055 * size, 0.05 * size, 0.05 * size]
        )
        cap = drawn("-.17,0 -.12,-.13 0,-.19 .12,-.13 .17,0 0,.03", size, (x, top - 0.18 * size))
        s.add(0.8, Part("stalk", stalk, "cream", 0.75), Part("cap", cap, "accent", 0.8, gloss=0.25))


ODDITIES = {
    "bat": bat,
    "bug": bug,
    "cloud": cloud,
    "eyeball": eyeball,
    "hatchling": hatchling,
    "mimic": mimic,
    "stump": stump,
}
"""Body plans by name."""
