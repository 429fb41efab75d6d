"""Floods an elevation from markers, lowest pass first: the watershed, in time linear in pixels.

Growth of this kind is geodesic: it follows the paper around the end of a line and never jumps over the line, as
growth to the nearest marker by straight distance does. Of all ways from a marker to a pixel the one whose highest
step is lowest wins (minimum spanning forest: J. Cousty, G. Bertrand, L. Najman, M. Couprie, "Watershed Cuts", IEEE
TPAMI 31(8), 2009).
"""

import cv2
import numpy as np

from pipelines.core.imaging.arrays import U8, Labels

TOP = 127
"""The greatest elevation."""


def watershed(markers: Labels, elevation: U8) -> Labels:
    """Grow markers, int32 (H, W), 0 = to be filled, over an elevation, uint8 (H, W), 0..TOP, until all is filled.

    Pixels are joined to their four neighbours; a step between two pixels costs the sum of their elevations. Among equal
    steps the older front moves first, so that fronts on level ground meet in the middle. All 0 without a marker.
    """
    if not markers.any():
        return markers.copy()
    framed = np.zeros((markers.shape[0] + 2, markers.shape[1] + 2), np.int32)
    framed[1:-1, 1:-1] = markers
    cv2.watershed(_steps_as_colours(elevation), framed)
    _fill_ridges(framed)
    return framed[1:-1, 1:-1]


def _steps_as_colours(elevation: U8) -> U8:
    """Return a picture, uint8 (H + 2, W + 2, 3), whose neighbours differ by the sum of their elevations.

    OpenCV's watershed takes the difference of two neighbours' colours for the cost of the step between them. On a
    chessboard of 128 + elevation and 128 - elevation that is the sum. The frame takes the ridge that it draws there.
    """
    raised = np.pad(elevation, 1)
    board = raised + np.uint8(128)
    for offset in (0, 1):
        board[offset::2, offset::2] = 128 - raised[offset::2, offset::2]
    return np.asarray(cv2.merge([board, board, board]), np.uint8)


def _fill_ridges(framed: Labels) -> None:
    """Give ridges, the -1 that the watershed leaves where fronts meet, the greatest label beside them, in place."""
    width, flat = framed.shape[1], framed.reshape(-1)
    ridges = np.flatnonzero(framed[1:-1] <= 0) + width
    ridges = ridges[(ridges % width > 0) & (ridges % width < width - 1)]
    while len(ridges):
        around = np.maximum.reduce([flat[ridges + step] for step in (-1, 1, -width, width)])
        flat[ridges] = around
        ridges = ridges[around <= 0]
