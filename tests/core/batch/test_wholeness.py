"""What is broken, and what somebody changed."""

import io
import json
import tarfile
import zipfile

import numpy as np
import pytest

from pipelines.core.batch.wholeness import is_broken
from pipelines.core.imaging.picture import encode_picture, encode_png
from pipelines.exports import psd
from pipelines.exports.base.decomposition import FinishedPicture, decompose
from tests import drawings

PICTURE = np.random.default_rng(0).integers(0, 256, (40, 30, 3), np.uint8)


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a", PICTURE.tobytes())
    return buffer.getvalue()


def tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        entry = tarfile.TarInfo("a")
        entry.size = PICTURE.nbytes
        archive.addfile(entry, io.BytesIO(PICTURE.tobytes()))
    return buffer.getvalue()


def photoshop() -> bytes:
    lines = drawings.two_circles()
    coloured = drawings.two_circles_coloured()
    flat = np.zeros(lines.shape[:2], np.uint8)
    finished = FinishedPicture(
        flattened=coloured,
        colour=coloured,
        flats=coloured,
        background=flat > 0,
        line_art=np.dstack([lines, lines, lines, 255 - lines]),
        is_multiplied=False,
        hints=None,
        areas=None,
        metadata=None,
    )
    (data,) = psd.write(decompose(finished, flats="one")).values()
    return bytes(data)


KINDS = {
    ".png": lambda: encode_png(PICTURE),
    ".json": lambda: json.dumps({"a": [1, 2]}).encode(),
    ".ora": zipped,
    ".tar": tarred,
    ".psd": photoshop,
}


@pytest.mark.parametrize("suffix", KINDS)
def test_what_is_cut_off_is_broken_and_what_is_whole_is_not(suffix: str) -> None:
    data = KINDS[suffix]()
    assert not is_broken(data, suffix)
    for length in (0, 3, len(data) // 2, len(data) - 1):
        assert is_broken(data[:length], suffix), length
    assert is_broken(bytes(len(data)), suffix)


@pytest.mark.parametrize("suffix", [".png", ".ora"])
def test_one_changed_byte_inside_breaks_what_has_checksums(suffix: str) -> None:
    data = bytearray(KINDS[suffix]())
    data[len(data) // 2] ^= 1
    assert is_broken(bytes(data), suffix)


def test_work_of_others_is_whole_whatever_its_name() -> None:
    assert not is_broken(encode_picture(PICTURE, ".webp"), ".png")
    assert not is_broken(encode_png(PICTURE[:9]), ".PNG")
    assert not is_broken(b"notes", ".psd")
    assert not is_broken(b"cut off in the mid", ".txt")
