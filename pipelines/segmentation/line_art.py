"""Turns a picture of line art into a line drawing or a layer of ink, by what is ink in it and what is paper.

Tone is the darkest channel, min(r, g, b): it is low for ink of any hue, yellow and light blue too, where luminance is
not. Paper is the highest peak of its histogram on the light side, solid ink what the dark end of the rest agrees on.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F32, U8
from pipelines.core.imaging.compositing import join_alpha, over_white
from pipelines.core.imaging.picture import Picture
from pipelines.segmentation.paper import Paper
from pipelines.segmentation.polarity import exchange_light_and_dark, is_light_on_dark

_LEAST_CONTRAST = 16  # levels between paper and ink below which there is one flat tone
_LIGHTEST_SHEET = 192  # a paper whose darkest channel is below this is a coloured or a dark sheet
_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
_BLACK = 48.0  # luma: solid ink that is no lighter is black


@dataclass(frozen=True)
class Levels:
    """Tones 0..255 of `paper` (and whatever is lighter) and of solid `ink`; `flat` where nothing tells them apart."""

    paper: int
    ink: int
    flat: bool


class _Sheet(NamedTuple):
    """A page as it is laid over colour, and as its lines are read."""

    seen: U8  # RGB (H, W, 3), on white paper
    tone: U8  # (H, W), its darkest channel
    levels: Levels
    line_tone: U8  # (H, W), the same of the page as its lines are read
    line_levels: Levels
    is_cleaned: bool


class LineArt:
    """A picture of line art, read once: as a drawing (`line_drawing`) and as a layer (`ink_layer`).

    clean: whether paper is whitened and light flattened (`paper.py`); None: where paper is not white.
    """

    def __init__(self, picture: Picture, *, clean: bool | None = None) -> None:
        self._rgb, self._alpha, self._clean = picture.rgb, picture.alpha, clean

    @property
    def is_cleaned(self) -> bool:
        """Whether paper was whitened."""
        return self._sheet.is_cleaned

    @cached_property
    def is_grey(self) -> bool:
        """Whether its ink is no black: laid on a dark fill, it would be lighter than that."""
        if self._alpha is not None and self._is_light_ink:
            return False
        seen, tone, levels, *_ = self._sheet
        if levels.flat:
            return self.is_cleaned
        if self.is_cleaned:
            return True
        solid = cv2.compare(tone, np.array([levels.ink], np.float64), cv2.CMP_LE)
        return float(np.array(cv2.mean(seen, solid)[:3]) @ _LUMA) > _BLACK

    @cached_property
    def drawing(self) -> U8:
        """What `line_drawing` returns."""
        if self._alpha is not None and self._is_light_ink:
            tone = np.asarray(cv2.bitwise_not(self._alpha), np.uint8)
            levels = _levels(_histogram(tone))
        else:
            tone, levels = self._sheet.line_tone, self._sheet.line_levels
        return _look_up(tone, _stretch(levels))

    @cached_property
    def layer(self) -> U8:
        """What `ink_layer` returns."""
        rgb, alpha = self._rgb, self._alpha
        if alpha is not None and self._is_light_ink:
            return join_alpha(rgb, alpha)
        seen, tone, levels, *_ = self._sheet
        table = _alpha_by_tone(levels)
        if alpha is None:
            return _lossless_layer(seen, _look_up(tone, table))
        if is_light_on_dark(over_white(rgb, alpha)):
            rgb = exchange_light_and_dark(rgb)
        derived = _look_up(_tone(rgb), table)
        product = cv2.max(cv2.multiply(alpha, derived, scale=1 / 255), cv2.bitwise_not(tone))
        layer = _lossless_layer(seen, np.asarray(product, np.uint8))
        return np.asarray(cv2.copyTo(join_alpha(rgb, alpha), _above(derived, 254), layer), np.uint8)

    @cached_property
    def _is_light_ink(self) -> bool:
        return self._alpha is not None and _is_light_ink(self._rgb, self._alpha)

    @cached_property
    def _sheet(self) -> _Sheet:
        return _read_sheet(self._rgb, self._alpha, self._clean)


def line_drawing(picture: Picture, *, clean: bool | None = None) -> U8:
    """Return a picture of line art as a line drawing, uint8 (H, W), 0 = ink, 255 = paper.

    Tone is the darkest channel, so that a yellow or light blue line counts; it is stretched until paper is 255 and
    solid ink is 0, where both are read off the histogram (grey paper, faint pencil, noise of scans and of JPEG).
    Clean black on white passes unchanged.

    Light lines on a dark ground come out dark on light. Where paper is transparent it is white, and ink that would
    vanish on white (white lines on a transparent ground) is read off the alpha. A picture of one flat tone is all
    paper, or all ink where it is darker than middle grey.
    """
    return LineArt(picture, clean=clean).drawing


def ink_layer(picture: Picture, *, clean: bool | None = None) -> U8:
    """Return a picture of line art as a layer, uint8 RGBA (H, W, 4), that over white gives the picture back exactly.

    Solid ink, pixels as dark as the drawing's own ink, is opaque in its own colour and comes out unchanged over any
    colour; paper is transparent; between them alpha falls in a straight line with tone, so that soft edges blend
    without a halo. Alpha that the picture has is kept as an upper bound: paper within a cut-out figure turns
    transparent, and ink alone on a transparent ground stays what it is, light ink too.

    Two kinds cannot be exact, since opaque paper would hide all colour: light lines on a dark ground are exchanged
    light for dark (hues stay), and paper darker than 3/4 in some channel, a coloured sheet, is taken for white.
    """
    return LineArt(picture, clean=clean).layer


# levels


def _tone(rgb: U8) -> U8:
    red, green, blue = cv2.split(rgb)
    return np.asarray(cv2.min(cv2.min(red, green), blue), np.uint8)


def _look_up(tone: U8, table: U8) -> U8:
    """Return table[tone], uint8 (H, W), of a table (256,)."""
    return np.asarray(cv2.LUT(tone, table), np.uint8)


def _above(levels: U8, limit: float) -> U8:
    """Return the mask, 0 or 255, of the levels above a limit."""
    return np.asarray(cv2.threshold(levels, limit, 255, cv2.THRESH_BINARY)[1], np.uint8)


def _levels(counts: F32) -> Levels:
    present = np.flatnonzero(counts)
    middle = (int(present[0]) + int(present[-1]) + 1) // 2
    peak = middle + int(np.argmax(counts[middle:]))
    darker = counts[: max(peak - _LEAST_CONTRAST, 0)]
    if not darker.any():
        return Levels(peak, peak, flat=True)
    darkest = _quantile(darker, 0.05)
    ink = _quantile(darker[: darkest + (peak - darkest) // 4 + 1], 0.75)
    contrast = peak - ink
    # twice the upper quartile of how far paper lies below its peak: 2.3 standard deviations of grain, 0 if clean
    noise = 2 * _quantile(counts[peak - contrast // 2 : peak + 1][::-1], 0.75)
    return Levels(peak - min(noise, contrast // 4), ink, flat=contrast < max(_LEAST_CONTRAST, 3 * noise))


def _histogram(tone: U8, mask: U8 | None = None) -> F32:
    return np.asarray(cv2.calcHist([tone], [0], mask, [256], [0, 256]), np.float32).ravel()


def _quantile(counts: F32, share: float) -> int:
    """Return the least level such that at least `share` of what is counted lies at or below it."""
    below = np.cumsum(counts, dtype=np.float64)
    return int(np.searchsorted(below, share * below[-1]))


def _stretch(levels: Levels) -> U8:
    """Return the table that takes ink to 0 and paper to 255; one flat tone is paper unless darker than middle grey."""
    if levels.flat:
        return np.full(256, 255 if levels.paper >= 128 else 0, np.uint8)
    steps = (np.arange(256) - levels.ink) * (255 / (levels.paper - levels.ink))
    return np.asarray(np.clip(np.rint(steps), 0, 255), np.uint8)


# layers


def _alpha_by_tone(levels: Levels) -> U8:
    """Return the alpha of each tone: 255 at solid ink, at paper the least possible, a straight line between.

    Over white, alpha below 255 - t can't give tone t, so that is the least. On white paper the line is
    255 (255 - t) / (255 - ink), which for black ink is the least everywhere: the well-known "colour to alpha".
    """
    tones = np.arange(256)
    least = 255 - tones
    if levels.flat:
        return (least if levels.paper >= 128 else np.full(256, 255)).astype(np.uint8)
    veil = 255 - levels.paper
    rising = veil + (levels.paper - tones) * (255 - veil) / (levels.paper - levels.ink)
    return np.clip(np.ceil(np.maximum(least, rising)), 0, 255).astype(np.uint8)


def _lossless_layer(seen: U8, alpha: U8) -> U8:
    """Return the layer of this alpha that over white is exactly what was `seen` there; alpha >= 255 - min(seen).

    255 - c = (255 - seen) 255 / a. Rounding c costs up to half a level times a / 255, which is less than half where
    a < 255, and nothing where a = 255: laid over white it rounds back.
    """
    missing = cv2.divide(cv2.bitwise_not(seen), cv2.merge([alpha, alpha, alpha]), scale=255)  # by alpha 0: 0
    return join_alpha(np.asarray(cv2.bitwise_not(missing), np.uint8), alpha)


# polarity and paper


def _is_light_ink(rgb: U8, alpha: U8) -> bool:
    """Tell whether all that is opaque is of one light tone: ink that would vanish on white, on a transparent ground."""
    highest = cv2.minMaxLoc(alpha)[1]
    opaque = _above(alpha, min(highest, 250.0) - 1)
    if highest == 0 or cv2.countNonZero(opaque) == alpha.size:
        return False
    counts = _histogram(_tone(rgb), opaque)
    darkest, lightest = _quantile(counts, 0.001), int(np.flatnonzero(counts)[-1])
    return darkest >= _LIGHTEST_SHEET and lightest - darkest < 48


def _read_sheet(rgb: U8, alpha: U8 | None, clean: bool | None) -> _Sheet:
    """Return the page on white paper: light on dark exchanged, paper that is not white whitened."""
    seen = over_white(rgb, alpha)
    if is_light_on_dark(seen):
        seen = exchange_light_and_dark(seen)
    paper = Paper(seen)
    tone, levels = paper.tone, _levels(paper.counts)
    if clean is None:
        clean = _is_to_be_cleaned(paper, levels, is_opaque=alpha is None)
    if not clean or paper.is_clean:
        return _Sheet(seen, tone, levels, tone, levels, is_cleaned=False)
    tone, line_tone = _tone(paper.cleaned), _tone(paper.flat)
    levels, line_levels = _levels(_histogram(tone)), _levels(_histogram(line_tone))
    return _Sheet(paper.cleaned, tone, levels, line_tone, line_levels, is_cleaned=True)


def _is_to_be_cleaned(paper: Paper, levels: Levels, *, is_opaque: bool) -> bool:
    """Tell whether paper is not white; in a cut-out figure it may be grey, but not a coloured or a dark sheet."""
    if paper.is_clean or _is_one_tone(paper.rgb):
        return False
    lighter = float(paper.counts[levels.paper + 24 :].sum())
    return is_opaque or (levels.paper < _LIGHTEST_SHEET and lighter * 100 <= paper.counts.sum())


def _is_one_tone(rgb: U8) -> bool:
    """Tell whether nearly all of a picture has one tone, dark or light: there is no ink to be told from paper."""
    return all(np.ptp(np.percentile(channel, [0.1, 99.9])) < _LEAST_CONTRAST for channel in cv2.split(rgb))
