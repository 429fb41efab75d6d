"""Tells which pixels of a hint map count: those of dabs, faint ones too, and not the soft edges of strong ones.

A pixel counts from half of full alpha. A dab of its own that is fainter counts from half of ITS greatest alpha: one
painted at 30 % opacity was meant as much as any. So does a faint part of a dab whose colour is another's.
"""

import cv2
import numpy as np

from pipelines.core.imaging.arrays import U8, Labels, Mask
from pipelines.core.imaging.picture import HINT_ALPHA

_TOUCHED = 16  # alpha: fainter than that is what a soft eraser left
_LEAST_PEAK = 20  # alpha, the greatest in a faint dab
_STRONG_SHARE = 0.25  # of a dab's core counts by itself: it is no faint dab
_OTHER = 48  # levels in some channel: the colour of a faint part is its own
_SQUARE = np.ones((3, 3), np.uint8)


def counted_pixels(hints: U8) -> Mask:
    """Tell which pixels of hints, uint8 RGBA (H, W, 4), count, bool (H, W)."""
    alpha = hints[..., 3]
    strong = alpha >= HINT_ALPHA
    touched = alpha >= _TOUCHED
    if np.array_equal(strong, touched):
        return strong
    dabs, count = _label(touched)
    faint = _faint_dabs(dabs, count, alpha)
    counted = strong | faint
    apart = touched & ~counted & _has_own_colour(hints, counted)
    if apart.any():
        parts, part_count = _label(cv2.morphologyEx(apart.view(np.uint8), cv2.MORPH_OPEN, _SQUARE) > 0)
        counted |= _faint_dabs(parts, part_count, alpha)
    return counted


def _label(mask: Mask) -> tuple[Labels, int]:
    count, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    return np.asarray(labels, np.int32), int(count)


def _faint_dabs(dabs: Labels, count: int, alpha: U8) -> Mask:
    """Tell which pixels make up dabs, 1..count - 1, that are faint throughout: 3 px thick at half their alpha."""
    flat, levels = dabs.reshape(-1), alpha.reshape(-1)
    peak = np.zeros(count, np.uint8)
    np.maximum.at(peak, flat, levels)
    core = (dabs > 0) & (alpha >= (peak / 2)[dabs])
    sizes = np.bincount(dabs[core], minlength=count)
    strong = np.bincount(dabs[core & (alpha >= HINT_ALPHA)], minlength=count)
    thick = cv2.erode(core.view(np.uint8), _SQUARE, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
    is_faint = (np.bincount(dabs[thick], minlength=count) > 0) & (strong <= _STRONG_SHARE * sizes)
    is_faint &= peak >= _LEAST_PEAK
    is_faint[0] = False
    return np.asarray(core & is_faint[dabs])


def _has_own_colour(hints: U8, counted: Mask) -> Mask:
    """Tell which pixels have another colour than the nearest that counts."""
    if not counted.any():
        return counted
    away = (~counted).view(np.uint8)
    _, nearest = cv2.distanceTransformWithLabels(away, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    colours = np.zeros((int(nearest.max()) + 1, 3), np.int16)
    colours[nearest[counted]] = hints[..., :3][counted]
    return np.asarray(np.abs(colours[nearest] - hints[..., :3]).max(axis=2) > _OTHER)
