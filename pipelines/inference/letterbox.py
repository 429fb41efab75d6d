"""Brings drawings and hints evenly into the frame in which a network works, as `build-dataset` brings pictures.

The longer side fits, white lies around. Two things are done to drawings that training pictures did not need: where
shrinking leaves thin lines faint they are darkened again, all alike, and hints smaller than those of training grow to
about their size.
"""

from typing import NamedTuple

import cv2
import numpy as np

from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.framing import Foreground, Framing, place_in_frame, resized
from pipelines.core.imaging.picture import HINT_ALPHA

_RIDGE = 0.6  # darkness that the middle of a typical line keeps when it is shrunk
_MOST_GAIN = 8.0


LEAST_HINT = 15 / 256
"""Radius, a share of the square's side, to which smaller hints grow: that of training."""


class Letterboxed(NamedTuple):
    """A line drawing and its hints in a network's frame, and where in it the drawing lies."""

    lines: U8  # (S, S) or (height, width) of the frame, 0 = ink
    hints: U8  # RGBA (S, S, 4), the same
    roi: tuple[slice, slice]  # rows and columns that the drawing covers


def letterbox(lines: U8, hints: U8, size: int | tuple[int, int], *, least_hint: float = LEAST_HINT) -> Letterboxed:
    """Lay a line drawing, uint8 (H, W), and its hints, uint8 RGBA (H, W, 4), evenly into a frame.

    size: px, the side of a square, or width and height. least_hint: the radius, a share of the longer side, to which
    smaller hints grow.
    """
    frame = (size, size) if isinstance(size, int) else size
    placement = place_in_frame(Framing(size=frame), lines.shape, Foreground(None, None))
    roi = placement.roi(lines.shape)
    shape = (roi[0].stop - roi[0].start, roi[1].stop - roi[1].start)
    small_lines = normalise_line_contrast(resized(lines, (shape[1], shape[0])))
    small_hints = dilate_hints(shrink_hints(hints, shape), least_hint * max(frame))
    frames = placement.paste(small_lines, lines.shape, 255), placement.paste(small_hints, lines.shape, 0)
    return Letterboxed(*frames, roi)


def normalise_line_contrast(lines: U8) -> U8:
    """Darken lines, uint8 (H, W), by one factor until the typical line is as dark as in training; never lighten.

    darkness' = min(1, gain darkness),  gain = 0.6 / median darkness along the middle of lines, 1..8
    """
    darkness = 255 - lines
    ridge = darkness[(darkness >= cv2.dilate(darkness, np.ones((3, 3), np.uint8))) & (darkness > 8)]
    typical = float(np.median(ridge)) / 255 if ridge.size else 1.0
    gain = min(max(_RIDGE / typical, 1.0), _MOST_GAIN)
    return lines if gain == 1 else np.asarray(255 - cv2.convertScaleAbs(darkness, alpha=gain), np.uint8)


def shrink_hints(hints: U8, shape: tuple[int, int]) -> U8:
    """Bring hints, uint8 RGBA (H, W, 4), to another size: each pixel takes a hint that lies in it, unmixed."""
    if hints.shape[:2] == shape:
        return hints
    rows, columns = np.nonzero(hints[..., 3] >= HINT_ALPHA)
    small = np.zeros((*shape, 4), np.uint8)
    if shape[0] > hints.shape[0] or shape[1] > hints.shape[1]:
        return np.asarray(cv2.resize(hints, shape[::-1], interpolation=cv2.INTER_NEAREST), np.uint8)
    place = rows * shape[0] // hints.shape[0], columns * shape[1] // hints.shape[1]
    small[place] = hints[rows, columns]
    small[place[0], place[1], 3] = 255
    return small


def dilate_hints(hints: U8, radius: float) -> U8:
    """Grow the spots of a hint map, uint8 RGBA (H, W, 4), that are thinner than a disc of `radius` px, up to it.

    Spots do not grow over each other; where two would meet each pixel is the nearer one's.
    """
    marked = (hints[..., 3] >= HINT_ALPHA).view(np.uint8)
    if radius <= 0 or not marked.any() or marked.all():
        return hints
    depth = np.asarray(cv2.distanceTransform(np.pad(marked, 1), cv2.DIST_L2, 3)[1:-1, 1:-1], np.float32)
    count, parts = cv2.connectedComponents(marked, connectivity=8, ltype=cv2.CV_32S)
    spots = np.asarray(parts, np.int32)
    deepest = np.zeros(count, np.float32)
    np.maximum.at(deepest, spots.reshape(-1), depth.reshape(-1))
    away, nearest = cv2.distanceTransformWithLabels(1 - marked, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    source = np.zeros(int(nearest.max()) + 1, np.intp)  # flat index of each marked pixel by its label
    pixels = np.flatnonzero(marked)
    source[nearest.reshape(-1)[pixels]] = pixels
    origin = source[nearest]
    reach = np.maximum(radius - deepest, 0)[spots.reshape(-1)[origin]]
    result: U8 = np.where((away <= reach)[..., None], hints.reshape(-1, 4)[origin], hints)
    return result
