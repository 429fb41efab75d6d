"""Fits pictures of any size into frames of one size: which part of the picture is seen, and how it is laid out.

A *view* is a rectangle in the picture's own pixels that has the frame's shape. It may reach beyond the picture: what
lies outside is filled. Padding, cropping and centring differ only in the view they choose, and the same view brings a
picture, its alpha and its line art into the same place.
"""

import re
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from pipelines.core.errors import SettingsError
from pipelines.core.imaging.arrays import U8, Mask
from pipelines.core.imaging.picture import Picture

Fit = Literal["pad", "crop"]
Centre = Literal["off", "move", "fill"]
Box = tuple[float, float, float, float]  # left, top, width, height, px of the picture

ASPECT_TOLERANCE = 0.02
"""How much the aspect ratios of pictures that lie over each other may differ: the rounding of a resize, no more."""

_BACKGROUND_SHARE = 0.9  # part of the border that must have one colour for that colour to be the background
_BACKGROUND_TOLERANCE = 16  # levels by which a channel may differ from the background's colour


@dataclass(frozen=True)
class Framing:
    """How a picture gets into the frame."""

    size: tuple[int, int] | None = (256, 256)  # px, width and height of the frame; None = the picture's own
    fit: Fit = "pad"  # the whole picture and padding around it, or a part that fills the frame
    centre: Centre = "off"  # leave the figure where it is, move it to the middle, or cut around it to fill the frame
    margin: float = 0.05  # with centre=fill, the space around the figure, part of its longer side
    pad: tuple[int, int, int] | None = None  # RGB around it; None = its background if it has one, else white

    def __post_init__(self) -> None:
        """Refuse frames without pixels and margins that are no share."""
        if self.size is not None and min(self.size) < 1:
            raise SettingsError(f"a frame of {self.size[0]}x{self.size[1]} px has no pixels", hint="Use --size 256")
        if not 0 <= self.margin <= 1:
            raise SettingsError(f"the margin cannot be {self.margin}", hint="Use --margin 0 to 1, such as 0.05")


@dataclass(frozen=True)
class Placement:
    """A picture's place in its frame: the frame's size, the view, and where in the frame the picture lies."""

    width: int  # px of the frame
    height: int
    view: Box

    def roi(self, shape: tuple[int, ...]) -> tuple[slice, slice]:
        """Rows and columns of the frame that a picture of `shape` (H, W, ...) covers; at least one of each."""
        left, top, width, height = self.view
        rows = _covered(top, height, shape[0], self.height)
        return rows, _covered(left, width, shape[1], self.width)

    def crop(self, array: U8) -> U8:
        """What the view shows of an array (H, W) or (H, W, C), at the array's own scale, without what is filled."""
        left, top, width, height = self.view
        return array[_within(top, height, array.shape[0]), _within(left, width, array.shape[1])]

    def paste(self, array: U8, shape: tuple[int, ...], fill: int | tuple[int, ...]) -> U8:
        """The whole frame: what was cropped from an array of `shape`, resized to its place, and `fill` around it."""
        frame = np.empty((self.height, self.width, *array.shape[2:]), np.uint8)
        frame[:] = fill
        frame[self.roi(shape)] = array
        return frame


@dataclass(frozen=True)
class Foreground:
    """What is drawn in a picture as against what it is drawn on."""

    background: tuple[int, int, int] | None  # its colour; None where the border has no one colour
    mask: Mask | None  # (H, W), the figure; None where nothing tells it from the background

    def box(self) -> Box | None:
        """The rectangle around the figure, or None where there is none."""
        if self.mask is None or not self.mask.any():
            return None
        left, top, width, height = cv2.boundingRect(self.mask.astype(np.uint8))
        return float(left), float(top), float(width), float(height)


def parse_size(text: str) -> tuple[int, int] | None:
    """Width and height from "256" or "320x240", None for "original"; raises SettingsError for anything else."""
    if text == "original":
        return None
    match = re.fullmatch(r"(\d{1,5})(?:x(\d{1,5}))?", text)
    if match is None:
        raise SettingsError(f"'{text}' is not a size", hint="Write --size 256, --size 320x240 or --size original")
    return int(match[1]), int(match[2] or match[1])


def parse_colour(text: str) -> tuple[int, int, int] | None:
    """RGB from RRGGBB, None for "auto"; raises SettingsError for anything else."""
    if text == "auto":
        return None
    if re.fullmatch("#?[0-9a-fA-F]{6}", text) is None:
        raise SettingsError(f"'{text}' is not a colour", hint="Write --pad RRGGBB, such as ffffff, or --pad auto")
    red, green, blue = bytes.fromhex(text[-6:])
    return red, green, blue


def find_foreground(picture: Picture) -> Foreground:
    """Tell figure from background by transparency, or else by the one colour that the border has.

    It serves framing, which needs a box, and measures. Holes that show the background are no part of the figure.
    """
    if picture.alpha is not None:
        return Foreground((255, 255, 255), picture.alpha >= 128)
    rgb = picture.rgb
    border = np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]])
    colour = np.rint(np.median(border, axis=0)).astype(np.int16)
    near = (np.abs(border - colour) <= _BACKGROUND_TOLERANCE).all(axis=1)
    if near.mean() < _BACKGROUND_SHARE:
        return Foreground(None, None)
    low, high = np.clip([colour - _BACKGROUND_TOLERANCE, colour + _BACKGROUND_TOLERANCE], 0, 255).tolist()
    red, green, blue = colour.tolist()
    return Foreground((red, green, blue), cv2.inRange(rgb, np.array(low, np.uint8), np.array(high, np.uint8)) == 0)


def place_in_frame(framing: Framing, shape: tuple[int, ...], foreground: Foreground) -> Placement:
    """Choose the view of a picture of `shape` (H, W, ...).

    Without centring, "pad" takes the smallest view that holds the picture and "crop" the largest that it fills, both
    in the middle. Centring needs a figure with a background around it; a picture without one is left as it is.
    """
    height, width = shape[:2]
    shown = (0.0, 0.0, float(width), float(height))  # what the frame is chosen for
    box = foreground.box() if framing.centre != "off" else None
    if box is not None and framing.centre == "fill":
        shown = _with_margin(box, framing.margin)
    frame = framing.size or (max(1, round(shown[2])), max(1, round(shown[3])))
    choose = max if framing.fit == "pad" else min
    scale = choose(shown[2] / frame[0], shown[3] / frame[1])
    size = frame[0] * scale, frame[1] * scale
    around = box if box is not None and framing.centre == "move" else shown
    left, top = around[0] + (around[2] - size[0]) / 2, around[1] + (around[3] - size[1]) / 2
    if framing.fit == "crop" and framing.centre == "move":  # the middle as far as the picture reaches
        left, top = min(max(left, 0.0), width - size[0]), min(max(top, 0.0), height - size[1])
    return Placement(*frame, (left, top, *size))


def same_aspect(first: tuple[int, ...], second: tuple[int, ...]) -> bool:
    """Whether two sizes, both (width, height) or both (height, width), have the same aspect ratio, up to rounding."""
    return abs(first[0] * second[1] / (first[1] * second[0]) - 1) <= ASPECT_TOLERANCE


def resized(array: U8, size: tuple[int, int]) -> U8:
    """Resize (H, W) or (H, W, C) to (width, height): area average where it shrinks, linear where it grows."""
    if (array.shape[1], array.shape[0]) == size:
        return array
    shrinks = size[0] * size[1] < array.shape[0] * array.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(array, size, interpolation=method), np.uint8)


def _with_margin(box: Box, margin: float) -> Box:
    left, top, width, height = box
    space = margin * max(width, height)
    return left - space, top - space, width + 2 * space, height + 2 * space


def _within(start: float, length: float, limit: int) -> slice:
    """The pixels of the picture, 0 to `limit`, that a stretch of the view touches; at least one."""
    first = min(max(round(start), 0), limit - 1)
    return slice(first, max(min(round(start + length), limit), first + 1))


def _covered(start: float, length: float, limit: int, frame: int) -> slice:
    """The pixels of the frame that those pixels of the picture fill; at least one."""
    inside = _within(start, length, limit)
    scale = frame / length
    first = min(max(round((inside.start - start) * scale), 0), frame - 1)
    return slice(first, max(min(round((inside.stop - start) * scale), frame), first + 1))
