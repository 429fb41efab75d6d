"""Coloured drawings with known line art, drawn at any size, and the measure that compares line art."""

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Colour = tuple[int, int, int]

FILLS: tuple[Colour, ...] = ((235, 190, 60), (90, 170, 220), (200, 60, 70), (60, 45, 90))
"""The last is dark."""


def scene(size: int, *, stroke: int, ink: Colour = (0, 0, 0), paper: Colour = (255, 255, 255)) -> tuple[Bytes, Bytes]:
    """Four filled and outlined circles, an eye in each: picture uint8 RGB, and its line art, uint8 grey."""
    picture = np.full((size, size, 3), paper, np.uint8)
    lines = np.full((size, size), 255, np.uint8)
    for place, fill in enumerate(FILLS):
        centre = (size // 4 + place % 2 * size // 2, size // 4 + place // 2 * size // 2)
        cv2.circle(picture, centre, size // 5, fill, -1, cv2.LINE_AA)
        for canvas, colour in ((picture, ink), (lines, (0, 0, 0))):
            cv2.circle(canvas, centre, size // 5, colour, stroke, cv2.LINE_AA)
            cv2.circle(canvas, (centre[0], centre[1] - size // 16), size // 50, colour, -1, cv2.LINE_AA)
            cv2.line(canvas, (centre[0], centre[1]), (centre[0], centre[1] + size // 10), colour, stroke, cv2.LINE_AA)
    return picture, lines


def f_measure(found: Bytes, truth: Bytes, tolerance: float = 2.0) -> float:
    """F-measure of the ink (below 128) of two line drawings, with a tolerance in pixels."""
    ink, true_ink = found < 128, truth < 128
    if not ink.any() or not true_ink.any():
        return float(ink.any() == true_ink.any())
    precision = float((distance_to(true_ink)[ink] <= tolerance).mean())
    recall = float((distance_to(ink)[true_ink] <= tolerance).mean())
    return 2 * precision * recall / max(precision + recall, 1e-9)


def distance_to(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Distance in pixels from everywhere to the nearest pixel of the mask."""
    return np.asarray(cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)


def disc(size: int, radius: int) -> NDArray[np.bool_]:
    """Pixels within `radius` of the middle of a square."""
    rows, columns = np.mgrid[:size, :size] - size // 2
    return np.asarray(rows**2 + columns**2 <= radius**2)


def as_jpeg(picture: Bytes, quality: int) -> Bytes:
    """The picture as it comes back from a JPEG file."""
    done, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    back = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert back is not None
    return np.ascontiguousarray(back[..., ::-1])
