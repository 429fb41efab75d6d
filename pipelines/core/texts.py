"""Texts of files that people write with programs of every kind: decoded by what the file itself says."""

import codecs
import re

_MARKS = (  # UTF-32 first: its mark begins as that of UTF-16 does
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode_text(data: bytes, *, errors: str = "strict") -> str:
    """The text of a file: UTF-8, with or without a byte order mark, or what another mark says (PowerShell: UTF-16).

    errors: what becomes of bytes that are no text, as `bytes.decode` has it. Raises UnicodeDecodeError.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors)
    if looks_like_utf16(data):
        return data.decode("utf-16-le" if data[1] == 0 else "utf-16-be", errors)
    return data.decode("utf-8-sig", errors)


def looks_like_utf16(data: bytes) -> bool:
    """Whether a text without a mark is UTF-16: every second byte of what is mostly ASCII is zero.

    Single letters that end in zeros, as `find -print0` writes them for names of one letter, are not taken for it: they
    hold neither a dot before a suffix nor a line's end.
    """
    if len(data) < 4 or len(data) % 2:
        return False
    looks_like_path = re.compile(rb"\w\.\w{2,4}|[\\/\n]")
    for low, high in ((data[::2], data[1::2]), (data[1::2], data[::2])):
        if high.count(0) * 10 >= len(high) * 9 and low.count(0) == 0 and looks_like_path.search(low):
            return True
    return False
