"""Reads the palette files that paint programs write, and finds the nearest colour of a palette.

.gpl           GIMP, Krita, Inkscape, Aseprite: "GIMP Palette", then lines of "r g b name"
.hex .txt      one colour a line, RRGGBB with or without #; Paint.NET: AARRGGBB; ";" starts a comment
.pal           JASC (Paint Shop Pro), a text; or Microsoft RIFF "PAL "
.act           Adobe colour table: 256 times r, g, b, then two bytes each for how many count and which is transparent
.aco           Adobe colour swatches, version 1 or 2: RGB, HSB, CMYK, Lab, grey
.ase           Adobe swatch exchange: RGB, CMYK, Lab, grey
pictures       the distinct colours of any picture, the most frequent first, 256 at most

A file is known by its first bytes, by its name only where those say nothing (.act, .aco, .hex). Colours keep the order
of the file; one that is listed twice counts once.
"""

import colorsys
import math
import os
import re
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from pipelines.core.errors import PictureError, UsageError
from pipelines.core.files import read_bounded
from pipelines.core.imaging.arrays import U8, Index
from pipelines.core.imaging.colours import lab_to_srgb, pack_rgb, pairwise_ciede2000
from pipelines.core.imaging.picture import decode_picture
from pipelines.core.texts import decode_text

Colour = tuple[float, float, float]  # sRGB 0..255

MAX_SWATCHES = 256
"""How many colours are taken from a picture."""

_SEEN = 128  # the alpha from which a pixel of a picture counts
_HEX = re.compile(r"#?(?:0x)?([0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3})")


def read_palette(path: str | os.PathLike[str]) -> U8:
    """Read the colours of a palette file or a picture, uint8 (n, 3), n >= 1; UsageError where there are none."""
    name = Path(path).name
    try:
        data = read_bounded(Path(path))
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise UsageError(f"the palette {name} cannot be read ({reason})", hint="Check the path") from error
    try:
        return decode_palette(data, Path(path).suffix)
    except (PictureError, UsageError) as error:
        hint = error.hint if isinstance(error, UsageError) else _HINT
        raise UsageError(f"the palette {name} cannot be used: {error.message}", hint=hint) from error


def decode_palette(data: bytes, suffix: str = "") -> U8:
    """Turn the bytes of a palette file into uint8 (n, 3), n >= 1; `suffix` helps where the content says nothing.

    UsageError or PictureError where it is damaged, empty or of no known kind.
    """
    try:
        colours = np.asarray(_reader(data, suffix.lower())(data), np.float64)
    except (ValueError, IndexError, OverflowError, struct.error) as error:
        raise UsageError("it is damaged or cut short", hint=_HINT) from error
    if not len(colours):
        raise UsageError("it holds no colours", hint=_HINT)
    rounded = np.clip(np.rint(colours), 0, 255).astype(np.uint8)
    _, first = np.unique(rounded, axis=0, return_index=True)
    return rounded[np.sort(first)]


def nearest(palette: ArrayLike, colours: ArrayLike) -> Index:
    """Return for each colour (n, 3) the index of the nearest in a palette (m, 3) by CIEDE2000; of equals the first.

    Cost grows with n times m: for a picture, give its distinct colours.
    """
    queries, offered = np.asarray(colours), np.asarray(palette)
    rows = max(1, (1 << 18) // len(offered))  # so many differences at a time fit the cache
    parts = [
        pairwise_ciede2000(queries[start : start + rows], offered).argmin(axis=1)
        for start in range(0, len(queries), rows)
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.intp)


_HINT = "Give a .gpl, .hex, .txt, .pal, .act, .aco or .ase palette, or a picture of its colours"


def _reader(data: bytes, suffix: str) -> Callable[[bytes], list[Colour] | U8]:
    """Choose by the first bytes, then by the suffix."""
    for start, reader in _BY_START.items():
        if data.startswith(start):
            return reader
    if data.startswith(b"RIFF") and data[8:12] == b"PAL ":
        return _riff
    if data[4:6] == b"\xe0\xa5":
        raise UsageError("it is an Aseprite sprite", hint="Save its palette as .gpl or .png")
    return _BY_SUFFIX.get(suffix, _picture)


def _text_lines(data: bytes) -> list[str]:
    return decode_text(data, errors="replace").splitlines()


def _gimp(data: bytes) -> list[Colour]:
    """Lines of three (with "Channels: RGBA" four) numbers and a name; header fields and # comments are passed over."""
    colours = []
    for line in _text_lines(data)[1:]:
        words = line.split()
        if len(words) >= 3 and all(word.isdecimal() for word in words[:3]):
            colours.append(_rgb(words))
    return colours


def _jasc(data: bytes) -> list[Colour]:
    """JASC-PAL, 0100, the number of colours, then one "r g b" a line."""
    lines = [line.split() for line in _text_lines(data)[2:] if line.strip()]
    count = int(lines[0][0])
    if len(lines) - 1 < count:
        raise ValueError("fewer colours than announced")
    return [_rgb(words) for words in lines[1 : 1 + count]]


def _rgb(words: list[str]) -> Colour:
    red, green, blue = (int(word) for word in words[:3])
    return red, green, blue


def _hexadecimal(data: bytes) -> list[Colour]:
    """One colour a line, or several apart by spaces or commas; of eight digits the first two are alpha (Paint.NET)."""
    words = [word for line in _text_lines(data) for word in re.split(r"[\s,]+", line.split(";")[0].strip()) if word]
    matches = [_HEX.fullmatch(word) for word in words]
    if not all(matches):
        bad = words[matches.index(None)]
        raise UsageError(f"{bad[:20]!r} is not a colour", hint="Write one colour a line as RRGGBB, like ff8800")
    return [_from_hexadecimal(match[1]) for match in matches if match]


def _from_hexadecimal(digits: str) -> Colour:
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    red, green, blue = bytes.fromhex(digits[-6:])
    return red, green, blue


def _riff(data: bytes) -> list[Colour]:
    """RIFF "PAL ": in the chunk "data" a version, the number of colours, then r, g, b and flags for each."""
    position = 12
    while data[position : position + 4] != b"data":
        (length,) = struct.unpack_from("<I", data, position + 4)
        position += 8 + length + length % 2  # chunks are padded to even size
    (count,) = struct.unpack_from("<H", data, position + 10)
    start = position + 12
    return [struct.unpack_from("<3B", data, start + 4 * index) for index in range(count)]


def _colour_table(data: bytes) -> list[Colour]:
    """Adobe .act: 768 bytes, or 772, which end with how many colours count and which one is transparent."""
    count = int.from_bytes(data[768:770], "big") or 256 if len(data) >= 772 else 256
    return [struct.unpack_from("3B", data, 3 * index) for index in range(min(count, 256))]


def _colour_swatches(data: bytes) -> list[Colour]:
    """Adobe .aco: version, count, then of each colour its space and four 16-bit values; version 2 adds names."""
    version, count = struct.unpack_from(">HH", data)
    if version not in (1, 2):
        raise UsageError(f"its version is {version}, not 1 or 2", hint=_HINT)
    colours, position = [], 4
    for _ in range(count):
        space, *values = struct.unpack_from(">5H", data, position)
        colours.append(_swatch(space, values))
        position += 10
        if version == 2:
            position += 4 + 2 * int(struct.unpack_from(">I", data, position)[0])  # the name, UTF-16 with its length
    return colours


def _swatch(space: int, values: list[int]) -> Colour:
    """Adobe Photoshop File Formats Specification, "Color swatches": RGB, HSB, CMYK, Lab, grey, wide CMYK.

    Grey 0 is white and 10000 black, as GIMP has it (readers differ, the specification says only "gray value").
    """
    share = [value / 65535 for value in values]
    match space:
        case 0:
            return values[0] >> 8, values[1] >> 8, values[2] >> 8  # programs write v * 257 or v * 256
        case 1:
            return _scaled(colorsys.hsv_to_rgb(*share[:3]))
        case 2:
            return _from_cmyk([1 - part for part in share])  # 0 = full ink
        case 7:
            signed = struct.unpack(">2h", struct.pack(">2H", *values[1:3]))
            return _from_lab(values[0] / 100, signed[0] / 100, signed[1] / 100)
        case 8:
            return _scaled([1 - min(values[0], 10000) / 10000] * 3)  # 10000 = black ink
        case 9:
            return _from_cmyk([1 - min(value, 10000) / 10000 for value in values])
    raise UsageError(f"it has a colour of an unknown kind ({space})", hint="Save it with RGB colours")


def _swatch_exchange(data: bytes) -> list[Colour]:
    """Adobe .ase: "ASEF", version, number of blocks; a block is a kind, its length and its content."""
    colours, position = [], 12
    while position < len(data):  # the count is not to be relied on: some programs leave group ends out of it
        kind, length = struct.unpack_from(">HI", data, position)
        content = data[position + 6 : position + 6 + length]
        if kind == 1:  # a colour; 0xC001 and 0xC002 begin and end a group
            colours.append(_exchanged(content))
        position += 6 + length
    return colours


def _exchanged(content: bytes) -> Colour:
    """Read one colour: a name in UTF-16 with its length, the model in four letters, its values as floats."""
    (characters,) = struct.unpack_from(">H", content)
    model = content[2 + 2 * characters : 6 + 2 * characters].strip().upper()
    sizes = {b"RGB": 3, b"CMYK": 4, b"LAB": 3, b"GRAY": 1}
    if model not in sizes:
        raise UsageError(f"it has a colour of an unknown kind ({model!r})", hint="Save it with RGB colours")
    values = struct.unpack_from(f">{sizes[model]}f", content, 6 + 2 * characters)
    if not all(map(math.isfinite, values)):
        raise UsageError("it is damaged: a colour of it is no number", hint=_HINT)
    match model:
        case b"RGB":
            return _scaled(values)
        case b"CMYK":
            return _from_cmyk(values)
        case b"LAB":
            return _from_lab(100 * values[0], values[1], values[2])  # lightness is stored as 0..1
    return _scaled(values * 3)


def _scaled(parts: ArrayLike) -> Colour:
    red, green, blue = 255 * np.asarray(parts, np.float64)
    return float(red), float(green), float(blue)


def _from_cmyk(ink: ArrayLike) -> Colour:
    cyan, magenta, yellow, black = np.asarray(ink, np.float64)
    return _scaled([(1 - part) * (1 - black) for part in (cyan, magenta, yellow)])


def _from_lab(lightness: float, a: float, b: float) -> Colour:
    red, green, blue = lab_to_srgb([lightness, a, b], white="D50")
    return float(red), float(green), float(blue)


def _picture(data: bytes) -> U8:
    """Count the distinct colours of what is not transparent; of equally frequent ones the upper left comes first."""
    picture = decode_picture(data)
    pixels = picture.rgb.reshape(-1, 3)
    if picture.alpha is not None:
        pixels = pixels[picture.alpha.ravel() >= _SEEN]
    _, first, counts = np.unique(pack_rgb(pixels), return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))[:MAX_SWATCHES]
    return pixels[first[order]]


_BY_START: dict[bytes, Callable[[bytes], list[Colour] | U8]] = {
    b"GIMP Palette": _gimp,
    b"JASC-PAL": _jasc,
    b"ASEF": _swatch_exchange,
}
_BY_SUFFIX: dict[str, Callable[[bytes], list[Colour] | U8]] = {
    ".gpl": _gimp,
    ".hex": _hexadecimal,
    ".txt": _hexadecimal,
    ".act": _colour_table,
    ".aco": _colour_swatches,
    ".pal": _colour_table,
}
