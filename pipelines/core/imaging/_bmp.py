"""Reads BMP by `formats/bmp.py` and says what the decoders of all formats say."""

from pipelines.core.imaging._decoded import Decoded
from pipelines.core.imaging.formats.bmp import BmpHeader, is_bmp, read_header, read_pixels
from pipelines.core.imaging.metadata.picture_metadata import METRES_PER_INCH, bounded, per_metre

__all__ = ["decode", "is_bmp", "read_header"]


def decode(data: bytes, header: BmpHeader) -> Decoded:
    """Decode the BMP with this header; PictureError where it is incomplete or damaged."""
    pixels = read_pixels(data, header)
    across, down = (density * METRES_PER_INCH for density in header.density)
    metadata = bounded(per_metre(across, down), [], is_tagged=pixels.profile is not None)
    return Decoded(pixels.rgb, pixels.alpha, pixels.profile, 1, metadata)
