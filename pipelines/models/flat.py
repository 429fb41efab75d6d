"""Fills the areas of line art with flat colours, exactly those of the hints, under the lines too.

1. Areas. Trapped-ball regions (regions/trapped_ball.py); pieces that no ink separates are joined, widest pass first, as
   long as no two hinted pieces and nothing with the paper outside come together.
2. Background. What holds a corner of the picture, or a quarter of a side, and no hint, is paper outside the figure. Where
   the outside is hinted, because the figure is open or because the hint means the outside, rays from the hint tell: a
   hint that sees the picture's border in half of the eight directions lies outside.
3. Votes. A region with hints of one colour takes it. One with several is split: the hints grow over its paper, wide places
   first, and meet in the narrow ones (watershed; regions/_flooding.py), so that no colour passes around the end of a line
   sooner than it has filled its own side.
4. Guesses. A region without hints takes the colour of the hint that speaks for it best, or stays paper (_guess.py).
5. The colours grow under the lines and meet in the middle.

Without hints the regions share a palette: the largest take its first colours, neighbours differ, twins agree; without
a palette one is drawn from the seed.

Sources: S. Fourey, D. Tschumperle, D. Revoy, "A Fast and Efficient Semi-guided Algorithm for Flat Coloring Line-arts", VMV
2018; D. Sykora, J. Dingliana, S. Collins, "LazyBrush: Flexible Painting Tool for Hand-drawn Cartoons", Computer Graphics
Forum 28(2), 2009 (what hints should mean).
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import MethodError, SettingsError
from pipelines.models._guess import guess
from pipelines.models._hint_marks import Hints, read_hints
from pipelines.models._palette import share_out
from pipelines.models._region_facts import Facts, measure
from pipelines.regions import trapped_ball
from pipelines.regions.trapped_ball import TOP, Paper, enclose, find_paper, flood, in_scan_order, joined

ByteArray = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.intp]
LabelArray = NDArray[np.int32]

_WHITE = 0  # index of paper among the colours
_OUTSIDE_SHARE = 0.25  # of the longer side: a region with that much of the border is outside
_OPEN_RAYS = 4  # of 8: a hint that sees the border in so many directions lies outside
_RAYS = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)]
_NARROW = 0.04  # of the longer side: paper that is less wide than that resists when colours grow
_SPOT = 0.1  # of the longer side: the greatest radius of a spot of colour on the paper outside


@dataclass(frozen=True)
class Params:
    """Settings of flat colour; None is in proportion to the picture."""

    gap: float | None = None  # px of the picture: openings in lines up to this wide are closed; None: 1.2 % of its side
    outside: Literal["auto", "paper", "fill"] = "auto"  # hints on paper outside: fill it, make spots, or by their number
    guess: bool = True  # regions without hints take the likeliest hint's colour; no: they stay paper
    work_size: int | None = 2048  # px, the longer side at which colours are found; None: the picture's own

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        if self.work_size is not None and self.work_size < 16:
            raise SettingsError(f"work_size = {self.work_size} is out of range", hint="Use a number of at least 16")
        trapped_ball.Params(gap=self.gap)


class Colouring(NamedTuple):
    """Flat colour for a line drawing."""

    colour: ByteArray  # RGB (H, W, 3), under the lines too
    regions: LabelArray  # (H, W), 0 = ink, 1..n = connected areas of one colour
    background: BoolArray  # (H, W), paper outside the figure, to the middle of its outline
