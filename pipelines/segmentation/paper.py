"""Reads the paper of a scan or photo: how light it is at each place, how rough, and what the page is like without it.

What lies under the ink is a closing: the largest tone that a disc wider than any stroke keeps. So it follows light that
falls off, a shadow across the page and grey tones of areas, up to their edges. A page is

    clean    white paper: nothing is to be done, nothing is changed
    tinted   paper of any colour, evenly or unevenly lit: each channel is divided by the paper's, so that paper is white
    toned    areas in tones of grey that lines divide, as of comic pages: tones stay, but are paper where lines are read

The paper's grain is what is left of it after the division, by its median absolute deviation. Specks that are no darker
than grain makes them are paper; strokes keep their tone, from where they begin to where they are darkest.

Source: the division is the usual flat-field correction; closing as an estimate of the ground after J. Serra, "Image
Analysis and Mathematical Morphology", 1982.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F32, U8, Mask
from pipelines.core.imaging.compositing import fit

_SMALL = 512  # px of the longer side at which paper is estimated
_WINDOW = 0.05  # of the longer side: wider than any stroke
_TONED_WINDOW = 0.02  # the same where areas have tones: a narrow area is no stroke
_COARSE = 64  # px of the longer side at which paper is looked for around solid ink
_DARKEST_SHADOW = 0.5  # of the light around it
_DARKEST_TONE = 0.35  # of the paper around it: a darker area is ink
_SMOOTHED = 256  # px: smaller pictures are pixel art, and not smoothed
_SMOOTHING = 1.2  # px at that size
_LEVEL = 8  # levels over 5 px: tones that change less are an area, not an edge
_DARKEST, _LIGHTEST = 24, 232  # tones between are grey
_GREY_AREAS = 0.18  # of the page: with more areas of grey it is not clean; clean line art had .15 at most
_LIGHT_SHARE = 0.3  # of the page is paper, at least, where nothing is drawn in solid black
_WHITE = 250  # the darkest channel of white paper, at least
_TWO_LEVELS = 0.97  # of pixels that are black or white: the page has one bit
_DOTS = 0.04  # of its pixels that are unlike all four beside them: they are dots
_FAR_DOTS = 0.01  # the same, of those that are unlike all eight around them
_DESCREENED = 2.0  # px: dots are smoothed by
_STEP = 14  # levels over 5 px: an edge between tones
_STEPS_AT_INK = 0.6  # of such edges that lie at lines: they are tones of areas, not shadows
_LEAST_STEPS = 0.03  # of the page: toned pages had .06 and more, solid ink alone .011 at most
_PAPER = 0.85  # of its paper's tone: lighter pixels are surely paper
_GRAIN = 2.5  # deviations of grain that are paper
_SPECK, _STROKE = 3.0, 8.0  # deviations of smoothed grain from which a pixel may be, and surely is, of a stroke
_LEAST_STROKE = 6.0  # levels, after smoothing: what is fainter is no stroke
_LEAST_STROKE_IN_DOTS = 40.0  # the same of dithered pages, where two dots side by side are 20


@dataclass(frozen=True)
class Paper:
    """The paper of an opaque picture, uint8 RGB (H, W, 3)."""

    rgb: U8

    @cached_property
    def tone(self) -> U8:
        """The darkest channel, (H, W)."""
        return _darkest(self.rgb)

    @cached_property
    def counts(self) -> F32:
        """How many pixels have each tone, (256,)."""
        return np.asarray(cv2.calcHist([self.tone], [0], None, [256], [0, 256]), np.float32).ravel()

    @cached_property
    def is_clean(self) -> bool:
        """Whether it is white, so that nothing is to be done."""
        if self.is_tinted or self.is_dithered:
            return False
        greys = float(self.counts[_DARKEST + 1 : _LIGHTEST].sum()) / self.counts.sum()
        return bool(greys < _GREY_AREAS) or self._grey_areas < _GREY_AREAS

    @cached_property
    def is_dithered(self) -> bool:
        """Whether its tones are patterns of black and white dots."""
        ends = float(self.counts[:8].sum() + self.counts[-8:].sum())
        if max(self.rgb.shape) < _SMOOTHED or ends < _TWO_LEVELS * self.counts.sum():
            return False
        rows = len(self.tone)
        is_ink = self.tone[3 * rows // 8 : 5 * rows // 8] < 128  # a quarter is enough
        middle = is_ink[1:-1, 1:-1]
        sides = (is_ink[:-2, 1:-1], is_ink[2:, 1:-1], is_ink[1:-1, :-2], is_ink[1:-1, 2:])
        corners = (is_ink[:-2, :-2], is_ink[2:, 2:], is_ink[:-2, 2:], is_ink[2:, :-2])
        alone = np.logical_and.reduce([middle != side for side in sides])
        dots = np.logical_and.reduce([alone, *(middle != corner for corner in corners)])
        return bool(np.count_nonzero(alone) > _DOTS * alone.size or np.count_nonzero(dots) > _FAR_DOTS * alone.size)

    @cached_property
    def is_tinted(self) -> bool:
        """Whether even the lightest of the paper is not white."""
        if self.counts[128:].sum() >= _LIGHT_SHARE * self.counts.sum():
            return 128 + int(self.counts[128:].argmax()) < _WHITE
        light = cv2.inRange(self.rgb.max(axis=2), 128, 255)  # paper of a colour has a dark channel
        counts = np.asarray(cv2.calcHist([self.tone], [0], light, [256], [0, 256]), np.float32).ravel()
        return bool(counts.any() and int(counts.argmax()) < _WHITE)

    @cached_property
    def is_toned(self) -> bool:
        """Whether areas of the page have tones of their own that end at lines."""
        if self.is_clean:
            return False
        tone = _darkest(_over_solid_ink(self._ground_within(_WINDOW), _DARKEST_TONE))
        steps = _range(tone) > _STEP
        ink = cv2.compare(_darkest(self._small), cv2.convertScaleAbs(tone, alpha=0.75), cv2.CMP_LT)
        near_ink = cv2.dilate(ink, _disc(7)) > 0
        count = np.count_nonzero(steps)
        return bool(count > _LEAST_STEPS * steps.size and np.count_nonzero(steps & near_ink) > _STEPS_AT_INK * count)

    @cached_property
    def flat(self) -> U8:
        """The page on pure white paper, RGB (H, W, 3): tones of areas are white too, strokes keep theirs."""
        if self.is_clean:
            return self.rgb
        least = _LEAST_STROKE_IN_DOTS if self.is_dithered else _LEAST_STROKE
        return _without_grain(_divided(self._smooth, self._ground), least)

    @cached_property
    def cleaned(self) -> U8:
        """The page as it is shown on white paper, RGB (H, W, 3): the same, but tones of areas stay."""
        if self.is_clean or self.is_dithered:
            return self.rgb
        if not self.is_toned:
            return self.flat
        white = np.percentile(self._ground.reshape(-1, 3), 99, axis=0)
        channels = [cv2.convertScaleAbs(self.rgb[..., index], alpha=255 / max(white[index], 1)) for index in range(3)]
        return np.asarray(cv2.merge(channels), np.uint8)

    @cached_property
    def _small(self) -> U8:
        return fit(self._smooth, _SMALL)

    @cached_property
    def _smooth(self) -> U8:
        """The picture, RGB (H, W, 3); dots run together."""
        return np.asarray(cv2.GaussianBlur(self.rgb, (0, 0), _DESCREENED), np.uint8) if self.is_dithered else self.rgb

    @cached_property
    def _ground(self) -> U8:
        """The paper's colour under the ink, RGB, at most _SMALL px."""
        if self.is_toned:
            return self._ground_within(_TONED_WINDOW)
        ground = self._ground_within(_WINDOW)
        return _over_solid_ink(ground, _DARKEST_SHADOW)

    def _ground_within(self, window: float) -> U8:
        side = max(self._small.shape)
        size = max(9, round(window * side)) | 1
        smooth = cv2.GaussianBlur(self._small, (0, 0), _SMOOTHING) if side >= _SMOOTHED else self._small
        ground = cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, _disc(size), borderType=cv2.BORDER_REPLICATE)
        ground = cv2.medianBlur(ground, 7) if side >= _SMOOTHED else ground
        return np.asarray(ground, np.uint8)

    @property
    def _grey_areas(self) -> float:
        """The share of the page that is evenly grey."""
        tone = _darkest(self._ground_within(_WINDOW))
        is_grey = (tone > _DARKEST) & (tone < _LIGHTEST) & (_range(tone) <= _LEVEL)
        return float(is_grey.mean())


def _over_solid_ink(ground: U8, darkest: float) -> U8:
    """The ground, that around it where it is darker than that share of it: there is ink, too wide for a stroke."""
    height, width = ground.shape[:2]
    size = max(1, width * _COARSE // max(height, width)), max(1, height * _COARSE // max(height, width))
    coarse = cv2.resize(ground, size, interpolation=cv2.INTER_AREA)
    wide = cv2.morphologyEx(coarse, cv2.MORPH_CLOSE, _disc(_COARSE // 3 | 1), borderType=cv2.BORDER_REPLICATE)
    around = np.asarray(cv2.resize(wide, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    shade = cv2.convertScaleAbs(_darkest(around), alpha=darkest)
    solid = cv2.dilate(cv2.compare(_darkest(ground), shade, cv2.CMP_LT), _disc(5))
    return np.where(solid[..., None] > 0, around, ground)


def _darkest(rgb: U8) -> U8:
    red, green, blue = cv2.split(rgb)
    return np.asarray(cv2.min(cv2.min(red, green), blue), np.uint8)


def _disc(size: int) -> U8:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)


def _range(tone: U8) -> U8:
    """By how much tones differ within 5 px, (H, W)."""
    window = np.ones((5, 5), np.uint8)
    return np.asarray(cv2.morphologyEx(tone, cv2.MORPH_GRADIENT, window), np.uint8)


def _divided(rgb: U8, ground: U8) -> U8:
    """Each channel over the paper's, 255 = paper; a closing is a little too light, by what paper then lacks of it.

    A channel that the paper has next to nothing of can show no ink: it follows the darkest of the others.
    """
    height, width = rgb.shape[:2]
    large = np.asarray(cv2.resize(ground, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    ratio = np.asarray(cv2.divide(rgb, np.maximum(large, 1), scale=255), np.uint8)
    step = max(1, max(height, width) // _SMALL)
    sample = ratio[::step, ::step].reshape(-1, 3)
    paper = sample[sample.min(axis=1) > _PAPER * 255]
    lack = np.median(paper, axis=0) if len(paper) else np.full(3, 255.0)
    strong = np.median(ground.reshape(-1, 3), axis=0)
    strong = 4 * strong >= strong.max()
    channels = [cv2.convertScaleAbs(ratio[..., index], alpha=255 / lack[index]) for index in range(3)]
    darkest = np.minimum.reduce([channels[index] for index in range(3) if strong[index]])
    return np.asarray(cv2.merge([channels[index] if strong[index] else darkest for index in range(3)]), np.uint8)


def _without_grain(ratio: U8, least_stroke: float) -> U8:
    """Make paper white all over: grain, and specks no darker than grain makes them, or than `least_stroke`, levels."""
    tone = _darkest(ratio)
    grain = _deviation(tone)
    white = 255 - max(_GRAIN * grain, 3.0)
    stretched = np.asarray(cv2.convertScaleAbs(ratio, alpha=255 / white), np.uint8)
    smoothing = max(1.0, max(tone.shape) / 800)
    darkness = cv2.GaussianBlur(cv2.bitwise_not(tone), (0, 0), smoothing).astype(np.float32)
    middle = float(np.median(darkness))
    spread = _deviation_of(darkness, middle)
    weak = darkness > middle + max(_SPECK * spread, least_stroke)
    strong = darkness > middle + max(_STROKE * spread, 2 * least_stroke)
    reach = 2 * round(2 * smoothing) + 1
    strokes = cv2.dilate(_holding(weak, strong), _disc(reach))
    stretched[strokes == 0] = 255
    return stretched


def _deviation(tone: U8) -> float:
    """The standard deviation of the paper's grain, levels."""
    sample = tone[:: max(1, tone.shape[0] // _SMALL), :: max(1, tone.shape[1] // _SMALL)]
    paper = sample[sample > _PAPER * 255].astype(np.float32)
    if not paper.size:
        return 0.0
    lighter = np.percentile(paper, 50)
    return 1.4826 * float(np.median(np.abs(paper - lighter)))


def _deviation_of(values: F32, middle: float) -> float:
    below = values[values <= middle]
    return 1.4826 * float(np.median(middle - below)) if below.size else 0.0


def _holding(weak: Mask, strong: Mask) -> U8:
    """The connected parts of `weak` that hold a pixel of `strong`, 0 or 1, (H, W)."""
    count, labels = cv2.connectedComponents(weak.view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    holds = np.zeros(count, np.uint8)
    holds[labels[strong]] = 1
    holds[0] = 0
    return np.asarray(holds[labels], np.uint8)
