"""Reads and writes the chunks of a PNG that say what is carried: pHYs, tEXt, zTXt, iTXt, and sRGB.

Source: PNG specification, third edition, W3C 2025, sections 11.3.2.5 (sRGB), 11.3.3 (texts) and 11.3.4.3 (pHYs).
"""

import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from PIL import Image

from pipelines.core.imaging.metadata.embedded import (
    embedded_density,
    embedded_texts,
    exif_orientation,
    xmp_orientation,
    xmp_texts,
)
from pipelines.core.imaging.metadata.picture_metadata import MOST_BYTES, PictureMetadata, Text, bounded

TEXT_CHUNKS = (b"tEXt", b"zTXt", b"iTXt")
_COLOUR_CHUNKS = (b"iCCP", b"sRGB", b"cICP")
_XMP = "XML:com.adobe.xmp"
_EXIF_PROFILES = (b"Raw profile type exif\0", b"Raw profile type APP1\0")
_METRE = 1
_PERCEPTUAL = b"\0"  # the rendering intent of sRGB


def png_metadata(
    chunks: Mapping[bytes, bytes], texts: Iterable[tuple[bytes, bytes]], exif: Image.Exif | None
) -> PictureMetadata | None:
    """Return what is carried from the first chunk of each name, all chunks of text and EXIF; damaged ones are none."""
    is_tagged = any(name in chunks for name in _COLOUR_CHUNKS)
    density = _density(chunks.get(b"pHYs", b"")) or (embedded_density(exif) if exif else None)
    decoded = [text for name, content in texts for text in _decoded(name, content)]
    packets = [text.value for text in decoded if text.keyword == _XMP]
    decoded += embedded_texts(exif, decoded) if exif else []
    for packet in packets:
        decoded += xmp_texts(packet, decoded)
    return bounded(density, decoded, is_tagged=is_tagged)


def png_orientation(texts: Iterable[tuple[bytes, bytes]], exif: Image.Exif | None) -> int:
    """Return how the rows stand, 1..8, as EXIF says, else a packet of XMP."""
    orientation = exif_orientation(exif)
    if orientation is not None:
        return orientation
    for name, content in texts:
        keyword = content.partition(b"\0")[0]
        if keyword == _XMP.encode():
            return next((xmp_orientation(text.value) for text in _decoded(name, content)), 1)
    return 1


def exif_in_texts(texts: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return the EXIF that ImageMagick and others put into a text, in hexadecimal digits; empty where there is none."""
    for name, content in texts:
        if content.startswith(_EXIF_PROFILES):
            value = next((text.value for text in _decoded(name, content)), "")
            digits = "".join(value.split("\n")[3:])  # an empty line, the kind, the number of bytes
            try:
                return bytes.fromhex(digits)
            except ValueError:
                return b""
    return b""


def png_chunks(metadata: PictureMetadata | None) -> Sequence[tuple[bytes, bytes]]:
    """Return name and content of the chunks that stand before the pixels, always the same for the same metadata."""
    if metadata is None:
        return ()
    chunks = [(b"sRGB", _PERCEPTUAL)]
    if metadata.density is not None:
        chunks.append((b"pHYs", struct.pack(">IIB", *metadata.density, _METRE)))
    return (*chunks, *map(_encoded, metadata.texts))


def _density(content: bytes) -> tuple[int, int] | None:
    if len(content) != 9:
        return None
    across, down, unit = struct.unpack(">IIB", content)
    is_density = unit == _METRE and 0 < across < 1 << 22 and 0 < down < 1 << 22  # 1 << 22: beyond what a PSD holds
    return (across, down) if is_density else None


def _decoded(name: bytes, content: bytes) -> Iterator[Text]:
    """Yield the text of a chunk; nothing where it is damaged or too long."""
    keyword, zero, rest = content.partition(b"\0")
    if zero and name == b"tEXt":
        yield Text(keyword.decode("latin-1"), rest.decode("latin-1"))
    if zero and name == b"zTXt":
        value = _inflated(rest[1:]) if rest[:1] == b"\0" else None
        if value is not None:
            yield Text(keyword.decode("latin-1"), value.decode("latin-1"))
    if zero and name == b"iTXt":
        yield from _decoded_international(keyword, rest)


def _decoded_international(keyword: bytes, rest: bytes) -> Iterator[Text]:
    """The same for iTXt: whether it is packed, how, language, 0, translated keyword, 0, text in UTF-8."""
    parts = rest[2:].split(b"\0", 2)
    if len(parts) < 3:
        return
    value = parts[2] if rest[:1] == b"\0" else _inflated(parts[2]) if rest[:2] == b"\1\0" else None
    if value is None:
        return
    try:
        yield Text(keyword.decode("latin-1"), value.decode("utf-8"))
    except UnicodeDecodeError:
        return


def _inflated(packed: bytes) -> bytes | None:
    inflater = zlib.decompressobj()
    try:
        value = inflater.decompress(packed, MOST_BYTES + 1)
    except zlib.error:
        return None
    return value if inflater.eof else None


def _encoded(text: Text) -> tuple[bytes, bytes]:
    """The chunk of a text: tEXt where it is Latin-1, iTXt, not packed, else."""
    keyword = text.keyword.encode("latin-1")
    try:
        return b"tEXt", keyword + b"\0" + text.value.encode("latin-1")
    except UnicodeEncodeError:
        return b"iTXt", keyword + b"\0\0\0\0\0" + text.value.encode("utf-8")
