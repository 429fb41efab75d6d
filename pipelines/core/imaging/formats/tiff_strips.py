"""Unpacks the strips or tiles of a TIFF to rows of bytes, exactly as they were before they were packed.

A copy of the file gets one more directory in which the same strips are a grey picture of 8 bits, as many columns wide
as a row has bytes. So libtiff, which Pillow calls, unpacks whatever it can unpack and leaves the samples alone.
"""

import io
import struct
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from PIL import Image, TiffImagePlugin

from pipelines.core.errors import PictureError
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.formats.tiff_directory import (
    BITS,
    COLOUR_MAP,
    COMPRESSION,
    EXTRA_SAMPLES,
    HEIGHT,
    INK_SET,
    ORIENTATION,
    PHOTOMETRIC,
    PLANAR,
    PREDICTOR,
    ROWS_PER_STRIP,
    SAMPLE_FORMAT,
    SAMPLES,
    STRIP_LENGTHS,
    STRIP_OFFSETS,
    SUB_DIRECTORIES,
    TILE_HEIGHT,
    TILE_LENGTHS,
    TILE_OFFSETS,
    TILE_WIDTH,
    WIDTH,
    Entry,
    TiffPage,
    damaged,
)

BYTEWISE = {1: "none", 5: "LZW", 8: "deflate", 32773: "PackBits", 32946: "deflate", 34925: "LZMA", 50000: "Zstandard"}
"""Ways of packing that know nothing of samples, so that any samples can be unpacked: number -> name."""

_LONG, _LONG8S = 4, (16, 17, 18)  # field types
_LEFT_OUT = (COLOUR_MAP, EXTRA_SAMPLES, SAMPLE_FORMAT, INK_SET, SUB_DIRECTORIES, *range(529, 533))


def check_strips(page: TiffPage) -> None:
    """Refuse a TIFF of which strips or tiles are missing or reach beyond the file."""
    is_tiled = TILE_WIDTH in page.entries
    starts = page.values(TILE_OFFSETS if is_tiled else STRIP_OFFSETS)
    lengths = page.values(TILE_LENGTHS if is_tiled else STRIP_LENGTHS)
    needed = strips_a_plane(page) * (page.value(SAMPLES, 1) if page.value(PLANAR, 1) == 2 else 1)
    if len(starts) < needed:
        raise damaged(f"{len(starts)} of {needed} {'tiles' if is_tiled else 'strips'} are listed")
    if lengths and 0 in lengths[:needed]:
        raise damaged(f"{'tiles' if is_tiled else 'strips'} were left out of it")
    end = max((start + length for start, length in zip(starts, lengths, strict=False)), default=max(starts))
    if end > len(page.data):
        raise damaged(f"it ends at byte {len(page.data)} of {end}")


def strips_a_plane(page: TiffPage) -> int:
    """Return how many strips or tiles cover the picture once."""
    if TILE_WIDTH in page.entries:
        across, down = page.value(TILE_WIDTH, 0), page.value(TILE_HEIGHT, 0)
        if across <= 0 or down <= 0:
            raise damaged(f"its tiles are {across} x {down}")
        return -(-page.width // across) * -(-page.height // down)
    rows = page.value(ROWS_PER_STRIP, page.height)
    if rows <= 0:
        raise damaged(f"its strips have {rows} rows")
    return -(-page.height // rows)


def open_plane(page: TiffPage, *, plane: int, bits_a_pixel: int) -> Image.Image:
    """Open the rows of bytes of one plane (0 where samples lie together) as a grey picture, not decoded yet.

    It has the metadata of the page. `bits_a_pixel` counts all samples that lie together in this plane. Where the page
    has tiles, a row has the bytes of all tiles across, those beyond the picture included.
    """
    count = strips_a_plane(page)
    own = slice(plane * count, (plane + 1) * count)
    fields = {HEIGHT: [page.height], BITS: [8], PHOTOMETRIC: [1], SAMPLES: [1]}
    fields |= {PLANAR: [1], PREDICTOR: [1], ORIENTATION: [1]}
    if TILE_WIDTH in page.entries:
        tile = page.value(TILE_WIDTH, 0) * bits_a_pixel
        if tile % 8:
            raise PictureError(
                "it has tiles whose rows end within a byte", hint="Save it as PNG, or as TIFF with strips"
            )
        width = -(-page.width // page.value(TILE_WIDTH, 0)) * (tile // 8)
        fields |= {TILE_WIDTH: [tile // 8], TILE_OFFSETS: list(page.values(TILE_OFFSETS)[own])}
        fields |= {TILE_LENGTHS: list(page.values(TILE_LENGTHS)[own])}
    else:
        width = -(-page.width * bits_a_pixel // 8)
        fields |= {STRIP_OFFSETS: list(page.values(STRIP_OFFSETS)[own])}
        fields |= {STRIP_LENGTHS: list(page.values(STRIP_LENGTHS)[own])}
    return TiffImagePlugin.TiffImageFile(io.BytesIO(with_directory(page, fields | {WIDTH: [width]})))


def plane_rows(image: Image.Image) -> U8:
    """Unpack an opened plane, uint8 (H, bytes a row)."""
    try:
        return np.asarray(image, np.uint8)
    except (OSError, SyntaxError, ValueError) as error:
        raise damaged(f"its pixels cannot be unpacked ({error})") from error


def with_directory(page: TiffPage, fields: Mapping[int, Sequence[int]], left_out: Iterable[int] = _LEFT_OUT) -> bytes:
    """Return the file with one more directory, the only one there is: the page's, with other numbers in `fields`.

    Tags are sorted, as they have to be; those of `left_out` are dropped. What was a BigTIFF is a plain one then.
    """
    start = len(page.data) + len(page.data) % 2
    if start + (1 << 20) >= 1 << 32:
        raise PictureError("it is larger than 4 GiB", hint="Save it as PNG")
    entries = {tag: entry for tag, entry in page.entries.items() if tag not in left_out and entry.kind not in _LONG8S}
    for tag, numbers in fields.items():
        content = struct.pack(f"{page.order}{len(numbers)}I", *numbers)
        entries[tag] = Entry(_LONG, len(numbers), content)
    after = start + 2 + 12 * len(entries) + 4
    body, beyond = b"", b""
    for tag, entry in sorted(entries.items()):
        content = entry.content
        if tag not in fields and page.is_big and page.size(tag) > len(content):
            content = struct.pack(page.order + "I", min(page.place(tag), 0xFFFFFFFF))
        elif len(content) > 4 and page.is_big and tag not in fields and page.size(tag) <= 4:
            content = content[:4]
        if len(content) > 4:
            content, beyond = struct.pack(page.order + "I", after + len(beyond)), beyond + content
        body += struct.pack(page.order + "HHI", tag, entry.kind, min(entry.count, 0xFFFFFFFF)) + content.ljust(4, b"\0")
    head = (b"II*\0" if page.order == "<" else b"MM\0*") + struct.pack(page.order + "I", start)
    counted = struct.pack(page.order + "H", len(entries))
    return b"".join([head, page.data[8:], bytes(start - len(page.data)), counted, body, bytes(4), beyond])


def name_of_compression(page: TiffPage) -> str:
    """Return how a page is packed, in words where it has a name."""
    number = page.value(COMPRESSION, 1)
    return _NAMES.get(number, BYTEWISE.get(number, f"number {number}"))


_NAMES = {
    2: "CCITT Huffman", 3: "fax G3", 4: "fax G4", 6: "old JPEG", 7: "JPEG", 9: "JBIG", 10: "JBIG",
    32766: "NeXT", 32771: "CCITT RLE", 32809: "ThunderScan", 32909: "PixarLog", 33003: "JPEG 2000", 33005: "JPEG 2000",
    34661: "JBIG", 34676: "SGI LogLuv", 34677: "SGI LogLuv", 34712: "JPEG 2000", 34887: "LERC", 34892: "JPEG of DNG",
    50001: "WebP", 50002: "JPEG XL", 52546: "JPEG XL",
}  # fmt: skip
