"""Line art and hints that tests of inference share."""

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


def no_hints(*shape: int) -> Bytes:
    return np.zeros((*shape, 4), np.uint8)


def circle(height: int, width: int, *, thickness: int = 3) -> Bytes:
    """Line art with one circle in the middle that fills most of the shorter side."""
    lines = np.full((height, width), 255, np.uint8)
    cv2.circle(lines, (width // 2, height // 2), min(height, width) * 2 // 5, 0, thickness, cv2.LINE_AA)
    return lines
