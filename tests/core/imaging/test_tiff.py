"""TIFF whose pixels only a decoder knows: JPEG, fax, YCbCr; metadata and sizes of all."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from pipelines.core.imaging.picture import decode_picture, picture_size
from tests.core.imaging.samples import noise, refused, saved, smooth
from tests.core.imaging.tiffs import JPEG, Tiff, assembled


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
def test_fax(compression):
    source = Image.fromarray(noise(40, 50)).convert("1")
    picture = decode_picture(saved(source, "TIFF", compression=compression))
    assert np.array_equal(picture.rgb[..., 0], np.array(source) * 255)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg(mode):
    source = Image.fromarray(smooth()).convert(mode)
    picture = decode_picture(saved(source, "TIFF", compression="jpeg", quality=98))
    assert np.abs(picture.rgb.astype(int) - np.array(source.convert("RGB"))).mean() < 3


@pytest.mark.parametrize("samples, photometric, count", [(smooth(), 6, 3), (smooth()[..., 0], 1, 1)])
def test_jpeg_in_several_strips(samples, photometric, count):
    parts = [saved(Image.fromarray(samples[y : y + 16]), "JPEG", quality=98, subsampling=0) for y in (0, 16, 32)]
    tags = {256: [56], 257: [40], 258: [8] * count, 259: [JPEG], 262: [photometric], 277: [count], 278: [16]}
    tags |= {530: [1, 1]} if count == 3 else {}
    picture = decode_picture(assembled(tags, parts))
    assert np.abs(picture.rgb.astype(int) - samples.reshape(40, 56, count)).mean() < 3


def ycbcr(rgb):
    return np.array(Image.fromarray(rgb).convert("YCbCr"))


def test_plain_ycbcr_whose_colours_are_stored_coarsely():
    """Subsampling 2 x 2 (TIFF 6.0, section 21): four Y, one Cb, one Cr for each square of four."""
    full = ycbcr(smooth())
    blocks = [
        np.concatenate([full[y : y + 2, x : x + 2, 0].ravel(), full[y, x, 1:]])
        for y in range(0, 40, 2)
        for x in range(0, 56, 2)
    ]
    tags = {256: [56], 257: [40], 258: [8, 8, 8], 259: [1], 262: [6], 277: [3], 278: [40], 530: [2, 2], 531: [1]}
    picture = decode_picture(assembled(tags, [np.concatenate(blocks).astype(np.uint8).tobytes()]))
    assert np.abs(picture.rgb.astype(int) - smooth()).mean() < 4


def test_plain_ycbcr():
    data = Tiff(ycbcr(smooth()), 8, 6, rows=8, tags={530: [1, 1]}).data()
    assert np.abs(decode_picture(data).rgb.astype(int) - smooth()).mean() < 2


def test_a_kind_that_nobody_unpacks_is_named_not_damaged():
    for compression in (9, 33003, 34892, 50002):
        error = refused(Tiff(noise(8, 8, 1), 8, 1, compression=compression).data(), "of a kind that is not read")
        assert "damaged" not in str(error)


def test_metadata_of_plain_samples_is_carried():
    file = io.BytesIO()
    image = Image.fromarray(noise(8, 9, 3))
    image.save(file, "TIFF", dpi=(300, 300), tiffinfo={270: "a fox", 315: "A. Painter"}, compression="tiff_lzw")
    metadata = decode_picture(file.getvalue()).metadata
    assert metadata.dots_per_inch == (300, 300)
    assert (metadata.text("Description"), metadata.text("Author")) == ("a fox", "A. Painter")


@pytest.mark.parametrize(
    "turned", [{274: [6]}, {700: b"<x tiff:Orientation='6'/>"}, {700: b"<tiff:Orientation>8</tiff>"}]
)
def test_the_size_is_that_of_the_upright_picture(turned, tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(Tiff(noise(8, 12, 1), 8, 1, tags=turned).data())
    assert picture_size(path) == (8, 12)


def test_metadata_of_a_wrong_kind_does_not_matter(tmp_path):
    samples = noise(8, 12, 1)
    path = tmp_path / "a.tif"
    path.write_bytes(Tiff(samples, 8, 1, tags={700: [300, 400]}).data())  # SHORTs, no bytes
    assert picture_size(path) == (12, 8)
    assert np.array_equal(decode_picture(path.read_bytes()).rgb[..., :1], samples)


def test_a_thumbnail_of_an_unknown_kind_does_not_matter():
    """The first directory is a thumbnail of 64 bits; the second one is the picture."""
    samples = noise(8, 9, 3)
    first = Tiff(noise(2, 2, 1), 8, 1, tags={254: [1], 258: [64]}).data()
    second = Tiff(samples, 8, 2).data()
    (start,) = struct.unpack_from("<I", first, 4)
    (count,) = struct.unpack_from("<H", first, start)
    data = bytearray(second)
    moved = bytearray(first[start : start + 2 + 12 * count])
    (directory,) = struct.unpack_from("<I", second, 4)
    data[4:8] = struct.pack("<I", len(second))
    data += moved + struct.pack("<I", directory)
    assert np.array_equal(decode_picture(bytes(data)).rgb, samples)


def test_a_bomb_is_refused_by_its_header():
    refused(Tiff(noise(8, 8, 1), 8, 1, tags={256: [60000], 257: [50000]}).data(), "60000 x 50000 = 3000 megapixels")
