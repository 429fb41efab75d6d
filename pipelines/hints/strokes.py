"""Simulates brush strokes of a user at random: the hints of PaintsTorch.

    number ~ Uniform{0, ..., 120};   for each stroke: thickness t ~ Uniform{1, ..., 4} px,
    way-points m ~ Uniform{1, ..., 5}, square of movement w ~ Uniform{0, ..., 10} px

Open in the paper, decided here: the first way-point is a random pixel; the others are uniform in the square of
width w around it. The stroke covers the pixels whose centres are at most t/2 from the path (a round brush; one
way-point is a dot), in ONE colour, as a user's brush would: the picture's own at the first way-point, even where the
stroke then crosses into another area. First way-points are fills (not ink, not soft edges) unless `on_ink` is set.
Transparent pixels stay without hints. Later strokes lie over earlier ones. Lengths are px of the paper's 128x128 hint
maps and scale with the picture's longer side.

Source: Y. Hati et al., "PaintsTorch: a User-Guided Anime Line Art Colorization Tool with Double Generator Conditional
Adversarial Network", CVMP 2019, doi:10.1145/3359998.3369401, 3.2.2.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from pipelines.core.imaging.arrays import F64, U8, Mask
from pipelines.core.settings import check_number, check_range
from pipelines.hints.base.fills import find_fills, find_hintable

_INK_WIDTH, _INK_VALUE, _EDGE = 16 / 256, 110, 32  # as in kmedoids.py; the width as a part of the longer side


@dataclass(frozen=True)
class Params:
    """Settings of simulated strokes; the defaults are the paper's, all ranges include both ends."""

    strokes: Annotated[tuple[int, int], "least and greatest number of strokes"] = (0, 120)
    thickness: Annotated[tuple[int, int], "px of the canvas: diameter of the round brush"] = (1, 4)
    waypoints: Annotated[tuple[int, int], "points of a stroke's path"] = (1, 5)
    movement: Annotated[tuple[int, int], "px of the canvas: side of the square that holds a path, around its start"] = (
        0,
        10,
    )
    on_ink: Annotated[bool, "let strokes start on ink and on soft edges too"] = False
    canvas: Annotated[int, "px: the longer side for which `thickness` and `movement` are meant"] = 128

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        check_range("strokes", self.strokes, 0, 100_000)
        check_range("thickness", self.thickness, 1)
        check_range("waypoints", self.waypoints, 1, 1000)
        check_range("movement", self.movement, 0)
        check_number("canvas", self.canvas, 1)


def place(image: U8, alpha: U8 | None, params: Params, rng: np.random.Generator) -> U8:
    """Place simulated strokes; returns hints, uint8 RGBA (H, W, 4), alpha 0 or 255.

    image: uint8 RGB (H, W, 3). alpha: uint8 (H, W) or None. The same rng state gives the same hints.
    """
    figure = find_hintable(image, alpha, skip_paper=False)
    hints = np.zeros((*figure.shape, 4), np.uint8)
    starts = np.flatnonzero(figure if params.on_ink else _fills(image, figure))
    scale = max(figure.shape) / params.canvas
    for _ in range(_draw(params.strokes, rng) if len(starts) else 0):
        row, column = divmod(int(starts[rng.integers(len(starts))]), figure.shape[1])
        path = _path((row, column), _draw(params.waypoints, rng), _draw(params.movement, rng) * scale, rng)
        box, covered = _brush(path, _draw(params.thickness, rng) * scale / 2, figure.shape)
        hints[box][covered] = (*image[row, column], 255)
    if alpha is not None:
        hints[alpha == 0] = 0
    return hints


def _draw(bounds: tuple[int, int], rng: np.random.Generator) -> int:
    return int(rng.integers(bounds[0], bounds[1], endpoint=True))


def _fills(image: U8, figure: Mask) -> Mask:
    if not figure.any():
        return figure
    return find_fills(image, figure, ink_width=_INK_WIDTH * max(figure.shape), ink_value=_INK_VALUE, edge=_EDGE)


def _path(start: tuple[int, int], count: int, width: float, rng: np.random.Generator) -> F64:
    """Return way-points, (count, 2) as (row, column): the start and others in the square of this width around it."""
    moves = rng.uniform(-width / 2, width / 2, (count - 1, 2))
    return np.vstack([np.zeros((1, 2)), moves]) + np.array(start, np.float64)


def _brush(path: F64, radius: float, shape: tuple[int, ...]) -> tuple[tuple[slice, slice], Mask]:
    """Return a box of the picture and which of its pixels a round brush covers that is drawn along a path."""
    low = np.maximum(np.floor(path.min(axis=0) - radius), 0).astype(int)
    high = np.minimum(np.ceil(path.max(axis=0) + radius) + 1, shape).astype(int)
    box = (slice(low[0], high[0]), slice(low[1], high[1]))
    pixels = np.moveaxis(np.mgrid[box], 0, -1)[None]  # (1, h, w, 2)
    begin, along = path[:-1, None, None], np.diff(path, axis=0)[:, None, None]  # (m - 1, 1, 1, 2)
    if len(path) == 1:
        begin, along = path[:, None, None], np.zeros((1, 1, 1, 2))
    length = (along**2).sum(axis=-1)
    part = ((pixels - begin) * along).sum(axis=-1) / np.where(length == 0, 1, length)
    nearest = begin + np.clip(part, 0, 1)[..., None] * along
    covered: Mask = (((pixels - nearest) ** 2).sum(axis=-1) <= radius**2).any(axis=0)
    return box, covered
