"""How a picture becomes what a line network reads: which channels, what is taken off, which values."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F32, U8

Channels = Literal["rgb", "bgr", "grey", "each"]
Values = Literal["unit", "signed", "bytes"]
Subtracted = Literal["nothing", "mean", "surroundings"]

_SIGMA = 3.0  # px, of the blur that `surroundings` takes off; sketchKeras, helper.py
_REACH = 12  # px: beyond four sigma the blur of a window is that of the picture
_STRIP = 1 << 20  # pixels that are looked at together


class Window(NamedTuple):
    """A part of a picture, in px; what of it lies beyond the picture repeats the picture's last rows and columns."""

    top: int
    left: int
    height: int
    width: int


@dataclass(frozen=True)
class PictureInput:
    """How a network is fed; `values` scales the levels 0..255, `mean` and `deviation` standardise the result."""

    channels: Channels = "rgb"
    values: Values = "unit"
    subtracted: Subtracted = "nothing"
    mean: tuple[float, ...] = (0.0,)
    deviation: tuple[float, ...] = (1.0,)

    @property
    def count(self) -> int:
        """Channels that the network reads."""
        return 3 if self.channels in ("rgb", "bgr") else 1

    def arranged(self, image: U8) -> U8:
        """A picture, uint8 RGB (H, W, 3), in the channels that are fed, uint8 (H, W, 1 or 3)."""
        if self.channels == "grey":
            return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)[..., None]
        return image[..., ::-1] if self.channels == "bgr" else image

    def level(self, arranged: U8) -> F32:
        """What is known of a whole picture before its parts are fed: its mean by channel, or its largest value."""
        if self.subtracted == "mean":
            sums = [_part(arranged, strip).sum(axis=(0, 1), dtype=np.int64) for strip in _strips(arranged)]
            return np.asarray(np.sum(sums, axis=0) / arranged[..., 0].size, np.float32)
        if self.subtracted == "surroundings":
            largest = max(float(_above_surroundings(arranged, strip).max()) for strip in _strips(arranged))
            return np.full(1, max(1.0, largest), np.float32)
        return np.zeros(1, np.float32)

    def fed(self, arranged: U8, window: Window, level: F32) -> list[F32]:
        """What the network reads of a window, float32 (1, C, h, w); of `each`, one after the other."""
        if self.subtracted == "surroundings":
            values: F32 = np.asarray(_above_surroundings(arranged, window) / level, np.float32)
        else:
            values = self._scaled(_part(arranged, window).astype(np.float32), level)
        values = np.asarray((values - np.array(self.mean)) / np.array(self.deviation), np.float32)
        planes = np.ascontiguousarray(values.transpose(2, 0, 1)[None], np.float32)
        return [planes[:, [channel]] for channel in range(3)] if self.channels == "each" else [planes]

    def _scaled(self, levels: F32, level: F32) -> F32:
        if self.subtracted == "mean":
            levels = levels - level
        factor = {"unit": 1 / 255, "signed": 2 / 255, "bytes": 1.0}[self.values]
        shift = 1.0 if self.values == "signed" and self.subtracted == "nothing" else 0.0
        return levels * np.float32(factor) - np.float32(shift)


def _part(arranged: U8, window: Window) -> U8:
    """A window of a picture, beyond whose edge its last rows and columns are repeated."""
    rows = np.clip(np.arange(window.top, window.top + window.height), 0, arranged.shape[0] - 1)
    columns = np.clip(np.arange(window.left, window.left + window.width), 0, arranged.shape[1] - 1)
    return arranged[rows[:, None], columns]


def _above_surroundings(arranged: U8, window: Window) -> F32:
    """Each channel minus its own blur, in whole levels."""
    wide = Window(*(start - _REACH for start in window[:2]), *(length + 2 * _REACH for length in window[2:]))
    levels = np.ascontiguousarray(_part(arranged, wide))
    blurred = np.asarray(cv2.GaussianBlur(levels, (0, 0), _SIGMA, borderType=cv2.BORDER_REPLICATE), np.uint8)
    difference = levels.astype(np.float32) - blurred.reshape(levels.shape)
    return difference[_REACH:-_REACH, _REACH:-_REACH]


def _strips(arranged: U8) -> list[Window]:
    """A picture in strips of rows, so that little of it is held in floats at once."""
    height, width = arranged.shape[:2]
    rows = max(1, _STRIP // width)
    return [Window(top, 0, min(rows, height - top), width) for top in range(0, height, rows)]
