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

from pipelines.core.imaging.arrays import U8, Mask
from pipelines.core.settings import check_number, check_range
from pipelines.hints.base.brush import brush, draw_number, random_path
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
    whole_pixels = hints.view(np.uint32)[..., 0]  # the same memory: a colour is one number, which is fast to lay down
    starts = np.flatnonzero(figure if params.on_ink else _fills(image, figure))
    scale = max(figure.shape) / params.canvas
    for _ in range(draw_number(params.strokes, rng) if len(starts) else 0):
        row, column = divmod(int(starts[rng.integers(len(starts))]), figure.shape[1])
        path = random_path(
            (row, column), draw_number(params.waypoints, rng), draw_number(params.movement, rng) * scale, rng
        )
        box, covered = brush(path, draw_number(params.thickness, rng) * scale / 2, figure.shape)
        colour = np.array([*image[row, column], 255], np.uint8).view(np.uint32)[0]
        np.copyto(whole_pixels[box], colour, where=covered)
    if alpha is not None:
        hints[alpha == 0] = 0
    return hints


def _fills(image: U8, figure: Mask) -> Mask:
    if not figure.any():
        return figure
    return find_fills(image, figure, ink_width=_INK_WIDTH * max(figure.shape), ink_value=_INK_VALUE, edge=_EDGE)
