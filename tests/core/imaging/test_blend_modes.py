"""Each mode against its published formula over all 65536 pairs, and alpha against W3C Compositing."""

import math
from fractions import Fraction

import numpy as np
import pytest

from pipelines.core.errors import MethodError, SettingsError
from pipelines.core.imaging.blend_modes import MODES, blend

IMAGE, MASK = np.mgrid[0:256, 0:256]
PAIRS = IMAGE.astype(np.uint8)[..., None].repeat(3, axis=2), MASK.astype(np.uint8)[..., None].repeat(3, axis=2)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def one(colour, alpha=None):
    return np.array([[[*colour] if alpha is None else [*colour, alpha]]], np.uint8)


def documented_soft_light(image, mask):
    screened = 255 - Fraction((255 - mask) * (255 - image), 255)
    return (Fraction((255 - image) * mask, 255) + screened) * image / 255


def w3c_soft_light(image, mask):
    below, source = image / 255, mask / 255
    if source <= 0.5:
        return 255 * (below - (1 - 2 * source) * below * (1 - below))
    root = ((16 * below - 12) * below + 4) * below if below <= 0.25 else math.sqrt(below)
    return 255 * (below + (2 * source - 1) * (root - below))


def documented_hard_light(image, mask):
    if mask > 128:
        return 255 - Fraction((255 - image) * (255 - 2 * (mask - 128)), 256)
    return Fraction(image * mask * 2, 256)


# docs.gimp.org, "Legacy Layer Modes": E from I and M, unrounded and unclamped
DOCUMENTED = {
    "normal": lambda image, mask: mask,
    "multiply": lambda image, mask: Fraction(mask * image, 255),
    "divide": lambda image, mask: Fraction(256 * image, mask + 1),
    "screen": lambda image, mask: 255 - Fraction((255 - mask) * (255 - image), 255),
    "dodge": lambda image, mask: Fraction(256 * image, (255 - mask) + 1),
    "burn": lambda image, mask: 255 - Fraction(256 * (255 - image), mask + 1),
    "hard-light": documented_hard_light,
    "soft-light": documented_soft_light,
    "grain-extract": lambda image, mask: image - mask + 128,
    "grain-merge": lambda image, mask: image + mask - 128,
    "difference": lambda image, mask: abs(image - mask),
    "addition": lambda image, mask: min(image + mask, 255),
    "subtract": lambda image, mask: max(image - mask, 0),
    "darken-only": min,
    "lighten-only": max,
    # W3C and Krita
    "overlay": lambda image, mask: documented_hard_light(mask, image),
    "soft-light-svg": w3c_soft_light,
}


@pytest.mark.parametrize("mode", DOCUMENTED)
def test_mode_agrees_with_its_formula_on_all_pairs(mode):
    got = blend(*PAIRS, mode)[..., 1].astype(float)
    formula = np.vectorize(lambda image, mask: float(DOCUMENTED[mode](image, mask)), otypes=[float])
    assert np.abs(got - np.clip(formula(IMAGE, MASK), 0, 255)).max() < 1


def test_divide_is_the_integer_formula_exactly():
    table = [[min(256 * image // (mask + 1), 255) for mask in range(256)] for image in range(256)]
    assert np.array_equal(blend(*PAIRS, "divide")[..., 0], np.array(table))


@pytest.mark.parametrize("mode", ["multiply", "screen", "soft-light"])
def test_quotients_by_255_are_rounded_to_nearest(mode):
    got = blend(*PAIRS, mode)[..., 0]
    rounded = np.vectorize(lambda image, mask: math.floor(DOCUMENTED[mode](image, mask) + Fraction(1, 2)), otypes=[int])
    assert np.array_equal(got, rounded(IMAGE, MASK))


@pytest.mark.parametrize(
    "mode, neutral",
    [
        *[(mode, 255) for mode in ("multiply", "divide", "burn", "darken-only")],
        *[(mode, 0) for mode in ("screen", "dodge", "addition", "subtract", "difference", "lighten-only")],
        *[(mode, 128) for mode in ("grain-extract", "grain-merge", "hard-light")],
    ],
)
def test_neutral_top_changes_nothing(mode, neutral):
    base = noise(16, 16, 3)
    assert np.array_equal(blend(base, np.full_like(base, neutral), mode), base)


def test_divide_undoes_multiply():
    """The shading of a picture is the picture divided by its flat colours."""
    flat, shading = noise(64, 64, 3) | 128, noise(64, 64, 3, seed=1)
    shaded = blend(flat, shading, "multiply")
    assert np.abs(blend(shaded, flat, "divide").astype(int) - shading).max() <= 3


def test_grain_merge_undoes_grain_extract():
    image, mask = noise(32, 32, 3) // 2 + 64, noise(32, 32, 3, seed=1) // 4 + 96
    grain = blend(image, mask, "grain-extract")
    assert np.array_equal(blend(grain, mask, "grain-merge"), image)


# the non-separable modes of W3C, one colour at a time as the specification writes them


def luminosity(colour):
    return 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]


def clip_color(colour):
    grey, low, high = luminosity(colour), min(colour), max(colour)
    if low < 0:
        colour = [grey + (part - grey) * grey / (grey - low) for part in colour]
    if high > 1:
        colour = [grey + (part - grey) * (1 - grey) / (high - grey) for part in colour]
    return colour


def set_luminosity(colour, wanted):
    return clip_color([part + wanted - luminosity(colour) for part in colour])


def saturation(colour):
    return max(colour) - min(colour)


def set_saturation(colour, wanted):
    low, high = min(colour), max(colour)
    return [(part - low) * wanted / (high - low) if high > low else 0.0 for part in colour]


SPECIFIED = {
    "hue": lambda b, s: set_luminosity(set_saturation(s, saturation(b)), luminosity(b)),
    "saturation": lambda b, s: set_luminosity(set_saturation(b, saturation(s)), luminosity(b)),
    "color": lambda b, s: set_luminosity(s, luminosity(b)),
    "luminosity": lambda b, s: set_luminosity(b, luminosity(s)),
}


@pytest.mark.parametrize("mode", SPECIFIED)
def test_non_separable_mode_agrees_with_the_specification(mode):
    base, top = noise(30, 30, 3), noise(30, 30, 3, seed=1)
    corners = np.array([[[r, g, b] for r in (0, 255) for g in (0, 255) for b in (0, 255)]], np.uint8)
    base[:8, :8], top[:8, :8] = corners.swapaxes(0, 1), corners  # each corner of the cube with each
    got = blend(base, top, mode).reshape(-1, 3)
    for colour, below, source in zip(got, base.reshape(-1, 3) / 255, top.reshape(-1, 3) / 255, strict=True):
        assert np.abs(colour - 255 * np.array(SPECIFIED[mode](below, source))).max() < 1.01


def test_color_mode_paints_a_grey_picture():
    grey = np.repeat(noise(20, 20, 1), 3, axis=2)
    painted = blend(grey, np.full_like(grey, (200, 80, 40)), "color").astype(float)
    assert np.abs(painted @ (0.3, 0.59, 0.11) - grey[..., 0]).max() < 1.5
    middle = painted[(grey[..., 0] > 90) & (grey[..., 0] < 150)]
    assert (middle[:, 0] > middle[:, 1] + 50).all()


# alpha and opacity


def test_every_mode_takes_every_kind_of_layer():
    for mode in MODES:
        for below in (3, 4):
            for above in (3, 4):
                result = blend(noise(5, 6, below), noise(5, 6, above, seed=1), mode, opacity=0.6)
                assert result.shape == (5, 6, below)
                assert result.dtype == np.uint8


@pytest.mark.parametrize("mode", MODES)
def test_opacity_runs_straight_from_the_base_to_the_blend(mode):
    base, top = noise(16, 16, 3), noise(16, 16, 3, seed=1)
    full = blend(base, top, mode).astype(float)
    assert np.array_equal(blend(base, top, mode, opacity=0.0), base)
    assert np.abs(blend(base, top, mode, opacity=0.25) - (0.75 * base + 0.25 * full)).max() <= 0.5001


@pytest.mark.parametrize("mode", MODES)
def test_opaque_alpha_is_no_alpha(mode):
    base, top = noise(8, 8, 3), noise(8, 8, 3, seed=1)
    opaque = np.full((8, 8, 1), 255, np.uint8)
    plain = blend(base, top, mode)
    assert np.array_equal(blend(base, np.dstack([top, opaque]), mode), plain)
    assert np.array_equal(blend(np.dstack([base, opaque]), top, mode), np.dstack([plain, opaque]))


def test_alpha_of_the_top_acts_like_opacity():
    base, top = noise(8, 8, 3), noise(8, 8, 3, seed=1)
    translucent = np.dstack([top, np.full((8, 8), 51, np.uint8)])
    assert np.array_equal(blend(base, translucent, "multiply"), blend(base, top, "multiply", opacity=0.2))


def test_normal_over_alpha_by_hand():
    """as = 0.4, ab = 0.6: alpha 0.76; red (0.4 * 200 + 0.36 * 100) / 0.76."""
    result = blend(one((100, 0, 0), 153), one((200, 0, 0), 102), "normal")
    assert result[0, 0].tolist() == [round((0.4 * 200 + 0.36 * 100) / 0.76), 0, 0, round(0.76 * 255)]


def test_multiply_over_alpha_by_hand():
    """The blend counts where both are (0.24), the top where it is alone (0.16), the base where it is alone (0.36)."""
    result = blend(one((100, 100, 100), 153), one((51, 51, 51), 102), "multiply")
    grey = (0.16 * 51 + 0.24 * 20 + 0.36 * 100) / 0.76
    assert result[0, 0].tolist() == [round(grey)] * 3 + [round(0.76 * 255)]


def test_over_nothing_the_top_shows_unblended():
    assert blend(one((9, 9, 9), 0), one((50, 60, 70), 100), "multiply")[0, 0].tolist() == [50, 60, 70, 100]


def test_nothing_over_nothing_is_nothing():
    assert blend(one((9, 8, 7), 0), one((50, 60, 70), 0), "screen")[0, 0].tolist() == [9, 8, 7, 0]


def test_inputs_are_left_alone():
    base, top = noise(4, 4, 4), noise(4, 4, 4, seed=1)
    before = base.copy(), top.copy()
    for mode in MODES:
        blend(base, top, mode, opacity=0.5)
    assert np.array_equal(base, before[0])
    assert np.array_equal(top, before[1])


# errors


def test_unknown_mode_lists_the_modes():
    with pytest.raises(SettingsError, match="no blend mode 'burnish'") as caught:
        blend(noise(2, 2, 3), noise(2, 2, 3), "burnish")
    assert "soft-light" in caught.value.hint


@pytest.mark.parametrize("opacity", [-0.1, 1.1, math.nan])
def test_opacity_out_of_range(opacity):
    with pytest.raises(SettingsError, match="opacity"):
        blend(noise(2, 2, 3), noise(2, 2, 3), opacity=opacity)


def test_layers_that_do_not_fit():
    with pytest.raises(MethodError, match="3 x 2 and 2 x 3"):
        blend(noise(2, 3, 3), noise(3, 2, 3))
    with pytest.raises(MethodError, match="RGB"):
        blend(noise(2, 3), noise(2, 3))
