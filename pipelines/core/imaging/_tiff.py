"""Reads TIFF: by `formats/` where samples stand plainly, through Pillow where only a decoder knows them (JPEG, fax)."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import TiffImagePlugin

from pipelines.core.errors import PictureError
from pipelines.core.imaging import _pillow
from pipelines.core.imaging._decoded import Decoded
from pipelines.core.imaging.formats.tiff_directory import BITS, ORIENTATION, TiffPage, is_tiff, read_page
from pipelines.core.imaging.formats.tiff_samples import UNREAD_HINT, open_first_plane, read_samples, sample_layout
from pipelines.core.imaging.formats.tiff_strips import check_strips, name_of_compression, with_directory
from pipelines.core.imaging.metadata.embedded import xmp_orientation
from pipelines.core.imaging.metadata.file_info import file_metadata

__all__ = ["decode", "is_tiff", "read_page", "upright_size"]

_XMP = 700  # XMP specification, part 3
_LARGEST_XMP = 1 << 18  # bytes that are looked at
_DECODED_BITS = (1, 4, 8)  # what libtiff's decoders give; 12 bits of JPEG come out as something else


def upright_size(page: TiffPage) -> tuple[int, int]:
    """Return the width and height that a page has when its orientation is undone."""
    return (page.height, page.width) if _orientation(page) in (5, 6, 7, 8) else (page.width, page.height)


def decode(page: TiffPage) -> Decoded:
    """Decode a page; PictureError where it is incomplete or damaged, or of a kind that is not read, by its name."""
    with _pillow.unlimited(), _pillow.blaming("TIFF"):
        layout = sample_layout(page)
        if layout is None:
            return _decoded_whole(page)
        first = open_first_plane(page, layout)
        colours, alpha = read_samples(page, layout, first)
        metadata = file_metadata(first, _pillow.read_exif(first))
        return Decoded(colours, alpha, first.info.get("icc_profile"), _orientation(page), metadata)


def _decoded_whole(page: TiffPage) -> Decoded:
    """Let Pillow and libtiff decode a page; they turn it upright too."""
    check_strips(page)
    if page.value(BITS, 1) not in _DECODED_BITS:
        raise _unread(page)
    with _libtiff():
        try:
            image = TiffImagePlugin.TiffImageFile(io.BytesIO(with_directory(page, {}, ())))
        except Exception as error:  # whatever Pillow says of a kind of TIFF that it does not know
            raise _unread(page) from error
    image.load()
    colours, alpha = _pillow.pixels(image)
    metadata = file_metadata(image, _pillow.read_exif(image))
    return Decoded(colours, alpha, image.info.get("icc_profile"), 1, metadata)


def _orientation(page: TiffPage) -> int:
    if ORIENTATION in page.entries:
        return page.value(ORIENTATION, 1)
    packet = page.values(_XMP) if page.size(_XMP) < _LARGEST_XMP else ()
    return xmp_orientation(bytes(packet)) if all(0 <= value < 256 for value in packet) else 1


def _unread(page: TiffPage) -> PictureError:
    bits = ", ".join(map(str, page.values(BITS) or (1,)))
    message = f"it is a TIFF of a kind that is not read ({name_of_compression(page)}, samples of {bits} bits)"
    return PictureError(message, hint=UNREAD_HINT)


@contextmanager
def _libtiff() -> Iterator[None]:
    """Have Pillow use libtiff for what is not packed too: it alone knows YCbCr of which colours are stored coarsely."""
    theirs = TiffImagePlugin.READ_LIBTIFF
    TiffImagePlugin.READ_LIBTIFF = True
    try:
        yield
    finally:
        TiffImagePlugin.READ_LIBTIFF = theirs
