"""Brings drawings on any ground to dark lines on light paper: light on dark, dots for tones, and scans to clean up.

Art with fills is left alone: a page counts as light on dark only where it has nothing but light lines (polarity.py).
"""

import cv2
import numpy as np

from pipelines.core.imaging.arrays import U8
from pipelines.segmentation.paper import Paper
from pipelines.segmentation.polarity import exchange_light_and_dark, has_light_lines_alone

_SAMPLED_ROWS, _BLACK_OR_WHITE = 8, 0.9  # every n-th row; a lower share of it is no page of one bit
_SPECK = 0.02  # of the longer side: the width of a spot that may be tooth
_WHITE = 248  # paper from which on a page is white but for its last levels


def dark_on_light(rgb: U8) -> U8:
    """Return a page of light lines alone, uint8 RGB (H, W, 3), with light and dark exchanged; any other as it is."""
    return exchange_light_and_dark(rgb) if has_light_lines_alone(rgb) else rgb


def without_dots(rgb: U8) -> U8:
    """Return a page of one bit, whose tones are patterns of dots, in its tones on white paper; any other as it is."""
    grey = _grey(np.ascontiguousarray(rgb[::_SAMPLED_ROWS]))
    if cv2.countNonZero(cv2.inRange(grey, 8, 247)) > (1 - _BLACK_OR_WHITE) * grey.size:
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
