"""Makes the ICC profile of sRGB, for formats that have no shorter word for it: always the same bytes.

Source: ICC.1:2010 (profile version 4.3), sections 7 (format), 9.2 and 10; IEC 61966-2-1 (curve and primaries); these
are adapted to D50 by the Bradford transform, and rounded as Little CMS does, which so finds nothing to convert.
"""

import functools
import struct

_WHITE = (0.9642, 1.0, 0.8249)  # D50, the white of every profile
_COLORANTS = {  # in 65536ths
    b"rXYZ": (28576, 14581, 912),
    b"gXYZ": (25239, 46983, 6361),
    b"bXYZ": (9375, 3972, 46787),
}
_ADAPTATION = (1.04788, 0.02292, -0.05022, 0.02959, 0.99048, -0.01707, -0.00925, 0.01508, 0.75168)  # D65 to D50
_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)  # g, a, b, c, d: (a x + b)^g from d on, c x below
_HEADER_BYTES = 128


@functools.cache
def srgb_profile() -> bytes:
    """Return the profile, about half a kibibyte."""
    curve = b"para" + struct.pack(">4xHH", 3, 0) + _fixed(*_CURVE)
    tags = {b"desc": _words("sRGB"), b"cprt": _words("No copyright, use freely"), b"wtpt": _place(_WHITE)}
    tags |= {name: _place(tuple(part / 65536 for part in parts)) for name, parts in _COLORANTS.items()}
    tags |= {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve, b"chad": b"sf32" + bytes(4) + _fixed(*_ADAPTATION)}
    return _joined(tags)


def _joined(tags: dict[bytes, bytes]) -> bytes:
    """The header, the table of the tags, their data; equal data stands once."""
    start = _HEADER_BYTES + 4 + 12 * len(tags)
    places: dict[bytes, int] = {}
    body = b""
    for data in tags.values():
        if data not in places:
            places[data] = start + len(body)
            body += data + bytes(-len(data) % 4)
    entries = [struct.pack(">4sII", name, places[data], len(data)) for name, data in tags.items()]
    dates = (2026, 1, 1, 0, 0, 0)  # of this profile, not of the file
    header = struct.pack(">I4xI4s4s4s6H4s", start + len(body), 0x04300000, b"mntr", b"RGB ", b"XYZ ", *dates, b"acsp")
    header += bytes(28) + _fixed(*_WHITE)
    return header.ljust(_HEADER_BYTES, b"\0") + struct.pack(">I", len(tags)) + b"".join(entries) + body


def _words(text: str) -> bytes:
    wide = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">4xII2s2sII", 1, 12, b"en", b"US", len(wide), 28) + wide


def _place(xyz: tuple[float, ...]) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(*xyz)


def _fixed(*numbers: float) -> bytes:
    """The numbers in 16.16 bits."""
    return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)
