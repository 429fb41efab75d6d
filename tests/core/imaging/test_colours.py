"""Colours as numbers, against the published table and scikit-image."""

import numpy as np
import pytest

from pipelines.core.imaging.colours import (
    as_rgb,
    ciede2000,
    differ,
    lab_to_srgb,
    medoid,
    pack_rgb,
    pairwise_ciede2000,
    srgb_to_lab,
    unpack_rgb,
)
from tests.drawings import BLUE, GREEN, RED

# Sharma, Wu, Dalal 2005, table 1: L a b, L a b, difference; pairs that tell the special cases apart
SHARMA = [
    ((50.0000, 2.6772, -79.7751), (50.0000, 0.0000, -82.7485), 2.0425),
    ((50.0000, 3.1571, -77.2803), (50.0000, 0.0000, -82.7485), 2.8615),
    ((50.0000, -1.3802, -84.2814), (50.0000, 0.0000, -82.7485), 1.0000),
    ((50.0000, 0.0000, 0.0000), (50.0000, -1.0000, 2.0000), 2.3669),
    ((50.0000, 2.4900, -0.0010), (50.0000, -2.4900, 0.0009), 7.1792),
    ((50.0000, 2.4900, -0.0010), (50.0000, -2.4900, 0.0011), 7.2195),
    ((50.0000, -0.0010, 2.4900), (50.0000, 0.0009, -2.4900), 4.8045),
    ((50.0000, 2.5000, 0.0000), (73.0000, 25.0000, -18.0000), 27.1492),
    ((50.0000, 2.5000, 0.0000), (50.0000, 3.1736, 0.5854), 1.0000),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((90.9257, -0.5406, -0.9208), (88.6381, -0.8985, -0.7239), 1.5381),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize("first, second, difference", SHARMA)
def test_ciede2000_against_its_published_table(first, second, difference):
    assert ciede2000(first, second) == pytest.approx(difference, abs=1e-4)
    assert ciede2000(second, first) == pytest.approx(difference, abs=1e-4)


def test_colours_against_scikit_image():
    color = pytest.importorskip("skimage.color")
    rgb = np.random.default_rng(0).integers(0, 256, (2, 3000, 3), dtype=np.uint8)
    lab = srgb_to_lab(rgb)
    assert np.abs(lab - color.rgb2lab(rgb)).max() < 0.01
    assert np.abs(ciede2000(lab[0], lab[1]) - color.deltaE_ciede2000(lab[0], lab[1])).max() < 1e-9


def test_lab_and_back():
    rgb = np.random.default_rng(0).integers(0, 256, (3000, 3), dtype=np.uint8)
    assert np.array_equal(lab_to_srgb(srgb_to_lab(rgb)), rgb)
    assert lab_to_srgb([100, 0, 0]).tolist() == lab_to_srgb([100, 0, 0], white="D50").tolist() == [255, 255, 255]
    assert srgb_to_lab([255, 255, 255]) == pytest.approx([100, 0, 0], abs=1e-9)


def test_the_medoid_is_one_of_the_colours_and_counts_weights():
    assert medoid([RED, BLUE, RED], [1, 1.5, 1]) == RED
    assert medoid([RED, BLUE], [1, 2]) == BLUE


def test_colours_differ_from_what_the_eye_tells_apart():
    assert not differ([RED]) and not differ([RED, RED])
    assert not differ([(100, 100, 100), (101, 100, 100)])
    assert differ([RED, RED, BLUE])


def test_every_pair_is_measured_once_each_way():
    some, others = [RED, GREEN, (0, 0, 0)], [BLUE, RED]
    table = pairwise_ciede2000(some, others)
    assert table.shape == (3, 2) and table[0, 1] == 0
    for row, colour in enumerate(some):
        for column, other in enumerate(others):
            assert table[row, column] == ciede2000(srgb_to_lab(colour), srgb_to_lab(other))


def test_colours_as_numbers_and_back():
    colours = np.array([[(0x12, 0x34, 0x56), (255, 0, 1)]], np.uint8)
    packed = pack_rgb(colours)
    assert packed.dtype == np.int32 and packed.tolist() == [[0x123456, 0xFF0001]]
    assert np.array_equal(unpack_rgb(packed), colours)
    assert np.array_equal(unpack_rgb(packed.astype(np.int64) | 7 << 24), colours), "higher bits say something else"
    assert np.array_equal(pack_rgb(np.dstack([colours, colours[..., :1]])), packed), "alpha is left out"
    assert as_rgb(colours[0, 1]) == (255, 0, 1)
