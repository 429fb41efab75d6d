"""Parts that the line extractors share: grey-level morphology, stroke widths, and the cleaning of ink masks.

Grey pictures and masks are uint8 (H, W); in a mask 0 is no and 255 is yes.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


def brightest_channel(image: Bytes) -> Bytes:
    """Return max(R, G, B) of every pixel, the value of HSV: black ink is dark in it, a saturated fill is not."""
    red, green, blue = cv2.split(image)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)


def square(width: int) -> Bytes:
    """A square structuring element of `width` pixels."""
    return np.ones((width, width), np.uint8)


def odd(width: float) -> int:
    """The odd whole number next to `width` (the next lower one of an even number is not taken), at least 3."""
    return max(3, int(width) | 1)


def closing(grey: Bytes, width: int) -> Bytes:
    """Fill every dark structure narrower than `width` with the darkest level that surrounds it."""
    return np.asarray(cv2.morphologyEx(grey, cv2.MORPH_CLOSE, square(width)), np.uint8)


def opening(grey: Bytes, width: int) -> Bytes:
    """Fill every bright structure narrower than `width` with the brightest level that surrounds it."""
    return np.asarray(cv2.morphologyEx(grey, cv2.MORPH_OPEN, square(width)), np.uint8)


def ladder(widest: int) -> list[int]:
    """Odd widths from about 5 px up to `widest`, each about twice the one before."""
    widths = [widest]
    while widths[-1] // 2 | 1 >= 5:
        widths.append(widths[-1] // 2 | 1)
    return widths[::-1]


def depth_in(mask: Bytes) -> NDArray[np.float32]:
    """Distance in pixels from every pixel of the mask to the nearest one outside; the picture's border is no edge."""
    return np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_5), np.float32)


def stroke_width(depth: NDArray[np.float32]) -> float:
    """Median width in pixels of the strokes of a mask, from its `depth_in`, taken along their middles; at least 1."""
    crests = depth[(depth > 0) & (depth >= cv2.dilate(depth, square(3)))]
    return max(1.0, 2.0 * float(np.median(crests)) - 1.0) if crests.size else 1.0


def border_of(mask: Bytes) -> Bytes:
    """The pixels along the four sides of a mask, corners twice."""
    return np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])


def has_wide_part(mask: Bytes, radius: float, border_share: float) -> bool:
    """Whether `inner_parts` may find something: a quick look at every fourth pixel that never misses it."""
    border = border_of(mask)
    if cv2.countNonZero(border) > border_share * border.size:
        return True
    inscribed = max(1, int(radius * np.sqrt(2) / 4))  # side of the square that a disc of this radius holds
    return cv2.countNonZero(cv2.erode(np.ascontiguousarray(mask[::4, ::4]), square(inscribed))) > 0


def inner_parts(mask: Bytes, radius: float, border_share: float) -> Bytes:
    """Return the inside of the mask's wide areas: all of them but a rim as thick as the mask's strokes.

    An area is wide where a disc of more than `radius` px fits in, or where it lies along more than `border_share` of the
    picture's border, as a dark background does.
    """
    depth = depth_in(mask)
    inner = (depth > stroke_width(depth)).astype(np.uint8)
    count, labels = cv2.connectedComponents(inner)
    wide = np.zeros(count, bool)
    wide[labels[depth > radius]] = True
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    wide |= np.bincount(border, minlength=count) > border_share * border.size
    wide[0] = False
    return np.where(wide[labels], np.uint8(255), np.uint8(0))


def without_specks(mask: Bytes, least: int) -> Bytes:
    """Drop the connected parts (8 neighbours) of a mask that have fewer than `least` pixels."""
    _, labels, parts, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    kept = parts[:, cv2.CC_STAT_AREA] >= least
    kept[0] = False
    return np.where(kept[labels], np.uint8(255), np.uint8(0))
