"""Strips and tiles unpacked to bytes; missing ones, named."""

import numpy as np
import pytest

from pipelines.core.errors import PictureError
from pipelines.core.imaging.formats.tiff_directory import read_page
from pipelines.core.imaging.formats.tiff_strips import (
    check_strips,
    name_of_compression,
    open_plane,
    plane_rows,
    strips_a_plane,
    with_directory,
)
from tests.core.imaging.samples import noise
from tests.core.imaging.tiffs import DEFLATE, Tiff

SAMPLES = noise(21, 37, 3)


def test_rows_are_the_bytes_before_they_were_packed():
    page = read_page(Tiff(SAMPLES, 8, 2, compression=DEFLATE, rows=4).data())
    assert strips_a_plane(page) == 6
    assert np.array_equal(plane_rows(open_plane(page, plane=0, bits_a_pixel=24)), SAMPLES.reshape(21, -1))


def test_planes_lie_behind_each_other():
    page = read_page(Tiff(SAMPLES, 8, 2, is_planar=True, rows=4).data())
    assert np.array_equal(plane_rows(open_plane(page, plane=2, bits_a_pixel=8)), SAMPLES[..., 2])


def test_rows_of_tiles_have_all_tiles_across():
    page = read_page(Tiff(SAMPLES, 8, 2, tile=(16, 16)).data())
    assert strips_a_plane(page) == 6
    rows = plane_rows(open_plane(page, plane=0, bits_a_pixel=24))
    assert rows.shape == (21, 48 * 3)
    assert np.array_equal(rows[:, : 37 * 3], SAMPLES.reshape(21, -1))


@pytest.mark.parametrize("tags, words", [({278: [2]}, "6 of 11 strips"), ({279: [0] * 6}, "left out")])
def test_missing_strips(tags, words):
    with pytest.raises(PictureError, match=words):
        check_strips(read_page(Tiff(SAMPLES, 8, 2, rows=4, tags=tags).data()))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("is_big", [False, True])
def test_a_new_directory_keeps_the_other_tags(order, is_big):
    page = read_page(Tiff(SAMPLES, 8, 2, order, is_big, tags={40000: list(range(9)), 40001: [1, 2, 3]}).data())
    changed = read_page(with_directory(page, {40002: list(range(5)), 256: [11]}, (284,)))
    assert not changed.is_big
    assert changed.values(40000) == tuple(range(9))
    assert changed.values(40001) == (1, 2, 3)
    assert changed.values(40002) == tuple(range(5))
    assert (changed.width, changed.height, changed.values(284)) == (11, 21, ())


def test_names_of_packing():
    page = read_page(Tiff(SAMPLES, 8, 2, compression=34887).data())
    assert name_of_compression(page) == "LERC"
