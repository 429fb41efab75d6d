"""Reads a line drawing for those who fill it: paper and ink, shrunk without breaking lines, and where colours meet."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.regions.trapped_ball import Paper, find_paper

Bytes = NDArray[np.uint8]


def paper_of(lines: Bytes) -> Paper:
    """Tell paper from ink in a drawing, uint8 (H, W), 0 = ink; one that is all ink is a blank sheet."""
    drawing = find_paper(lines)
    return drawing if drawing.paper.any() else find_paper(np.full_like(lines, 255))


def heights_of_ink(lines: Bytes, paper: Bytes) -> Bytes:
    """Return heights to flood over, uint8 (H, W): 0 on paper, the higher the darker on ink: colours meet there."""
    heights = np.right_shift(cv2.bitwise_not(lines), 2, dtype=np.uint8) + np.uint8(64)
    return np.where(paper > 0, np.uint8(0), heights)


def shrunk_shape(shape: tuple[int, ...], longer_side: int) -> tuple[int, int]:
    """The shape, (height, width), whose longer side is at most `longer_side` px."""
    height, width = shape[:2]
    longer = max(height, width)
    if longer <= longer_side:
        return height, width
    return max(1, height * longer_side // longer), max(1, width * longer_side // longer)


def cells(length: int, count: int) -> NDArray[np.intp]:
    """Return where the cells begin, and the last one ends, (count + 1,), when a length is divided evenly."""
    return np.arange(count + 1) * length // count


def darkest(lines: Bytes, shape: tuple[int, int]) -> Bytes:
    """Shrink a drawing so that no line breaks: each pixel takes the darkest of those that it covers."""
    if lines.shape == shape:
        return lines
    down, right = (cells(side, count)[:-1] for side, count in zip(lines.shape, shape, strict=True))
    shrunk: Bytes = np.minimum.reduceat(np.minimum.reduceat(lines, down, axis=0), right, axis=1)
    return shrunk
