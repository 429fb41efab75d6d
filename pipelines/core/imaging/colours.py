"""Colours as numbers: sRGB and L*a*b*, how far apart colours look, and the one that stands for many."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.core.imaging.arrays import F64, U8, Labels

# IEC 61966-2-1, linear sRGB to XYZ, white D65
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_D65 = _TO_XYZ.sum(axis=1)
_D50 = np.array([0.96422, 1.0, 0.82521])  # ICC.1, profile connection space
# Bradford cone response (ICC.1 annex E), to adapt colours from one white to another
_CONES = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_EPSILON, _KAPPA = 216 / 24389, 24389 / 27  # CIE 15:2004, where the cube root gives way to a line


def srgb_to_lab(rgb: ArrayLike) -> F64:
    """Turn sRGB 0..255 (..., 3) into L*a*b* (..., 3), L 0..100, white D65 (IEC 61966-2-1, CIE 15:2004)."""
    encoded = np.asarray(rgb, np.float64) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    ratio = linear @ _TO_XYZ.T / _D65
    root = np.where(ratio > _EPSILON, np.cbrt(ratio), (_KAPPA * ratio + 16) / 116)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def lab_to_srgb(lab: ArrayLike, *, white: Literal["D65", "D50"] = "D65") -> U8:
    """Turn L*a*b* (..., 3) of white "D65" or "D50" (as print programs use) into uint8 sRGB, clipped to its gamut."""
    lightness, a, b = np.moveaxis(np.asarray(lab, np.float64), -1, 0)
    y = (lightness + 16) / 116
    root = np.stack([y + a / 500, y, y - b / 200], axis=-1)
    ratio = np.where(root**3 > _EPSILON, root**3, (116 * root - 16) / _KAPPA)
    xyz = ratio * _D65 if white == "D65" else ratio * _D50 @ _adaptation(_D50, _D65).T
    linear = np.clip(xyz @ np.linalg.inv(_TO_XYZ).T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * encoded), np.uint8)


def _adaptation(source: F64, target: F64) -> F64:
    """Return the matrix that takes XYZ under one white to XYZ under another, by Bradford's cones."""
    gains = (_CONES @ target) / (_CONES @ source)
    return np.asarray(np.linalg.inv(_CONES) @ np.diag(gains) @ _CONES, np.float64)


def ciede2000(lab_1: ArrayLike, lab_2: ArrayLike) -> F64:
    """Return the CIEDE2000 difference of L*a*b* colours (..., 3) that broadcast together; 1 is just noticeable.

    Source: Sharma, Wu, Dalal, "The CIEDE2000 Color-Difference Formula", Color Res. Appl. 30 (2005), equations 2-22,
    with kL = kC = kH = 1.
    """
    l1, a1, b1 = np.moveaxis(np.asarray(lab_1, np.float64), -1, 0)
    l2, a2, b2 = np.moveaxis(np.asarray(lab_2, np.float64), -1, 0)
    grey = 1.5 - 0.5 * _seventh((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2)  # 1 + G
    c1, c2 = np.hypot(grey * a1, b1), np.hypot(grey * a2, b2)
    h1, h2 = np.arctan2(b1, grey * a1) % (2 * np.pi), np.arctan2(b2, grey * a2) % (2 * np.pi)
    turn = np.where(c1 * c2 == 0, 0.0, (h2 - h1 + np.pi) % (2 * np.pi) - np.pi)
    d_hue = 2 * np.sqrt(c1 * c2) * np.sin(turn / 2)
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    hue = np.where(c1 * c2 == 0, h1 + h2, h1 + _middle(h2 - h1))
    wave = _hue_weight(hue)
    s_l = 1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2)
    terms = (l2 - l1) / s_l, (c2 - c1) / (1 + 0.045 * chroma), d_hue / (1 + 0.015 * chroma * wave)
    square = terms[0] ** 2 + terms[1] ** 2 + terms[2] ** 2 + _rotation(hue, chroma) * terms[1] * terms[2]
    return np.asarray(np.sqrt(square), np.float64)


def _seventh(chroma: F64) -> F64:
    return np.sqrt(chroma**7 / (chroma**7 + 25.0**7))


def _middle(turn: F64) -> F64:
    """Return half the turn from one hue to another, the short way round; half a turn goes up (equation 14)."""
    return np.where(np.abs(turn) <= np.pi, turn / 2, turn / 2 + np.pi)


def _hue_weight(hue: F64) -> F64:
    """T of equation 15; hue in radians."""
    first = 1 - 0.17 * np.cos(hue - np.radians(30)) + 0.24 * np.cos(2 * hue)
    return np.asarray(first + 0.32 * np.cos(3 * hue + np.radians(6)) - 0.20 * np.cos(4 * hue - np.radians(63)))


def _rotation(hue: F64, chroma: F64) -> F64:
    """RT of equations 16, 17 and 21: the bend of the blue region."""
    degrees = np.degrees(hue) % 360
    bend = np.radians(60 * np.exp(-(((degrees - 275) / 25) ** 2)))
    return np.asarray(-np.sin(bend) * 2 * _seventh(chroma))


Rgb = tuple[int, int, int]  # sRGB 0..255

SAME_COLOUR = 5.0
"""dE00: colours no further apart are taken for one."""

WHITE: Rgb = (255, 255, 255)


def pairwise_ciede2000(first: ArrayLike, second: ArrayLike) -> F64:
    """Return the CIEDE2000 of each of n sRGB colours 0..255, (n, 3), from each of m, (m, 3): float64 (n, m)."""
    return ciede2000(srgb_to_lab(first)[:, None], srgb_to_lab(second)[None])


def differ(colours: Sequence[Rgb]) -> bool:
    """Tell whether any two colours differ to the eye."""
    return len(set(colours)) > 1 and bool((pairwise_ciede2000(colours, colours) > SAME_COLOUR).any())


def medoid(colours: Sequence[Rgb], weights: Sequence[float]) -> Rgb:
    """Return the colour with the least sum of CIEDE2000 from all others, by weight; of equals the least (r, g, b)."""
    total: dict[Rgb, float] = defaultdict(float)
    for colour, weight in zip(colours, weights, strict=True):
        total[colour] += weight
    distinct = sorted(total)
    costs = pairwise_ciede2000(distinct, distinct) @ np.array([total[colour] for colour in distinct], np.float64)
    return distinct[int(np.argmin(np.round(costs, 9)))]


def pack_rgb(colours: U8) -> Labels:
    """Return each colour, uint8 (..., 3), as one number 0xRRGGBB, int32 (...); further channels are left out."""
    red, green, blue = (colours[..., channel].astype(np.int32) for channel in range(3))
    return np.asarray(red << 16 | green << 8 | blue, np.int32)


def unpack_rgb(packed: NDArray[np.integer]) -> U8:
    """Return the colours, uint8 (..., 3), of numbers (...) that `pack_rgb` made, in their 24 lowest bits."""
    return np.stack([packed >> 16 & 255, packed >> 8 & 255, packed & 255], axis=-1).astype(np.uint8)


def as_rgb(colour: U8) -> Rgb:
    """Return one colour, uint8 (3,), as a tuple."""
    red, green, blue = colour.tolist()
    return red, green, blue
