"""Small pictures for pages: fitted, exact, and maps of the difference in false colour."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.colours import ciede2000, srgb_to_lab
from pipelines.core.imaging.compositing import composite, fit
from pipelines.core.imaging.picture import Picture, encode_picture

SIDE = 320  # px, the longer side
MAP_REACH = 20.0  # dE00 at which the map is at its brightest


def thumbnail(rgb: U8) -> bytes:
    """Return a picture (H, W, 3) as a small lossless WebP."""
    return encode_picture(fit(rgb, SIDE), ".webp")


def hints_on_lines(hints: Picture, lines: U8) -> bytes:
    """Return hints laid over line art (H, W, 3); each at its own size."""
    height, width = lines.shape[:2]
    layer = cv2.resize(hints.layer(), (width, height), interpolation=cv2.INTER_NEAREST)
    return thumbnail(composite(np.asarray(layer, np.uint8), lines))


def difference_map(result: U8, truth: U8) -> bytes:
    """Return CIEDE2000 of two pictures (H, W, 3) in false colour: black 0, yellow 20 and more."""
    first, second = fit(result, SIDE), fit(truth, SIDE)
    if first.shape != second.shape:
        first = np.asarray(cv2.resize(first, second.shape[1::-1], interpolation=cv2.INTER_AREA), np.uint8)
    difference = ciede2000(srgb_to_lab(first), srgb_to_lab(second))
    return encode_picture(false_colour(difference / MAP_REACH), ".webp")


def false_colour(values: NDArray[np.float64]) -> U8:
    """Return values 0..1 (H, W) as colours (H, W, 3), from black over red to pale yellow."""
    levels = np.clip(255 * values, 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB), np.uint8)


def gradient() -> str:
    """The scale of the maps as a CSS gradient."""
    colours = false_colour(np.linspace(0, 1, 9)[None])[0]
    return f"linear-gradient(to right, {', '.join(f'rgb({r} {g} {b})' for r, g, b in colours)})"
