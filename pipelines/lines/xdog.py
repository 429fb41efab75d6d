"""Draws lines by the extended difference of Gaussians, as published, and cleans them if asked.

With I the luminance of the picture in [0, 1] and G_s a Gaussian of standard deviation s pixels:

    D(x) = G_sigma * I (x)  -  gamma * G_(k sigma) * I (x)
    T(x) = 1                              where D(x) >= epsilon      (paper)
           1 + tanh(phi (D(x) - epsilon)) elsewhere                  (towards ink)

Holger Winnemoeller, Jan Eric Kyprianidis, Sven C. Olsen: XDoG: An eXtended difference-of-Gaussians compendium including
advanced image stylization. Computers & Graphics 36(6), 2012, doi:10.1016/j.cag.2012.03.004; gamma is their tau.

Presets. PaintsTorch (epsilon -0.1) and SALAC (epsilon -0.5, parameters drawn anew for every picture, lines drawn on a
picture upscaled 4 times and resized afterwards) state their epsilon without a unit. As a share of white, -0.5 can never
be reached and gives blank paper, and -0.1 loses every line on a mid tone; read as grey levels of 255, both give the
drawings that the papers show. So the presets hold -0.1 / 255 and -0.5 / 255. SALAC upscales with a super-resolution
network, which keeps edges sharp; here pixels are repeated, which does so too. (Bicubic interpolation spreads an edge
over more pixels than Gaussians of sigma .3 see, and loses lines.)

Known weaknesses of the formula, and what `clean` does about them: it draws the two sides of a thick line and leaves the
middle empty, it draws the dark side of every border between two tones, and it sprinkles dark areas with specks, or
fills them where epsilon is high. `clean` measures how dark the ink is (the median over what the formula drew in narrow
valleys), keeps only the valleys that are near that and narrower than `window`, fills each one that holds ink, and drops
the rest, but for the outlines of areas that are as dark as the lines.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F32, U8, Mask
from pipelines.core.settings import check_number, check_range
from pipelines.lines._ranges import draw, ends
from pipelines.lines._strokes import (
    at_least,
    at_most,
    depth_above,
    depth_below,
    ground_under,
    odd,
    share_of,
    side_of,
    square,
    tone,
)

_STRIP = 1 << 22  # upscaled pixels that are worked on at once, which bounds the memory for large pictures
_LEAST_DEPTH = 16  # grey levels by which a cleaned line is at least darker than what lies beside it
_CLEAN_SPREAD = 48  # grey levels above the median ink that still pass for ink
_CLEAN_SHARE = 0.4  # of the way from ink to what lies beside it: below is line


@dataclass(frozen=True)
class Params:
    """Settings of XDoG; where a range LOW,HIGH is given, each picture draws its own value."""

    sigma: Annotated[
        float | tuple[float, float], "standard deviation of the smaller Gaussian, px of the upscaled picture"
    ] = 0.4
    sigma_step: Annotated[float, "draw sigma in steps of this from its lower end; 0 = any value in the range"] = 0.0
    k: Annotated[float | tuple[float, float], "standard deviation of the larger Gaussian, in sigmas"] = 4.5
    gamma: Annotated[float | tuple[float, float], "weight of the larger Gaussian (tau in the XDoG paper)"] = 0.95
    epsilon: Annotated[
        float | tuple[float, float],
        "difference, as a share of white, below which there is ink",
    ] = -0.1 / 255
    phi: Annotated[float, "steepness from paper to ink, per share of white; 1e9 = no grey between"] = 1e9
    upscale: Annotated[int, "draw on a picture this many times larger, then resize (late resizing)"] = 1
    clean: Annotated[bool, "drop specks and borders between tones, empty filled areas, fill thick lines"] = False
    window: Annotated[float, "widest line that clean keeps, as a share of the picture's side"] = 0.06

    def __post_init__(self) -> None:
        check_range("sigma", self.sigma, 0.05, 100)
        check_number("sigma_step", self.sigma_step, 0, 100)
        check_range("k", self.k, 1, 100)
        check_range("gamma", self.gamma, 0, 2)
        check_range("epsilon", self.epsilon, -2, 2)
        check_number("phi", self.phi, 1e-3, 1e12)
        check_number("upscale", self.upscale, 1, 16)
        check_number("window", self.window, 0.001, 0.5)


PRESETS: dict[str, Params] = {
    "paintstorch": Params(sigma=(0.3, 0.5), sigma_step=0.1),
    "paintstorch-clean": Params(sigma=(0.3, 0.5), sigma_step=0.1, clean=True),
    "salac": Params(sigma=(0.3, 0.7), k=(2, 5), gamma=(0.94, 0.96), epsilon=-0.5 / 255, upscale=4),
    "salac-clean": Params(sigma=(0.3, 0.7), k=(2, 5), gamma=(0.94, 0.96), epsilon=-0.5 / 255, upscale=4, clean=True),
}


@dataclass(frozen=True)
class Formula:
    """The parameters of one picture: `Params` with every range drawn."""

    sigma: float
    k: float
    gamma: float
    epsilon: float
    phi: float


def extract(image: U8, params: Params, rng: np.random.Generator) -> U8:
    """Return the line drawing of a picture, uint8 (H, W), 0 = ink, 255 = paper.

    `image` is uint8 RGB (H, W, 3); `rng` draws sigma, k, gamma and epsilon, in this order, where they are ranges.
    """
    formula = Formula(
        draw(params.sigma, rng, step=params.sigma_step),
        draw(params.k, rng),
        draw(params.gamma, rng),
        draw(params.epsilon, rng),
        params.phi,
    )
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
    lines = np.concatenate([_draw_strip(rows, formula, params.upscale, inner) for rows, inner in _strips(grey, params)])
    return _cleaned(lines, tone(image), params) if params.clean else lines


def thresholded_difference(luminance: F32, formula: Formula) -> F32:
    """T of the formula above for luminance in [0, 1], float32 (H, W): 1 = paper, 0 = ink."""
    narrow = cv2.GaussianBlur(luminance, (0, 0), formula.sigma, borderType=cv2.BORDER_REPLICATE)
    wide = cv2.GaussianBlur(luminance, (0, 0), formula.sigma * formula.k, borderType=cv2.BORDER_REPLICATE)
    over = narrow - formula.gamma * wide - formula.epsilon
    paper = np.ones(luminance.shape, np.float32)
    inked = over < 0
    paper[inked] += np.tanh(formula.phi * over[inked])
    return paper


def _strips(grey: U8, params: Params) -> Iterator[tuple[U8, slice]]:
    """Cut a picture into strips of rows with the margin that both Gaussians need; the slice is the strip without it."""
    height, width = grey.shape
    reach = 5 * ends(params.sigma)[1] * ends(params.k)[1] / params.upscale
    margin = math.ceil(reach) + 1
    rows = max(margin, _STRIP // (width * params.upscale**2))
    for top in range(0, height, rows):
        first, bottom = max(0, top - margin), min(height, top + rows)
        yield grey[first : min(height, bottom + margin)], slice(top - first, bottom - first)


def _draw_strip(rows: U8, formula: Formula, upscale: int, inner: slice) -> U8:
    height, width = rows.shape
    large = rows.repeat(upscale, axis=0).repeat(upscale, axis=1)
    drawn = thresholded_difference(large.astype(np.float32) / np.float32(255), formula)
    small = cv2.resize(drawn, (width, height), interpolation=cv2.INTER_AREA)
    return np.rint(small[inner] * 255).astype(np.uint8)


def _cleaned(lines: U8, grey: U8, params: Params) -> U8:
    """Keep ink in the valleys of the lines and around areas as dark; fill the valleys that hold any; drop the rest."""
    ground = ground_under(grey, odd(max(5, params.window * side_of(grey))))
    deep = at_least(depth_below(ground, grey), _LEAST_DEPTH)
    level = _ink_level(grey, ground, (deep > 0) & (lines < 128))
    if level is None:
        return np.full(lines.shape, 255, np.uint8)
    share = share_of(depth_above(grey, level), depth_above(ground, level))
    valleys = deep & at_most(share, 255 * _CLEAN_SHARE) & at_most(grey, level + _CLEAN_SPREAD)
    filled = _holding_ink(valleys, lines, least=max(4.0, (side_of(grey) / 256) ** 2))
    beside = np.asarray(cv2.dilate(filled.astype(np.uint8), square(3)), bool)
    kept = beside | (ground <= level + _LEAST_DEPTH)
    return np.where(filled, np.uint8(0), np.where(kept, lines, np.uint8(255)))


def _ink_level(grey: U8, ground: U8, inked: Mask) -> int | None:
    """Median level of the ink, of that which is at most half as bright as its surroundings where there is such."""
    strong = inked & (grey <= ground // 2)
    levels = grey[strong] if strong.any() else grey[inked]
    return int(np.median(levels)) if levels.size else None


def _holding_ink(valleys: U8, lines: U8, *, least: float) -> Mask:
    """Connected parts (8 neighbours) of the valleys that have `least` pixels and ink in one of them."""
    count, labels, parts, _ = cv2.connectedComponentsWithStats(valleys, connectivity=8)
    kept = (np.bincount(labels[lines < 128], minlength=count) > 0) & (parts[:, cv2.CC_STAT_AREA] >= least)
    kept[0] = False
    return np.asarray(kept[labels], bool)
