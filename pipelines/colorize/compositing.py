"""Lays the line art over the colour, with the paper outside the figure opaque or transparent."""

import numpy as np

from pipelines.colorize.options import Background, Lines
from pipelines.core.imaging.arrays import U8, Mask
from pipelines.core.imaging.compositing import composite, multiply
from pipelines.core.imaging.picture import Picture
from pipelines.segmentation.line_art import LineArt


def resolve_lines(lines: Lines, line_art: LineArt) -> Lines:
    """What "auto" is: soft, grey or coloured ink is multiplied, so that it is never lighter than what it lies on."""
    return ("multiply" if line_art.is_grey else "keep") if lines == "auto" else lines


def restyle_ink(layer: U8, lines: Lines, ink: U8 | None) -> U8:
    """Return an ink layer as it was, in the colour `ink`, (3,), or without any ink, uint8 RGBA (H, W, 4)."""
    if lines in ("keep", "multiply"):
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
    lines: Lines = "auto",
    ink: U8 | None = None,
) -> U8:
    """Lay the line art over the colour, uint8 (H, W, 3), or (H, W, 4) where the result has transparency.

    `background` is the paper outside the figure, bool (H, W); `ink`, RGB (3,), the colour of tinted lines. In mode
    "auto" the result is transparent where the line art is: a drawing of ink alone keeps the paper outside the figure
    transparent, a drawing with an opaque body keeps its own alpha, and a stencil, opaque but for holes to be coloured,
    comes out opaque. "transparent" makes the paper outside the figure transparent, "paper" lays everything over it.
    """
    line_art = LineArt(picture)
    lines = resolve_lines(lines, line_art)
    layer = restyle_ink(line_art.layer, lines, ink)
    return finish_layer(picture, layer, colour, background, mode=mode, multiplied=lines == "multiply")


def finish_layer(
    picture: Picture, layer: U8, colour: U8, background: Mask, *, mode: Background, multiplied: bool = False
) -> U8:
    """The same as `finish`, with the line art as a layer, RGBA (H, W, 4), and whether it multiplies the colour."""
    lay = multiply if multiplied else composite
    alpha = None if mode != "auto" or picture.alpha is None or _is_stencil(picture.alpha) else picture.alpha
    if alpha is not None and not _is_ink_only(picture.rgb, alpha):
        return np.dstack([lay(_within(layer, alpha), colour), alpha])
    flat = lay(layer, colour)
    if mode == "paper" or (mode == "auto" and alpha is None):
        return flat
    body = np.dstack([flat, np.full(flat.shape[:2], 255, np.uint8)])
    return np.where(background[..., None], layer, body)


def _within(layer: U8, alpha: U8) -> U8:
    """Return the ink of what a picture covers of a pixel: at its soft edge, ink of the same alpha covers all of that.

    Else paper would shine through the ink there, as a light fringe, since the result has the picture's alpha once more.
    """
    soft = np.flatnonzero((alpha > 0) & (alpha < 255) & (layer[..., 3] > 0))
    within = layer.copy()
    own, share = alpha.reshape(-1)[soft].astype(np.uint32), layer.reshape(-1, 4)[soft, 3].astype(np.uint32)
    within.reshape(-1, 4)[soft, 3] = np.minimum((255 * share + own // 2) // own, 255)
    return within


def _is_stencil(alpha: U8) -> bool:
    """Whether a picture is opaque all along its border: transparent are holes in it, not what lies around it."""
    border = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
    return bool(border.min() >= 128)


def _is_ink_only(rgb: U8, alpha: U8) -> bool:
    """Whether what is opaque in a drawing with alpha is ink, not paper: then its transparency is the paper."""
    solid = alpha >= 128
    light = solid & (rgb.min(axis=2) > 192)
    return bool(np.count_nonzero(light) * 2 < np.count_nonzero(solid))
