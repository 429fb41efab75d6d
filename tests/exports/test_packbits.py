"""PackBits, by a decoder after the specification."""

from collections.abc import Iterator

import numpy as np
import pytest

from pipelines.exports._packbits import pack_rows
from tests.drawings import Bytes
from tests.exports.documents import rows


def unpacked(data: bytes) -> Iterator[int]:
    """PackBits, byte by byte, after TIFF 6.0."""
    place = 0
    while place < len(data):
        header = data[place]
        assert header != 128
        if header < 128:
            yield from data[place + 1 : place + header + 2]
            place += header + 2
        else:
            yield from [data[place + 1]] * (257 - header)
            place += 2


@pytest.mark.parametrize("plane", rows(), ids=lambda plane: str(plane.shape))
def test_rows_unpack_to_themselves(plane: Bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.exports._packbits._BAND", 2000)  # several bands
    sizes, data = pack_rows(plane)
    begins = np.cumsum(sizes) - sizes
    for row, begin, size in zip(plane, begins, sizes, strict=True):
        assert list(unpacked(data[begin : begin + size])) == row.tolist()
    assert sizes.sum() == len(data)


def test_runs_are_short_and_noise_hardly_grows() -> None:
    assert len(pack_rows(np.zeros((1, 1280), np.uint8))[1]) == 20
    noise = np.random.default_rng(0).permutation(256).astype(np.uint8)[None]
    assert len(pack_rows(noise)[1]) == 256 + 2
