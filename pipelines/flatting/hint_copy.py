"""Takes hints off a flattened copy of the line art: where a picture differs from the drawing, somebody painted.

A copy saved as JPEG differs everywhere by a little, and near lines by more: what is taken for noise is read off the
paper. Soft edges do not count: a pixel is painted if it differs half as much as the most within a few px does.
"""

import cv2
import numpy as np

from pipelines.core.imaging.arrays import U8, Mask
from pipelines.flatting.hint_cleaning import clean_hints

_LEAST_DIFFERENCE = 6  # levels, in a copy without loss
_LEAST_LOSSY = 14
_LOSSY, _SLIGHT = 0.03, 20  # a share of the pixels at lines differs, and by few levels: the copy lost something
_NOISE = 3.0  # times the 90th percentile of what paper differs by
_NEAR_INK = 44  # levels: what a lossy copy may differ by near lines
_BLOCK = 9  # px, of JPEG's blocks of 8 and one more
_INK = 64  # levels off the paper: ink
_UNCHANGED_INK = 0.6  # of the drawing's ink is in the copy
_MOST_PAINTED = 0.5  # of the picture; where more differs it is another picture
_MOST_REACHED = 0.5  # of the ink has paint beside it; with more it is a finished picture, filled up to its lines
_EDGE = 8  # px of a soft edge
_LOSSY_EDGE = 16  # px around a spot, two of JPEG's blocks
_RIM = 4  # px of a spot that are mixed with paper
_LEAST_SPOT = 20  # px, in a lossy copy
_SQUARE = np.ones((3, 3), np.uint8)


def hints_of_copy(copy: U8, drawing: U8) -> U8 | None:
    """Return the hints, cleaned, RGBA (H, W, 4), on a copy of a drawing, both RGB (H, W, 3); None if it is none."""
    if copy.shape != drawing.shape:
        return None
    difference = cv2.absdiff(copy, drawing).max(axis=2)
    ink = _ink(drawing)
    if np.count_nonzero(ink & (difference <= _INK)) < _UNCHANGED_INK * np.count_nonzero(ink) or not ink.any():
        return None
    is_lossy = _is_lossy(difference, ink)
    painted = _painted(difference, ink, is_lossy=is_lossy)
    reached = ink & (cv2.dilate((painted & ~ink).view(np.uint8), np.ones((7, 7), np.uint8)) > 0)
    is_finished = np.count_nonzero(reached) > _MOST_REACHED * np.count_nonzero(ink)
    if is_finished or np.count_nonzero(painted) > _MOST_PAINTED * painted.size:
        return None
    hints = np.dstack([copy, np.where(painted, np.uint8(255), np.uint8(0))])
    return clean_hints(hints, rim=_RIM, is_lossy=is_lossy)


def _ink(drawing: U8) -> Mask:
    grey = np.asarray(cv2.cvtColor(drawing, cv2.COLOR_RGB2GRAY), np.uint8)
    paper = int(np.bincount(grey.reshape(-1), minlength=256).argmax())
    return np.asarray(cv2.absdiff(grey, np.full_like(grey, paper)) > _INK)


def _is_lossy(difference: U8, ink: Mask) -> bool:
    slight = (difference > 0) & (difference <= _SLIGHT)
    beside_ink = cv2.dilate(ink.view(np.uint8), np.ones((7, 7), np.uint8)) > 0
    return bool(np.count_nonzero(slight & beside_ink) > _LOSSY * np.count_nonzero(beside_ink))


def _painted(difference: U8, ink: Mask, *, is_lossy: bool) -> Mask:
    near_ink = cv2.dilate(ink.view(np.uint8), np.ones((2 * _BLOCK + 1,) * 2, np.uint8)) > 0
    limit = np.full(difference.shape, _LEAST_DIFFERENCE, np.float32)
    if is_lossy:
        far = difference[~near_ink] if not near_ink.all() else difference
        limit[:] = max(_LEAST_LOSSY, _NOISE * float(np.quantile(far, 0.5)))
        limit[near_ink] = np.maximum(limit[near_ink], _NEAR_INK)
    edge = _LOSSY_EDGE if is_lossy else _EDGE
    on_paper = np.where(ink, np.uint8(0), difference)
    strongest = cv2.dilate(on_paper, np.ones((2 * edge + 1,) * 2, np.uint8))
    painted = (difference > limit) & (ink | (difference >= strongest / 2))
    return _without_specks(painted) if is_lossy else painted


def _without_specks(painted: Mask) -> Mask:
    opened = cv2.morphologyEx(painted.view(np.uint8), cv2.MORPH_OPEN, _SQUARE)
    count, labels = cv2.connectedComponents(opened, connectivity=8, ltype=cv2.CV_32S)
    is_spot = np.bincount(labels.reshape(-1), minlength=count) >= _LEAST_SPOT
    is_spot[0] = False
    return np.asarray(is_spot[labels])
