"""Body plans that stand on legs: bipeds, imps, yetis, dragons, beasts, birds, golems, crabs, turtles, dinosaurs."""

from __future__ import annotations

import numpy as np
from _monster_curves import (
    SIDES,
    Pair,
    Points,
    cone,
    drawn,
    ellipse,
    half_width,
    mirror,
    points,
    profile,
    smooth,
    toward,
    tube,
)
from _monster_faces import choose_look, eye, face, stalk_eyes
from _monster_growths import UP, crest, fur, headgear, horns, spines
from _monster_limbs import arm, foot_parts, leg, tail, wings
from _monster_model import Motion, Part, Sketch
from _monster_mouths import mouth
from _monster_skins import (
    Circle,
    belly,
    bow_tie,
    crown_stripes,
    freckles,
    pattern,
    plate_line,
    scales,
    scarf,
    spots,
    stitches,
)

PROFILES = {  # height from the top 0..1, half width 0..1
    "egg": "0,0 .1,.46 .38,.84 .7,1 .92,.72 1,0",
    "pear": "0,0 .07,.36 .28,.56 .62,.94 .84,1 .97,.62 1,0",
    "gourd": "0,0 .07,.44 .25,.7 .45,.64 .7,.97 .9,.86 1,0",
    "box": "0,0 .02,.66 .12,.93 .5,1 .88,.97 .985,.7 1,0",
    "top": "0,0 .05,.6 .24,1 .5,.92 .8,.64 .96,.4 1,0",
    "capsule": "0,0 .05,.56 .2,.94 .5,1 .8,.95 .95,.58 1,0",
    "ball": "0,0 .07,.5 .27,.9 .5,1 .73,.9 .93,.5 1,0",
    "onion": "0,0 .16,.15 .32,.5 .6,.94 .8,1 .96,.62 1,0",
}

POSES = "down+down up+down down+up hip+up cheer+cheer wide+wide belly+belly hip+hip up+curl belly+up"
"""Poses of the left and the right arm that go together."""


def lump(s: Sketch, kinds: str, top: float, bottom: float, width: float, *, x: float = 0.0, lop: float = 0.0) -> Points:
    """Return a body or head of one of the kinds in PROFILES between two heights, `width` its largest half width."""
    return profile(PROFILES[s.pick(kinds)], top=top, bottom=bottom, width=width, x=x, lop=lop)


def biped(s: Sketch) -> None:
    """A body that is also the head, on two legs."""
    legs, tall, width = s.between(0.14, 0.42), s.between(1.35, 1.90), s.between(0.64, 0.86)
    top, bottom, furry = -legs - tall, -legs, s.chance(0.3)
    body = lump(s, "egg pear gourd box top capsule ball onion", top, bottom, width, lop=s.rng.normal(0, 0.05))
    narrow = half_width(body, top + 0.3 * tall)[1] < 0.75 * width
    eye_y = top + tall * (0.42 if narrow else 0.34)
    middle, half = half_width(body, eye_y)
    reach = 0.86 * half
    face(s, (middle, eye_y), reach)
    marks = pattern(s, body, [(middle, eye_y + 0.2 * reach, 1.05 * reach)], top + 0.5 * tall, bottom - 0.12 * tall)
    patch_top = eye_y + reach * s.between(0.90, 1.10)
    if s.chance(0.55) and bottom - patch_top > 0.35:
        marks = [mark for mark in marks if mark.name == "stripe"] + belly(s, body, patch_top)
    outline = fur(s, body, s.between(0.07, 0.12), s.count(26, 39)) if furry else body
    s.add(0.0, Part("body", outline, "skin", marks=tuple(marks), gloss=0.0 if furry else 0.17))
    _biped_limbs(s, body, tall, width)
    headgear(s, body, s.between(0.42, 0.62))
    _trimmings(s, body, (middle, eye_y), reach)


def _biped_limbs(s: Sketch, body: Points, tall: float, width: float) -> None:
    top, bottom = float(body[:, 1].min()), float(body[:, 1].max())
    thick, foot = s.between(0.10, 0.16), s.pick("paw claws boot paw hoof")
    place = width * s.between(0.38, 0.46)
    for side in SIDES:
        leg(s, (side * place, bottom - 0.22), (side * 1.15 * place, 0.0), side, radius=1.2 * thick, kind=foot)
    y = top + tall * s.between(0.52, 0.62)
    middle, half = half_width(body, y)
    length, hand = s.between(0.58, 0.80), s.pick("mitten fingers claws paw mitten")
    for side, pose in zip(SIDES, s.pick(POSES).split("+"), strict=True):
        shoulder = (middle + side * (half - 0.9 * thick), y)
        arm(s, shoulder, side, length=length, radius=thick, pose=pose, hand=hand)
    if s.chance(0.35):
        tip = s.pick("plain spade tuft ball bolt")
        tail(s, (0.3 * width, bottom - 0.25), s.side(), length=s.between(0.8, 1.1), radius=1.1 * thick, tip=tip)


def _trimmings(s: Sketch, body: Points, at: Pair, reach: float) -> None:
    """Add now and then a bow tie, a scarf, a scar or freckles."""
    kind = s.pick("tie scarf scar freckles none none none none none none none none")
    x, y = at
    if kind == "tie":
        bow_tie(s, (x, y + 1.15 * reach), 0.34)
    elif kind == "scarf":
        scarf(s, body, min(float(body[:, 1].max()) - 0.35, y + 1.2 * reach))
    elif kind == "scar":
        s.add(1.9, *stitches((x + 0.55 * reach, y - 0.45 * reach), 0.26, s.between(-0.5, 0.5)))
    elif kind == "freckles":
        for side in SIDES:
            s.add(1.9, *freckles((x + side * 0.68 * reach, y + 0.40 * reach), 0.12 * reach, 0.018))


def imp(s: Sketch) -> None:
    """A little fellow with a big head on a small body."""
    hip, neck, width, high = -0.34, -0.86, s.between(0.68, 0.82), s.between(0.52, 0.60)
    torso = profile("0,0 .15,.56 .6,.92 .8,1 .95,.67 1,0", top=neck - 0.15, bottom=hip + 0.16, width=0.36)
    dress = s.pick("shorts shirt bare belly")
    s.add(0.0, Part("torso", torso, "skin", marks=tuple(_clothes(s, torso, dress, neck, hip))))
    foot, hand = s.pick("paw claws boot hoof"), s.pick("mitten fingers claws paw")
    for side, pose in zip(SIDES, s.pick(POSES).split("+"), strict=True):
        trousers = "accent" if dress == "shorts" else "skin"
        leg(s, (side * 0.17, hip), (side * 0.22, 0.0), side, radius=0.13, kind=foot, role=trousers)
        sleeve = "accent" if dress == "shirt" else "skin"
        shoulder = (side * 0.22, neck + 0.18)
        arm(s, shoulder, side, length=0.50, radius=0.095, pose=pose, hand=hand, role=sleeve, depth=0.6)
    if s.chance(0.5):
        tail(s, (0.1, hip + 0.05), s.side(), length=0.75, radius=0.085, tip=s.pick("spade tuft bolt plain ball"))
    if s.chance(0.35):
        wings(s, (0.2, neck + 0.25), 0.6, s.pick("bat feather bug"))
    _imp_head(s, (0.0, neck - 0.80 * high), width, high)


def _clothes(s: Sketch, torso: Points, dress: str, neck: float, hip: float) -> list[Part]:
    if dress == "belly":
        return belly(s, torso, neck + 0.12, kinds="oval")
    if dress == "shorts":
        return [Part("shorts", drawn("-.8,-.16! .8,-.16! .8,.5! -.8,.5!", at=(0.0, hip)), "accent", 0.75)]
    if dress == "bare":
        return []
    buttons = [Part("button", ellipse((0.0, neck + y), 0.035, 0.035), "cream", 0.5) for y in (0.22, 0.36)]
    return [Part("shirt", drawn("-.8,-1! .8,-1! .8,-.06! -.8,-.06!", at=(0.0, hip)), "accent", 0.75), *buttons]


def _imp_head(s: Sketch, at: Pair, width: float, high: float) -> None:
    x, y = at
    head = lump(s, "ball box egg gourd top ball", y - high, y + 0.95 * high, width, x=x)
    nod = Motion((x, y + high), 0.06, 2 * high, 0.4)
    choice = s.pick("stripes spots none none none")
    marks = crown_stripes(head, 0.16) if choice == "stripes" else []
    if choice == "spots":
        marks = spots(s, head, [(x, y + 0.1, 0.8 * width)], size=0.10)
    add_head(s, head, nod, marks)
    face(s, (x, y + 0.06 * high), 0.82 * width, moves=[nod])
    gear = "bull goat devil cat round bunny bat floppy mohawk hair leaf ball party crown top unicorn"
    head_gear_that_nods(s, head, s.between(0.44, 0.60), gear, nod)


def add_head(s: Sketch, head: Points, nod: Motion, marks: list[Part], *, gloss: float = 0.18) -> None:
    """Add a head in front of the body; cheeks will be painted on it."""
    s.face_on = "head"
    s.add(1.8, Part("head", head, "skin", marks=tuple(marks), gloss=gloss, cast=0.021), moves=[nod])


def head_gear_that_nods(s: Sketch, head: Points, size: float, options: str, nod: Motion) -> None:
    """Add headgear to a head that `add_head` added, at the head's depth."""
    before = s.size()
    headgear(s, head, size, options)
    s.attach_since(before, nod, rise=2.2)


def yeti(s: Sketch) -> None:
    """A big furry fellow with long arms and a bare face."""
    top, width = -2.0, s.between(0.78, 0.92)
    body = lump(s, "capsule top egg", top, -0.22, width)
    eye_y, reach = top + s.between(0.55, 0.68), width * s.between(0.66, 0.78)
    face(s, (0.0, eye_y), 0.86 * reach)
    marks = [Part("face", ellipse((0.0, eye_y + 0.12), reach, 0.74 * reach, power=2.5), "belly", 0.75)]
    for x, y in ((-0.35, -0.62), (0.30, -0.52), (-0.05, -0.42), (0.5, -0.9), (-0.55, -0.95)):
        tuft = drawn("-.1,-.06 -.04,.06! 0,-.03! .06,.08! .11,-.05", 1.1, (1.2 * x * width, y), closed=False)
        marks.append(Part("tuft", tuft, weight=0.6))
    s.add(0.0, Part("body", fur(s, body, s.between(0.11, 0.16), s.count(20, 29)), "skin", marks=tuple(marks)))
    toes, role = s.pick("claws paw"), s.pick("skin belly")
    for side in SIDES:
        _yeti_arm(s, (side * 0.80 * width, -1.22), side, waves=s.chance(0.25))
        s.add(-0.2, *foot_parts((side * 0.42, 0.0), side, size=0.30, kind=toes, role=role))
    headgear(s, body, s.between(0.50, 0.70), "bull goat ram devil unicorn round bull")


def _yeti_arm(s: Sketch, shoulder: Pair, side: float, *, waves: bool) -> None:
    """Add a long furry arm that hangs to the knees or waves."""
    rows = [(0, 0), (0.46, -0.16), (0.62, -0.78)] if waves else [(0, 0), (0.36, 0.42), (0.26, 0.98)]
    path = mirror(points(rows), side) + points([shoulder])
    limb = tube(path, [0.21, 0.20, 0.20, 0.25])
    shaggy = np.concatenate([limb[:1], fur(s, limb, 0.08, 17)[1:-1], limb[-1:]])
    swing = Motion(shoulder, (0.16 if waves else 0.05) * side, 1.0, 0.3)
    x, y, down = float(path[2, 0]), float(path[2, 1]), -1.0 if waves else 1.0
    for dx in (-0.11, 0.0, 0.11):
        base = y + 0.30 * down
        claw = cone((x + dx - 0.05, base), (x + dx + 0.05, base), (x + 1.3 * dx, base + 0.15 * down))
        s.add(2.8, Part("claw", claw, "cream", 0.65), moves=[swing])
    s.add(2.9, Part("hand", ellipse((x, y + 0.16 * down), 0.20, 0.17), "belly", 0.85), moves=[swing])
    s.add(3.0, Part("arm", shaggy, "skin", 0.95, open_root=True, cast=0.016), moves=[swing])


def dragon(s: Sketch) -> None:
    """A chubby sitting dragon with a big head, belly plates, wings and a tail."""
    width = s.between(0.56, 0.66)
    body = lump(s, "gourd", -1.35, -0.02, width)
    plates = tuple(plate_line(0.0, width, y) for y in (-1.0, -0.76, -0.52, -0.29))
    front = profile("0,.2 .24,.26 .48,.52 .72,.62 .93,.4 1,0", top=-1.30, bottom=0.15, width=width)
    marks = (Part("belly", front, "belly", 0.75, marks=plates), *scales(s, body, [(0, -0.5, 0.45)], size=0.07))
    s.add(0.0, Part("body", body, "skin", marks=marks))
    side = s.side()
    tail(
        s,
        (0.25 * side, -0.22),
        side,
        length=s.between(1.0, 1.25),
        radius=0.20,
        tip=s.pick("spade bolt ball tuft plain"),
    )
    wings(s, (0.30, -0.98), s.between(0.62, 0.85), s.pick("bat bat bat feather"))
    x, poses = half_width(body, -0.92)[1] - 0.10, s.pick("belly+belly down+belly belly+up up+down down+down").split("+")
    for side, pose in zip(SIDES, poses, strict=True):
        arm(s, (side * x, -0.92), side, length=0.46, radius=0.092, pose=pose, hand="claws")
        s.add(1.0, Part("thigh", ellipse((0.82 * side * width, -0.24), 0.26, 0.27), "skin", 0.85))
        s.add(1.2, *foot_parts((0.95 * side * width, 0.02), side, size=0.24, kind="claws"))
    _dragon_head(s, (0.0, -1.58), s.between(0.60, 0.70), s.between(0.46, 0.54))


def _dragon_head(s: Sketch, at: Pair, w: float, h: float) -> None:
    x, y = at
    head = profile("0,0 .06,.5 .35,.92 .65,1 .9,.72 1,0", top=y - h, bottom=y + h, width=w)
    nod = Motion((x, y + h), 0.035, 2 * h, 0.5)
    muzzle = Part("muzzle", ellipse((x, y + 0.46 * h), 0.62 * w, 0.44 * h, power=2.4), s.pick("belly belly skin"), 0.75)
    add_head(s, head, nod, [muzzle] if s.chance(0.6) else crown_stripes(head, 0.14) if s.chance(0.5) else [])
    for side in SIDES:
        nostril = ellipse((x + side * 0.14 * w, y + 0.20 * h), 0.030, 0.042, turn=0.4 * side)
        s.add(2.5, Part("nostril", nostril, "ink", 0.0), moves=[nod])
    mouths = "smile fangs open smirk grin fangs"
    face(s, (x, y - 0.12 * h), 0.92 * w, eyes="two two one odd", mouth_at=0.42 + 0.1 * h, moves=[nod], mouths=mouths)
    before = s.size()
    horns(s, head, s.pick("goat devil spike bull"), s.between(0.42, 0.58))
    if s.chance(0.5):
        crest(s, head, s.pick("mohawk flame hair"), 0.42)
    s.attach_since(before, nod, rise=1.9)


def beast(s: Sketch) -> None:
    """A beast on four legs, seen from the side, its head turned to the viewer."""
    side = s.side()  # where the head is
    long, high, legs = s.between(0.66, 0.84), s.between(0.46, 0.56), s.between(0.28, 0.46)
    y, r = -legs - 0.75 * high, s.between(0.54, 0.66)
    torso, furry = ellipse((0.0, y), long, high, power=2.35), s.chance(0.25)
    thick, foot = s.between(0.15, 0.20), s.pick("paw claws hoof paw")
    for place, depth in ((0.62, 1.0), (-0.70, 1.0), (0.34, -2.0), (-0.40, -2.0)):
        x, ground = side * place * long, 0.0 if depth > 0 else -0.05
        leg(s, (0.95 * x, y + 0.35 * high), (x, ground), side, radius=thick, kind=foot, depth=depth)
    growth = s.pick("spike plate round none none")
    if growth != "none":
        back = torso[(torso[:, 1] < y - 0.4 * high) & (torso[:, 0] * side < 0.35 * long)]
        spines(s, back[np.argsort(back[:, 0])], s.count(4, 6), s.between(0.20, 0.32), growth)
    head_at = (side * 0.72 * long, y - high * s.between(0.60, 0.95))
    marks = pattern(s, torso, [(*head_at, r)], y - 0.8 * high, y + 0.5 * high)
    outline = fur(s, torso, 0.08, 34) if furry else torso
    s.add(0.0, Part("body", outline, "skin", marks=tuple(marks), gloss=0.0 if furry else 0.2))
    tip = s.pick("plain tuft spade ball bolt")
    tail(s, (-0.85 * side * long, y - 0.1), -side, length=s.between(0.65, 0.9), radius=0.13, tip=tip)
    if s.chance(0.3):
        wings(s, (0.0, y - 0.7 * high), 0.7, s.pick("bat feather"), depth=-1.5, x=-0.1 * side)
    _beast_head(s, head_at, r, furry=furry)


def _beast_head(s: Sketch, at: Pair, r: float, *, furry: bool) -> None:
    x, y = at
    head = lump(s, "egg ball gourd ball", y - r, y + 0.92 * r, r * s.between(1.05, 1.2), x=x)
    nod = Motion((x, y + r), 0.05, 2 * r, 0.8)
    muzzle = Part("muzzle", ellipse((x, y + 0.52 * r), 0.58 * r, 0.42 * r, power=2.3), "belly", 0.75)
    outline = fur(s, head, 0.07, 24) if furry else head
    add_head(s, outline, nod, [muzzle] if s.chance(0.5) else [], gloss=0.0 if furry else 0.18)
    mouths = "cat fangs smile tusks open tongue cat buck"
    face(
        s,
        (x, y - 0.10 * r),
        0.92 * r,
        mouth_at=0.46,
        moves=[nod],
        depth=2.2,
        eyes="two two two one odd three",
        mouths=mouths,
    )
    gear = "cat round bunny bull goat devil ram mohawk leaf flame floppy unicorn"
    head_gear_that_nods(s, head, s.between(0.42, 0.56), gear, nod)


def bird(s: Sketch) -> None:
    """A round bird or owl with stubby wings and a beak."""
    tall, width, legs = s.between(1.35, 1.65), s.between(0.66, 0.84), s.between(0.12, 0.28)
    top, bottom = -legs - tall, -legs
    body = lump(s, "egg ball pear", top, bottom, width)
    eye_y = top + 0.36 * tall
    middle, half = half_width(body, eye_y)
    sides: list[Circle] = [(0.75, eye_y + 0.4, 0.3), (-0.75, eye_y + 0.4, 0.3)]
    marks = belly(s, body, eye_y + 0.30 * half, kinds="patch fluff oval", wide=0.70)
    marks += scales(s, body, [(0, eye_y, 0.9 * half), *sides])
    outline = fur(s, body, 0.05, 30) if s.chance(0.3) else body
    s.add(0.0, Part("body", outline, "skin", marks=tuple(marks), gloss=0.17))
    owl = s.chance(0.35)
    for side in SIDES if owl else ():
        s.add(1.5, Part("eye-disc", ellipse((side * 0.40 * half, eye_y), 0.46 * half, 0.48 * half), "belly", 0.7))
    face(s, (middle, eye_y), 0.92 * half, eyes="close" if owl else "two two close one", mouths="none")
    _beak(s, (middle, eye_y + s.between(0.28, 0.36) * half), s.between(0.33, 0.50) * half)
    _bird_limbs(s, body, bottom, legs, width)
    headgear(s, body, s.between(0.40, 0.55), "hair mohawk flame curl leaf cat top crown bow party spike")


def _bird_limbs(s: Sketch, body: Points, bottom: float, legs: float, width: float) -> None:
    y, raised = bottom - 0.48 * (bottom - float(body[:, 1].min())), s.pick("none none left both")
    for side in SIDES:
        x = 0.36 * side * width
        shin = tube([(x, bottom - 0.15), (x, -0.6 * legs), (x, -0.08)], [0.055, 0.05, 0.05])
        s.add(-0.5, Part("shin", shin, "accent", 0.8))
        s.add(-0.4, *foot_parts((x, 0.0), side, size=0.24, kind="bird"))
        up = raised == "both" or (raised == "left" and side < 0)
        middle, half = half_width(body, y)
        root = (middle + 0.88 * side * half, y)
        path = "-.12,-.12 .12,-.22 .3,.05 .34,.36! .22,.3! .2,.56! .06,.42! -.02,.56! -.12,.3"
        shape = drawn(path, (1.15, -1.15 if up else 1.15), root, side=side, turn=0.65 * side if up else 0.0)
        flap = Motion(root, 0.25 * side, 0.6, 0.0)
        s.add(3.0, Part("wing", shape, "second", 0.9, cast=0.014), moves=[flap])
    if s.chance(0.6):
        _tail_feathers((0.6 * width, bottom - 0.35), s)


def _beak(s: Sketch, at: Pair, size: float) -> None:
    if s.chance(0.5):
        tongue = Part("tongue", ellipse((at[0], at[1] + 0.62 * size), 0.20 * size, 0.24 * size), "tongue", 0.5)
        lower = drawn("-.5,.05! .5,.05! .22,.62 0,.74 -.22,.62", size, at)
        s.add(2.5, Part("mouth", lower, "mouth", 0.8, marks=(tongue,)))
    upper = drawn("-.62,.08! -.34,-.34 0,-.5 .34,-.34 .62,.08! .26,.22 0,.58! -.26,.22", size, at)
    s.add(2.6, Part("beak", upper, "accent", 0.85, cast=0.008))
    for side in SIDES:
        hole = ellipse((at[0] + 0.14 * side * size, at[1] - 0.20 * size), 0.05 * size, 0.035 * size)
        s.add(2.7, Part("nostril", hole, "ink", 0.0))


def _tail_feathers(root: Pair, s: Sketch) -> None:
    role = s.pick("second accent")
    for angle in (0.9, 0.45, 0.0):
        path = points([(0, 0), (0.3, 0), (0.58, 0.04)]) @ np.array(
            [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        )
        feather = Part("tail-feather", tube(path + points([root]), [0.06, 0.11, 0.10]), role, 0.85)
        s.add(-2.0, feather, moves=[Motion(root, 0.1, 0.6, angle)])


def golem(s: Sketch) -> None:
    """A rock creature of faceted stones with crystals."""
    width = s.between(0.72, 0.88)
    body = _stone(s, (0.0, -1.02), width, 0.76, 11)
    marks = [Part("moss", fur(s, ellipse((s.between(-0.2, 0.2), -1.80), 0.55, 0.24), 0.05, 9), "accent", 0.75)]
    marks = marks if s.chance(0.5) else []
    for x, y, side in ((-0.5, -1.55, 1.0), (0.55, -0.62, -1.0), (-0.45, -0.5, 1.0)):
        crack = drawn("0,0! .08,.1! .03,.16! .14,.3!", at=(1.2 * x * width, y), side=side, closed=False)
        marks.append(Part("crack", crack, weight=0.65))
    s.add(0.0, Part("body", body, "skin", 1.05, marks=tuple(marks)))
    mouths = "grit tusks grin fangs frown smile smile"
    face(s, (0.0, -1.22), 0.78 * width, eyes="two two one close odd", mouths=mouths, cheeks=False)
    for side in SIDES:
        _golem_arm(s, side, width)
        s.add(-0.5, Part("foot", _stone(s, (0.40 * side, -0.17), 0.30, 0.19, 8), "second", 0.95))
    for angle, size in ((-0.62, 0.42), (0.0, 0.62), (0.58, 0.48)):
        s.add(-0.6, _crystal(toward(body, UP + angle)[0], 0.8 * angle, size))


def _stone(s: Sketch, centre: Pair, rx: float, ry: float, count: int) -> Points:
    """Return a stone with flat faces."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False) + s.between(0, 0.5)
    cos, sin = np.cos(angle), np.sin(angle)
    rows = np.stack([np.sign(cos) * np.abs(cos) ** 0.75 * rx, np.sign(sin) * np.abs(sin) ** 0.75 * ry], axis=1)
    return smooth(rows * s.rng.uniform(0.90, 1.08, (count, 1)) + points([centre]), corners=range(count))


def _golem_arm(s: Sketch, side: float, width: float) -> None:
    shoulder = (side * (width + 0.04), -1.20)
    fist = (side * (width + 0.30), -1.62 if s.chance(0.3) else s.between(-0.62, -0.36))
    elbow = (0.55 * shoulder[0] + 0.45 * fist[0] + 0.06 * side, 0.55 * shoulder[1] + 0.45 * fist[1])
    swing = Motion(shoulder, 0.10 * side, 0.9, s.between(0, 3))
    s.add(-0.3, Part("shoulder", _stone(s, shoulder, 0.24, 0.22, 8), "skin", 0.95), moves=[swing])
    s.add(-0.2, Part("arm", _stone(s, elbow, 0.17, 0.19, 7), "second", 0.95), moves=[swing])
    s.add(1.6, Part("fist", _stone(s, fist, 0.29, 0.27, 8), "skin", 0.95, cast=0.014), moves=[swing])


def _crystal(foot: Pair, turn: float, size: float) -> Part:
    edges = ("-.02,-1.1! .06,-.35! .04,.3!", "-.4,-.46! .06,-.35! .4,-.42!")
    facets = tuple(Part("facet", drawn(edge, size, foot, turn=turn, closed=False), weight=0.55) for edge in edges)
    outline = drawn("-.3,.25! -.36,-.45! -.02,-1! .34,-.4! .28,.25!", size, foot, turn=turn)
    return Part("crystal", outline, "accent", 0.9, marks=facets)


def crab(s: Sketch) -> None:
    """A wide crab with raised claws and eyes on stalks or on its shell."""
    width, high = s.between(0.74, 0.88), s.between(0.50, 0.60)
    y = -0.42 - 0.55 * high
    shell = lump(s, "ball", y - high, y + 0.9 * high, width)
    marks = pattern(s, shell, [(0, y + 0.1, 0.55)], y - high, y + 0.5 * high, size=0.13)
    s.add(0.0, Part("body", shell, "skin", marks=tuple(marks), gloss=0.18))
    if s.chance(0.6):
        feet = [(0.34 * side * width, y - 0.86 * high) for side in SIDES]
        look = stalk_eyes(s, feet, s.between(0.30, 0.42), s.between(0.20, 0.26))
        s.add(2.0, *mouth(s, (0.0, y - 0.08), s.between(0.30, 0.42), s.pick(look.mood.mouths)))
    else:
        face(s, (0.0, y - 0.15), 0.62 * width, eyes="two two close three one")
    for side in SIDES:
        _pincer(s, (side * 0.80 * width, y - 0.10), side, s.between(0.90, 1.15))
        for i, x in enumerate((0.36, 0.62, 0.86)):
            hip = (side * x * width, y + high * (0.60 - 0.22 * i))
            toe = (hip[0] + side * (0.20 + 0.14 * i), -0.01 * i)
            knee = (hip[0] + side * (0.20 + 0.10 * i), hip[1] + 0.08)
            s.add(-1.0 - 0.1 * i, Part("leg", tube([hip, knee, toe], [0.10, 0.085, 0.03]), "second", 0.85))


def _pincer(s: Sketch, shoulder: Pair, side: float, size: float) -> None:
    path = mirror(points([(0, 0), (0.42, 0.02), (0.46, -0.42)]) * size, side) + points([shoulder])
    swing = Motion(shoulder, 0.16 * side, size, s.between(0, 2))
    limb = Part("arm", tube(path, [0.12, 0.11, 0.12]), "skin", 0.9, open_root=True, cast=0.01)
    knots = "-.1,.1 -.34,-.12 -.36,-.52 -.1,-.86! -.02,-.5 .04,-.36! .16,-.48 .34,-.74! .4,-.34 .26,0 .08,.12"
    claw = drawn(knots, 0.76 * size, (float(path[2, 0]), float(path[2, 1]) - 0.02), side=side)
    s.add(1.0, limb, Part("pincer", claw, "skin", 0.95, gloss=0.2), moves=[swing])


def turtle(s: Sketch) -> None:
    """A creature under a domed shell, seen from the side."""
    side, long, high, base = s.side(), s.between(0.72, 0.84), s.between(0.82, 1.02), -0.46
    dome = drawn("-1,0! -.88,-.55 -.4,-.95 .1,-1 .6,-.82 .95,-.4 1,0! 0,.12", (long, high), (0.0, base), side=side)
    s.add(
        1.0, Part("shell", dome, "accent", marks=tuple(_shell_marks(s, dome, long, high, base)), gloss=0.2, cast=0.02)
    )
    rim = tube([(-1.04 * long, base), (0, base + 0.13), (1.04 * long, base)], [0.075, 0.085, 0.075], round_root=True)
    s.add(1.1, Part("rim", rim, "cream", 0.85))
    toes = s.pick("paw claws")
    for place, depth in ((0.62, 0.5), (-0.62, 0.5), (0.30, -1.0), (-0.34, -1.0)):
        foot = (side * (place + 0.08) * long, 0.0)
        leg(s, (side * place * long, base - 0.1), foot, side, radius=0.17, kind=toes, depth=depth)
    stub = cone(
        (-0.85 * side * long, base - 0.12), (-0.85 * side * long, base + 0.12), (-side * (long + 0.38), base + 0.16)
    )
    s.add(-1.5, Part("tail", stub, "skin", 0.9))
    r = s.between(0.46, 0.56)
    at = (side * (long + 0.50 * r), base - s.between(0.38, 0.58))
    neck = tube([(0.6 * side * long, base - 0.05), (side * long, base - 0.12), at], [0.22, 0.2, 0.22])
    s.add(0.2, Part("neck", neck, "skin", 0.9, open_root=True))
    nod = Motion((at[0] - 0.3 * side, at[1] + r), 0.07 * side, 2 * r, 0.0)
    head = lump(s, "ball egg egg", at[1] - r, at[1] + 0.9 * r, 1.02 * r, x=at[0])
    add_head(s, head, nod, [])
    face(s, (at[0], at[1] - 0.04), 0.9 * r, mouth_at=0.50, moves=[nod], eyes="two two one close")
    head_gear_that_nods(s, head, 0.40, "leaf flower party spike ball curl crown mohawk none none none", nod)


def _shell_marks(s: Sketch, dome: Points, long: float, high: float, base: float) -> list[Part]:
    kind = s.pick("plates spots spiral plates")
    if kind == "spots":
        return spots(s, dome, role="trim", size=0.2)
    if kind == "spiral":
        t = np.linspace(0.0, 3.8 * np.pi, 160)
        rows = np.stack([np.cos(t), 0.92 * np.sin(t)], axis=1) * (0.07 + 0.046 * t)[:, None]
        return [Part("spiral", rows + points([(0.05, base - 0.46 * high)]), weight=0.85)]
    angle = np.linspace(0, 2 * np.pi, 6, endpoint=False) + 0.3
    unit = np.stack([1.02 * np.cos(angle), 0.86 * np.sin(angle)], axis=1)
    places = ((0.0, 0.62, 0.30), (-0.56, 0.44, 0.26), (0.56, 0.44, 0.26), (-0.28, 0.14, 0.24), (0.30, 0.14, 0.24))
    plates = [smooth(unit * r + points([(x * long, base - y * high)]), corners=range(6)) for x, y, r in places]
    return [Part("plate", plate, "trim", 0.75) for plate in plates]


_DINO = (
    "-1.22,-.16! -.88,-.34 -.54,-.62 -.4,-1.02 -.32,-1.42 -.14,-1.8 .18,-1.94 .5,-1.78 .8,-1.6 .9,-1.4 .74,-1.24 "
    ".44,-1.18 .3,-1.08 .42,-.78 .46,-.42 .3,-.16 0,-.08 -.4,-.08 -.85,-.05"
)


def dino(s: Sketch) -> None:
    """A dinosaur seen from the side, upright on two legs."""
    side = s.side()
    body = drawn(_DINO, (s.between(0.95, 1.08), 1.0), side=side)
    lines = tuple(
        Part("plate-line", drawn("0,.06 .3,.02 .8,-.08", at=(0.0, y), side=side, closed=False), weight=0.6)
        for y in np.linspace(-0.95, -0.25, 5).tolist()
    )
    front = drawn(".95,-1.16 .3,-1.14 .1,-.95 .06,-.5 -.05,-.1 .6,.1 1,-.5", side=side)
    marks: list[Part] = [Part("belly", front, "belly", 0.75, marks=lines)]
    avoid: list[Circle] = [(0.45 * side, -1.5, 0.5), (0.2 * side, -0.5, 0.36)]
    choice = s.pick("spots scales none none")
    if choice == "spots":
        marks = [*spots(s, body, avoid, size=0.12), *marks]
    elif choice == "scales":
        marks += scales(s, body, [*avoid, (0.3 * side, -0.8, 0.3)], size=0.07)
    s.add(0.0, Part("body", body, "skin", marks=tuple(marks)))
    back = drawn("-.95,-.29 -.54,-.62 -.4,-1.02 -.32,-1.42 -.1,-1.82", side=side, closed=False)
    spines(s, back if side > 0 else back[::-1], s.count(5, 7), s.between(0.20, 0.30), s.pick("spike plate round plate"))
    _dino_limbs(s, side)
    _dino_head(s, side)


def _dino_limbs(s: Sketch, side: float) -> None:
    toes = s.pick("claws paw claws")
    for x, depth in ((0.16, 1.0), (-0.10, -1.0)):
        thigh = ellipse((side * (x - 0.02), -0.38), 0.27, 0.33, turn=0.2 * side)
        s.add(depth, Part("thigh", thigh, "skin", 0.9, cast=0.012 if depth > 0 else 0.0))
        s.add(depth + 0.1, *foot_parts((side * (x + 0.06), 0.02), side, size=0.25, kind=toes))
    pose = s.pick("curl down wide")
    for x, depth in ((0.26, 2.0), (0.42, -1.5)):
        arm(
            s,
            (side * x, -0.98),
            side,
            length=0.34,
            radius=0.075,
            pose=pose,
            hand="claws",
            depth=depth,
            merged=depth > 0,
        )


def _dino_head(s: Sketch, side: float) -> None:
    look = choose_look(s, "iris iris dot bead slit")
    s.add(2.0, *eye(s, (0.26 * side, -1.60), s.between(0.16, 0.20), look, side))
    s.add(2.0, Part("nostril", ellipse((0.74 * side, -1.50), 0.028, 0.040, turn=0.4 * side), "ink", 0.0))
    s.tones.append(Part("cheek", ellipse((0.28 * side, -1.36), 0.09, 0.06), "blush", 0.0, tone=True))
    if s.chance(0.5):
        for x in (0.74, 0.56):
            fang = cone((side * (x - 0.05), -1.33), (side * (x + 0.05), -1.335), (side * x, -1.22))
            s.add(2.0, Part("fang", fang, "white", 0.65))
        s.add(2.1, Part("mouth", drawn(".86,-1.36 .66,-1.3 .44,-1.34 .32,-1.46", side=side, closed=False)))
        return
    tongue = Part("tongue", ellipse((0.56 * side, -1.22), 0.14, 0.07), "tongue", 0.5)
    rows = [((side * (x - 0.04), -1.41), (side * (x + 0.05), -1.42), (side * x, -1.31)) for x in (0.72, 0.60, 0.48)]
    teeth = [Part("fang", cone(*row), "white", 0.55) for row in rows]
    gape = drawn(".83,-1.4! .6,-1.37 .34,-1.46! .4,-1.3 .58,-1.22 .74,-1.26", side=side)
    s.add(2.1, Part("mouth", gape, "mouth", 0.9, marks=(tongue, *teeth), shade=(0.0, 0.2)))


WALKERS = {
    "beast": beast,
    "biped": biped,
    "bird": bird,
    "crab": crab,
    "dino": dino,
    "dragon": dragon,
    "golem": golem,
    "imp": imp,
    "turtle": turtle,
    "yeti": yeti,
}
"""Body plans by name."""
