"""Lays a finished colouring over a drawing, and tells whether it shows the same.

The colouring is brought to the drawing's size, by a resize, or by cutting where the sizes differ by a few px, and moved
to where most of its edges lie on ink: a correlation over shifts of up to 3 % of the longer side. It shows the same
drawing where its edges lie on ink and ink lies on its edges, and the first by far more than after a shift by chance.
"""

from typing import NamedTuple

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F32, U8
from pipelines.core.imaging.framing import same_aspect
from pipelines.core.imaging.picture import Picture
from pipelines.segmentation.line_mask import shrink_lines, shrunk_shape

_COMPARED = 1536  # px of the longer side at which edges are compared
_SHIFT = 0.03  # of the longer side, the greatest shift
_CUT = 0.03  # of a side: sizes that differ by less may be cut or padded instead of resized
_EDGE = 24  # levels over 2 px: an edge
_NEAR = 2  # px of that size: as near lies what lies on; 1 in pictures of less than 256 px
_AWAY = 12  # px, the least shift that means nothing
# a drawing's own colourings, shifted, resized, shaded, JPEG, without lines: 0.87 to 1 and 0.9 to 1, .55 above chance;
# colourings of other drawings: .09 to .39 and .01 to .39, .15 above chance at most
_LEAST_PRECISION, _LEAST_RECALL, _LEAST_GAIN = 0.55, 0.5, 0.25


class Fit(NamedTuple):
    """A colouring at the drawing's size, and how well it lies there."""

    layer: U8  # RGBA (H, W, 4)
    precision: float  # share of its edges that lie on ink, 0..1
    recall: float  # share of ink that lies on its edges
    chance: float  # the precision of a shift that means nothing

    @property
    def is_same_drawing(self) -> bool:
        """Whether the colouring shows the drawing."""
        gain = self.precision - self.chance
        return self.precision >= _LEAST_PRECISION and self.recall >= _LEAST_RECALL and gain >= _LEAST_GAIN


def best_fit(lines: U8, reference: Picture) -> Fit | None:
    """Return the colouring at the drawing's size, (H, W), as it fits best; None where the shapes differ."""
    layer, shape = reference.layer(), (lines.shape[0], lines.shape[1])
    candidates = []
    if same_aspect(layer.shape[:2], shape):
        candidates.append(_resized(layer, shape))
    off = [abs(side - other) for side, other in zip(layer.shape[:2], shape, strict=True)]
    if any(off) and all(gap <= _CUT * side for gap, side in zip(off, shape, strict=True)):
        candidates.append(_cut(layer, shape))
    fits = [_aligned(lines, candidate) for candidate in candidates]
    return max(fits, key=lambda fit: fit.precision + fit.recall, default=None)


def _resized(layer: U8, shape: tuple[int, int]) -> U8:
    if layer.shape[:2] == shape:
        return layer
    shrinks = layer.shape[0] > shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(layer, (shape[1], shape[0]), interpolation=method), np.uint8)


def _cut(layer: U8, shape: tuple[int, int]) -> U8:
    """Cut a layer to a shape around its middle, or add to it what is at its border."""
    for axis, side in enumerate(shape):
        off = side - layer.shape[axis]
        if off > 0:
            width = [(0, 0)] * 3
            width[axis] = (off // 2, off - off // 2)
            layer = np.pad(layer, width, mode="edge")
        elif off < 0:
            layer = np.take(layer, np.arange(side) + (-off) // 2, axis=axis)
    return layer


def _aligned(lines: U8, layer: U8) -> Fit:
    """Move a layer, RGBA (H, W, 4), to where its edges lie on the ink of the drawing."""
    shape = shrunk_shape(lines.shape, _COMPARED)
    ink = np.asarray(shrink_lines(lines, shape) < 128, np.uint8)
    edges = edges_of(layer_over_white(_resized(layer, shape)))
    reach = max(2, round(_SHIFT * max(shape)))
    away = max(reach, _AWAY)
    correlation = _correlation(_soft(ink), _soft(edges), reach)
    down, right = (int(place) - reach for place in np.unravel_index(int(correlation.argmax()), correlation.shape))
    # the edges at (y + down, x + right) belong to the ink at (y, x)
    precision, recall = _agreement(ink, _moved(edges, -down, -right))
    chances = [
        _agreement(ink, _moved(edges, turn[0] - down, turn[1] - right))[0]
        for turn in ((away, 0), (-away, 0), (0, away), (0, -away))
    ]
    scale = max(lines.shape) / max(shape)
    moved = _moved(layer, -round(down * scale), -round(right * scale))
    return Fit(moved, precision, recall, float(np.mean(chances)))


def layer_over_white(layer: U8) -> U8:
    """Return a layer, RGBA (H, W, 4), on white paper, RGB (H, W, 3)."""
    alpha = layer[..., 3:].astype(np.uint16)
    return np.asarray((layer[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255, np.uint8)


def edges_of(rgb: U8) -> U8:
    """Return where a picture, uint8 (h, w, 3), changes from one px to the next but one, uint8 (h, w), 0 or 1."""
    kernel = np.ones((3, 3), np.uint8)
    contrast = cv2.subtract(cv2.dilate(rgb, kernel), cv2.erode(rgb, kernel)).max(axis=2)
    return np.asarray(contrast > _EDGE, np.uint8)


def _soft(mask: U8) -> F32:
    return np.asarray(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.0), np.float32)


def _correlation(ink: F32, edges: F32, reach: int) -> F32:
    """Return how well edges lie on ink, float32 (2 s + 1, 2 s + 1), by the shift down and right, from -s to s."""
    padded = cv2.copyMakeBorder(edges, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=0)
    match = cv2.matchTemplate(padded, ink, cv2.TM_CCORR)
    return np.asarray(np.round(match, 1), np.float32)


def _moved(picture: U8, down: int, right: int) -> U8:
    """Move a picture, (H, W) or (H, W, c), by whole px; what comes in at its border is what lay there."""
    rows = np.clip(np.arange(picture.shape[0]) - down, 0, picture.shape[0] - 1)
    columns = np.clip(np.arange(picture.shape[1]) - right, 0, picture.shape[1] - 1)
    return picture if not down and not right else np.asarray(picture[rows[:, None], columns])


def _agreement(ink: U8, edges: U8) -> tuple[float, float]:
    """Return which share of edges lies on ink, and which share of ink on edges."""
    near = _NEAR if max(ink.shape) >= 256 else 1
    kernel = np.ones((2 * near + 1, 2 * near + 1), np.uint8)
    near_ink, near_edges = (np.asarray(cv2.dilate(mask, kernel), np.uint8) for mask in (ink, edges))
    on_ink, on_edge = np.count_nonzero(edges & near_ink), np.count_nonzero(ink & near_edges)
    return float(on_ink / (np.count_nonzero(edges) + 1e-9)), float(on_edge / (np.count_nonzero(ink) + 1e-9))
