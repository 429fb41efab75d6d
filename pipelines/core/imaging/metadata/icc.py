"""Brings samples into sRGB: by the embedded ICC profile, or plainly where there is none."""

import functools
import io

import cv2
import numpy as np
from PIL import Image, ImageCms

from pipelines.core.imaging.arrays import U8

_MODES = {"RGB": "RGB", "CMYK": "CMYK", "GRAY": "L"}  # ICC colour space -> Pillow mode


def in_srgb(colours: U8, profile: bytes | None) -> U8:
    """Turn grey (H, W), RGB (H, W, 3) or CMYK (H, W, 4, 255 = full ink) into sRGB (H, W, 3).

    A profile that is broken, describes another colour space or is sRGB (to one level) is ignored: the samples pass as
    they are. CMYK without a profile: r = (255 - c)(255 - k) / 255, rounded.
    """
    mode = "L" if colours.ndim == 2 else "CMYK" if colours.shape[2] == 4 else "RGB"
    described, transform = _conversion(profile) if profile else ("", None)
    if mode == "L" and described != "L":
        colours, mode = _three_channels(colours), "RGB"
    if transform is not None and mode == described:
        return np.array(ImageCms.applyTransform(Image.fromarray(colours), transform))
    if mode == "CMYK":
        return _plain_cmyk(colours)
    return _three_channels(colours) if mode == "L" else colours


def _three_channels(grey: U8) -> U8:
    return np.asarray(cv2.merge([grey] * 3), np.uint8)


def _plain_cmyk(ink: U8) -> U8:
    light = 255 - ink.astype(np.uint32)
    return ((light[..., :3] * light[..., 3:] + 127) // 255).astype(np.uint8)


@functools.lru_cache(maxsize=16)
def _conversion(profile: bytes) -> tuple[str, ImageCms.ImageCmsTransform | None]:
    """Return the Pillow mode that a profile describes and its conversion to sRGB, None where nothing is to be done.

    Relative colorimetric with black point compensation, as paint programs do, so that paper stays white, ink black.
    """
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = _MODES.get(source.profile.xcolor_space.strip(), "")
        transform = ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (OSError, ValueError, ImageCms.PyCMSError):
        return "", None  # a broken profile is ignored, as browsers do
    return mode, None if mode != "CMYK" and _changes_nothing(transform, mode) else transform


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Tell whether no sample of a regular grid moves by more than one level: sRGB has many profiles."""
    steps = np.arange(0, 256, 15, dtype=np.uint8)
    before = steps[None] if mode == "L" else np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    after = np.asarray(ImageCms.applyTransform(Image.fromarray(before), transform)).astype(np.int16)
    return bool(np.abs(after - (before[..., None] if mode == "L" else before)).max() <= 1)
