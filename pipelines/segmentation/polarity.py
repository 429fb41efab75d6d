"""Tells light lines on a dark ground from dark lines on paper, and exchanges light and dark.

Two questions, since a page of line art is read otherwise than any picture. Of line art the thinner of light and dark is
ink. A picture with fills may be dark without being such a page: only one that has nothing but thin light lines on one
dark ground is.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.compositing import fit

_LEAST_CONTRAST = 16  # levels between dark and light of line art
_SIZE = 256  # px, the longer side at which thickness is compared
_THIN = 3.5  # px at that size: the mean distance to the edge of what is a line drawing whatever else it is

_PICTURE_SIZE = 512  # px of the longer side at which strokes are told from fills
_DARK = 128  # luma of a ground below which it is dark
_LINE_CONTRAST = 48.0  # levels between the ground and its lines; faint chalk on slate has 80
_MOST_LIGHT = 0.3  # of the page: lettering and hatching cover less
_DARKER = 0.02  # of what differs from the ground: a photo's grain makes that much darker than it
_THICK = 21  # px at that size: a disc as wide fits into fills, not into strokes
_MOST_THICK = 0.4  # of what is lighter: solid areas, as drawn ink has them too; art with fills has 0.8 and more


def is_light_on_dark(rgb: U8) -> bool:
    """Tell whether line art, uint8 RGB (H, W, 3), is light lines on a dark ground.

    It is where dark reaches the border and is thicker than light, and light is either thin or made of strokes at least
    as much as dark is (a light figure before a night sky is thick, and the strokes in it are dark), or where there is
    nothing but light lines.
    """
    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    low, high, _, _ = cv2.minMaxLoc(grey)
    middle = (low + high) / 2
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    if high - low < _LEAST_CONTRAST or np.count_nonzero(border > middle) * 2 > border.size:
        return False
    light = _above(fit(grey, _SIZE), middle)
    thickness = _thickness(light)
    if thickness < _thickness(~light) and (thickness < _THIN or _strokes(light) > 0.8 * _strokes(~light)):
        return True
    return has_light_lines_alone(rgb)


def has_light_lines_alone(rgb: U8) -> bool:
    """Tell whether any picture, uint8 RGB (H, W, 3), has nothing but light lines on one dark ground.

    The ground covers most of it, nothing is darker, and what is lighter is as thin as strokes are.
    """
    ground = np.median(np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]]), axis=0)
    if _luma(ground) >= _DARK:
        return False
    small = fit(rgb, _PICTURE_SIZE)
    scalar = np.array([*ground, 0.0])  # OpenCV's has four values
    away = _highest(np.asarray(cv2.subtract(small, scalar), np.uint8))
    contrast = float(np.percentile(away, 99.5))
    if contrast < _LINE_CONTRAST:
        return False
    light = _above(away, contrast / 2)
    below = _above(_highest(np.asarray(cv2.subtract(scalar, small), np.uint8)), contrast / 3)
    lightness = cv2.countNonZero(light)
    if lightness > _MOST_LIGHT * light.size or cv2.countNonZero(below & ~light) > _DARKER * lightness:
        return False
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_THICK, _THICK))
    return cv2.countNonZero(cv2.morphologyEx(light, cv2.MORPH_OPEN, disc)) <= _MOST_THICK * lightness


def exchange_light_and_dark(rgb: U8) -> U8:
    """Turn lightness (max + min) / 2 into 255 minus it and keep hue and chroma (HSL); uint8 RGB (H, W, 3)."""
    red, green, blue = (channel.astype(np.int16) for channel in cv2.split(rgb))
    highest, lowest = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    return np.asarray(rgb + (255 - highest - lowest)[..., None], np.uint8)


def _highest(rgb: U8) -> U8:
    """Return the highest channel of every pixel, (H, W)."""
    red, green, blue = cv2.split(rgb)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)


def _above(levels: U8, limit: float) -> U8:
    """Return the mask, 0 or 255, of the levels above a limit."""
    return np.asarray(cv2.threshold(levels, limit, 255, cv2.THRESH_BINARY)[1], np.uint8)


def _thickness(mask: U8) -> float:
    """Return the mean distance to the edge within a mask, px."""
    return float(cv2.mean(cv2.distanceTransform(mask, cv2.DIST_L2, 3), mask)[0])


def _strokes(mask: U8) -> int:
    """Count the pixels of a mask where no disc of 7 px fits."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    return cv2.countNonZero(mask) - cv2.countNonZero(cv2.morphologyEx(mask, cv2.MORPH_OPEN, disc))


def _luma(colour: NDArray[np.floating]) -> float:
    return float(colour @ np.array([0.299, 0.587, 0.114]))  # ITU-R BT.601
