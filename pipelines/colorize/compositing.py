"""Lays the line art over the colour, with the paper outside the figure opaque or transparent."""

import numpy as np

from pipelines.colorize.options import Background, Lines
from pipelines.core.imaging.arrays import U8, Mask
from pipelines.core.imaging.compositing import composite
from pipelines.core.imaging.line_art import ink_layer
from pipelines.core.imaging.picture import Picture


def line_art(picture: Picture, lines: Lines = "keep", ink: U8 | None = None) -> U8:
    """Return the ink as it is laid over the colour, uint8 RGBA (H, W, 4); with "tint" in the colour `ink`, (3,)."""
    return restyle_ink(ink_layer(picture), lines, ink)


def restyle_ink(layer: U8, lines: Lines, ink: U8 | None) -> U8:
    """Return an ink layer as it was, in the colour `ink`, or without any ink, uint8 RGBA (H, W, 4)."""
    if lines == "keep":
        return layer
    layer = layer.copy()
    if lines == "tint" and ink is not None and ink.any():
        layer[..., :3] = ink
    if lines == "none":
        layer[..., 3] = 0
    return layer


def finish(
    picture: Picture,
    colour: U8,
    background: Mask,
    *,
    mode: Background = "auto",
    lines: Lines = "keep",
    ink: U8 | None = None,
) -> U8:
    """Lay the line art over the colour, uint8 (H, W, 3), or (H, W, 4) where the result has transparency.

    `background` is the paper outside the figure, bool (H, W); `ink`, RGB (3,), the colour of tinted lines. In mode
    "auto" the result is transparent where the line art is: a drawing of ink alone keeps the paper outside the figure
    transparent, a drawing with an opaque body keeps its own alpha. "transparent" makes the paper outside the figure
    transparent, "paper" lays everything over it.
    """
    return finish_layer(picture, line_art(picture, lines, ink), colour, background, mode=mode)


def finish_layer(picture: Picture, layer: U8, colour: U8, background: Mask, *, mode: Background) -> U8:
    """The same as `finish`, with the line art as a layer, RGBA (H, W, 4)."""
    flat = composite(layer, colour)
    if mode == "paper" or (mode == "auto" and picture.alpha is None):
        return flat
    if mode == "auto" and picture.alpha is not None and not _is_ink_only(picture.rgb, picture.alpha):
        return np.dstack([flat, picture.alpha])
    body = np.dstack([flat, np.full(flat.shape[:2], 255, np.uint8)])
    return np.where(background[..., None], layer, body)


def _is_ink_only(rgb: U8, alpha: U8) -> bool:
    """Whether what is opaque in a drawing with alpha is ink, not paper: then its transparency is the paper."""
    solid = alpha >= 128
    light = solid & (rgb.min(axis=2) > 192)
    return bool(np.count_nonzero(light) * 2 < np.count_nonzero(solid))
