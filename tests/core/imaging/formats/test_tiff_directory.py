"""Directories of TIFF and BigTIFF: tags, pages, thumbnails, circles, damage."""

import struct

import pytest

from pipelines.core.errors import PictureError
from pipelines.core.imaging.formats.tiff_directory import is_tiff, read_page
from tests.core.imaging.samples import noise
from tests.core.imaging.tiffs import Tiff


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("is_big", [False, True])
def test_tags_of_any_length(order, is_big):
    numbers = list(range(40))
    page = read_page(Tiff(noise(3, 5, 1), 8, 1, order, is_big, tags={40000: numbers, 40001: [7], 40002: b"abc"}).data())
    assert (page.width, page.height, page.is_big) == (5, 3, is_big)
    assert page.values(40000) == tuple(numbers)
    assert (page.value(40001, 0), page.value(40003, 9)) == (7, 9)
    assert bytes(page.values(40002)) == b"abc"
    assert (page.size(40000), page.size(40003)) == (80, 0)


def test_first_bytes():
    assert is_tiff(b"II*\0....") and is_tiff(b"MM\0+....")
    assert not is_tiff(b"II\0*") and not is_tiff(b"")


def test_a_circle_of_directories_ends():
    data = bytearray(Tiff(noise(3, 5, 1)).data())
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    struct.pack_into("<I", data, start + 2 + 12 * count, start)
    assert read_page(bytes(data)).width == 5


@pytest.mark.parametrize("place", [0xFFFFFFF0, 0])
def test_a_directory_beyond_the_end(place):
    data = bytearray(Tiff(noise(3, 5, 1)).data())
    struct.pack_into("<I", data, 4, place)
    with pytest.raises(PictureError, match="directory"):
        read_page(bytes(data))


def test_a_tag_beyond_the_end():
    page = read_page(Tiff(noise(3, 5, 1), tags={40000: list(range(9))}).data()[:-1])
    object.__setattr__(page, "data", page.data[:20])
    with pytest.raises(PictureError, match="tag 40000"):
        page.values(40000)
