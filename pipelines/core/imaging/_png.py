"""Reads PNG: takes the chunks apart, lets OpenCV unpack the pixels, and gives the samples their meaning.

OpenCV unpacks PNG faster than Pillow and keeps 16 bits, but it has its own ideas about palettes, transparency and
profiles, and some versions return half a picture for half a file. So the chunks are checked first, and OpenCV sees a
stream of critical chunks only. Source: PNG specification, third edition, W3C 2025, sections 5 (chunks) and 11.
"""

import io
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import cv2
import numpy as np
from PIL import Image, PngImagePlugin

from pipelines.core.errors import PictureError
from pipelines.core.imaging._decoded import Decoded, decode_with_opencv, split_alpha
from pipelines.core.imaging.arrays import U8, Samples
from pipelines.core.imaging.metadata.png_texts import TEXT_CHUNKS, exif_in_texts, png_metadata, png_orientation

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER_BYTES = 33  # the signature and IHDR
GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6

_DEPTHS = {GREY: (1, 2, 4, 8, 16), COLOUR: (8, 16), PALETTE: (1, 2, 4, 8), GREY_ALPHA: (8, 16), COLOUR_ALPHA: (8, 16)}
_METHODS = ((0, 0, 0), (0, 0, 1))  # there is one method of compression, one of filtering, two of interlacing
_LARGEST_PROFILE = 1 << 24  # bytes; a real ICC profile is far smaller, a deflate bomb is far larger
_MOST_TEXTS = 256  # chunks of text that are looked at
_LONGEST_SIDE = 1_000_000  # px: what libpng, and so OpenCV, unpacks
_MOST_CHUNKS, _LARGEST_SAID = 1 << 17, 1 << 18  # chunks that are looked at without decoding, bytes of one


@dataclass(frozen=True)
class Header:
    """What IHDR says: size in px, `depth` in bits a sample, `kind` the colour type."""

    width: int
    height: int
    depth: int
    kind: int


@dataclass(frozen=True)
class RawImage:
    """A complete PNG: its header, a `stream` of critical chunks only, and what else stands in its chunks."""

    header: Header
    stream: bytes
    chunks: dict[bytes, bytes]  # the data of the first of each name
    texts: tuple[tuple[bytes, bytes], ...] = ()  # name and data of the chunks of text


def read_header(data: bytes) -> Header:
    """Read IHDR, the first chunk; this takes about a microsecond, whatever the size of the file."""
    if len(data) < HEADER_BYTES:
        raise _truncated()
    length, name, width, height, depth, kind, *methods = struct.unpack(">I4sIIBBBBB", data[8:29])
    is_valid = (length, name) == (13, b"IHDR") and depth in _DEPTHS.get(kind, ()) and tuple(methods) in _METHODS
    if not is_valid or not 0 < width < 1 << 31 or not 0 < height < 1 << 31:
        raise PictureError("it is damaged (its PNG header makes no sense)", hint="Save it again from its source")
    return Header(width, height, depth, kind)


def upright_size(file: BinaryIO) -> tuple[int, int]:
    """Return the width and height that the PNG in an open file has when its orientation is undone; reads no pixels."""
    header = read_header(file.read(HEADER_BYTES))
    exif = b""
    texts: list[tuple[bytes, bytes]] = []
    for _ in range(_MOST_CHUNKS):
        start = file.read(8)
        if len(start) < 8 or start[4:] == b"IEND":
            break
        length, name = struct.unpack(">I4s", start)
        is_said = (name == b"eXIf" or name in TEXT_CHUNKS) and length < _LARGEST_SAID
        content = file.read(length) if is_said else b""
        file.seek(length - len(content) + 4, os.SEEK_CUR)
        exif = exif or (content if name == b"eXIf" else b"")
        texts += [(name, content)] if name != b"eXIf" and is_said and len(texts) < _MOST_TEXTS else []
    is_turned = png_orientation(texts, _exif(exif or exif_in_texts(texts))) in (5, 6, 7, 8)
    return (header.height, header.width) if is_turned else (header.width, header.height)


def read_chunks(data: bytes) -> RawImage:
    """Walk the chunks to the end and check each checksum; PictureError where the file ends early or is damaged."""
    header = read_header(data)
    view = memoryview(data)
    pixels: list[memoryview] = []
    chunks: dict[bytes, bytes] = {}
    texts: list[tuple[bytes, bytes]] = []
    for name, start, end in _walk(view):
        if name == b"IDAT":
            pixels.append(view[start - 8 : end + 4])
        elif name in TEXT_CHUNKS:
            texts += [(name, bytes(view[start:end]))] if len(texts) < _MOST_TEXTS else []
        elif name not in chunks:
            chunks[name] = bytes(view[start:end])
    if not pixels:
        raise _truncated()
    return RawImage(header, _plain_stream(data, header, pixels), chunks, tuple(texts))


def decode(data: bytes) -> Decoded:
    """Decode a PNG of any kind; PictureError where it is incomplete, damaged or animated."""
    raw = read_chunks(data)
    _check_still(raw.chunks.get(b"acTL", b""))
    samples = _unpack(raw)
    colours, alpha = _palette_colours(samples, raw) if raw.header.kind == PALETTE else _colours(samples, raw)
    profile = _inflated_profile(raw.chunks.get(b"iCCP", b""))
    exif = _exif(raw.chunks.get(b"eXIf") or exif_in_texts(raw.texts))
    metadata = png_metadata(raw.chunks, raw.texts, exif)
    return Decoded(colours, alpha, profile, png_orientation(raw.texts, exif), metadata)


def encode(array: Samples, level: int, extra: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
    """Encode uint8 or uint16 (H, W), (H, W, 3) or (H, W, 4) at a deflate level 0..9, with `extra` chunks.

    Rows are stored unfiltered. On line art and flat colours this is smaller than filtered rows, and more than twice as
    fast as libpng, which tries every filter on every row.
    """
    kind = {(): GREY, (3,): COLOUR, (4,): COLOUR_ALPHA}.get(array.shape[2:])
    if kind is None or array.dtype not in (np.uint8, np.uint16):
        raise TypeError(f"a PNG is made from uint8 or uint16 grey, RGB or RGBA, not {array.dtype} {array.shape}")
    height, width = array.shape[:2]
    samples = np.ascontiguousarray(array, array.dtype.newbyteorder(">")).reshape(height, -1).view(np.uint8)
    rows = np.zeros((height, 1 + samples.shape[1]), np.uint8)  # a row starts with its filter: 0 = none
    rows[:, 1:] = samples
    fields = struct.pack(">IIBBBBB", width, height, 8 * array.itemsize, kind, 0, 0, 0)
    content = [(b"IHDR", fields), *extra, (b"IDAT", zlib.compress(rows.data, level)), (b"IEND", b"")]
    return SIGNATURE + b"".join(_chunk(name, data) for name, data in content)


def decode_grey(data: bytes) -> Samples:
    """Decode a grey PNG of 8 or 16 bits unscaled, uint8 or uint16 (H, W); PictureError for any other kind."""
    raw = read_chunks(data)
    if raw.header.kind != GREY or raw.header.depth < 8:
        raise PictureError(
            "it is not a grey PNG of 8 or 16 bits", hint="Give the map that `colorize-cli regions` writes"
        )
    return _unpack(raw)


def _unpack(raw: RawImage) -> Samples:
    """Unpack to samples as OpenCV gives them; by Pillow where a side is longer than OpenCV takes."""
    header = raw.header
    if max(header.width, header.height) <= _LONGEST_SIDE:
        return decode_with_opencv(raw.stream)
    if header.depth == 16 and header.kind != GREY:  # which Pillow would cut to 8 bits without rounding
        message = f"it is longer than {_LONGEST_SIDE} px on a side, and its colours have 16 bits"
        raise PictureError(message, hint="Save it with 8 bits, or cut it into parts")
    return unpack_by_pillow(raw.stream)


def unpack_by_pillow(stream: bytes) -> Samples:
    """Unpack a PNG of critical chunks as OpenCV does, BGR or BGRA, but for colours of 16 bits; of any length."""
    try:
        image = PngImagePlugin.PngImageFile(io.BytesIO(stream))
        samples = np.asarray(image.convert("L") if image.mode == "1" else image)
    except (OSError, SyntaxError, ValueError) as error:
        message = "it is damaged (its pixels cannot be unpacked)"
        raise PictureError(message, hint="Save it again as an 8-bit PNG") from error
    if image.mode.startswith("I"):
        return samples.astype(np.uint16)
    if image.mode == "LA":
        return np.ascontiguousarray(samples[..., [0, 0, 0, 1]])
    return samples if samples.ndim == 2 else np.ascontiguousarray(samples[..., [2, 1, 0, 3][: samples.shape[2]]])


def _walk(view: memoryview) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, start, end) of each chunk's data up to IEND, after checking its checksum."""
    position, name = len(SIGNATURE), b""
    while name != b"IEND":
        if position + 12 > len(view):
            raise _truncated()
        length, name = struct.unpack(">I4s", view[position : position + 8])
        start, end = position + 8, position + 8 + length
        if end + 4 > len(view):
            raise _truncated()
        if zlib.crc32(view[start - 4 : end]) != int.from_bytes(view[end : end + 4], "big"):
            raise PictureError("it is damaged (a PNG checksum is wrong)", hint="Copy or save it again from its source")
        yield name, start, end
        position = end + 4


def _plain_stream(data: bytes, header: Header, pixels: list[memoryview]) -> bytes:
    """Build a PNG of critical chunks only; palette indices are declared grey, which has the same bits, to survive."""
    kind = GREY if header.kind == PALETTE else header.kind
    fields = data[16:25] + bytes([kind]) + data[26:29]
    return b"".join([SIGNATURE, _chunk(b"IHDR", fields), *pixels, _chunk(b"IEND", b"")])


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(content, zlib.crc32(name)))


def _colours(samples: Samples, raw: RawImage) -> tuple[U8, U8 | None]:
    colours, alpha = split_alpha(samples)
    key = raw.chunks.get(b"tRNS", b"")
    if alpha is None and len(key) >= 2 * (1 if samples.ndim == 2 else 3):
        alpha = _keyed_alpha(samples, key, raw.header.depth)
    return colours, alpha


def _keyed_alpha(samples: Samples, key: bytes, depth: int) -> U8:
    """Return alpha 0 where grey or BGR samples are the transparent colour of tRNS, at full depth, else 255."""
    channels = 1 if samples.ndim == 2 else 3
    transparent = np.frombuffer(key[: 2 * channels], ">u2").astype(np.int64)[::-1]
    matches = samples == transparent * _stretch(depth)
    hidden = matches if channels == 1 else matches.all(axis=2)
    return np.where(hidden, 0, 255).astype(np.uint8)


def _stretch(depth: int) -> int:
    """Return the factor by which a decoder stretches grey samples of less than 8 bits to 0..255."""
    return 255 // ((1 << depth) - 1) if depth < 8 else 1


def _palette_colours(indices: Samples, raw: RawImage) -> tuple[U8, U8 | None]:
    """Look up the palette; an index beyond it is black, as in libpng."""
    listed = np.frombuffer(raw.chunks.get(b"PLTE", b"")[:768], np.uint8)
    translucent = np.frombuffer(raw.chunks.get(b"tRNS", b"")[:256], np.uint8)
    table = np.zeros((256, 4), np.uint8)
    table[:, 3] = 255
    table[: len(listed) // 3, :3] = listed[: len(listed) // 3 * 3].reshape(-1, 3)
    table[: len(translucent), 3] = translucent
    table = table[np.arange(256) // _stretch(raw.header.depth)]
    red, green, blue, alpha = (cv2.LUT(indices, np.ascontiguousarray(column)) for column in table.T)
    colours = np.asarray(cv2.merge([red, green, blue]), np.uint8)
    return colours, np.asarray(alpha, np.uint8) if len(translucent) else None


def _check_still(control: bytes) -> None:
    """Refuse an animation: acTL starts with the number of frames."""
    frames = int.from_bytes(control[:4], "big")
    if frames > 1:
        raise PictureError(f"it is animated ({frames} frames)", hint="Export each frame as a PNG of its own")


def _inflated_profile(chunk: bytes) -> bytes | None:
    """Return the ICC profile of iCCP (name, 0, method, deflated profile), or None where there is none to be had."""
    _name, _zero, rest = chunk.partition(b"\0")
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(rest[1:], _LARGEST_PROFILE)
    except zlib.error:
        return None  # a broken profile is ignored, as browsers do
    return profile if inflater.eof else None


def _exif(chunk: bytes) -> Image.Exif | None:
    """Return what eXIf holds; None where there is none or it is broken."""
    if not chunk:
        return None
    exif = Image.Exif()
    try:
        exif.load(chunk)
    except Exception:  # broken metadata never makes a picture unreadable
        return None
    return exif


def _truncated() -> PictureError:
    return PictureError(
        "it is truncated (the PNG ends too early)", hint="Copy or download it again, part of it is missing"
    )
