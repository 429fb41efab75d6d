"""Places the few dabs that an artist paints: main colours first, each in its largest area, somewhere in it, by hand.

Areas are what edges and lines enclose; those of like colour share it, and the more there is of a colour the earlier is
its turn. When each colour has its dab, further ones lie in areas that have none. A dab is a dot, or a short stroke that
stays in its area, of the picture's colour where it begins; a hand that slips puts it over the edge of the area, and a
brush has grain. Lengths are px of 256x256 pictures and scale with the picture's longer side.

Source: this project. The other methods place hints as papers do to train their networks, by tens; artists who are asked
for a few dabs begin with what is large.
"""

from dataclasses import dataclass
from typing import Annotated, NamedTuple

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F32, F64, U8, Index, Labels, Mask
from pipelines.core.settings import check_number, check_range
from pipelines.hints.base.brush import brush, draw_number, random_path
from pipelines.hints.base.fills import find_fills, find_hintable

_INK_WIDTH, _INK_VALUE = 16 / 256, 110  # as in kmedoids.py; the width as a part of the longer side
_EDGE = 12  # levels between neighbours: soft shading goes on below, another tone begins above
_ALIKE = 24  # levels: areas whose colours differ less in every channel have one colour
_LEAST_AREA = 12  # px of the canvas: nobody dabs smaller ones
_WAYPOINTS = (2, 4)  # of a stroke


@dataclass(frozen=True)
class Params:
    """Settings of an artist's dabs."""

    dabs: Annotated[tuple[int, int], "least and greatest number of dabs"] = (0, 12)
    radius: Annotated[tuple[float, float], "px of the canvas: of the brush"] = (1.0, 4.0)
    strokes: Annotated[float, "share of the dabs that are short strokes"] = 0.3
    length: Annotated[float, "px of the canvas: side of the square that holds a stroke"] = 16.0
    disorder: Annotated[float, "how far turns stray from sizes: 0 strictly the largest first"] = 0.5
    off_centre: Annotated[bool, "anywhere in the area, instead of where it is widest"] = True
    ground: Annotated[float, "share of the pictures whose ground is dabbed, before anything else"] = 0.1
    slip: Annotated[float, "share of the dabs that stray over the edge of their area"] = 0.05
    grain: Annotated[int, "levels by which pixels of a dab differ from its colour"] = 0
    canvas: Annotated[int, "px: the longer side for which lengths are meant"] = 256

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        check_range("dabs", self.dabs, 0, 10_000)
        check_range("radius", self.radius, 0)
        for name in ("strokes", "ground", "slip"):
            check_number(name, getattr(self, name), 0, 1)
        check_number("length", self.length, 0)
        check_number("disorder", self.disorder, 0, 10)
        check_number("grain", self.grain, 0, 64)
        check_number("canvas", self.canvas, 1)


_CAREFUL: dict[str, float | bool] = {"strokes": 0.0, "disorder": 0.0, "off_centre": False, "ground": 0.0, "slip": 0.0}
PRESETS = {
    "hand": Params(grain=3, slip=0.1),
    "one": Params(dabs=(1, 1), radius=(3.0, 3.0), **_CAREFUL),  # type: ignore[arg-type]
    "two": Params(dabs=(2, 2), radius=(3.0, 3.0), **_CAREFUL),  # type: ignore[arg-type]
    "four": Params(dabs=(4, 4), radius=(3.0, 3.0), **_CAREFUL),  # type: ignore[arg-type]
    "eight": Params(dabs=(8, 8), radius=(3.0, 3.0), **_CAREFUL),  # type: ignore[arg-type]
}


class _Areas(NamedTuple):
    """The areas of a picture, the largest first; index 0 of the first four is nothing."""

    labels: Labels  # (H, W)
    sizes: Index  # (n + 1,), px
    depth: F32  # (H, W), px to the nearest pixel that is not of the area
    is_ground: Mask  # (n + 1,): it is the paper around the figure
    colour: Index  # (n + 1,), the number of its colour, that of the most pixels being 0; of the ground too


def place(image: U8, alpha: U8 | None, params: Params, rng: np.random.Generator) -> U8:
    """Place an artist's dabs; returns hints, uint8 RGBA (H, W, 4), alpha 0 or 255.

    image: uint8 RGB (H, W, 3). alpha: uint8 (H, W) or None. The same rng state gives the same hints.
    """
    hints = np.zeros((*image.shape[:2], 4), np.uint8)
    scale = max(image.shape[:2]) / params.canvas
    areas = _areas(image, alpha, scale)
    for area in _turns(areas, params, rng)[: draw_number(params.dabs, rng)]:
        _dab(hints, image, areas, int(area), scale=scale, params=params, rng=rng)
    if alpha is not None:
        hints[alpha == 0] = 0
    return hints


def _areas(image: U8, alpha: U8 | None, scale: float) -> _Areas:
    whole = find_hintable(image, alpha, skip_paper=False)
    figure = find_hintable(image, alpha, skip_paper=True, any_colour=True)
    fills = whole
    if whole.any():
        fills = find_fills(image, whole, ink_width=_INK_WIDTH * max(whole.shape), ink_value=_INK_VALUE, edge=_EDGE)
    labels = cv2.connectedComponents(fills.astype(np.uint8), connectivity=4)[1]
    sizes = np.bincount(labels.reshape(-1))
    order = np.argsort(-sizes[1:], kind="stable") + 1
    order = order[sizes[order] >= max(_LEAST_AREA * scale**2, 1)]
    rank = np.zeros(len(sizes), np.int32)
    rank[order] = np.arange(1, len(order) + 1)
    labels = rank[labels]
    counts = np.bincount(labels.reshape(-1), minlength=len(order) + 1)
    outside = np.bincount(labels[~figure & whole], minlength=len(counts))
    interior = (labels > 0) & (cv2.erode(labels.astype(np.float32), np.ones((3, 3))) == labels)
    interior &= cv2.dilate(labels.astype(np.float32), np.ones((3, 3))) == labels
    depth = cv2.distanceTransform(np.pad(interior.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    return _Areas(labels, counts, np.asarray(depth), 2 * outside > counts, _colours(image, labels, counts))


def _colours(image: U8, labels: Labels, sizes: Index) -> Index:
    """The number of each area's colour, (n + 1,): areas join the first, larger one whose colour is like theirs."""
    flat = labels.reshape(-1)
    sums = [np.bincount(flat, image[..., channel].reshape(-1), len(sizes)) for channel in range(3)]
    means = np.stack(sums, axis=1) / np.maximum(sizes, 1)[:, None]
    firsts: list[F64] = []
    number = np.zeros(len(sizes), np.intp)
    for area in range(1, len(sizes)):
        alike = [at for at, first in enumerate(firsts) if np.abs(means[area] - first).max() < _ALIKE]
        if not alike:
            firsts.append(means[area])
        number[area] = alike[0] if alike else len(firsts) - 1
    totals = np.bincount(number[1:], sizes[1:], max(len(firsts), 1))
    rank = np.empty(len(totals), np.intp)
    rank[np.argsort(-totals, kind="stable")] = np.arange(len(totals))
    return rank[number]


def _turns(areas: _Areas, params: Params, rng: np.random.Generator) -> Index:
    """The areas in the order in which they are dabbed: of each colour its largest, then what is left."""
    disorder = np.exp(params.disorder * rng.standard_normal(len(areas.sizes)))
    weight = np.where(areas.is_ground, 0, areas.sizes * disorder)
    weight[0] = 0
    by_size = np.argsort(-weight, kind="stable")
    by_size = by_size[weight[by_size] > 0]
    totals = np.bincount(areas.colour, weight)
    firsts = [by_size[areas.colour[by_size] == colour][:1] for colour in np.argsort(-totals, kind="stable")]
    begun = np.concatenate([np.empty(0, np.intp), *firsts])
    ground = np.flatnonzero(areas.is_ground & (areas.sizes > 0))[:1]
    if rng.random() >= params.ground:
        ground = ground[:0]
    return np.concatenate([ground, begun, by_size[~np.isin(by_size, begun)]])


def _dab(
    hints: U8, image: U8, areas: _Areas, area: int, *, scale: float, params: Params, rng: np.random.Generator
) -> None:
    """Paint one dab into an area, in place."""
    radius = float(rng.uniform(*params.radius)) * scale
    start = _start(areas, area, radius, params.off_centre, rng)
    path = np.array([start], np.float64)
    if rng.random() < params.strokes:
        path = _inside(random_path(start, draw_number(_WAYPOINTS, rng), params.length * scale, rng), areas, area)
    if rng.random() < params.slip:
        angle = rng.uniform(0, 2 * np.pi)
        path = path + (float(areas.depth[start]) + radius / 2) * np.array([np.sin(angle), np.cos(angle)])
        path = np.clip(path, 0, np.array(hints.shape[:2]) - 1)
    box, covered = brush(path, max(radius, 0.5), hints.shape[:2])
    grain = rng.integers(-params.grain, params.grain, (*covered.shape, 3), endpoint=True)
    dab = np.dstack([np.clip(image[start] + grain, 0, 255).astype(np.uint8), np.full(covered.shape, 255, np.uint8)])
    np.copyto(hints[box], dab, where=covered[..., None])


def _start(areas: _Areas, area: int, radius: float, off_centre: bool, rng: np.random.Generator) -> tuple[int, int]:
    """A pixel of an area, where the brush fits into it if it does anywhere; its widest place unless off_centre."""
    depth = np.where(areas.labels == area, areas.depth, -1)
    deepest = float(depth.max())
    fitting = np.flatnonzero(depth >= (min(radius, 0.7 * deepest) if off_centre else deepest))
    row, column = divmod(int(fitting[rng.integers(len(fitting)) if off_centre else 0]), depth.shape[1])
    return row, column


def _inside(path: F64, areas: _Areas, area: int) -> F64:
    """The beginning of a path that stays in its area."""
    rows, columns = np.rint(path).astype(int).T
    height, width = areas.labels.shape
    within = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    within[within] = areas.labels[rows[within], columns[within]] == area
    return path[: max(int(np.cumprod(within).sum()), 1)]
