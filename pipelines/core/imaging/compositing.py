"""Lays layers with straight alpha over colour and white paper, joins alpha to colour, bleeds colour, shrinks."""

import cv2
import numpy as np
from numpy.typing import ArrayLike

from pipelines.core.imaging.arrays import U8

_LEAST_ALPHA = 8  # of a pixel whose colour bleeds
_COLOUR = np.array([255, 255, 255, 0], np.uint8).view(np.uint32)[0]  # the bits of a pixel that are not its alpha


def over_white(rgb: U8, alpha: U8 | None) -> U8:
    """Lay straight-alpha colours over white: 255 - (255 - c) a / 255, rounded."""
    if alpha is None:
        return rgb
    missing = cv2.multiply(cv2.bitwise_not(rgb), cv2.merge([alpha, alpha, alpha]), scale=1 / 255)
    return np.asarray(cv2.bitwise_not(missing), np.uint8)


def composite(layer: U8, colour: ArrayLike) -> U8:
    """Lay an RGBA layer (H, W, 4) over RGB (H, W, 3) or one colour (3,): (c a + b (255 - a)) / 255, rounded."""
    below = np.broadcast_to(np.asarray(colour, np.uint8), (*layer.shape[:2], 3))
    alpha = cv2.extractChannel(layer, 3)
    result = np.asarray(cv2.copyTo(cv2.cvtColor(layer, cv2.COLOR_RGBA2RGB), alpha, below.copy()), np.uint8)
    soft = np.flatnonzero(cv2.inRange(alpha, 1, 254))
    top = layer.reshape(-1, 4)[soft].astype(np.uint16)
    total = top[:, :3] * top[:, 3:] + below.reshape(-1, 3)[soft] * (255 - top[:, 3:])
    result.reshape(-1, 3)[soft] = (total + 127) // 255
    return result


def multiply(layer: U8, colour: U8) -> U8:
    """Multiply RGB (H, W, 3) by an RGBA layer (H, W, 4): b (255 - a + a c / 255) / 255, rounded."""
    over = composite(layer, (255, 255, 255))
    return np.asarray(cv2.multiply(colour, over, scale=1 / 255), np.uint8)


def join_alpha(rgb: U8, alpha: U8 | None) -> U8:
    """Join RGB (H, W, 3) and alpha (H, W), None = opaque, to RGBA (H, W, 4)."""
    layer = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2RGBA), np.uint8)
    if alpha is not None:
        cv2.insertChannel(alpha, layer, 3)
    return layer


def bleed_colour(picture: U8) -> U8:
    """Give what is fully transparent in RGBA (H, W, 4) the colour of the nearest visible pixel; RGB passes as it is.

    Nothing of it is seen, but programs that scale or filter straight alpha mix hidden colour into edges: engines show a
    white fringe where it is white. Fainter pixels than alpha 8 do not count where there are others: 8 bits of their
    colour are off by more than 16 levels, since they were divided by their alpha.
    """
    if picture.shape[2] == 3:
        return picture
    alpha = cv2.extractChannel(picture, 3)
    least = min(_LEAST_ALPHA, max(int(alpha.max()), 1))
    source = np.asarray(cv2.inRange(alpha, least, 255), np.uint8)
    pixels = np.ascontiguousarray(picture).view(np.uint32)[..., 0]  # as numbers: four times as fast
    inner = cv2.erode(source, np.ones((3, 3), np.uint8))
    beside = pixels.reshape(-1)[np.flatnonzero(source != inner)]  # the nearest source is always one at a border
    if not len(beside):
        return picture
    nearest = beside[0]
    if ((beside ^ nearest) & _COLOUR).any():  # else black ink, as a rule
        distant = cv2.bitwise_not(source)
        labels = cv2.distanceTransformWithLabels(distant, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)[1]
        by_label = np.zeros(int(labels.max()) + 1, np.uint32)
        is_source = source > 0
        by_label[labels[is_source]] = pixels[is_source]
        nearest = by_label[labels]
    return np.where(alpha == 0, nearest & _COLOUR, pixels).view(np.uint8).reshape(picture.shape)


def fit(array: U8, longer_side: int) -> U8:
    """Shrink (H, W) or (H, W, C) by area average until the longer side is `longer_side` px at most; never enlarge."""
    height, width = array.shape[:2]
    scale = longer_side / max(height, width)
    if scale >= 1:
        return array
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(array, size, interpolation=cv2.INTER_AREA), np.uint8)
