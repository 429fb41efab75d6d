"""Tells files that were cut off or overwritten with nothing from files that somebody changed.

The first can be made again without a loss; the second are work that nobody may throw away.
"""

import io
import json
import struct
import zipfile
import zlib

from pipelines.core.imaging.picture import is_damaged_png

_PSD_HEADER = ">4sH6xHIIH"  # signature, version, channels, height, width, depth
_BLOCK = 512  # bytes: of a tar, whose end are two empty ones


def is_broken(data: bytes, suffix: str) -> bool:
    """Whether a file of such a name is no whole one: empty, only zeros, cut off, or with parts that do not fit.

    What cannot be told is whole: kinds without an end that is known, and content of another kind than the name says.
    """
    if not data or not any(data):
        return True
    match suffix.lower():
        case ".png":
            return is_damaged_png(data)
        case ".json":
            return not _is_json(data)
        case ".ora" | ".zip" | ".npz":
            return _begins(data, b"PK\x03\x04") and not _is_whole_zip(data)
        case ".psd":
            return _begins(data, b"8BPS") and not _is_whole_psd(data)
        case ".tar":
            return bool(len(data) % _BLOCK) or any(data[-2 * _BLOCK :])
    return False


def _begins(data: bytes, magic: bytes) -> bool:
    """Whether a file, which may end after a few bytes, is of a kind."""
    return data.startswith(magic) or magic.startswith(data)


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def _is_whole_zip(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.testzip() is None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError):
        return False


def _is_whole_psd(data: bytes) -> bool:
    """Whether all sections are there that the file says it has, to the last row of the merged picture.

    Source: Adobe Photoshop File Formats Specification, "Photoshop File Structure".
    """
    try:
        _, version, channels, height, width, depth = struct.unpack_from(_PSD_HEADER, data)
        at = 26
        for length in (">I", ">I", ">I" if version == 1 else ">Q"):  # colour table, resources, layers
            at += struct.calcsize(length) + struct.unpack_from(length, data, at)[0]
        (compression,) = struct.unpack_from(">H", data, at)
        rows = height * channels
        if compression == 0:
            needed = rows * ((width * depth + 7) // 8)
        elif compression == 1:  # the packed length of each row, then the rows
            needed = rows * 2 + sum(struct.unpack_from(f">{rows}H", data, at + 2))
        else:
            return True
    except struct.error:
        return False
    return bool(len(data) >= at + 2 + needed)
