"""What a BMP says beside its pixels is carried."""

import struct

from PIL import Image

from pipelines.core.imaging.picture import decode_picture, picture_size
from tests.core.imaging.samples import noise, refused, saved


def test_density_is_carried_and_the_size_is_that_of_the_header(tmp_path):
    data = saved(Image.fromarray(noise(5, 7, 3)), "BMP", dpi=(300, 150))
    assert decode_picture(data).metadata.dots_per_inch == (300, 150)
    (tmp_path / "a.bmp").write_bytes(data)
    assert picture_size(tmp_path / "a.bmp") == (7, 5)


def test_the_size_is_held_against_the_limit_before_a_pixel_is_decoded():
    data = bytearray(saved(Image.fromarray(noise(5, 7, 3)), "BMP"))
    data[18:26] = struct.pack("<ii", 60000, -50000)
    refused(bytes(data), "60000 x 50000 = 3000 megapixels")


def test_a_text_that_begins_like_a_bmp_is_text():
    refused(b"BMX tracks of the county, in alphabetical order\n", "it is text")
