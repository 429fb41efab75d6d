"""Guesses colours for regions without a hint: each takes the colour of the hint that speaks for it best, or stays paper.

Every pair of a region and a hint, and the pair of a region and plain paper, has a score, a weighted sum of measures; the
greatest score wins. The measures of a hint are how near it is, how like its own region is to this one in size and shape
(above all at the same height: the other eye, ear, horn, leg), how the two regions touch, and how light its colour is.
Those of paper are how far the nearest hint is and how much of the region's border lies at the background.
"""

import numpy as np
from numpy.typing import NDArray

from pipelines.models._hint_marks import Hints
from pipelines.models._region_facts import Facts

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

HINT_WEIGHTS: dict[str, float] = {}
PAPER_WEIGHTS: dict[str, float] = {}

_BLOCK = 1 << 21  # pairs scored at a time


def guess(facts: Facts, hints: Hints, regions: IntArray, background: BoolArray, *, size: int) -> IntArray:
    """Return for each of `regions`, (u,), the spot, 0.., that it takes its colour from, or -1 for paper.

    background: bool (n + 1,). size: px, the picture's longer side.
    """
    chosen = np.full(len(regions), -1)
    step = max(1, _BLOCK // max(1, len(hints.colour)))
    for start in range(0, len(regions), step):
        some = regions[start : start + step]
        score = measures_of_hints(facts, hints, some, background, size=size) @ np.array(list(HINT_WEIGHTS.values()))
        paper = measures_of_paper(facts, hints, some, background, size=size) @ np.array(list(PAPER_WEIGHTS.values()))
        best = score.argmax(axis=1)
        chosen[start : start + step] = np.where(score[np.arange(len(some)), best] > paper, best, -1)
    return chosen


def measures_of_hints(
    facts: Facts, hints: Hints, regions: IntArray, background: BoolArray, *, size: int
) -> FloatArray:
    """Return the measures, (u, spots, m), of each pair of a region and a spot, in the order of HINT_WEIGHTS."""
    one, other = regions[:, None], hints.region[None, :]
    beside_x = np.maximum(np.maximum(facts.left[one] - hints.x, hints.x - facts.right[one]), 0)
    beside_y = np.maximum(np.maximum(facts.top[one] - hints.y, hints.y - facts.bottom[one]), 0)
    to_box, to_middle = np.hypot(beside_x, beside_y), np.hypot(facts.x[one] - hints.x, facts.y[one] - hints.y)
    shared, over_paper = _contacts(facts, regions, hints.region)
    alike = np.exp(-_unlikeness(facts, one, other) / 2)
    level = alike * np.exp(-np.abs(facts.y[one] - facts.y[other]) / (0.05 * size))
    axis = _axis(facts, background)
    mirrored = level * np.exp(-np.abs(facts.x[one] + facts.x[other] - 2 * axis) / (0.1 * size))
    larger = np.log(np.maximum(facts.area[other], 1) / np.maximum(facts.area[one], 1))
    colours = hints.colours[hints.colour].astype(np.float64)
    return np.stack(
        np.broadcast_arrays(
            np.log1p(to_box / (0.02 * size)),
            np.log1p(to_middle / (0.02 * size)),
            np.log1p(to_middle / _spacing(facts, hints, background)),
            to_middle == to_middle.min(axis=1, keepdims=True),
            to_box == to_box.min(axis=1, keepdims=True),
            shared,
            shared == shared.max(axis=1, keepdims=True),
            shared > 0.95,
            shared * larger,
            over_paper,
            alike,
            level,
            mirrored,
            colours @ np.array([0.299, 0.587, 0.114]) / 255,
            colours.min(axis=1) > 235,
        ),
        axis=-1,
    ).astype(np.float64)


HINT_NAMES=['box','middle','spaced','nearmid','nearbox','shared','mostshared','encl','sharedlarger','paperc','alike','level','mirrored','luma','white']
PAPER_NAMES=['1','bgshare','bgpaper','enclosed','logarea','logwidth','compact','neardist','edge','nhint','fillr','enclarea','paperany']

def measures_of_paper(facts: Facts, hints: Hints, regions: IntArray, background: BoolArray, *, size: int) -> FloatArray:
    """Return the measures, (u, m), of each region's being paper, in the order of PAPER_WEIGHTS."""
    b = facts.borders
    n=facts.count
    tot=np.bincount(b.first,b.length,n)+np.bincount(b.second,b.length,n)+1e-9
    bg=np.bincount(b.first,b.length*background[b.second],n)+np.bincount(b.second,b.length*background[b.first],n)
    bgp=np.bincount(b.first,b.paper*background[b.second],n)+np.bincount(b.second,b.paper*background[b.first],n)
    anyp=np.bincount(b.first,b.paper,n)+np.bincount(b.second,b.paper,n)
    mx=np.zeros(n); np.maximum.at(mx,b.first,b.length); np.maximum.at(mx,b.second,b.length); mx/=tot
    dc=np.hypot(facts.x[regions][:,None]-hints.x,facts.y[regions][:,None]-hints.y).min(1)
    r=regions; w=facts.right[r]-facts.left[r]+1; h=facts.bottom[r]-facts.top[r]+1; a=np.maximum(facts.area[r],1); wd=np.maximum(facts.width[r],.5)
    la=np.log(a/size**2)
    return np.stack([np.ones(len(r)),bg[r]/tot[r],bgp[r]/tot[r],mx[r],la,np.log(wd/size),np.log(a/(np.pi*wd**2)).clip(0,4),np.log1p(dc/_spacing(facts,hints,background)),facts.edge[r]/(2*(w+h)),np.full(len(r),np.log(len(hints.colour))),a/(w*h),(mx[r]>.95)*la,anyp[r]/tot[r]],-1)


def _unlikeness(facts: Facts, one: IntArray, other: IntArray) -> FloatArray:
    """Return how much two regions differ in area, width and the sides of their boxes: a sum of |log ratio|."""
    wide, high = facts.right - facts.left + 1, facts.bottom - facts.top + 1
    total = np.zeros(np.broadcast_shapes(one.shape, other.shape))
    for measure in (np.maximum(facts.area, 1), np.maximum(facts.width, 0.5), np.maximum(wide, 1), np.maximum(high, 1)):
        logarithm = np.log(measure)
        total += np.abs(logarithm[one] - logarithm[other])
    return total


def _axis(facts: Facts, background: BoolArray) -> float:
    """Return the x of the middle of the figure, px."""
    weight = np.where(background, 0, facts.area)
    return float((facts.x * weight).sum() / max(weight.sum(), 1))


def _spacing(facts: Facts, hints: Hints, background: BoolArray) -> float:
    """Return the typical distance of neighbouring hints, px: the root of the figure's area for each."""
    return float(np.sqrt(max(facts.area[~background].sum(), 1) / max(len(hints.colour), 1)))


def _contacts(facts: Facts, regions: IntArray, hinted: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return which share of each region's border, (u, spots), it has with each spot's region: all of it, over paper."""
    borders = facts.borders
    rows, columns = np.full(facts.count, -1), np.full(facts.count, -1)
    rows[regions] = np.arange(len(regions))
    unique, which = np.unique(hinted, return_inverse=True)
    columns[unique] = np.arange(len(unique))
    shared, paper = np.zeros((len(regions), len(unique))), np.zeros((len(regions), len(unique)))
    whole = np.full(len(regions), 1e-9)
    for here, there in ((borders.first, borders.second), (borders.second, borders.first)):
        mine = rows[here] >= 0
        np.add.at(whole, rows[here[mine]], borders.length[mine])
        both = mine & (columns[there] >= 0)
        shared[rows[here[both]], columns[there[both]]] = borders.length[both]
        paper[rows[here[both]], columns[there[both]]] = borders.paper[both]
    return (shared / whole[:, None])[:, which], (paper / whole[:, None])[:, which]
