"""What a decoder hands over: samples that still need their profile and their orientation applied."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import PictureError
from pipelines.core.imaging.arrays import U8, Samples
from pipelines.core.imaging.formats.scaling import to_levels
from pipelines.core.imaging.metadata.picture_metadata import PictureMetadata


@dataclass(frozen=True)
class Decoded:
    """`colours` uint8: grey (H, W), RGB (H, W, 3) or CMYK (H, W, 4), 255 = full ink; `orientation` as in EXIF, 1..8."""

    colours: U8
    alpha: U8 | None = None
    profile: bytes | None = None
    orientation: int = 1
    metadata: PictureMetadata | None = None


def decode_with_opencv(stream: bytes) -> Samples:
    """Decode unscaled and unrotated: uint8 or uint16, (H, W), (H, W, 3) BGR or (H, W, 4) BGRA."""
    try:
        samples = cv2.imdecode(np.frombuffer(stream, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise PictureError(f"it cannot be decoded ({error.err})", hint="Save it again as an 8-bit PNG") from error
    if samples is None:
        raise PictureError("it is damaged (its pixels cannot be unpacked)", hint="Save it again as an 8-bit PNG")
    return np.asarray(samples, np.uint16) if samples.dtype == np.uint16 else np.asarray(samples, np.uint8)


def split_alpha(samples: Samples) -> tuple[U8, U8 | None]:
    """Turn OpenCV's grey, BGR or BGRA samples into 8-bit grey or RGB, and alpha."""
    if samples.ndim == 2:
        return eight_bits(samples), None
    if samples.shape[2] == 3:
        return eight_bits(cv2.cvtColor(samples, cv2.COLOR_BGR2RGB)), None
    alpha = eight_bits(cv2.extractChannel(samples, 3))
    return eight_bits(cv2.cvtColor(samples, cv2.COLOR_BGRA2RGB)), alpha


def eight_bits(samples: NDArray[np.generic]) -> U8:
    """Scale 16-bit samples to 8 by 1/257, rounded to nearest (65535 = 255 * 257); 8-bit samples pass."""
    if samples.dtype == np.uint8:
        return np.asarray(samples, np.uint8)
    return to_levels(np.asarray(samples, np.uint16), 0xFFFF)
