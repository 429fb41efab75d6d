"""Tells whether more than one picture came through a pipe, of which a reader would see the first alone."""

import re
import struct

_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF", b"GIF8", b"BM", b"II*\0", b"MM\0*")
_SEGMENT_WITHOUT_LENGTH = frozenset([0x01, *range(0xD0, 0xD8)])
_END, _SCAN = 0xD9, 0xDA
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # in a scan: 0xFF that is neither stuffed nor a restart


def holds_several(data: bytes) -> bool:
    """Whether after the end of a PNG, JPEG, WebP or BMP another picture begins.

    JPEGs that say that they hold several (CIPA DC-007, MPF) are one picture, as cameras and telephones write it.
    """
    end = _end_of(data)
    return end is not None and data[end:].lstrip(b"\0\r\n").startswith(_SIGNATURES)


def _end_of(data: bytes) -> int | None:
    """Where the first picture ends; None where that is not known."""
    try:
        if data.startswith(_SIGNATURES[0]):
            return _end_of_png(data)
        if data.startswith(b"\xff\xd8\xff"):
            return _end_of_jpeg(data)
        if data.startswith(b"RIFF"):
            size = struct.unpack_from("<I", data, 4)[0]
            return int(8 + size + size % 2)
        return int(struct.unpack_from("<I", data, 2)[0]) if data.startswith(b"BM") else None
    except struct.error:  # it is cut off
        return None


def _end_of_png(data: bytes) -> int:
    place = len(_SIGNATURES[0])
    while True:
        length, name = struct.unpack_from(">I4s", data, place)
        place += 12 + int(length)
        if name == b"IEND":
            return place


def _end_of_jpeg(data: bytes) -> int | None:
    place = 2
    while True:
        marker, kind = struct.unpack_from(">BB", data, place)
        if marker != 0xFF:
            return None
        if kind == _END:
            return place + 2
        if kind == 0xFF or kind in _SEGMENT_WITHOUT_LENGTH:
            place += 1 if kind == 0xFF else 2
            continue
        if data.startswith(b"MPF\0", place + 4):
            return None
        place += 2 + struct.unpack_from(">H", data, place + 2)[0]
        if kind == _SCAN:
            match = _NEXT_MARKER.search(data, place)
            if match is None:
                return None
            place = match.start()
