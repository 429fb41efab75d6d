"""What a line network's values mean: which of them is ink, which paper; measured on a drawing whose lines are known."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import cv2
import numpy as np

from pipelines.core.errors import MethodError, UsageError
from pipelines.core.imaging.arrays import F32, U8, Mask

Scale = Literal["unit", "signed", "bytes"]
Polarity = Literal["ink-dark", "ink-light"]

_ENDS: dict[Scale, tuple[float, float]] = {"unit": (0.0, 1.0), "signed": (-1.0, 1.0), "bytes": (0.0, 255.0)}
_STRAY = 0.1  # beyond 0..1, by which values in [0, 1] may stray
_LEAST_CONTRAST = 0.02  # of the scale, by which the lines of the known drawing must differ from its paper
_LEAST_WHITE = 0.75  # share of paper: what is darker is ink, or the polarity is the wrong one


class KnownDrawing(NamedTuple):
    """A drawing of which it is known what is line and what paper."""

    image: U8  # RGB (H, W, 3)
    ink: Mask
    paper: Mask  # far from any line


@dataclass(frozen=True)
class OutputLevels:
    """How values are read: between which ends, whether the lower end is ink, and what share of paper is white."""

    scale: Scale
    polarity: Polarity
    white: float = 1.0

    def paper_share(self, values: F32) -> F32:
        """Values as shares of paper, float32: 0 is ink, 1 is paper."""
        low, high = _ENDS[self.scale]
        share = (values - np.float32(low)) / np.float32(high - low)
        share = share if self.polarity == "ink-dark" else 1 - share
        return np.asarray(np.clip(share / np.float32(self.white), 0, 1), np.float32)


def known_drawing(height: int, width: int) -> KnownDrawing:
    """Coloured shapes with black outlines on white, at any size."""
    unit = min(height, width) / 64
    stroke = max(1, round(unit / 2))
    image, ink = np.full((height, width, 3), 255, np.uint8), np.zeros((height, width), np.uint8)
    for x, y, radius, colour in (
        (0.3, 0.3, 12, (230, 80, 60)),
        (0.68, 0.36, 9, (70, 130, 220)),
        (0.5, 0.72, 13, (250, 210, 90)),
    ):
        centre, size = (round(x * width), round(y * height)), round(radius * unit)
        cv2.circle(image, centre, size, colour, -1)
        cv2.circle(image, centre, size, (0, 0, 0), stroke)
        cv2.circle(ink, centre, size, 1, stroke)
    drawn = (image != 255).any(axis=2).astype(np.uint8)
    reach = 2 * round(4 * unit) + 1
    near = cv2.dilate(drawn, np.ones((reach, reach), np.uint8))
    return KnownDrawing(image, ink > 0, near == 0)


def grey_values(output: F32) -> F32:
    """One of a network's outputs, (1, C, H, W) or (1, H, W) with C 1 or 3, as float32 (H, W): of colours their grey.

    Raises MethodError for other shapes and for values that are no numbers.
    """
    planes = output[None] if output.ndim == 3 else output
    if planes.ndim != 4 or planes.shape[0] != 1 or planes.shape[1] not in (1, 3):
        shape = "x".join(map(str, output.shape))
        raise MethodError(
            f"the network gives {shape} numbers, where lines are 1x1xHxW or 1x3xHxW", hint="Set output to another"
        )
    if not np.isfinite(planes).all():
        raise MethodError("the network gives values that are no numbers", hint="Check input_range, mean and deviation")
    if planes.shape[1] == 1:
        return np.asarray(planes[0, 0], np.float32)
    return np.asarray(np.tensordot(np.array([0.299, 0.587, 0.114], np.float32), planes[0], 1), np.float32)


def find_scale(values: F32) -> Scale:
    """The scale that values lie in: [-1, 1] where some are negative, 0..255 where some are large, else [0, 1]."""
    if values.min() < -_STRAY:
        return "signed"
    return "bytes" if values.max() > 1 + _STRAY else "unit"


def find_polarity(values: F32, scale: Scale, drawing: KnownDrawing) -> Polarity:
    """Which end is ink, by the values (H, W) of the known drawing; raises UsageError where its lines do not show."""
    low, high = _ENDS[scale]
    contrast = float(values[drawing.paper].mean() - values[drawing.ink].mean()) / (high - low)
    if abs(contrast) < _LEAST_CONTRAST:
        raise UsageError(
            "the network shows no lines in a drawing of black lines on white",
            hint="Check channels, input_range, mean and fit, or set polarity to ink-dark or ink-light",
        )
    return "ink-dark" if contrast > 0 else "ink-light"


def find_white(values: F32, levels: OutputLevels, drawing: KnownDrawing) -> float:
    """The share of paper that a network gives for blank paper, by the known drawing; 1 where that is no paper at all.

    A sigmoid never reaches its end, and what should be white comes out as a light grey.
    """
    white = float(np.median(levels.paper_share(values)[drawing.paper]))
    return white if white >= _LEAST_WHITE else 1.0
