"""Comic pages, balloons with letters, and what looks like them, drawn."""

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

# Letters of strokes, from (x, y) to (x, y) in a box of 3 by 4: no test depends on the fonts of a version of OpenCV.
_GLYPHS = {
    "A": ((0, 4, 1, 0), (1, 0, 2, 0), (2, 0, 3, 4), (1, 3, 2, 3)),
    "B": ((0, 0, 0, 4), (0, 0, 3, 1), (3, 1, 0, 2), (0, 2, 3, 3), (3, 3, 0, 4)),
    "D": ((0, 0, 0, 4), (0, 0, 3, 2), (3, 2, 0, 4)),
    "E": ((0, 0, 0, 4), (0, 0, 3, 0), (0, 2, 2, 2), (0, 4, 3, 4)),
    "I": ((1, 0, 1, 4),),
    "L": ((0, 0, 0, 4), (0, 4, 3, 4)),
    "M": ((0, 4, 0, 0), (0, 0, 1, 2), (1, 2, 3, 0), (3, 0, 3, 4)),
    "O": ((0, 0, 3, 0), (3, 0, 3, 4), (3, 4, 0, 4), (0, 4, 0, 0)),
    "T": ((0, 0, 3, 0), (1, 0, 1, 4)),
}


def blank(height: int, width: int) -> Bytes:
    return np.full((height, width), 255, np.uint8)


def write(lines: Bytes, word: str, left: int, top: int, *, unit: int = 5, stroke: int = 3, apart: int = 2) -> None:
    """Write letters of 3 by 4 units, some units apart."""
    for number, letter in enumerate(word):
        x = left + number * (3 + apart) * unit
        for start_x, start_y, end_x, end_y in _GLYPHS[letter]:
            start = x + start_x * unit, top + start_y * unit
            cv2.line(lines, start, (x + end_x * unit, top + end_y * unit), 0, stroke)


def balloon(lines: Bytes, word: str, x: int, y: int, *, unit: int = 5) -> None:
    """An oval around a word, its middle at (x, y)."""
    half = (len(word) * 5 - 2) * unit // 2
    cv2.ellipse(lines, (x, y), (half + 4 * unit, 5 * unit), 0, 0, 360, 255, cv2.FILLED)
    cv2.ellipse(lines, (x, y), (half + 4 * unit, 5 * unit), 0, 0, 360, 0, 3)
    write(lines, word, x - half, y - 2 * unit, unit=unit)


def face(lines: Bytes, x: int, y: int, radius: int) -> None:
    """An oval with two round eyes, a nose and a mouth."""
    cv2.ellipse(lines, (x, y), (radius * 5 // 6, radius), 0, 0, 360, 0, 3)
    for side in (-1, 1):
        cv2.circle(lines, (x + side * radius // 3, y - radius // 6), radius // 6, 0, 2)
    cv2.polylines(lines, [np.array([[x - 6, y], [x, y - radius // 4], [x + 6, y]])], False, 0, 2)
    cv2.ellipse(lines, (x, y + radius // 4), (radius // 3, radius // 5), 0, 20, 160, 0, 2)


def two_panels(height: int = 360, width: int = 560) -> Bytes:
    """Two panels beside each other, a face and a balloon in each."""
    lines = blank(height, width)
    for left in (15, width // 2 + 8):
        cv2.rectangle(lines, (left, 15), (left + width // 2 - 24, height - 16), 0, 3)
        face(lines, left + 100, height * 2 // 3, 60)
        balloon(lines, "BOAT" if left == 15 else "TOAD", left + 150, 80)
    return lines
