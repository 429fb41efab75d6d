"""Pictures and files for the tests of imaging, made by hand where a library would hide what is in them."""

import io
import struct
import zlib

import numpy as np
import pytest

from pipelines.core.errors import PictureError
from pipelines.core.imaging.picture import decode_picture

WHITE = np.array([255, 255, 255], np.uint8)


def noise(*shape, seed=0, dtype=np.uint8):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, shape, dtype=dtype)


def smooth(height=40, width=56):
    """A picture that JPEG keeps: slow ramps in all three channels."""
    rows, columns = np.mgrid[0:height, 0:width]
    return np.dstack([rows * 4 + 40, columns * 3 + 20, 200 - rows * 2]).astype(np.uint8)


def saved(image, kind, **settings):
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()


def chunks(data):
    position, found = 8, []
    while position < len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        found.append((name, data[position + 8 : position + 8 + length]))
        position += 12 + length
    return found


def png(*parts):
    """A PNG of these chunks, with right checksums."""
    body = b"".join(struct.pack(">I", len(c)) + n + c + struct.pack(">I", zlib.crc32(n + c)) for n, c in parts)
    return b"\x89PNG\r\n\x1a\n" + body


def with_chunk(data, name, content):
    """The PNG with one more chunk behind its header."""
    header, *rest = chunks(data)
    return png(header, (name, content), *rest)


def raw_png(width, height, depth, kind, rows):
    """A PNG of unfiltered rows of bytes."""
    packed = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    return png(
        (b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)), (b"IDAT", packed), (b"IEND", b"")
    )


def refused(data, words, **settings):
    with pytest.raises(PictureError, match=words) as caught:
        decode_picture(data, **settings)
    assert caught.value.hint
    return caught.value


def rounded(deep):
    """round(v / 257) with fractions, not with the arithmetic of the code."""
    return np.rint(deep.astype(np.float64) / 257).astype(np.uint8)
