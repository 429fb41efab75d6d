"""Reads every format but PNG through Pillow, and sees to what Pillow does not: ends of JPEGs, 16-bit colour, pages."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image, UnidentifiedImageError

from pipelines.core.errors import PictureError
from pipelines.core.imaging._decoded import Decoded, eight_bits
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.formats.alpha import divide_by_alpha
from pipelines.core.imaging.formats.kinds import not_a_picture
from pipelines.core.imaging.metadata.embedded import exif_orientation, xmp_orientation
from pipelines.core.imaging.metadata.file_info import file_metadata

_COMMON = ("JPEG", "DIB", "GIF", "PPM")  # ready at once; the others cost a tenth of a second, once a process
_OTHERS = ("WEBP", "AVIF", "JPEG2000", "QOI", "PCX", "TGA")  # by how surely the first bytes tell them
_HIERARCHICAL = (0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF)  # ITU-T T.81, table B.1; libjpeg knows the others


@contextmanager
def opened(data: bytes) -> Iterator[Image.Image]:
    """Open without decoding a pixel; Pillow's warnings and its own limit are silenced, the caller checks the size."""
    with unlimited():
        yield _open(data)


@contextmanager
def unlimited() -> Iterator[None]:
    """Silence Pillow's warnings and its own limit of pixels."""
    theirs = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Image.MAX_IMAGE_PIXELS = None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = theirs


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Return the width and height that an opened picture has when its EXIF orientation is undone."""
    is_turned = _orientation(image) in (5, 6, 7, 8)
    return (image.height, image.width) if is_turned else (image.width, image.height)


def decode(image: Image.Image, data: bytes) -> Decoded:
    """Decode an opened picture; PictureError where it is incomplete, damaged or animated."""
    if image.format in ("JPEG", "MPO"):
        _check_jpeg(data)
    _check_still(image)
    with blaming(str(image.format)):
        image.load()
        colours, alpha = pixels(image)
        if image.format == "TGA" and alpha is not None:
            colours, alpha = _tga_alpha(data, colours, alpha)
        exif = read_exif(image)
        return Decoded(colours, alpha, image.info.get("icc_profile"), _orientation(image), file_metadata(image, exif))


def _open(data: bytes) -> Image.Image:
    try:
        try:
            return Image.open(io.BytesIO(data), formats=_COMMON)
        except UnidentifiedImageError:
            Image.init()
            return Image.open(io.BytesIO(data), formats=[name for name in _OTHERS if name in Image.OPEN])
    except Exception as error:
        raise not_a_picture(data, _reason(data, error)) from error


def _reason(data: bytes, error: Exception) -> str:
    """Return why the format of these first bytes cannot be opened, which `Image.open` keeps to itself."""
    if not isinstance(error, UnidentifiedImageError):
        return str(error)
    for name in (*_COMMON, *_OTHERS):
        factory, accepts = Image.OPEN.get(name, (None, None))
        try:
            if factory is not None and accepts is not None and accepts(data[:16]):
                factory(io.BytesIO(data), "")
        except Exception as reason:
            return str(reason)
    return ""


def _check_still(image: Image.Image) -> None:
    """Refuse an animation; the second view that some cameras put into a JPEG (MPO) is none."""
    if image.format in ("JPEG", "MPO"):
        return
    with blaming(str(image.format)):
        frames = int(getattr(image, "n_frames", 1))
    if frames > 1:
        raise PictureError(f"it is animated ({frames} frames)", hint="Export each frame as a PNG of its own")


@contextmanager
def blaming(kind: str) -> Iterator[None]:
    """Turn whatever a decoder stumbles over into a PictureError: the file is the reason."""
    try:
        yield
    except PictureError:
        raise
    except Exception as error:
        reason = str(error) or type(error).__name__
        message = f"it is truncated or damaged ({kind}: {reason})"
        raise PictureError(message, hint="Copy or save it again from its source") from error


def _check_jpeg(data: bytes) -> None:
    """Refuse a JPEG of a kind that libjpeg does not know, and one without an end marker.

    Decoders fill what is missing with grey, and some say nothing.

    Within entropy-coded data FF is followed by 00 or a restart marker, so that FFD9 after the first scan can only be
    the end (ITU-T T.81, B.1.1.2 and B.1.1.5).
    """
    start, markers = _first_scan(data)
    if any(marker in _HIERARCHICAL for marker in markers):
        hint = "Save it as PNG, or as an ordinary JPEG"
        raise PictureError("it is a JPEG of a kind that is not read (hierarchical or lossless)", hint=hint)
    if data.rfind(b"\xff\xd9", start) < 0:
        hint = "Copy or download it again, part of it is missing"
        raise PictureError("it is truncated (the JPEG ends too early)", hint=hint)


def _first_scan(data: bytes) -> tuple[int, list[int]]:
    """Return where the first scan's data starts, past thumbnails with end markers of their own, and its markers."""
    position, markers = 2, []
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker, length = data[position + 1], int.from_bytes(data[position + 2 : position + 4], "big")
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        position += 2 + length
        markers.append(marker)
        if marker == 0xDA:
            break
    return min(position, len(data)), markers


def pixels(image: Image.Image) -> tuple[U8, U8 | None]:
    """Return grey (H, W), RGB (H, W, 3) or CMYK (H, W, 4) samples, and alpha where the picture has any."""
    if image.mode == "CMYK":
        ink = np.array(image)
        # Pillow takes every CMYK JPEG for an inverted one; without Adobe's marker it is not (libjpeg.txt, CMYK)
        return (255 - ink if image.format == "JPEG" and "adobe" not in image.info else ink), None
    if image.mode in ("F", "I") or image.mode.startswith("I;16"):
        return _deep_grey(image), None
    if image.mode == "La":  # which Pillow turns into nothing but LA
        image = image.convert("LA")
    if image.has_transparency_data:
        rgba = np.asarray(image.convert("RGBA"))
        return np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(rgba[..., 3])
    return np.array(image.convert("L" if image.mode in ("1", "L") else "RGB")), None


def _tga_alpha(data: bytes, colours: U8, alpha: U8) -> tuple[U8, U8 | None]:
    """Return colours and alpha as a TGA means them: it may call alpha no alpha, or colours multiplied by it.

    Source: Truevision TGA 2.0, image descriptor (field 5.6), attributes type (field 24) of the extension area.
    """
    is_unnamed = data[17] & 15 == 0  # no bits of alpha; yet many programs write alpha then, but not all of it 0
    if is_unnamed and not alpha.any():
        return colours, None
    extension = int.from_bytes(data[-26:-22], "little") if data[-18:-2] == b"TRUEVISION-XFILE" else 0
    is_multiplied = extension > 0 and data[extension + 494 : extension + 495] == b"\4"
    return (np.asarray(divide_by_alpha(colours, alpha), np.uint8), alpha) if is_multiplied else (colours, alpha)


def _deep_grey(image: Image.Image) -> U8:
    grey = np.asarray(image)
    if image.mode == "F":
        message = "its samples are floating-point numbers, whose black and white nobody says"
        raise PictureError(message, hint="Save it as an 8-bit or 16-bit picture")
    if grey.min() < 0 or grey.max() > 0xFFFF:
        raise PictureError("its samples have more than 16 bits", hint="Save it as an 8-bit or 16-bit picture")
    return eight_bits(grey.astype(np.uint16))


def read_exif(image: Image.Image) -> Image.Exif | None:
    """Return EXIF, or the tags of a TIFF; None where they are broken."""
    try:
        return image.getexif()
    except Exception:  # broken metadata never makes a picture unreadable
        return None


def _orientation(image: Image.Image) -> int:
    """Return the orientation that is to be undone: that of EXIF, else that of XMP."""
    orientation = exif_orientation(read_exif(image))
    packet = image.info.get("xmp")
    if orientation is None and isinstance(packet, str | bytes):
        orientation = xmp_orientation(packet)
    return orientation or 1
