"""Parts that the line extractors share: grey-level morphology, stroke widths, and the cleaning of ink masks.

Grey pictures and masks are uint8 (H, W); in a mask 0 is no and 255 is yes.
"""

import math
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import F32, U8

Number = TypeVar("Number", np.uint8, np.int32)


def brightest_channel(image: U8) -> U8:
    """Return max(R, G, B) of every pixel, the value of HSV: black ink is dark in it, a saturated fill is not."""
    red, green, blue = cv2.split(image)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)


def tone(image: U8) -> U8:
    """Mean of value and luminance: a line of any hue is a valley in it, and black is darker than any vivid colour."""
    luminance = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.addWeighted(brightest_channel(image), 0.5, luminance, 0.5, 0.0), np.uint8)


def at_least(grey: U8, level: float) -> U8:
    """Mask of the pixels of `level` or more."""
    return np.asarray(cv2.threshold(grey, np.ceil(level) - 1, 255, cv2.THRESH_BINARY)[1], np.uint8)


def at_most(grey: U8, level: float) -> U8:
    """Mask of the pixels of `level` or less."""
    return np.asarray(cv2.threshold(grey, np.floor(level), 255, cv2.THRESH_BINARY_INV)[1], np.uint8)


def excess_over(image: U8, colour: tuple[int, int, int]) -> U8:
    """Largest difference over the channels by which each pixel of an RGB picture is brighter than `colour`, or 0."""
    levels = np.array([*colour, 0], np.float64)  # OpenCV's scalar has four
    return brightest_channel(np.asarray(cv2.subtract(image, levels), np.uint8))


def depth_below(ground: U8, grey: U8) -> U8:
    """How many levels `grey` lies below `ground`, 0 where it does not."""
    return np.asarray(cv2.subtract(ground, grey), np.uint8)


def depth_above(grey: U8, level: int) -> U8:
    """How many levels `grey` lies above `level`, 0 where it does not."""
    return np.asarray(np.maximum(grey, np.uint8(level)) - np.uint8(level), np.uint8)


def share_of(grey: U8, ground: U8) -> U8:
    """Quotient grey / ground as 0 to 255, rounded; 0 where ground is 0."""
    return np.asarray(cv2.divide(grey, ground, scale=255.0), np.uint8)


def places_in(mask: U8) -> NDArray[np.int32]:
    """Column and row of every pixel of a mask, int32 (n, 2), in reading order."""
    if not cv2.countNonZero(mask):
        return np.empty((0, 2), np.int32)
    return np.asarray(cv2.findNonZero(mask), np.int32).reshape(-1, 2)  # (n, 1, 2) in OpenCV 4, (n, 2) in OpenCV 5


def square(width: int) -> U8:
    """A square structuring element of `width` pixels."""
    return np.ones((width, width), np.uint8)


def every_nth(picture: U8, step: int) -> U8:
    """Every n-th pixel of every n-th row, unblended; the picture itself for a step of 1."""
    if step <= 1:
        return picture
    height, width = picture.shape[:2]
    size = (math.ceil(width / step), math.ceil(height / step))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def odd(width: float) -> int:
    """The smallest odd whole number that is not below the whole part of `width`, at least 3."""
    return max(3, int(width) | 1)


def closing(grey: U8, width: int) -> U8:
    """Fill every dark structure narrower than `width` with the darkest level that surrounds it."""
    return np.asarray(cv2.morphologyEx(grey, cv2.MORPH_CLOSE, square(width)), np.uint8)


def ground_under(grey: U8, width: int) -> U8:
    """What lies under the dark structures narrower than `width`: a closing, cleared of what is not narrow.

    A square does not reach into the rounded ends of a wide dark area, so the closing takes them for narrow. The dark
    that the square did reach therefore grows by a quarter of its width over whatever is as dark.
    """
    reached = darkest_within(closing(grey, width), width // 2 | 1)
    return np.maximum(grey, reached)


def opening(grey: U8, width: int) -> U8:
    """Fill every bright structure narrower than `width` with the brightest level that surrounds it."""
    return np.asarray(cv2.morphologyEx(grey, cv2.MORPH_OPEN, square(width)), np.uint8)


def darkest_within(grey: U8, width: int) -> U8:
    """Lowest level within the square of `width` pixels around every pixel."""
    return np.asarray(cv2.erode(grey, square(width)), np.uint8)


def side_of(picture: U8) -> float:
    """Side in pixels of the square that has the picture's area: what strokes and areas are measured against."""
    return float(np.sqrt(picture.shape[0] * picture.shape[1]))


def ladder(widest: int) -> list[int]:
    """Odd widths from at least 5 px up to `widest`, each about three times the one before."""
    widths = [widest]
    while widths[-1] // 3 | 1 >= 5:
        widths.append(widths[-1] // 3 | 1)
    return widths[::-1]


def depth_in(mask: U8) -> F32:
    """Distance in pixels from every pixel of the mask to the nearest one outside; the picture's border is no edge."""
    return np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_5), np.float32)


def stroke_width(depth: F32, widest: float) -> float:
    """Median width in px of a mask's strokes up to `widest`, along their middles, from its `depth_in`; at least 1."""
    is_crest = np.asarray(cv2.compare(depth, cv2.dilate(depth, square(3)), cv2.CMP_GE), np.uint8)
    is_crest &= np.asarray(cv2.inRange(depth, 0.5, widest / 2), np.uint8)  # in a mask depths begin at 1
    crests = depth[is_crest > 0]
    return max(1.0, 2.0 * float(np.median(crests)) - 1.0) if crests.size else 1.0


def border_of(picture: NDArray[Number]) -> NDArray[Number]:
    """Return the pixels along the four sides of a mask or label map, corners twice."""
    return np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])


def has_wide_part(mask: U8, radius: float, border_share: float) -> bool:
    """Whether `inner_parts` may find something: a quick look at every fourth pixel that never misses it."""
    border = border_of(mask)
    if cv2.countNonZero(border) > border_share * border.size:
        return True
    inscribed = max(1, int(radius * np.sqrt(2) / 4))  # side of the square that a disc of this radius holds
    return cv2.countNonZero(cv2.erode(np.ascontiguousarray(mask[::4, ::4]), square(inscribed))) > 0


def inner_parts(mask: U8, radius: float, border_share: float, *, widest_stroke: float) -> U8:
    """Return the inside of the mask's wide areas: all of them but a rim as thick as the mask's strokes.

    An area is wide where a disc of more than `radius` px fits in, or where it lies along more than `border_share`
    of the picture's border, as a dark background does.
    """
    depth = depth_in(mask)
    inner = (depth > stroke_width(depth, widest_stroke)).astype(np.uint8)
    count, components = cv2.connectedComponents(inner)
    labels = np.asarray(components, np.int32)
    wide = np.zeros(count, bool)
    wide[labels[depth > radius]] = True
    border = border_of(labels)
    wide |= np.bincount(border, minlength=count) > border_share * border.size
    wide[0] = False
    return np.where(wide[labels], np.uint8(255), np.uint8(0))
