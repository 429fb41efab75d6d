"""Tells paper from ink in a line drawing, measures how wide the paper is, and shrinks it without breaking a line."""

from typing import NamedTuple

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F32, F64, U8, Index, Labels

_INK_SHARE = 0.25  # of the way from paper to ink: where ink begins
_SAMPLED = 512  # px of the longer side, at least, that are looked at to find it
_LEAST_CONTRAST = 16  # levels: anything nearer to paper is paper


class LineMask(NamedTuple):
    """A line drawing taken apart."""

    paper: U8  # uint8 (H, W): 1 = paper, 0 = ink
    distance: F32  # float32 (H, W): from ink, px, 0 on ink; the picture's border is no ink
    peaks: Index  # flat indices of the places that no neighbour is wider than: every area's widest is among them


def find_line_mask(lines: U8, level: int | None = None) -> LineMask:
    """Tell paper from ink in a line drawing, uint8 (H, W), and measure how far from ink the paper is.

    Without a `level` a pixel is ink from a quarter of the way between paper, the commonest light level, and solid ink,
    the darker end of what is not paper: soft pencil at 170 beside black, or alone on white at 230, is ink.
    """
    threshold = _ink_level(lines) if level is None else level
    paper = np.asarray(cv2.threshold(lines, threshold - 1, 1, cv2.THRESH_BINARY)[1], np.uint8)
    if paper.all():
        return LineMask(paper, np.full(paper.shape, float(max(paper.shape)), np.float32), np.zeros(1, np.intp))
    distance = np.asarray(cv2.distanceTransform(paper, cv2.DIST_L2, 5), np.float32)
    peaks = np.flatnonzero((distance >= cv2.dilate(distance, np.ones((3, 3), np.uint8))) & (paper > 0))
    return LineMask(paper, distance, peaks)


def line_mask_of(lines: U8) -> LineMask:
    """Tell paper from ink in a drawing, uint8 (H, W), 0 = ink; one that is all ink is a blank sheet."""
    line_mask = find_line_mask(lines)
    return line_mask if line_mask.paper.any() else find_line_mask(np.full_like(lines, 255))


def _ink_level(lines: U8) -> int:
    step = max(1, max(lines.shape) // _SAMPLED)
    counts = cv2.calcHist([np.ascontiguousarray(lines[::step, ::step])], [0], None, [256], [0, 256]).ravel()
    paper = 128 + int(np.argmax(counts[128:])) if counts[128:].any() else 255
    darker = np.cumsum(counts[: paper - _LEAST_CONTRAST], dtype=np.float64)
    ink = int(np.searchsorted(darker, 0.05 * darker[-1])) if darker[-1] else paper
    return paper - max(_LEAST_CONTRAST, round((paper - ink) * _INK_SHARE))


def inscribed_radius(labels: Labels, line_mask: LineMask) -> F64:
    """Return the radius, px, of the greatest ball in each label 0..n: its greatest distance from ink."""
    radius = np.zeros(int(labels.max(initial=0)) + 1)
    np.maximum.at(radius, labels.reshape(-1)[line_mask.peaks], line_mask.distance.reshape(-1)[line_mask.peaks])
    return radius


def ink_elevation(lines: U8, paper: U8) -> U8:
    """Return the elevation to flood, uint8 (H, W): 0 on paper, the higher the darker on ink: colours meet there."""
    ink = np.right_shift(cv2.bitwise_not(lines), 2, dtype=np.uint8) + np.uint8(64)
    return np.where(paper > 0, np.uint8(0), ink)


# smaller drawings


def shrunk_shape(shape: tuple[int, ...], longer_side: int) -> tuple[int, int]:
    """Return the shape, (height, width), whose longer side is at most `longer_side` px."""
    height, width = shape[:2]
    longer = max(height, width)
    if longer <= longer_side:
        return height, width
    return max(1, height * longer_side // longer), max(1, width * longer_side // longer)


def shrink_lines(lines: U8, shape: tuple[int, int]) -> U8:
    """Shrink a drawing so that no line breaks: each pixel takes the darkest of those that it covers."""
    if lines.shape == shape:
        return lines
    down, right = (cell_edges(side, count)[:-1] for side, count in zip(lines.shape, shape, strict=True))
    return np.asarray(np.minimum.reduceat(np.minimum.reduceat(lines, down, axis=0), right, axis=1), np.uint8)


def cell_edges(length: int, count: int) -> Index:
    """Return where the cells begin, and the last one ends, (count + 1,), when a length is divided evenly."""
    return np.arange(count + 1) * length // count
