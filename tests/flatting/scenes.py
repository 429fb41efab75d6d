"""Line art of boxes and corridors, hints of discs, and what flat colour makes of them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.models.flat import FlatResult, Params, fill
from tests import drawings

Bytes = NDArray[np.uint8]
RED, GREEN, BLUE, YELLOW, WHITE = drawings.RED, drawings.GREEN, drawings.BLUE, (250, 220, 40), drawings.WHITE


def blank(height: int = 128, width: int = 128) -> Bytes:
    return np.full((height, width), 255, np.uint8)


def discs(lines: Bytes, *spots: tuple[int, int, tuple[int, int, int]], radius: int = 3) -> Bytes:
    """Hints, uint8 RGBA: discs at (x, y) of a colour."""
    hints = np.zeros((*lines.shape, 4), np.uint8)
    for x, y, colour in spots:
        cv2.circle(hints, (x, y), radius, (*colour, 255), cv2.FILLED)
    return hints


def painted(lines: Bytes, hints: Bytes, params: Params | None = None, *, seed: int = 0) -> FlatResult:
    return fill(lines, hints, None, params or Params(), np.random.default_rng(seed))


def colours_of(picture: Bytes) -> set[tuple[int, ...]]:
    return {tuple(colour) for colour in np.unique(picture.reshape(-1, 3), axis=0).tolist()}


def two_boxes() -> Bytes:
    lines = blank()
    cv2.rectangle(lines, (20, 30), (60, 100), 0, 2)
    cv2.rectangle(lines, (70, 30), (110, 100), 0, 2)
    return lines
