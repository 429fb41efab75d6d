"""Brings drawings on any ground to dark lines on light paper: light on dark, dots for tones, and scans to clean up.

Art with fills is left alone: a page counts as light on dark only where one even, dark ground covers most of it, nothing
is darker, and what is lighter is as thin as strokes are.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.compositing import fit
from pipelines.core.imaging.paper import Paper

_SIZE = 512  # px of the longer side at which strokes are told from fills
_DARK = 128  # luma of a ground below which it is dark
_LEAST_CONTRAST = 48.0  # levels between the ground and its lines; faint chalk on slate has 80
_MOST_LIGHT = 0.3  # of the page: lettering and hatching cover less
_DARKER = 0.02  # of what differs from the ground: a photo's grain makes that much darker than it
_THICK = 21  # px at that size: a disc as wide fits into fills, not into strokes
_MOST_THICK = 0.4  # of what is lighter: solid areas, as drawn ink has them too; art with fills has 0.8 and more
_SAMPLED_ROWS, _BLACK_OR_WHITE = 8, 0.9  # every n-th row; a lower share of it is no page of one bit
_SPECK = 0.02  # of the longer side: the width of a spot that may be tooth
_WHITE = 248  # paper from which on a page is white but for its last levels


def dark_on_light(rgb: U8) -> U8:
    """Return the negative of a page, uint8 RGB (H, W, 3), of light lines on one dark ground; any other as it is."""
    return np.asarray(cv2.bitwise_not(rgb), np.uint8) if is_light_on_dark(rgb) else rgb


def is_light_on_dark(rgb: U8) -> bool:
    """Tell whether a page, uint8 RGB (H, W, 3), has nothing but light lines on one dark ground."""
    ground = np.median(np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]]), axis=0)
    if _luma(ground) >= _DARK:
        return False
    small = fit(rgb, _SIZE)
    away = np.asarray(cv2.subtract(small, np.array([*ground, 0.0])), np.uint8).max(axis=2)  # OpenCV's scalar has four
    contrast = float(np.percentile(away, 99.5))
    if contrast < _LEAST_CONTRAST:
        return False
    light = np.asarray(cv2.threshold(away, contrast / 2, 255, cv2.THRESH_BINARY)[1], np.uint8)
    below = np.subtract(ground, small.astype(np.float32)).max(axis=2) > contrast / 3
    lightness = cv2.countNonZero(light)
    if lightness > _MOST_LIGHT * light.size or np.count_nonzero(below & (light == 0)) > _DARKER * lightness:
        return False
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_THICK, _THICK))
    return cv2.countNonZero(cv2.morphologyEx(light, cv2.MORPH_OPEN, disc)) <= _MOST_THICK * lightness


def without_dots(rgb: U8) -> U8:
    """Return a page of one bit, whose tones are patterns of dots, in its tones on white paper; any other as it is."""
    sample = rgb[::_SAMPLED_ROWS].min(axis=2)
    if np.count_nonzero((sample < 8) | (sample > 247)) < _BLACK_OR_WHITE * sample.size:
        return rgb
    paper = Paper(rgb)
    return paper.flat if paper.is_dithered else rgb


def grey_on_white(rgb: U8) -> U8:
    """Return a scan or photo of a drawing, uint8 RGB (H, W, 3), as grey strokes on paper of exactly 255, uint8 (H, W).

    Light that falls off, shadows, tint and tooth of the paper go, and strokes keep their tone. Areas in tones, as on
    comic pages, keep theirs. Light lines on a dark ground come out dark on white.
    """
    paper = Paper(dark_on_light(rgb))
    if paper.is_clean:
        return _whitened(paper.rgb)
    if paper.is_toned and not paper.is_dithered:
        return _grey(paper.cleaned)
    return _without_specks(_grey(paper.flat))


def _whitened(rgb: U8) -> U8:
    """Grey tones of a page whose paper lacks at most a few levels of white."""
    grey = _grey(rgb)
    counts = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel()[_WHITE:]
    white = _WHITE + int(counts.argmax()) if counts.any() else 255
    return grey if white == 255 else np.asarray(cv2.convertScaleAbs(grey, alpha=255 / white), np.uint8)


def _without_specks(grey: U8) -> U8:
    """Make paper of small spots that are fainter than half of what strokes are: tooth that the flattening left."""
    drawn = np.asarray(cv2.threshold(grey, 254, 255, cv2.THRESH_BINARY_INV)[1], np.uint8)
    if not cv2.countNonZero(drawn):
        return grey
    faint = 255 - 0.5 * (255 - float(np.percentile(grey[drawn > 0], 25)))
    count, components, boxes, _ = cv2.connectedComponentsWithStats(drawn, connectivity=8)
    labels = np.asarray(components, np.int32)
    specks = boxes[:, cv2.CC_STAT_AREA] < (_SPECK * max(grey.shape)) ** 2
    specks &= np.bincount(labels[grey < faint], minlength=count) == 0
    specks[0] = False
    return np.where(specks[labels], np.uint8(255), grey)


def _grey(rgb: U8) -> U8:
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)


def _luma(colour: NDArray[np.floating]) -> float:
    return float(colour @ np.array([0.299, 0.587, 0.114]))  # ITU-R BT.601
