"""Lays hints by hand over hints that were found: in an area of the drawing that has both, the hand decides (F7)."""

import cv2
import numpy as np

from pipelines.core.imaging.arrays import U8, Labels
from pipelines.regions import trapped_ball


def laid_over(by_hand: U8, found: U8, lines: U8) -> U8:
    """Join hints, uint8 RGBA (H, W, 4) each, on a drawing, uint8 (H, W), 0 = ink: those by hand over those found.

    A spot of `found` goes where most of it lies in an area that holds a hint by hand, and so does the rest of any spot
    inside such an area. Any alpha counts here, not HINT_ALPHA alone: whatever a person's brush touched is theirs.
    """
    painted = by_hand[..., 3] > 0
    if not painted.any() or not found[..., 3].any():
        return by_hand if painted.any() else found
    regions = trapped_ball.segment(lines, trapped_ball.Params())
    is_decided = np.zeros(int(regions.max()) + 1, bool)
    is_decided[regions[painted]] = True
    is_decided[0] = False  # ink
    spots, count = _label_spots(found)
    votes = np.zeros((count, 2), np.int64)
    np.add.at(votes, (spots, is_decided[regions].astype(np.intp)), regions > 0)
    gives_way = (votes[:, 1] > votes[:, 0])[spots] | is_decided[regions]
    remaining = np.where(gives_way[..., None], np.uint8(0), found)
    return np.where(painted[..., None], by_hand, remaining)


def _label_spots(hints: U8) -> tuple[Labels, int]:
    """Number the spots of hints, (H, W), 0 where there is none; returns how many numbers there are too."""
    count, spots = cv2.connectedComponents((hints[..., 3] > 0).view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    return np.asarray(spots, np.int32), int(count)
