"""Places small squares of mean colour at random around the picture's middle: the hints of the CSA paper.

    number ~ Geometric(p) = 1, 2, 3 ...,    (row, column) ~ N((H/2, W/2), diag((H/4)^2, (W/4)^2)),
    side ~ Uniform{1, ..., 8} px,           colour = mean of the picture under the square

Open in the paper, decided here: a place outside the picture or on transparency is drawn again (64 times, then the
point is left out); the square is moved inside the picture where it would stick out, its mean counts only what is
opaque, and it paints only that; later squares lie over earlier ones; lengths are px of the paper's 512x512 pictures and
scale with the picture's longer side.

Sources: M. Yuan, E. Simo-Serra, "Line Art Colorization with Concatenated Spatial Attention", CVPR Workshops 2021;
after R. Zhang et al., "Real-Time User-Guided Image Colorization with Learned Deep Priors", ACM TOG 36 (2017),
doi:10.1145/3072959.3073703.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from pipelines.core.imaging.arrays import U8, Index, Mask
from pipelines.core.settings import check_number, check_range
from pipelines.hints.base.fills import find_hintable

_TRIES = 64


@dataclass(frozen=True)
class Params:
    """Settings of random points; the defaults are the paper's."""

    probability: Annotated[float, "p of the geometric distribution: 1/p points on average, at least one"] = 0.125
    spread: Annotated[float, "standard deviation of places, as a part of the height and of the width"] = 0.25
    sides: Annotated[tuple[int, int], "px of the canvas: least and greatest side of a square"] = (1, 8)
    canvas: Annotated[int, "px: the longer side for which `sides` are meant"] = 512

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        check_number("probability", self.probability, 0.0001, 1)
        check_number("spread", self.spread, 0, 100)
        check_range("sides", self.sides, 1)
        check_number("canvas", self.canvas, 1)


PRESETS = {
    "coarse": Params(canvas=128),  # four times as large: at 128 px the paper's would be one pixel or two
}


def place(image: U8, alpha: U8 | None, params: Params, rng: np.random.Generator) -> U8:
    """Place random squares; returns hints, uint8 RGBA (H, W, 4), alpha 0 or 255.

    image: uint8 RGB (H, W, 3). alpha: uint8 (H, W) or None. The same rng state gives the same hints.
    """
    opaque = find_hintable(image, alpha, skip_paper=False)
    hints = np.zeros((*opaque.shape, 4), np.uint8)
    places = _places(opaque, int(rng.geometric(params.probability)), params.spread, rng)
    sides = rng.integers(params.sides[0], params.sides[1], endpoint=True, size=len(places))
    scale = max(opaque.shape) / params.canvas
    for (row, column), side in zip(places.tolist(), np.rint(sides * scale).astype(int).tolist(), strict=True):
        box = _box(row, column, max(side, 1), opaque.shape)
        mean = image[box][opaque[box]].mean(axis=0)
        hints[box][opaque[box]] = (*np.rint(mean).astype(np.uint8), 255)
    return hints


def _places(opaque: Mask, count: int, spread: float, rng: np.random.Generator) -> Index:
    """Draw up to `count` opaque pixels, (n, 2) as (row, column)."""
    shape = np.array(opaque.shape)
    drawn = np.floor(rng.normal(shape / 2, shape * spread, size=(_TRIES, count, 2))).astype(np.intp)
    inside = np.all((drawn >= 0) & (drawn < shape), axis=2)
    rows, columns = np.moveaxis(np.where(inside[..., None], drawn, 0), 2, 0)
    valid = inside & opaque[rows, columns]
    first = valid.argmax(axis=0)
    chosen: Index = drawn[first, np.arange(count)][valid.any(axis=0)]
    return chosen


def _box(row: int, column: int, side: int, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return a square around a pixel, moved (and, if larger than the picture, cut) to lie inside."""
    top = max(min(row - side // 2, shape[0] - side), 0)
    left = max(min(column - side // 2, shape[1] - side), 0)
    return slice(top, top + side), slice(left, left + side)
