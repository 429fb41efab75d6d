"""Every format but PNG read back; truncation, pages, animations and bombs, refused."""

import re
import struct
import warnings

import cv2
import numpy as np
import pytest
from PIL import Image

from pipelines.core.errors import PictureError
from pipelines.core.imaging.picture import decode_picture
from tests.core.imaging.samples import noise, refused, rounded, saved, smooth


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "TGA", "PPM", "WEBP", "GIF", "PCX", "JPEG2000"])
def test_lossless_formats_keep_every_sample(kind):
    rgb = noise(13, 17, 3)
    source = Image.fromarray(rgb)
    if kind == "GIF":
        source = source.quantize(200)
        rgb = np.array(source.convert("RGB"))
    picture = decode_picture(saved(source, kind, **({"lossless": True} if kind == "WEBP" else {})))
    assert picture.alpha is None
    assert np.array_equal(picture.rgb, rgb)
    assert (picture.height, picture.width) == (13, 17)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF"])
def test_lossy_formats_come_close(kind):
    if kind == "AVIF" and not Image.registered_extensions().get(".avif"):
        pytest.skip("this Pillow has no AVIF")
    picture = decode_picture(saved(Image.fromarray(smooth()), kind, quality=95))
    assert np.abs(picture.rgb.astype(int) - smooth()).mean() < 2


def test_gif_with_transparent_index():
    source = Image.fromarray(np.array([[0, 1], [1, 2]], np.uint8), "L").convert("P")
    source.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    picture = decode_picture(saved(source, "GIF", transparency=1))
    assert picture.alpha.tolist() == [[255, 0], [0, 255]]


def test_16_bit_pgm():
    data = b"P5 2 1 65535\n" + struct.pack(">2H", 65535, 129)
    assert decode_picture(data).rgb[0, :, 0].tolist() == [255, 1]


def test_floating_point_tiff_is_refused():
    refused(saved(Image.fromarray(np.ones((4, 4), np.float32)), "TIFF"), "floating-point numbers of 32 bits")


def cmyk_jpeg(ink):
    return saved(Image.fromarray(ink, "CMYK"), "JPEG", quality=100, subsampling=0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("marked", [True, False])
def test_cmyk_jpeg_is_inverted_where_adobe_marks_it(marked):
    """Pillow writes inverted samples and Adobe's marker; without the marker the same samples mean the opposite."""
    ink = np.zeros((16, 64, 4), np.uint8)
    ink[:, 0:16, 0] = 255  # cyan
    ink[:, 16:32, 3] = 255  # black
    ink[:, 32:48, 1:3] = 255  # red
    data = cmyk_jpeg(ink)
    if marked:
        expected = [(0, 255, 255), (0, 0, 0), (255, 0, 0), (255, 255, 255)]
    else:
        data = re.sub(b"\xff\xee\x00\x0eAdobe.{7}", b"", data, flags=re.DOTALL)
        assert b"Adobe" not in data
        expected = [(0, 0, 0)] * 4  # 255 - ink has full black, except in the second field
        expected[1] = (0, 0, 0)
    picture = decode_picture(data)
    for index, colour in enumerate(expected):
        assert np.abs(picture.rgb[8, 8 + 16 * index].astype(int) - colour).max() <= 3


def test_cmyk_jpeg_without_marker_reads_ink_as_ink():
    ink = np.full((16, 16, 4), (0, 255, 255, 0), np.uint8)  # red
    data = re.sub(b"\xff\xee\x00\x0eAdobe.{7}", b"", cmyk_jpeg(255 - ink), flags=re.DOTALL)
    assert np.abs(decode_picture(data).rgb[8, 8].astype(int) - (255, 0, 0)).max() <= 3


def test_cmyk_tiff():
    ink = np.full((4, 4, 4), (0, 51, 255, 51), np.uint8)
    assert decode_picture(saved(Image.fromarray(ink, "CMYK"), "TIFF")).rgb[0, 0].tolist() == [204, 163, 0]


def test_orientation_of_16_bit_colour_tiff():
    deep = noise(3, 5, 3, dtype=np.uint16)
    plain = cv2.imencode(".tiff", deep, [cv2.IMWRITE_TIFF_COMPRESSION, 1])[1].tobytes()
    turned = _with_tiff_tag(plain, 274, 6)
    expected = np.rot90(rounded(deep)[..., ::-1], -1)
    assert np.array_equal(decode_picture(turned).rgb, expected)


def _with_tiff_tag(data, tag, value):
    """Append a copy of the directory with one short more, kept sorted."""
    order = "<" if data[:2] == b"II" else ">"
    (start,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, start)
    entries = [data[start + 2 + 12 * i : start + 14 + 12 * i] for i in range(count)]
    entries = [entry for entry in entries if struct.unpack_from(order + "H", entry)[0] != tag]
    entries.append(struct.pack(order + "HHIHH", tag, 3, 1, value, 0))
    entries.sort(key=lambda entry: struct.unpack_from(order + "H", entry)[0])
    directory = struct.pack(order + "H", len(entries)) + b"".join(entries) + bytes(4)
    return data[:4] + struct.pack(order + "I", len(data)) + data[8:] + directory


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.97])
def test_truncated_files_are_refused(kind, share, capfd):
    source = Image.fromarray(noise(64, 64, 3)).quantize(64).convert("P" if kind == "GIF" else "RGB")
    data = saved(source, kind)
    refused(data[: int(len(data) * share)], "truncated|damaged")
    assert capfd.readouterr().err == ""


def test_tiff_whose_pixels_lie_beyond_its_end(capfd):
    """A truncated TIFF with its directory in front: here the strip is moved instead."""
    data = grey_tiff((0, noise(8, 8)))
    strip = struct.pack("<HHII", 273, 4, 1, 8)
    assert strip in data
    refused(data.replace(strip, struct.pack("<HHII", 273, 4, 1, len(data) - 63)), f"truncated.*byte {len(data)} of")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("missing", [1, 2, 30])
def test_jpeg_without_its_last_bytes_is_truncated(missing):
    refused(saved(Image.fromarray(smooth()), "JPEG")[:-missing], "truncated")


def test_jpeg_whose_thumbnail_has_an_end_marker_is_still_truncated():
    exif = b"Exif\0\0" + saved(Image.fromarray(smooth(8, 8)), "JPEG")
    data = saved(Image.fromarray(smooth()), "JPEG", exif=exif)
    assert data.count(b"\xff\xd9") == 2
    assert decode_picture(data).height == 40
    refused(data[:-40], "truncated")


def test_progressive_jpeg_and_bytes_behind_the_end():
    data = saved(Image.fromarray(smooth()), "JPEG", progressive=True, quality=95)
    assert np.abs(decode_picture(data + b"trailing bytes").rgb.astype(int) - smooth()).mean() < 3


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_animations_name_the_number_of_frames(kind):
    frames = [Image.fromarray(noise(8, 8, 3, seed=seed)) for seed in range(5)]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
    error = refused(data, r"animated \(5 frames\)")
    assert "PNG" in error.hint


@pytest.mark.parametrize("kind", ["GIF", "PNG"])
def test_an_animation_of_one_frame_is_a_picture(kind):
    assert decode_picture(saved(Image.fromarray(noise(8, 8, 3)), kind, save_all=True)).width == 8


def grey_tiff(*pages):
    """A TIFF of (NewSubfileType, grey array) by its specification: each directory follows its pixels."""
    data = bytearray(b"II*\0" + bytes(4))
    link = 4
    for kind, grey in pages:
        height, width = grey.shape
        values = {254: kind, 256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: len(data), 277: 1, 278: height}
        values[279] = grey.size
        data += grey.tobytes() + bytes(grey.size % 2)
        struct.pack_into("<I", data, link, len(data))
        data += struct.pack("<H", len(values)) + b"".join(
            struct.pack("<HHII", tag, 4, 1, values[tag]) for tag in values
        )
        link = len(data)
        data += bytes(4)
    return bytes(data)


def test_tiff_of_several_pages():
    refused(grey_tiff((0, noise(8, 8)), (0, noise(8, 8)), (2, noise(4, 4))), "3 pages")


@pytest.mark.parametrize("first", [True, False])
def test_tiff_with_a_thumbnail_is_one_picture(first):
    pages = [(0, noise(8, 8)), (1, noise(2, 2))]
    data = grey_tiff(*(pages if first else pages[::-1]))
    assert np.array_equal(decode_picture(data).rgb[..., 0], noise(8, 8))


def test_second_view_of_a_camera_file_is_no_animation():
    views = [Image.fromarray(smooth()), Image.fromarray(smooth())]
    data = saved(views[0], "MPO", save_all=True, append_images=views[1:])
    assert decode_picture(data).height == 40


@pytest.mark.parametrize("kind", ["BMP", "GIF", "JPEG"])
def test_bombs_of_other_formats_are_refused_without_warnings(kind):
    data = bytearray(saved(Image.fromarray(noise(8, 8)), kind))
    if kind == "BMP":
        data[18:26] = struct.pack("<ii", 60000, 50000)
    elif kind == "GIF":
        data[6:10] = struct.pack("<HH", 60000, 50000)
    else:
        start = data.index(b"\xff\xc0") + 5
        data[start : start + 4] = struct.pack(">HH", 50000, 60000)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        refused(bytes(data), "60000 x 50000 = 3000 megapixels")
    assert Image.MAX_IMAGE_PIXELS is not None


TGA_RGB, TGA_ALPHA = noise(5, 7, 3), noise(5, 7, seed=3)


def tga(bits, pixels, descriptor, footer=b""):
    return struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, 7, 5, bits, descriptor) + pixels.tobytes() + footer


def test_tga_from_the_bottom_and_with_alpha():
    bgr = TGA_RGB[..., ::-1]
    assert np.array_equal(decode_picture(tga(24, bgr[::-1], 0)).rgb, TGA_RGB)
    picture = decode_picture(tga(32, np.dstack([bgr, TGA_ALPHA]), 0x28))
    assert np.array_equal(picture.rgb, TGA_RGB)
    assert np.array_equal(picture.alpha, TGA_ALPHA)


def test_tga_whose_fourth_byte_is_no_alpha():
    pixels = np.dstack([TGA_RGB[..., ::-1], np.zeros((5, 7), np.uint8)])
    assert decode_picture(tga(32, pixels, 0x20)).alpha is None
    assert not decode_picture(tga(32, pixels, 0x28)).alpha.any()


def test_tga_whose_colours_were_multiplied_by_alpha():
    """Attributes type 4 in the extension area, which the footer points to."""
    pixels = np.dstack([np.minimum(TGA_RGB[..., ::-1], TGA_ALPHA[..., None]), TGA_ALPHA])
    start = 18 + pixels.size
    extension = struct.pack("<H", 495) + bytes(492) + b"\4"
    footer = extension + struct.pack("<II", start, 0) + b"TRUEVISION-XFILE.\0"
    picture = decode_picture(tga(32, pixels, 0x28, footer))
    seen = TGA_ALPHA > 0
    expected = np.rint(pixels[..., 2::-1] * 255.0 / np.maximum(TGA_ALPHA, 1)[..., None])
    assert np.abs(picture.rgb[seen] - expected[seen]).max() <= 1


@pytest.mark.parametrize("largest", [1, 100, 255, 1000, 4095, 65535])
@pytest.mark.parametrize("letter, channels", [("5", 1), ("6", 3), ("2", 1), ("3", 3)])
def test_pnm_of_any_largest_sample(letter, channels, largest):
    samples = noise(5, 7, channels, dtype=np.uint16).astype(int) % (largest + 1)
    if letter in "56":
        body = samples.astype(">u2" if largest > 255 else np.uint8).tobytes()
    else:
        body = " ".join(map(str, samples.ravel())).encode()
    picture = decode_picture(b"P%s\n# drawn by hand\n7 5\n%d\n" % (letter.encode(), largest) + body)
    assert np.abs(picture.rgb - samples * 255.0 / largest).max() < 0.51


@pytest.mark.parametrize("marker", [0xC5, 0xC6, 0xC7, 0xCB, 0xCD])
def test_jpeg_of_a_kind_that_libjpeg_does_not_know_is_named(marker):
    data = bytearray(saved(Image.fromarray(smooth()), "JPEG"))
    data[data.index(b"\xff\xc0") + 1] = marker
    assert "damaged" not in str(refused(bytes(data), "hierarchical or lossless"))


@pytest.mark.parametrize("kind", ["TGA", "PCX", "PPM", "QOI", "JPEG2000", "AVIF"])
def test_no_cut_of_a_rare_format_is_part_of_a_picture(kind):
    Image.init()
    if kind not in Image.SAVE:
        pytest.skip(f"this Pillow has no {kind}")
    data = saved(Image.fromarray(noise(40, 50, 3)), kind)
    whole = decode_picture(data).rgb
    for end in [*range(1, len(data), len(data) // 25), *range(len(data) - 12, len(data))]:
        try:
            picture = decode_picture(data[:end])
        except PictureError:
            continue
        assert np.array_equal(picture.rgb, whole), end


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF"])
def test_orientation_by_xmp(kind):
    packet = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><a tiff:Orientation='6'/></x:xmpmeta>"
    assert decode_picture(saved(Image.fromarray(smooth(30, 44)), kind, xmp=packet)).width == 30
