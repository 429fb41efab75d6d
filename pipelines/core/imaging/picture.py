"""Declares how pictures are held in memory, and turns the bytes of files into them and back.

    picture        uint8 RGB (H, W, 3), sRGB; alpha apart, uint8 (H, W), straight, None where all is opaque
    line drawing   uint8 (H, W), 0 = ink, 255 = paper, soft edges allowed
    hints          uint8 RGBA (H, W, 4), alpha 0 = no hint, 255 = this colour
    regions        int32 (H, W), 0 = ink, 1..n = region
    layer          uint8 RGBA (H, W, 4), straight alpha

Pixels are decoded and encoded here and nowhere else: PNG by `_png.py`, TIFF by `_tiff.py`, BMP by `_bmp.py`, every
other format by `_pillow.py`. Whatever a
file holds, what comes out is upright, sRGB, 8 bits a sample and complete, or a PictureError; never part of a picture.
What is ink and what is paper is told in `segmentation/`; `compositing.py` lays layers over each other.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import PictureError, SettingsError
from pipelines.core.imaging import _bmp, _pillow, _png, _tiff
from pipelines.core.imaging._decoded import Decoded
from pipelines.core.imaging.arrays import U8, Labels, Samples
from pipelines.core.imaging.compositing import composite, join_alpha, over_white
from pipelines.core.imaging.metadata.icc import in_srgb
from pipelines.core.imaging.metadata.picture_metadata import PictureMetadata
from pipelines.core.imaging.metadata.png_texts import png_chunks

MAX_PIXELS = 1 << 28
"""Pictures of more pixels (16384 x 16384) are refused undecoded; COLORIZE_CLI_MAX_PIXELS sets another limit."""

_SUFFIXES = "apng avif bmp dib gif jfif jp2 jpe jpeg jpg pbm pcx pgm png pnm ppm qoi tga tif tiff webp"
PICTURE_SUFFIXES = frozenset(f".{suffix}" for suffix in _SUFFIXES.split())
"""The names by which pictures are found in a folder, in lower case; what a file is, its content decides."""

HINT_ALPHA = 128
"""The alpha from which a pixel of a hint map is a hint."""


_EXCHANGED = (5, 6, 7, 8)  # EXIF orientations in which rows and columns are


@dataclass(frozen=True)
class Picture:
    """A picture: `rgb` uint8 (H, W, 3), sRGB; `alpha` uint8 (H, W), straight, None where all is opaque.

    `metadata` is what its file says beside the pixels and a picture made from it is to say too; None: nothing.
    """

    rgb: U8
    alpha: U8 | None = None
    metadata: PictureMetadata | None = None

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.rgb.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.rgb.shape[1])

    def over_white(self) -> U8:
        """Return the picture laid over white paper, uint8 (H, W, 3)."""
        return over_white(self.rgb, self.alpha)

    def layer(self) -> U8:
        """Return colours and alpha in one array, uint8 (H, W, 4)."""
        return join_alpha(self.rgb, self.alpha)


def read_picture(path: str | os.PathLike[str], *, max_pixels: int | None = None) -> Picture:
    """Read one picture file as `decode_picture` does; PictureError, without the path, where it cannot be read."""
    return decode_picture(read_bytes(path), max_pixels=max_pixels)


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Read a whole file; PictureError, which leaves the path out, where it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise PictureError(f"it cannot be read ({reason})", hint="Check that it exists and may be read") from error


def picture_size(path: str | os.PathLike[str]) -> tuple[int, int] | None:
    """Return width and height as a file's header says, upright; None where there is none (decoding says why)."""
    try:
        with Path(path).open("rb") as file:
            if file.read(len(_png.SIGNATURE)) == _png.SIGNATURE:
                file.seek(0)
                return _png.upright_size(file)
        data = Path(path).read_bytes()
        if _tiff.is_tiff(data):
            return _tiff.upright_size(_tiff.read_page(data))
        if _bmp.is_bmp(data):
            header = _bmp.read_header(data)
            return header.width, header.height
        with _pillow.opened(data) as image:
            return _pillow.upright_size(image)
    except Exception:  # whatever is wrong with the file
        return None


def decode_picture(data: bytes, *, max_pixels: int | None = None) -> Picture:
    """Turn the bytes of a picture file into a Picture: upright, sRGB, 8 bits a sample, complete.

    What the file is, its content decides. The size is read from the header and held against `max_pixels` (default:
    COLORIZE_CLI_MAX_PIXELS in the environment, else MAX_PIXELS) before a pixel is decoded. 16-bit samples are divided
    by 257 and rounded; EXIF orientation is undone; an embedded ICC profile other than sRGB is converted.

    PictureError where the file is empty, truncated, damaged, animated, of several pages, too large, or no picture.
    """
    if not data:
        raise PictureError("it is empty (0 bytes)", hint="Copy or save it again from its source")
    limit = pixel_limit() if max_pixels is None else max_pixels
    if data.startswith(_png.SIGNATURE):
        header = _png.read_header(data)
        _check_size(header.width, header.height, limit)
        return _finish(_png.decode(data))
    if _tiff.is_tiff(data):
        page = _tiff.read_page(data)
        _check_size(page.width, page.height, limit)
        return _finish(_tiff.decode(page))
    if _bmp.is_bmp(data):
        bmp = _bmp.read_header(data)
        _check_size(bmp.width, bmp.height, limit)
        return _finish(_bmp.decode(data, bmp))
    with _pillow.opened(data) as image:
        _check_size(image.width, image.height, limit)
        return _finish(_pillow.decode(image, data))


def decode_part(files: Mapping[str, bytes], name: str) -> Picture:
    """Turn the bytes of one of several files into a Picture; the PictureError says which it is, as its `part`."""
    try:
        return decode_picture(files[name])
    except PictureError as error:
        error.part = name
        raise


def is_damaged_png(data: bytes) -> bool:
    """Whether a file begins as a PNG and is no whole one: cut off, or a checksum does not fit. No pixel is decoded."""
    if not data.startswith(_png.SIGNATURE):
        return _png.SIGNATURE.startswith(data)
    try:
        _png.read_chunks(data)
    except PictureError:
        return True
    return False


def pixel_limit() -> int:
    """The most pixels of a picture that is read; raises SettingsError where COLORIZE_CLI_MAX_PIXELS is no number."""
    text = os.environ.get("COLORIZE_CLI_MAX_PIXELS") or str(MAX_PIXELS)
    if not text.isdecimal():
        hint = "Give a number of pixels, such as 1000000000"
        raise SettingsError(f"COLORIZE_CLI_MAX_PIXELS is {text!r}, which is no number", hint=hint)
    return int(text)


def _check_size(width: int, height: int, limit: int) -> None:
    if width * height <= limit:
        return
    megapixels = f"{width * height / 1e6:.4g} megapixels, the limit is {limit / 1e6:.4g}"
    hint = f"Make it smaller, or set COLORIZE_CLI_MAX_PIXELS={width * height} if you trust it"
    raise PictureError(f"it is too large ({width} x {height} = {megapixels})", hint=hint)


def _finish(decoded: Decoded) -> Picture:
    """Apply the profile and the orientation that the file has, and leave out alpha that is opaque everywhere."""
    rgb = _upright(in_srgb(decoded.colours, decoded.profile), decoded.orientation)
    metadata = decoded.metadata
    if metadata is not None and decoded.orientation in _EXCHANGED:
        metadata = metadata.turned()
    if decoded.alpha is None or int(decoded.alpha.min()) == 255:
        return Picture(rgb, None, metadata)
    return Picture(rgb, _upright(decoded.alpha, decoded.orientation), metadata)


def _upright(array: U8, orientation: int) -> U8:
    """Undo an EXIF orientation (EXIF 2.32, tag 0x0112): in 5..8 rows and columns are exchanged as well."""
    if orientation in _EXCHANGED:
        array = array.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    return np.ascontiguousarray(array)


def encode_png(array: Samples, *, level: int = 1, metadata: PictureMetadata | None = None) -> bytes:
    """Encode uint8 or uint16 (H, W), RGB (H, W, 3) or RGBA (H, W, 4) as PNG: exact, and always the same bytes.

    `level` 0..9 is the effort of deflate: 1 is several times as fast as 6 and the file a little larger. `metadata` is
    that of the picture that this one was made from: density and texts are written, and that its colours are sRGB.
    """
    return _png.encode(array, level, png_chunks(metadata))


def encode_picture(array: U8, suffix: str, *, quality: int = 95) -> bytes:
    """Encode as a suffix says: .png and .webp exactly, .jpg with `quality` 0..100 and alpha laid over white."""
    match suffix.lower():
        case ".png":
            return encode_png(array)
        case ".webp":
            return _encode(".webp", array, [cv2.IMWRITE_WEBP_QUALITY, 101])  # over 100: lossless
        case ".jpg" | ".jpeg":
            opaque = composite(array, (255, 255, 255)) if array.shape[2:] == (4,) else array
            return _encode(".jpg", opaque, [cv2.IMWRITE_JPEG_QUALITY, quality])
    raise PictureError(f"it cannot be written as {suffix or 'a file without suffix'}", hint="Use .png, .webp or .jpg")


def _encode(suffix: str, array: Samples, settings: list[int]) -> bytes:
    samples: NDArray[Any] = array
    if array.ndim == 3:
        samples = cv2.cvtColor(array, cv2.COLOR_RGB2BGR if array.shape[2] == 3 else cv2.COLOR_RGBA2BGRA)
    is_encoded, data = cv2.imencode(suffix, samples, settings)
    if not is_encoded:
        raise PictureError(f"it cannot be encoded as {suffix}", hint="Write it as .png")
    return data.tobytes()


def encode_labels(regions: Labels) -> bytes:
    """Encode a region map int32 (H, W), values 0..65535, as 16-bit grey PNG; PictureError for more regions."""
    if int(regions.min()) < 0 or int(regions.max()) > 0xFFFF:
        message = f"it has {int(regions.max())} regions and a 16-bit PNG holds 65535"
        raise PictureError(message, hint="Merge small regions first")
    return encode_png(regions.astype(np.uint16))


def decode_labels(data: bytes, *, max_pixels: int | None = None) -> Labels:
    """Decode a region map, a grey PNG of 8 or 16 bits, to int32 (H, W), unscaled; PictureError for anything else."""
    if not data.startswith(_png.SIGNATURE):
        raise PictureError("it is not a PNG", hint="Give the map that `colorize-cli regions` writes")
    header = _png.read_header(data)
    _check_size(header.width, header.height, pixel_limit() if max_pixels is None else max_pixels)
    return _png.decode_grey(data).astype(np.int32)
