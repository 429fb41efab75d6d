"""Reads BMP of every depth and header: 1 to 32 bits, any bit fields, run lengths, embedded profiles.

Source: Microsoft, "Bitmap storage", BITMAPCOREHEADER to BITMAPV5HEADER, "Bitmap compression" (Windows GDI).
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import PictureError
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.formats.scaling import look_up, pick, to_levels

_RGB, _RLE8, _RLE4, _FIELDS, _JPEG, _PNG, _ALPHA_FIELDS = range(7)
_OS2_CORE, _WINDOWS, _MOST = 12, (40, 52, 56, 108, 124), 1 << 31  # bytes of headers; px
_DEPTHS = (1, 2, 4, 8, 16, 24, 32)
_FIVES, _EIGHTS = (0x7C00, 0x3E0, 0x1F, 0), (0xFF0000, 0xFF00, 0xFF, 0)  # masks of red, green, blue, alpha
_BYTES = {0: 0, 0xFF: 0, 0xFF00: 1, 0xFF0000: 2, 0xFF000000: 3}  # mask -> which byte
_EMBEDDED = 0x4D424544  # "MBED", a colour space of its own
_PACKED = {_JPEG: "JPEG in BMP", _PNG: "PNG in BMP", 11: "CMYK", 12: "CMYK", 13: "CMYK"}


@dataclass(frozen=True)
class BmpHeader:
    """What the headers say: size in px, `bits` a pixel, where pixels start and the masks of their samples."""

    width: int
    height: int
    is_upright: bool  # rows from the top
    bits: int
    compression: int
    size: int  # bytes of the information header
    pixels: int  # place of the first
    colours: int  # of the palette
    masks: tuple[int, ...]
    density: tuple[int, int]  # pixels per metre across and down, 0 where unknown


@dataclass(frozen=True)
class BmpPixels:
    """uint8 RGB (H, W, 3), straight alpha (H, W) or None, and the embedded profile."""

    rgb: U8
    alpha: U8 | None
    profile: bytes | None


def is_bmp(data: bytes) -> bool:
    """Tell by the first bytes whether this is a BMP, and not a text that begins with its two letters."""
    return data[:2] == b"BM" and 12 <= int.from_bytes(data[14:18], "little") <= 124


def read_header(data: bytes) -> BmpHeader:
    """Read the headers of a BMP; PictureError where they make no sense or say what is not read, by its name."""
    if len(data) < 26:
        raise _damaged("it ends within its header")
    pixels, size = struct.unpack_from("<II", data, 10)
    if size == _OS2_CORE:
        width, height, bits = struct.unpack_from("<HH2xH", data, 18)
        return _checked(BmpHeader(width, height, False, bits, _RGB, size, pixels, 0, _plain_masks(bits), (0, 0)))
    if size not in _WINDOWS:
        raise _unread(f"a header of {size} bytes, as of OS/2") if 16 <= size <= 64 else _damaged("its header is none")
    if len(data) < 14 + size:
        raise _damaged("it ends within its header")
    width, height, bits, compression, across, down, colours = struct.unpack_from("<ii2xHI4xiiI", data, 18)
    masks = _masks(data, size, bits, compression)
    density = (across, down) if across > 0 and down > 0 else (0, 0)
    return _checked(BmpHeader(width, abs(height), height < 0, bits, compression, size, pixels, colours, masks, density))


def _checked(header: BmpHeader) -> BmpHeader:
    if header.compression in _PACKED:
        raise _unread(_PACKED[header.compression])
    if header.compression > _ALPHA_FIELDS or header.bits not in _DEPTHS:
        raise _unread(f"{header.bits} bits a pixel, compression {header.compression}")
    if {_RLE8: 8, _RLE4: 4}.get(header.compression, header.bits) != header.bits or (
        header.compression in (_FIELDS, _ALPHA_FIELDS) and header.bits not in (16, 24, 32)
    ):
        raise _damaged("its header contradicts itself")
    if not 0 < header.width < _MOST or not 0 < header.height < _MOST:
        raise _damaged(f"its size is {header.width} x {header.height}")
    return header


def _plain_masks(bits: int) -> tuple[int, ...]:
    return _FIVES if bits == 16 else _EIGHTS


def _masks(data: bytes, size: int, bits: int, compression: int) -> tuple[int, ...]:
    """Return the masks of red, green, blue and alpha in a pixel of 16 to 32 bits."""
    plain = _plain_masks(bits)
    if compression not in (_FIELDS, _ALPHA_FIELDS):
        return plain
    count = 4 if compression == _ALPHA_FIELDS or size >= 56 else 3
    if len(data) < 54 + 4 * count:
        raise _damaged("it ends within its header")
    masks = struct.unpack_from(f"<{count}I", data, 54)
    return (*masks, 0)[:4] if any(masks[:3]) else plain


def read_pixels(data: bytes, header: BmpHeader) -> BmpPixels:
    """Decode the pixels; PictureError where they are incomplete."""
    if header.compression in (_RLE8, _RLE4):
        rgb, alpha = look_up(_run_lengths(data, header), _palette(data, header)), None
    elif header.bits <= 8:
        rgb, alpha = look_up(_indices(_rows(data, header), header), _palette(data, header)), None
    elif header.bits >= 24 and all(_BYTES.get(mask, 4) < header.bits // 8 for mask in header.masks):
        rgb, alpha = _bytes(_rows(data, header), header)
    else:
        rgb, alpha = _fields(_rows(data, header), header)
    if not header.is_upright:
        rgb, alpha = rgb[::-1], None if alpha is None else alpha[::-1]
    straight = None if alpha is None else np.ascontiguousarray(alpha)
    return BmpPixels(np.ascontiguousarray(rgb), straight, _profile(data, header))


def _rows(data: bytes, header: BmpHeader) -> U8:
    """Return the rows as stored, uint8 (H, bytes a row); the padding behind the last one may be missing."""
    stride = (header.width * header.bits + 31) // 32 * 4
    needed = stride * (header.height - 1) + (header.width * header.bits + 7) // 8
    content = data[header.pixels : header.pixels + stride * header.height]
    if len(content) < needed:
        raise _damaged(f"{len(content)} of {needed} bytes of its pixels are there")
    return np.frombuffer(content.ljust(stride * header.height, b"\0"), np.uint8).reshape(header.height, stride)


def _indices(rows: U8, header: BmpHeader) -> U8:
    """Return the palette index of each pixel, uint8 (H, W), of rows of 1, 2, 4 or 8 bits a pixel."""
    if header.bits == 8:
        return rows[:, : header.width]
    shifts = np.arange(8 - header.bits, -1, -header.bits, dtype=np.uint8)
    parts = (rows[..., None] >> shifts) & ((1 << header.bits) - 1)
    return np.asarray(parts.reshape(len(rows), -1)[:, : header.width], np.uint8)


def _palette(data: bytes, header: BmpHeader) -> U8:
    """Return the RGB of each index, uint8 (256, 3); those that are not listed are black."""
    apiece = 3 if header.size == _OS2_CORE else 4
    start = 14 + header.size
    count = min(header.colours or 1 << header.bits, 1 << header.bits)
    content = data[start : min(start + apiece * count, header.pixels if header.pixels > start else len(data))]
    listed = np.frombuffer(content[: len(content) // apiece * apiece], np.uint8).reshape(-1, apiece)
    table = np.zeros((256, 3), np.uint8)
    table[: len(listed)] = listed[:, 2::-1]
    return table


def _bytes(rows: U8, header: BmpHeader) -> tuple[U8, U8 | None]:
    """Take samples out of pixels of 24 or 32 bits of which each is a byte of its own."""
    apiece = header.bits // 8
    pixels = np.ascontiguousarray(rows[:, : header.width * apiece]).reshape(header.height, header.width, apiece)
    red, green, blue, alpha = (_BYTES.get(mask, 0) for mask in header.masks)
    rgb = np.asarray(pick(pixels, (red, green, blue)), np.uint8)
    return rgb, np.asarray(pick(pixels, (alpha,))[..., 0], np.uint8) if header.masks[3] else None


def _fields(rows: U8, header: BmpHeader) -> tuple[U8, U8 | None]:
    """Take samples out of pixels of 16, 24 or 32 bits by their masks, scaled to 0..255."""
    apiece = header.bits // 8
    parts = rows[:, : header.width * apiece].reshape(header.height, header.width, apiece)
    pixels = np.zeros((header.height, header.width), np.uint32)
    for place in range(apiece):
        pixels |= parts[..., place].astype(np.uint32) << np.uint32(8 * place)
    samples = [_sample(pixels, mask) for mask in header.masks]
    return np.stack(samples[:3], axis=-1), samples[3] if header.masks[3] else None


def _sample(pixels: NDArray[np.uint32], mask: int) -> U8:
    if not mask:
        return np.zeros(pixels.shape, np.uint8)
    shift = (mask & -mask).bit_length() - 1
    largest = mask >> shift
    if largest & (largest + 1):
        raise _damaged("its bit fields have gaps")
    values = (pixels >> np.uint32(shift)) & np.uint32(largest)
    if largest > 0xFFFF:
        values, largest = values >> np.uint32(largest.bit_length() - 16), 0xFFFF
    return to_levels(values.astype(np.uint8) if largest < 256 else values.astype(np.uint16), largest)


def _run_lengths(data: bytes, header: BmpHeader) -> U8:
    """Decode RLE8 or RLE4 to indices (H, W) from the bottom row up; what is skipped has index 0."""
    indices = np.zeros((header.height, header.width), np.uint8)
    row, column, position = 0, 0, header.pixels
    is_nibbles = header.compression == _RLE4
    while row < header.height:
        if position + 2 > len(data):
            raise _damaged(f"{row} of {header.height} rows are there")
        count, value = data[position], data[position + 1]
        position += 2
        if count:
            values = (value >> 4, value & 15) if is_nibbles else (value,)
            run = (bytes(values) * count)[:count]
        elif value == 0:
            row, column = row + 1, 0
            continue
        elif value == 1:
            break
        elif value == 2:
            step = data[position : position + 2].ljust(2, b"\0")
            column, row, position = column + step[0], row + step[1], position + 2
            continue
        else:
            length = (value + 1) // 2 if is_nibbles else value
            packed = data[position : position + length]
            run = bytes(part for byte in packed for part in (byte >> 4, byte & 15))[:value] if is_nibbles else packed
            position += length + length % 2
            if len(run) < value:
                raise _damaged(f"{row} of {header.height} rows are there")
        end = min(column + len(run), header.width)  # runs that go beyond the row are cut
        if end > column:
            indices[row, column:end] = np.frombuffer(run[: end - column], np.uint8)
        column += len(run)
    return indices


def _profile(data: bytes, header: BmpHeader) -> bytes | None:
    """Return the ICC profile that a BITMAPV5HEADER embeds."""
    if header.size < 124 or struct.unpack_from("<I", data, 70)[0] != _EMBEDDED:
        return None
    start, length = struct.unpack_from("<II", data, 126)
    profile = data[14 + start : 14 + start + length]
    return profile if length and len(profile) == length else None


def _damaged(reason: str) -> PictureError:
    message = f"it is truncated or damaged (BMP: {reason})"
    return PictureError(message, hint="Copy or save it again from its source")


def _unread(what: str) -> PictureError:
    return PictureError(
        f"it is a BMP of a kind that is not read ({what})", hint="Save it as PNG, or as a BMP of 24 bits"
    )
