"""Lays hints by hand over hints that were found: in an area of the drawing that has both, the hand decides (F7)."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import U8
from pipelines.regions import trapped_ball


def laid_over(own: U8, found: U8, lines: U8) -> U8:
    """Join hints, uint8 RGBA (H, W, 4) each, on a drawing, uint8 (H, W), 0 = ink: `own` by hand over `found`.

    A spot of `found` goes where most of it lies in an area that holds a hint by hand, and so does the rest of any spot
    inside such an area.
    """
    if not own[..., 3].any() or not found[..., 3].any():
        return own if own[..., 3].any() else found
    areas = trapped_ball.segment(lines, trapped_ball.Params())
    taken = np.zeros(int(areas.max()) + 1, bool)
    taken[areas[own[..., 3] > 0]] = True
    taken[0] = False  # ink
    spots, count = _spots(found)
    votes = np.zeros((count, 2), np.int64)
    np.add.at(votes, (spots, taken[areas].astype(np.intp)), areas > 0)
    gone = (votes[:, 1] > votes[:, 0])[spots] | taken[areas]
    left = np.where(gone[..., None], np.uint8(0), found)
    return np.where(own[..., 3:] > 0, own, left)


def _spots(hints: U8) -> tuple[NDArray[np.int32], int]:
    """Number the spots of hints, (H, W), 0 where there is none; returns how many numbers there are too."""
    count, spots = cv2.connectedComponents((hints[..., 3] > 0).view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    return np.asarray(spots, np.int32), int(count)
