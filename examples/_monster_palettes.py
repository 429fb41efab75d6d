"""Palettes for the monsters: a few colours that go together, designed in OKLCH, with their shades.

OKLCH is the polar form of OKLab (Björn Ottosson 2020, https://bottosson.github.io/posts/oklab/): lightness 0..1,
chroma 0..0.37, hue in degrees. Equal steps in it look equal, so one recipe works for every hue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

Colour = tuple[int, int, int]
Lch = tuple[float, float, float]

_OKLAB_TO_LMS = np.array(
    [[1.0, 0.3963377774, 0.2158037573], [1.0, -0.1055613458, -0.0638541728], [1.0, -0.0894841775, -1.2914855480]]
)
_LMS_TO_LINEAR = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)

LEVELS = ("base", "shade", "deep", "gloss", "rim")
"""The tones each flat colour is painted in."""

# lightness, chroma of the skin; lightness of the accent; how far belly and second hue turn from the skin's hue
_MOODS: Mapping[str, tuple[float, float, float]] = {
    "candy": (0.78, 0.135, 0.70),
    "vivid": (0.70, 0.175, 0.80),
    "pastel": (0.86, 0.075, 0.68),
    "dusk": (0.52, 0.130, 0.80),
    "earthy": (0.70, 0.118, 0.72),
    "neon": (0.83, 0.19, 0.62),
}


@dataclass(frozen=True)
class Palette:
    """The colours of one monster by their role, as OKLCH, and as painted."""

    roles: Mapping[str, Lch]

    def colour(self, role: str, level: str = "base") -> Colour:
        """Return a role's 8-bit sRGB colour in one of the LEVELS."""
        return to_rgb(_toned(self.roles[role], level, self.roles["rim"]))

    def line(self, role: str) -> Colour:
        """Return the colour of a line around an area of this role: the same hue, dark."""
        lightness, chroma, hue = self.roles[role]
        return to_rgb((0.20 + 0.22 * lightness, min(0.11, 0.03 + 0.6 * chroma), hue))


def _toned(colour: Lch, level: str, rim: Lch) -> Lch:
    """Shadows turn towards violet and darken, highlights turn towards warm white, as under a clear sky."""
    lightness, chroma, hue = colour
    if level == "shade":
        return (lightness * 0.83, chroma * 1.02 + 0.014, _turned(hue, 285.0, 16.0))
    if level == "deep":
        return (lightness * 0.73, chroma * 0.98 + 0.018, _turned(hue, 285.0, 24.0))
    if level == "gloss":
        return (min(0.985, lightness + 0.62 * (1.0 - lightness) + 0.06), chroma * 0.42, _turned(hue, 95.0, 10.0))
    if level == "rim":
        return (0.45 * lightness + 0.55 * rim[0], 0.5 * chroma + 0.5 * rim[1], _turned(hue, rim[2], 50.0))
    return colour


def _turned(hue: float, goal: float, most: float) -> float:
    """Return the hue turned towards a goal by at most `most` degrees, the short way."""
    way = (goal - hue + 180.0) % 360.0 - 180.0
    return hue + float(np.clip(way, -most, most))


def _mixed(first: Lch, second: Lch, share: float) -> Lch:
    """Return the mix of two colours in OKLab, `share` of the second: hues mixed as angles would pass others."""
    angle = np.deg2rad([first[2], second[2]])
    weight = np.array([1 - share, share])
    chroma = weight * np.array([first[1], second[1]])
    a, b = float(np.sum(chroma * np.cos(angle))), float(np.sum(chroma * np.sin(angle)))
    lightness = float(weight @ np.array([first[0], second[0]]))
    return lightness, float(np.hypot(a, b)), float(np.rad2deg(np.arctan2(b, a)))


def to_rgb(colour: Lch) -> Colour:
    """Return OKLCH as 8-bit sRGB; a colour outside sRGB loses chroma until it fits."""
    lightness, chroma, hue = colour
    low, high = 0.0, chroma
    if _fits(_linear((lightness, chroma, hue))):
        low = chroma
    else:
        for _ in range(14):
            middle = (low + high) / 2
            low, high = (middle, high) if _fits(_linear((lightness, middle, hue))) else (low, middle)
    linear = np.clip(_linear((lightness, low, hue)), 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = (int(v) for v in np.rint(255 * encoded))
    return red, green, blue


def _linear(colour: Lch) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return OKLCH as linear sRGB, not clipped."""
    lightness, chroma, hue = colour
    angle = np.deg2rad(hue)
    lab = np.array([lightness, chroma * np.cos(angle), chroma * np.sin(angle)])
    return np.asarray(_LMS_TO_LINEAR @ (_OKLAB_TO_LMS @ lab) ** 3, dtype=np.float64)


def _fits(linear: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> bool:
    return bool(linear.min() >= -1e-4 and linear.max() <= 1.0001)


def design(rng: np.random.Generator, hue: float) -> Palette:
    """Return a palette around a main hue in degrees, from a random mood and a random harmony."""
    mood = str(rng.choice(list(_MOODS)))
    lightness, chroma, accent_lightness = _MOODS[mood]
    chroma = max(chroma, 0.15 * float(np.exp(-((hue - 100.0) ** 2) / (2 * 25.0**2))))  # a pale olive is dull
    lightness = _natural_lightness(hue, lightness)
    harmony = float(rng.choice([180.0, 150.0, -150.0, 120.0, -120.0, 75.0, -75.0]))
    near = float(rng.choice([-38.0, 32.0]))
    if 30 < hue % 360 < 170:  # a darker yellow is mud: from orange go towards red, from lime towards green
        near = -34.0 if hue % 360 < 88 else 36.0
    elif not 30 < hue % 360 < 330:  # a darker red is brown towards orange, wine towards violet
        near = -38.0
    accent = (hue + harmony + rng.uniform(-8, 8)) % 360
    skin = (lightness, chroma, hue)
    return Palette(_roles(skin, accent, accent_lightness, near))


def _natural_lightness(hue: float, lightness: float) -> float:
    """Yellows are only yellow when light, violets only rich when darker: lean towards where a hue is at its best."""
    yellowness = np.exp(-(((hue - 100.0 + 180.0) % 360.0 - 180.0) ** 2) / (2 * 32.0**2))
    violetness = np.exp(-(((hue - 290.0 + 180.0) % 360.0 - 180.0) ** 2) / (2 * 40.0**2))
    least = 0.45 + 0.34 * float(np.exp(-(((hue - 75.0 + 180.0) % 360.0 - 180.0) ** 2) / (2 * 40.0**2)))  # no browns
    return float(np.clip(lightness + 0.10 * yellowness - 0.06 * violetness, least, 0.90))


def _roles(skin: Lch, accent_hue: float, accent_lightness: float, near: float) -> dict[str, Lch]:
    lightness, chroma, hue = skin
    accent = (_natural_lightness(accent_hue, accent_lightness), 0.16, accent_hue)
    second = (lightness - 0.15 if lightness > 0.6 else lightness + 0.13, min(0.17, chroma * 1.1 + 0.01), hue + near)
    return {
        "ink": (0.24, 0.045, _turned(hue, 290.0, 60.0)),
        "skin": skin,
        "second": second,
        "belly": (min(0.945, lightness + 0.17), chroma * 0.48, hue + near * 0.9),
        "accent": accent,
        "trim": (max(0.40, accent[0] - 0.16), 0.135, accent_hue - 24.0 if 30 < accent_hue < 88 else accent_hue + 22.0),
        "cream": (0.945, 0.038, 88.0),
        "white": (0.985, 0.006, 95.0),
        "iris": accent if abs(accent[0] - 0.7) < 0.2 else (0.7, 0.15, accent_hue),
        "mouth": (0.34, 0.105, 12.0),
        "tongue": (0.70, 0.155, 12.0),
        "gold": (0.84, 0.15, 86.0),
        "tone": (lightness * 0.925, chroma * 1.03, hue + 0.25 * near),
        "glow": (min(0.96, lightness + 0.065), chroma * 0.9, hue + 0.2 * near),
        "blush": _mixed(skin, (0.74, 0.18, 14.0), 0.74),
        "rim": (0.88, 0.08, 325.0 if abs((hue - 215.0 + 180.0) % 360.0 - 180.0) < 80 else 225.0),
    }
