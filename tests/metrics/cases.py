"""Pictures with known scores, and cases of them."""

import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.picture import Picture
from pipelines.metrics.base.case import Case
from pipelines.regions import trapped_ball
from pipelines.segmentation.line_art import ink_layer, line_drawing
from tests.drawings import WHITE

Bytes = NDArray[np.uint8]


def flat(colour: tuple[int, int, int], size: int = 32) -> Bytes:
    return np.full((size, size, 3), colour, np.uint8)


def noise(size: int = 48, seed: int = 0) -> Bytes:
    return np.random.default_rng(seed).integers(0, 256, (size, size + 5, 3), np.uint8)


def two_rooms(left: tuple[int, int, int], right: tuple[int, int, int]) -> Bytes:
    """A frame with a wall in the middle, both rooms filled: RGB (40, 60, 3); lines are 2 px wide."""
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[2:38, 2:29] = left
    picture[2:38, 31:58] = right
    return picture


def case(result: Bytes, truth: Bytes, *, hints: Bytes | None = None, lines: Bytes | None = None) -> Case:
    """A case of the two rooms, unless other lines are given."""
    art = Picture(two_rooms(WHITE, WHITE) if lines is None else np.dstack([lines] * 3))
    drawing = line_drawing(art)
    regions = trapped_ball.segment(drawing, trapped_ball.Params(gap=0, sliver=0))
    return Case(result, truth, drawing, ink_layer(art), hints, regions)
