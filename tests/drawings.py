"""Small line drawings and pictures that tests draw for themselves."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

RED, GREEN, BLUE, WHITE = (220, 40, 30), (40, 170, 80), (30, 60, 200), (255, 255, 255)


def two_circles(size: int = 96) -> Bytes:
    """Line art, uint8 (size, size): two closed circles side by side, black on white."""
    lines = np.full((size, size), 255, np.uint8)
    for centre in (size // 4 + 1, 3 * size // 4 - 1):
        cv2.circle(lines, (centre, size // 2), size // 5, 0, 2, cv2.LINE_AA)
    return lines


def two_circles_coloured(size: int = 96) -> Bytes:
    """The same, filled red and blue, uint8 RGB (size, size, 3)."""
    picture = np.full((size, size, 3), 255, np.uint8)
    for centre, colour in ((size // 4 + 1, RED), (3 * size // 4 - 1, BLUE)):
        cv2.circle(picture, (centre, size // 2), size // 5, colour, -1, cv2.LINE_AA)
        cv2.circle(picture, (centre, size // 2), size // 5, (0, 0, 0), 2, cv2.LINE_AA)
    return picture


def two_hints(size: int = 96) -> Bytes:
    """Hints, uint8 RGBA (size, size, 4): red in the left circle, blue in the right."""
    hints = np.zeros((size, size, 4), np.uint8)
    for centre, colour in ((size // 4 + 1, RED), (3 * size // 4 - 1, BLUE)):
        cv2.circle(hints, (centre, size // 2), 4, (*colour, 255), -1)
    return hints


def png(array: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    """Encode grey, RGB or RGBA with OpenCV alone, so that tests do not trust the project's own writer."""
    if array.ndim == 3:
        order = [2, 1, 0, 3][: array.shape[2]]
        array = array[..., order]
    done, data = cv2.imencode(".png", array)
    assert done
    return data.tobytes()


def read(path: Path | bytes) -> NDArray[np.uint8]:
    """Decode with OpenCV alone: grey (H, W), RGB or RGBA (H, W, C)."""
    data = path if isinstance(path, bytes) else path.read_bytes()
    array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert array is not None
    if array.ndim == 3:
        array = array[..., [2, 1, 0, 3][: array.shape[2]]]
    return array  # type: ignore[return-value]


def write(path: Path, array: NDArray[np.uint8]) -> Path:
    """Write a PNG and make its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(array))
    return path
