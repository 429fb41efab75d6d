"""Samples of any depth to levels 0..255, palettes and channels, against fractions and plain indexing."""

import numpy as np
import pytest

from pipelines.core.imaging.formats.scaling import look_up, pick, same_kind, to_levels
from tests.core.imaging.samples import noise


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16])
def test_every_sample_of_every_depth_is_rounded(bits):
    largest = (1 << bits) - 1
    samples = np.arange(largest + 1, dtype=np.uint8 if bits <= 8 else np.uint16).reshape(2, -1)
    assert np.array_equal(to_levels(samples, largest), np.floor(samples * 255.0 / largest + 0.5))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_look_up(dtype):
    table = noise(100, 3)
    indices = (noise(7, 9) % 100).astype(dtype)
    assert np.array_equal(look_up(indices, table), table[indices])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [(0,), (2, 1, 0), (0, 1, 2, 3), (3,)])
def test_pick(dtype, channels):
    samples = noise(7, 9, 4, dtype=dtype)
    picked = pick(samples, channels)
    assert picked.dtype == dtype
    assert np.array_equal(picked, samples[..., list(channels)])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_same_kind(dtype):
    assert same_kind(np.array([[1, 2]]), np.zeros((1, 1), dtype)).dtype == dtype
