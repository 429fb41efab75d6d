"""Blends two layers of 8-bit colours as paint programs do.

I is the lower layer (image, `base`), M the upper one (mask, `top`), both 0..255. The formulas are those that GIMP
documents for its 8-bit layer modes (docs.gimp.org, "Legacy Layer Modes"), as written there: /255 is rounded to nearest,
/256 and /(M+1) are cut to whole numbers, and what leaves 0..255 is clamped. Three exceptions:

overlay         hard light with the layers exchanged, as in W3C Compositing and Blending Level 1, Krita, Photoshop and
                GIMP since 2.10; the documented legacy overlay is another name for soft light
soft-light-svg  the soft light of W3C (section 5.1.9), Krita's "Soft Light (SVG)"; GIMP's is a smoother curve
hue, saturation, color, luminosity    the non-separable modes of W3C (section 5.2), Krita's HSY modes, in floating point

Alpha follows W3C (section 5): where the lower layer is transparent the upper one shows unblended.
"""

from collections.abc import Callable

import numpy as np

from pipelines.core.errors import MethodError, SettingsError
from pipelines.core.imaging.arrays import F32, F64, U8, Labels


def blend(base: U8, top: U8, mode: str = "normal", *, opacity: float = 1.0) -> U8:
    """Lay `top` over `base`, both uint8 (H, W, 3) or (H, W, 4) of one size; the result has alpha if `base` has.

    as = alpha of top * opacity, ab = alpha of base, B = the mode's formula:
    alpha = as + ab (1 - as),   colour = (as (1 - ab) M + as ab B(I, M) + (1 - as) ab I) / alpha

    SettingsError for an unknown mode or an opacity outside 0..1, MethodError for arrays that do not fit together.
    """
    if mode not in MODES:
        raise SettingsError(f"there is no blend mode {mode!r}", hint=f"Use one of {', '.join(MODES)}")
    if not 0 <= opacity <= 1:
        raise SettingsError(f"opacity is {opacity}", hint="Use 0 (top invisible) to 1 (top as it is)")
    _check_shapes(base, top)
    below, above = base[..., :3], top[..., :3]
    blended = np.clip(MODES[mode](below.astype(np.int32), above.astype(np.int32)), 0, 255)
    share = _alpha(top) * np.float32(opacity)
    if base.shape[2] == 3 and share.min() == 1:
        return blended.astype(np.uint8)
    if base.shape[2] == 3:
        return np.asarray(np.rint(below + (blended - below).astype(np.float32) * share), np.uint8)
    return _over_transparent(base, above, blended.astype(np.float32), share)


def shading_of(colour: U8, flat: U8) -> U8:
    """The shading of a picture as a layer to multiply with, uint8 (H, W, 3), grey, 255 where there is none.

    colour, flat: uint8 (H, W, 3), the picture and its flat colours without shading. With luma Y it is the division

        s = min(255, 255 (Y(colour) + 1) / (Y(flat) + 1)),    Y = 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601)

    as `divide` has it, but against the picture's own flat colours: where nothing is shaded nothing is changed.
    """
    _check_shapes(colour, flat)
    luma = np.array([0.299, 0.587, 0.114], np.float32)
    ratio = (colour[..., :3] @ luma + np.float32(1)) / (flat[..., :3] @ luma + np.float32(1))
    grey = np.rint(np.minimum(ratio, 1) * 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _check_shapes(base: U8, top: U8) -> None:
    if base.shape[:2] != top.shape[:2]:
        sizes = f"{base.shape[1]} x {base.shape[0]} and {top.shape[1]} x {top.shape[0]}"
        raise MethodError(f"the layers differ in size ({sizes})", hint="Bring them to one size first")
    if base.shape[2:] not in ((3,), (4,)) or top.shape[2:] not in ((3,), (4,)):
        raise MethodError("the layers are not RGB or RGBA", hint="Give arrays of shape (H, W, 3) or (H, W, 4)")


def _alpha(layer: U8) -> F32:
    """Return alpha 0..1, (H, W, 1), or (1, 1, 1) where all is opaque."""
    return np.asarray(layer[..., 3:] if layer.shape[2] == 4 else [[[255]]], np.float32) / np.float32(255)


def _over_transparent(base: U8, above: U8, blended: F32, share: F32) -> U8:
    below, cover = base[..., :3], _alpha(base)
    alpha = share + cover * (1 - share)
    total = share * (1 - cover) * above + share * cover * blended + (1 - share) * cover * below
    colour = np.where(alpha > 0, total / np.maximum(alpha, np.float32(1e-9)), below)
    return np.asarray(np.rint(np.concatenate([colour, 255 * alpha], axis=2)), np.uint8)


def _over_255(product: Labels) -> Labels:
    """Divide by 255, rounded to nearest."""
    return (product + 127) // 255


def _normal(image: Labels, mask: Labels) -> Labels:
    return mask


def _multiply(image: Labels, mask: Labels) -> Labels:
    """I M / 255."""
    return _over_255(image * mask)


def _screen(image: Labels, mask: Labels) -> Labels:
    """255 - (255 - M)(255 - I) / 255."""
    return 255 - _over_255((255 - mask) * (255 - image))


def _overlay(image: Labels, mask: Labels) -> Labels:
    """Hard light with the layers exchanged."""
    return _hard_light(mask, image)


def _hard_light(image: Labels, mask: Labels) -> Labels:
    """2 I M / 256 for M <= 128, else 255 - (255 - I)(255 - 2 (M - 128)) / 256."""
    light = 255 - (255 - image) * (255 - 2 * (mask - 128)) // 256
    return np.where(mask > 128, light, 2 * image * mask // 256)


def _soft_light(image: Labels, mask: Labels) -> Labels:
    """((255 - I) M + 255 S) I / 255^2, where S is the result of screen."""
    screened = 255 * 255 - (255 - mask) * (255 - image)
    share = (255 - image) * mask + screened  # <= 255^2, so that its product with I fits 32 bits
    return np.asarray((share * image + 32512) // 65025)


def _soft_light_svg(image: Labels, mask: Labels) -> Labels:
    """W3C: b - (1 - 2 s) b (1 - b) for s <= 1/2, else b + (2 s - 1)(D(b) - b), D a root with a polynomial foot."""
    below, source = image / 255, mask / 255
    foot = ((16 * below - 12) * below + 4) * below
    dark = below - (1 - 2 * source) * below * (1 - below)
    light = below + (2 * source - 1) * (np.where(below <= 0.25, foot, np.sqrt(below)) - below)
    return np.asarray(np.rint(255 * np.where(source <= 0.5, dark, light)), np.int32)


def _divide(image: Labels, mask: Labels) -> Labels:
    """256 I / (M + 1)."""
    return 256 * image // (mask + 1)


def _addition(image: Labels, mask: Labels) -> Labels:
    return image + mask


def _subtract(image: Labels, mask: Labels) -> Labels:
    return image - mask


def _difference(image: Labels, mask: Labels) -> Labels:
    return np.asarray(np.abs(image - mask))


def _darken_only(image: Labels, mask: Labels) -> Labels:
    return np.minimum(image, mask)


def _lighten_only(image: Labels, mask: Labels) -> Labels:
    return np.maximum(image, mask)


def _dodge(image: Labels, mask: Labels) -> Labels:
    """256 I / ((255 - M) + 1)."""
    return 256 * image // (256 - mask)


def _burn(image: Labels, mask: Labels) -> Labels:
    """255 - 256 (255 - I) / (M + 1)."""
    return 255 - 256 * (255 - image) // (mask + 1)


def _grain_extract(image: Labels, mask: Labels) -> Labels:
    return image - mask + 128


def _grain_merge(image: Labels, mask: Labels) -> Labels:
    return image + mask - 128


# W3C 5.2: colours are moved to another luminosity or saturation and clipped towards their own grey.


def _hue(image: Labels, mask: Labels) -> Labels:
    """Hue of M, saturation and luminosity of I."""
    return _with_luminosity(_with_saturation(mask / 255, _saturation_of(image)), _luminosity_of(image))


def _saturation(image: Labels, mask: Labels) -> Labels:
    """Saturation of M, hue and luminosity of I."""
    return _with_luminosity(_with_saturation(image / 255, _saturation_of(mask)), _luminosity_of(image))


def _color(image: Labels, mask: Labels) -> Labels:
    """Hue and saturation of M, luminosity of I."""
    return _with_luminosity(mask / 255, _luminosity_of(image))


def _luminosity(image: Labels, mask: Labels) -> Labels:
    """Luminosity of M, hue and saturation of I."""
    return _with_luminosity(image / 255, _luminosity_of(mask))


def _luminosity_of(colours: Labels) -> F64:
    return _grey_of(colours / 255)


def _grey_of(colours: F64) -> F64:
    """0.3 r + 0.59 g + 0.11 b, (..., 1)."""
    return np.asarray(colours @ np.array([0.3, 0.59, 0.11]))[..., None]


def _saturation_of(colours: Labels) -> F64:
    return np.asarray(np.ptp(colours, axis=-1, keepdims=True) / 255)


def _with_saturation(colours: F64, saturation: F64) -> F64:
    """Stretch each colour so that its least part is 0 and its greatest the saturation; grey becomes 0."""
    least = colours.min(axis=-1, keepdims=True)
    spread = np.ptp(colours, axis=-1, keepdims=True)
    return np.where(spread > 0, (colours - least) * saturation / np.maximum(spread, 1e-9), 0)


def _with_luminosity(colours: F64, luminosity: F64) -> Labels:
    """Shift each colour to a luminosity, then pull what leaves 0..1 towards grey until it fits."""
    shifted = colours + (luminosity - _grey_of(colours))
    below = luminosity - shifted.min(axis=-1, keepdims=True)
    above = shifted.max(axis=-1, keepdims=True) - luminosity
    pull = np.minimum(
        np.where(below > luminosity, luminosity / np.maximum(below, 1e-9), 1),
        np.where(above > 1 - luminosity, (1 - luminosity) / np.maximum(above, 1e-9), 1),
    )
    return np.rint(255 * (luminosity + (shifted - luminosity) * pull)).astype(np.int32)


MODES: dict[str, Callable[[Labels, Labels], Labels]] = {
    "normal": _normal,
    "multiply": _multiply,
    "screen": _screen,
    "overlay": _overlay,
    "hard-light": _hard_light,
    "soft-light": _soft_light,
    "soft-light-svg": _soft_light_svg,
    "divide": _divide,
    "addition": _addition,
    "subtract": _subtract,
    "difference": _difference,
    "darken-only": _darken_only,
    "lighten-only": _lighten_only,
    "dodge": _dodge,
    "burn": _burn,
    "grain-extract": _grain_extract,
    "grain-merge": _grain_merge,
    "hue": _hue,
    "saturation": _saturation,
    "color": _color,
    "luminosity": _luminosity,
}
"""The modes by name: functions of I and M, int32 (..., 3), 0..255; what leaves that range is clamped by `blend`."""
