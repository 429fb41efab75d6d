"""Finds the pixels of a picture whose colour is a fill: opaque, not ink, not the mixture of two colours at an edge."""

import cv2
import numpy as np

from pipelines.core.imaging.arrays import U8, Mask

_INK_CONTRAST = 40  # levels by which ink is darker than what surrounds it
_PAPER = 250  # the least channel value of white paper
_SMEARED_PAPER = 235  # the same where a JPEG smears the figure over it
_BLOCK = 8  # px: how far that reaches
_PAPER_SHARE = 0.5  # part of the picture's border that must be paper for paper to be its background
_GROUND_SHARE = 0.9  # the same of another colour: what framing asks of a background (`core.imaging.framing`)
_GROUND_TOLERANCE = 16  # levels by which its channels may differ, the same
_SMEARED_GROUND = 24  # levels, where a JPEG smears the figure over it
_LEAST_SHARE = 0.2  # part of the drawn pixels that must be fills before edge pixels are left out


def find_hintable(image: U8, alpha: U8 | None, *, skip_paper: bool, any_colour: bool = False) -> Mask:
    """Return the pixels that may get hints, bool (H, W): the figure, with whatever white it encloses.

    Framing asks another question, where the figure is (`core.imaging.framing.find_foreground`): to it, background is
    every pixel of the border's colour, whatever that is, and alpha counts from half.
    With transparency: the fully opaque pixels, or where there are none, those of at least half the greatest alpha.
    Without: all, except white paper connected to the border if skip_paper and half of the border is such paper. With
    any_colour the same is true of a plain ground of another colour, if nine tenths of the border have it.
    """
    if alpha is not None and alpha.min() < 255:
        least = 255 if (alpha == 255).any() else max(int(alpha.max()) // 2, 1)
        opaque: Mask = alpha >= least
        return opaque
    if not skip_paper:
        return np.ones(image.shape[:2], np.bool_)
    ground = _border_paper(image)
    if any_colour and not ground.any():
        ground = _border_ground(image)
    return ~ground


def _border_paper(image: U8) -> Mask:
    """Return white paper connected to the border, or nothing if less than half of the border is paper.

    What a JPEG smears over the paper close to the figure belongs to it.
    """
    darkness = _greatest(~image)
    paper = darkness <= 255 - _PAPER
    border = np.concatenate([paper[0], paper[-1], paper[:, 0], paper[:, -1]])
    if border.mean() < _PAPER_SHARE:
        return np.zeros_like(paper)
    return _connected_to_border(paper, smeared=darkness <= 255 - _SMEARED_PAPER)


def _border_ground(image: U8) -> Mask:
    """Return the plain ground connected to the border; nothing where the border has no one colour, or all is ground."""
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    colour = np.rint(np.median(border, axis=0))
    near = (np.abs(border - colour) <= _GROUND_TOLERANCE).all(axis=1)
    if near.mean() < _GROUND_SHARE:
        return np.zeros(image.shape[:2], np.bool_)
    distance = _greatest(np.abs(image - colour.astype(np.int16)).astype(np.uint8))
    ground = _connected_to_border(distance <= _GROUND_TOLERANCE, smeared=distance <= _SMEARED_GROUND)
    return ground if not ground.all() else np.zeros_like(ground)


def _connected_to_border(ground: Mask, *, smeared: Mask) -> Mask:
    """Return the parts of a ground that reach the border, and what is smeared over them close to the figure."""
    labels = cv2.connectedComponents(ground.astype(np.uint8), connectivity=4)[1]
    at_border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    outside = np.zeros(labels.max() + 1, np.bool_)
    outside[at_border] = True
    outside[0] = False  # what is no ground
    background: U8 = outside[labels].astype(np.uint8)
    open_to_it = smeared.astype(np.uint8)
    for _ in range(_BLOCK):  # pixel by pixel, so that it stops at lines
        background |= np.asarray(cv2.dilate(background, np.ones((3, 3), np.uint8)), np.uint8) & open_to_it
    return background > 0


def find_fills(image: U8, figure: Mask, *, ink_width: float, ink_value: int, edge: int) -> Mask:
    """Return the figure's pixels that are fills, bool (H, W); there are some wherever the figure has a pixel.

    ink_width: strokes up to this many px wide that are darker than both sides are ink if their value max(r, g, b)
    is at most ink_value (levels); wider dark areas are fills. edge: levels by which the colours of a pixel and its
    eight neighbours may differ in a channel before the pixel counts as an edge. In pictures so small or so rough that
    few pixels pass, edges count as fills too; in pictures of ink alone, the ink does.
    """
    drawn = figure & ~_find_ink(image, figure, ink_width, ink_value)
    if not drawn.any():
        return figure
    square = np.ones((3, 3), np.uint8)
    contrast = _greatest(np.asarray(cv2.morphologyEx(image, cv2.MORPH_GRADIENT, square), np.uint8))
    flat: Mask = drawn & (contrast <= edge)
    return flat if flat.sum() >= _LEAST_SHARE * drawn.sum() else drawn


def _find_ink(image: U8, figure: Mask, width: float, value_limit: int) -> Mask:
    """Return thin dark strokes: what a morphological closing of the value, wider than the strokes, fills up."""
    value = np.where(figure, _greatest(image), np.uint8(255))
    side = 2 * round(width / 2) + 1
    closed = cv2.morphologyEx(value, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    ink: Mask = (value <= value_limit) & (closed.astype(np.int16) - value > _INK_CONTRAST)
    return ink


def _greatest(image: U8) -> U8:
    """Return max(r, g, b), (H, W), thirty times faster than a maximum over the last axis."""
    return np.asarray(np.maximum(np.maximum(image[..., 0], image[..., 1]), image[..., 2]), np.uint8)
