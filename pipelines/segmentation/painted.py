"""Tells a picture that is coloured already from line art: how much of its figure is filled with colours of its own.

Strokes are taken away first, dark ones by a closing and light ones by an opening, so that coloured pencil, hatching and
brown or blue ink do not count. What is left is paper, evenly or unevenly lit, or areas of colour. A pixel is painted
where its chromaticity is not the paper's:

    c = (log2((r + 8) / (g + 8)), log2((b + 8) / (g + 8))),   |c - c of paper| > .22

which light that falls off leaves as it is; and painted areas end at edges, where shadows and stains of scans fade out.
Greys are never painted, so pages in tones of grey are line art. The figure is what cannot be reached from the border
over paper.
"""

from typing import NamedTuple

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F32, U8, Mask
from pipelines.core.imaging.compositing import fit, over_white
from pipelines.core.imaging.picture import Picture

_SIZE = 320  # px of the longer side at which a picture is looked at
_WINDOW = 13  # px at that size: wider than any stroke
_NOT_PAPER = 0.22  # in chromaticity: pale skin is .3 from white, JPEG and scanners' tints of white paper below .1
_FAINT = 0.45  # in chromaticity: the blue of a shadow in the sun is .3 from the light
_DARKEST = 40  # level of the lightest channel: below it colours are not seen
_SHARP = 0.8  # of _NOT_PAPER: by how much chromaticity changes, at least, within 5 px of an edge
_COLOURED = 12  # levels between the channels of a pixel: less is grey
_BIN = 0.06  # in chromaticity
_BINS = 64
_FINISHED = 0.5  # of the figure's paper that is painted: it is coloured already
_PARTLY = 0.12  # the same: some of it is; thick coloured pencil reaches .1
_LEAST_PAGE = 0.015  # of the page


class Painted(NamedTuple):
    """How much of a picture is painted."""

    share: float  # of the figure without its ink, 0..1
    of_page: float  # 0..1

    @property
    def is_finished(self) -> bool:
        """Whether it is coloured already, all or most of it."""
        return self.share >= _FINISHED and self.of_page >= _LEAST_PAGE

    @property
    def is_partly(self) -> bool:
        """Whether some of it is."""
        return not self.is_finished and self.share >= _PARTLY and self.of_page >= _LEAST_PAGE


def find_painted(picture: Picture) -> Painted:
    """Measure how much of a picture is filled with colours that are not its paper's."""
    if _is_grey(picture):
        return Painted(0.0, 0.0)
    seen = fit(over_white(picture.rgb, picture.alpha), _SIZE)
    painted = _painted(seen)
    figure = _enclosed(seen, painted)
    ink = seen.max(axis=2) < _DARKEST * 2
    room = np.count_nonzero(figure & ~(ink & ~painted))
    share = float(np.count_nonzero(painted & figure)) / max(int(room), 1)
    return Painted(share, float(painted.mean()))


def painted_mask(picture: Picture, paper: U8) -> Mask:
    """Tell where a picture is painted, bool (H, W), to the middle of the lines around; paper: 0 = ink, (H, W)."""
    height, width = paper.shape
    small = _painted(fit(over_white(picture.rgb, picture.alpha), _SIZE)).view(np.uint8)
    grown = cv2.dilate(small, np.ones((3, 3), np.uint8))
    inner, outer = (cv2.resize(each, (width, height), interpolation=cv2.INTER_NEAREST) > 0 for each in (small, grown))
    has_colour = _levels_apart(picture.rgb) >= _COLOURED
    return np.asarray((inner & has_colour) | (outer & (paper == 0)))


def _painted(seen: U8) -> Mask:
    """Tell where a picture on white, RGB of at most _SIZE px, is painted."""
    ground = _without_strokes(seen)
    chromaticity = _chromaticity(ground)
    visible = ground.max(axis=2) >= _DARKEST
    if not visible.any():
        return np.asarray(visible)
    strength = np.linalg.norm(chromaticity - _paper_of(ground, chromaticity, visible), axis=2)
    return _without_shadows(np.asarray(visible & (strength > _NOT_PAPER)), strength, chromaticity)


def _is_grey(picture: Picture) -> bool:
    """Whether hardly any pixel has a colour, by a sample of them: most line art is done with."""
    step = max(1, max(picture.rgb.shape) // _SIZE)
    alpha = None if picture.alpha is None else np.ascontiguousarray(picture.alpha[::step, ::step])
    apart = _levels_apart(over_white(np.ascontiguousarray(picture.rgb[::step, ::step]), alpha))
    return bool(np.count_nonzero(apart >= _COLOURED) < _LEAST_PAGE / 3 * apart.size)


def _levels_apart(rgb: U8) -> U8:
    """By how many levels the channels of each pixel differ, (H, W)."""
    red, green, blue = cv2.split(rgb)
    lightest, darkest = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    return np.asarray(cv2.subtract(lightest, darkest), np.uint8)


def _without_strokes(rgb: U8) -> U8:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_WINDOW, _WINDOW))
    light = cv2.morphologyEx(rgb, cv2.MORPH_CLOSE, disc, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.medianBlur(cv2.morphologyEx(light, cv2.MORPH_OPEN, disc), 5), np.uint8)


def _chromaticity(rgb: U8) -> F32:
    """The logarithms of the ratios of red and blue to green, (H, W, 2)."""
    logs = np.log2(rgb.astype(np.float32) + 8)
    return np.asarray(logs[..., ::2] - logs[..., 1:2], np.float32)


def _paper_of(ground: U8, chromaticity: F32, visible: Mask) -> F32:
    """The chromaticity of the paper, (2,): the commonest of the page or that along its border, whichever is lighter."""
    height, width = visible.shape
    band = max(2, max(height, width) // 25)
    inner = np.zeros_like(visible)
    inner[band : height - band, band : width - band] = True
    light = ground.max(axis=2)
    candidates = [_commonest(chromaticity, where) for where in (visible, visible & ~inner) if where.any()]
    near = [visible & (np.linalg.norm(chromaticity - one, axis=2) < _NOT_PAPER / 2) for one in candidates]
    lightness = [float(light[where].mean()) if where.any() else 0.0 for where in near]
    return candidates[int(np.argmax(lightness))]


def _commonest(chromaticity: F32, visible: Mask) -> F32:
    """The chromaticity, (2,), of the most pixels."""
    values = chromaticity[visible]
    cells = np.clip(np.rint(values / _BIN) + _BINS // 2, 0, _BINS - 1).astype(np.intp)
    counts = np.bincount(cells[:, 0] * _BINS + cells[:, 1], minlength=_BINS * _BINS).reshape(_BINS, _BINS)
    smooth = cv2.blur(counts.astype(np.float32), (3, 3), borderType=cv2.BORDER_CONSTANT)
    peak = np.array(np.unravel_index(int(smooth.argmax()), smooth.shape))
    near = np.abs(cells - peak).max(axis=1) <= 1
    return np.asarray(values[near].mean(axis=0), np.float32)


def _without_shadows(painted: Mask, strength: F32, chromaticity: F32) -> Mask:
    """What of the painted pixels, (H, W), lies in parts most of whose outline is an edge.

    Faint parts that run off the page are shadows, however sharp, and what surrounds all else is a desk or a frame.
    """
    window = np.ones((5, 5), np.uint8)
    steps = [cv2.morphologyEx(chromaticity[..., index], cv2.MORPH_GRADIENT, window) for index in range(2)]
    sharp = np.hypot(*steps) > _NOT_PAPER * _SHARP
    count, parts = cv2.connectedComponents(painted.view(np.uint8), connectivity=4, ltype=cv2.CV_32S)
    inner = cv2.erode(painted.view(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=1)
    outline = painted & (inner == 0)
    length = np.bincount(parts[outline], minlength=count)
    edged = np.bincount(parts[outline & sharp], minlength=count)
    edge = np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]])
    area = np.maximum(np.bincount(parts.reshape(-1), minlength=count), 1)
    is_faint = np.bincount(parts.reshape(-1), strength.reshape(-1), count) < _FAINT * area
    at_edge = np.bincount(edge, minlength=count)
    keeps = (edged * 2 > length) & ~(is_faint & (at_edge > 0)) & (at_edge * 2 < len(edge))
    keeps[0] = False
    return np.asarray(keeps[parts])


def _enclosed(rgb: U8, painted: Mask) -> Mask:
    """What cannot be reached from the picture's border over what is neither ink nor painted, (H, W)."""
    tone = rgb.min(axis=2)
    paper = np.percentile(tone, 90)
    free = ((tone > 0.7 * paper) & ~painted).view(np.uint8)
    _, parts = cv2.connectedComponents(np.pad(free, 1, constant_values=1), connectivity=4, ltype=cv2.CV_32S)
    return np.asarray(parts[1:-1, 1:-1] != parts[0, 0])
