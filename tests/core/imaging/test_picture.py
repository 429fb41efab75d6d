"""Pictures as they are held in memory: from bytes, whatever wrote them, and back."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from pipelines.core.errors import PictureError, SettingsError
from pipelines.core.imaging import picture
from pipelines.core.imaging.compositing import join_alpha
from pipelines.core.imaging.picture import (
    decode_labels,
    decode_part,
    decode_picture,
    encode_labels,
    encode_picture,
    encode_png,
    is_damaged_png,
    picture_size,
    read_picture,
)
from pipelines.segmentation.line_art import ink_layer, line_drawing
from tests.core.imaging.samples import noise, refused, rounded, saved, smooth, with_chunk


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "TGA"])
def test_alpha_is_kept_beside_the_colours(mode, kind):
    rgba = noise(8, 9, 4)
    rgba[..., 3] = np.maximum(rgba[..., 3], 1)  # WebP may change colours that cannot be seen
    source = Image.fromarray(rgba).convert(mode)
    picture = decode_picture(saved(source, kind, **({"lossless": True} if kind == "WEBP" else {})))
    assert np.array_equal(join_alpha(picture.rgb, picture.alpha), np.array(source.convert("RGBA")))


def test_alpha_that_is_opaque_everywhere_is_none():
    assert decode_picture(encode_png(np.full((3, 3, 4), 255, np.uint8))).alpha is None


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_16_bit_samples_are_rounded_not_cut(channels, suffix):
    deep = noise(16, 16, channels, dtype=np.uint16)
    deep.flat[:4] = [0, 65535, 128, 129]  # 128 / 257 < 1/2 < 129 / 257
    array = deep[..., 0] if channels == 1 else deep
    picture = decode_picture(cv2.imencode(suffix, array)[1].tobytes())
    expected = rounded(deep)
    if channels == 1:
        assert np.array_equal(picture.rgb, np.repeat(expected, 3, axis=2))
    else:
        assert np.array_equal(picture.rgb, expected[..., 2::-1])  # OpenCV writes BGR
    if channels == 4:
        assert np.array_equal(picture.alpha, expected[..., 3])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_exif_orientation_is_undone(orientation, kind):
    source = Image.fromarray(smooth())
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(source, kind, exif=exif, **({"quality": 100} if kind in ("JPEG", "WEBP") else {}))
    tagged = Image.fromarray(smooth())
    tagged.getexif()[0x0112] = orientation
    upright = np.array(ImageOps.exif_transpose(tagged))
    picture = decode_picture(data)
    assert picture.rgb.shape == upright.shape
    assert np.abs(picture.rgb.astype(int) - upright).mean() < 3
    assert picture.rgb.flags.c_contiguous


def test_orientation_6_by_hand():
    """6: row 0 of the file is the right side of the scene."""
    exif = Image.Exif()
    exif[0x0112] = 6
    rgba = np.zeros((1, 2, 4), np.uint8)
    rgba[0, :, 0], rgba[0, :, 3] = [10, 20], [30, 40]
    picture = decode_picture(saved(Image.fromarray(rgba), "PNG", exif=exif))
    assert picture.rgb[:, :, 0].tolist() == [[10], [20]]
    assert picture.alpha.tolist() == [[30], [40]]


@pytest.mark.parametrize("broken", [b"", b"garbage", b"MM\x00\x2a\xff\xff\xff\xff"])
def test_broken_exif_is_ignored(broken):
    assert decode_picture(with_chunk(encode_png(noise(4, 5, 3)), b"eXIf", broken)).rgb.shape == (4, 5, 3)


@pytest.mark.parametrize(
    "data, words",
    [
        (b"", "empty"),
        (b"hello, I am a text file\n" * 20, "text"),
        ("přiliš žluťoučký kůň".encode(), "text"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (bytes(range(256)) * 4, "no known kind"),
        (b"\x89PNG\r\n\x1a\n", "truncated"),
        (b"\xff\xd8\xff", "damaged.*JPEG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript"),
    ],
)
def test_what_is_no_picture(data, words):
    refused(data, words)


def test_content_decides_not_the_name(tmp_path):
    path = tmp_path / "really a jpeg.png"
    path.write_bytes(saved(Image.fromarray(smooth()), "JPEG"))
    assert read_picture(path).height == 40


def test_unreadable_paths(tmp_path):
    with pytest.raises(PictureError, match="no such file"):
        read_picture(tmp_path / "missing.png")
    with pytest.raises(PictureError, match="cannot be read"):
        read_picture(tmp_path)


def test_name_that_is_not_ascii(tmp_path):
    path = tmp_path / "線画 ż\n.png"
    path.write_bytes(encode_png(noise(3, 4, 3)))
    assert np.array_equal(read_picture(path).rgb, noise(3, 4, 3))


def test_limit_of_pixels_can_be_set(monkeypatch):
    data = encode_png(noise(10, 10))
    refused(data, r"10 x 10 .* limit", max_pixels=99)
    assert decode_picture(data, max_pixels=100).width == 10
    monkeypatch.setenv("COLORIZE_CLI_MAX_PIXELS", "99")
    refused(data, "too large")
    monkeypatch.setenv("COLORIZE_CLI_MAX_PIXELS", "many")
    with pytest.raises(SettingsError, match="many"):
        decode_picture(data)


@pytest.mark.parametrize("height, width", [(1, 1), (40, 10000), (10000, 1)])
def test_extreme_shapes(height, width):
    picture = decode_picture(encode_png(noise(height, width, 3)))
    assert picture.rgb.shape == (height, width, 3)
    assert line_drawing(picture).shape == (height, width)
    assert ink_layer(picture).shape == (height, width, 4)


def test_encode_picture_by_suffix():
    rgba = noise(9, 9, 4)
    rgba[..., 3] |= 1
    assert encode_picture(rgba, ".PNG") == encode_png(rgba)
    webp = decode_picture(encode_picture(rgba, ".webp"))
    assert np.array_equal(join_alpha(webp.rgb, webp.alpha), rgba)
    flat = np.dstack([smooth(), np.full((40, 56), 0, np.uint8)])
    assert decode_picture(encode_picture(flat, ".jpg")).rgb.min() > 250  # transparent is white
    with pytest.raises(PictureError, match=r"\.tga"):
        encode_picture(rgba, ".tga")


def test_labels_round_trip():
    regions = np.arange(70, dtype=np.int32).reshape(7, 10) * 900
    decoded = decode_labels(encode_labels(regions))
    assert decoded.dtype == np.int32
    assert np.array_equal(decoded, regions)


def test_labels_refuse_what_does_not_fit():
    with pytest.raises(PictureError, match="65536 regions"):
        encode_labels(np.array([[65536]], np.int32))
    with pytest.raises(PictureError, match="grey"):
        decode_labels(encode_png(noise(3, 3, 3)))
    with pytest.raises(PictureError, match="PNG"):
        decode_labels(b"nothing")
    with pytest.raises(PictureError, match="too large"):
        decode_labels(encode_labels(np.zeros((3, 3), np.int32)), max_pixels=8)


def test_suffixes_are_lower_case_and_dotted():
    assert {".png", ".jpg", ".jpeg", ".webp", ".tif"} <= picture.PICTURE_SUFFIXES
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in picture.PICTURE_SUFFIXES)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_the_size_is_read_off_the_header(kind, tmp_path):
    path = tmp_path / "picture"
    path.write_bytes(saved(Image.fromarray(smooth(30, 44)), kind))
    assert picture_size(path) == (44, 30)


def test_the_size_is_that_of_the_upright_picture_and_none_of_what_is_no_picture(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "turned.jpg"
    path.write_bytes(saved(Image.fromarray(smooth(30, 44)), "JPEG", exif=exif))
    picture = read_picture(path)
    assert picture_size(path) == (picture.width, picture.height) == (30, 44)
    for damaged in (b"", b"text", b"\x89PNG\r\n\x1a\n"):
        path.write_bytes(damaged)
        assert picture_size(path) is None
    assert picture_size(tmp_path / "missing.png") is None


def test_of_several_files_the_one_at_fault_is_known():
    files = {"picture": encode_png(np.zeros((2, 3), np.uint8)), "hints": b"text"}
    assert decode_part(files, "picture").width == 3
    with pytest.raises(PictureError) as caught:
        decode_part(files, "hints")
    assert caught.value.part == "hints"


def test_a_png_is_damaged_where_it_ends_early_or_a_checksum_does_not_fit():
    data = encode_png(noise(20, 20, 3))
    assert not is_damaged_png(data)
    assert all(is_damaged_png(data[:length]) for length in (0, 4, 8, 30, len(data) // 2, len(data) - 1))
    assert is_damaged_png(data[:60] + bytes([data[60] ^ 1]) + data[61:])
    assert not is_damaged_png(b"no PNG at all")
