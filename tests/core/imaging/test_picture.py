"""Pictures of every kind, made here and read back; damage of every kind, refused; line art and ink layers."""

import io
import re
import struct
import warnings
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from pipelines.core.errors import PictureError, SettingsError
from pipelines.core.imaging import picture
from pipelines.core.imaging.compositing import composite, fit, join_alpha
from pipelines.core.imaging.line_art import ink_layer, line_drawing
from pipelines.core.imaging.picture import (
    Picture,
    decode_labels,
    decode_picture,
    encode_labels,
    encode_picture,
    encode_png,
    read_picture,
)

WHITE = np.array([255, 255, 255], np.uint8)


def noise(*shape, seed=0, dtype=np.uint8):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, shape, dtype=dtype)


def smooth(height=40, width=56):
    """A picture that JPEG keeps: slow ramps in all three channels."""
    rows, columns = np.mgrid[0:height, 0:width]
    return np.dstack([rows * 4 + 40, columns * 3 + 20, 200 - rows * 2]).astype(np.uint8)


def saved(image, kind, **settings):
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()


def chunks(data):
    position, found = 8, []
    while position < len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        found.append((name, data[position + 8 : position + 8 + length]))
        position += 12 + length
    return found


def png(*parts):
    """A PNG of these chunks, with right checksums."""
    body = b"".join(struct.pack(">I", len(c)) + n + c + struct.pack(">I", zlib.crc32(n + c)) for n, c in parts)
    return b"\x89PNG\r\n\x1a\n" + body


def with_chunk(data, name, content):
    """The PNG with one more chunk behind its header."""
    header, *rest = chunks(data)
    return png(header, (name, content), *rest)


def raw_png(width, height, depth, kind, rows):
    """A PNG of unfiltered rows of bytes."""
    packed = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    return png(
        (b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)), (b"IDAT", packed), (b"IEND", b"")
    )


def refused(data, words, **settings):
    with pytest.raises(PictureError, match=words) as caught:
        decode_picture(data, **settings)
    assert caught.value.hint
    return caught.value


# plain pictures


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


@pytest.mark.parametrize("interlaced", [False, True])
def test_interlaced_png(interlaced):
    """Adam7 by hand: a 1 x 1 picture per pass would do, so take one large enough for all seven passes."""
    grey = noise(9, 9)
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    parts = [grey[y::dy, x::dx] for y, x, dy, dx in passes] if interlaced else [grey]
    rows = b"".join(b"\0" + bytes(row) for part in parts for row in part)
    header = struct.pack(">IIBBBBB", 9, 9, 8, 0, 0, 0, int(interlaced))
    data = png((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    assert np.array_equal(decode_picture(data).rgb[..., 0], grey)


def test_png_data_in_several_chunks():
    header, (_, data), end = chunks(encode_png(noise(20, 20, 3)))
    split = png(header, (b"IDAT", data[:7]), (b"IDAT", b""), (b"IDAT", data[7:]), end)
    assert np.array_equal(decode_picture(split).rgb, noise(20, 20, 3))


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_grey_png_of_any_depth_spans_black_to_white(depth):
    steps = 1 << depth
    values = [0, steps - 1, steps // 2, 1, 0, steps - 1, 1, steps // 2]
    packed = int("".join(f"{value:0{depth}b}" for value in values), 2).to_bytes(depth, "big")
    picture = decode_picture(raw_png(8, 1, depth, 0, [packed]))
    assert picture.rgb[0, :, 1].tolist() == [value * 255 // (steps - 1) for value in values]


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
@pytest.mark.parametrize("transparency", [None, bytes([0, 128])])
def test_palette_png_of_any_depth(depth, transparency):
    """tRNS of a palette holds the alpha of the first entries; the rest are opaque."""
    steps = 1 << depth
    colours = noise(steps, 3, seed=depth)
    values = [0, steps - 1, steps // 2, 1, 0, steps - 1, 1, steps // 2]
    packed = int("".join(f"{value:0{depth}b}" for value in values), 2).to_bytes(depth, "big")
    extra = [(b"PLTE", colours.tobytes())] + ([(b"tRNS", transparency)] if transparency else [])
    header, *rest = chunks(raw_png(8, 1, depth, 3, [packed]))
    picture = decode_picture(png(header, *extra, *rest))
    assert np.array_equal(picture.rgb[0], colours[values])
    if transparency:
        assert picture.alpha[0].tolist() == [{0: 0, 1: 128}.get(value, 255) for value in values]
    else:
        assert picture.alpha is None


def test_palette_index_beyond_the_palette_is_black():
    header, *rest = chunks(raw_png(2, 1, 8, 3, [[0, 9]]))
    assert decode_picture(png(header, (b"PLTE", b"\x10\x20\x30"), *rest)).rgb[0].tolist() == [[16, 32, 48], [0, 0, 0]]


def test_transparent_colour_of_grey_png():
    header, *rest = chunks(raw_png(3, 1, 8, 0, [[7, 8, 7]]))
    picture = decode_picture(png(header, (b"tRNS", struct.pack(">H", 7)), *rest))
    assert picture.alpha.tolist() == [[0, 255, 0]]
    assert picture.rgb[0, :, 0].tolist() == [7, 8, 7]


def test_transparent_colour_of_one_bit_png():
    header, *rest = chunks(raw_png(3, 1, 1, 0, [[0b01000000]]))
    assert decode_picture(png(header, (b"tRNS", struct.pack(">H", 1)), *rest)).alpha.tolist() == [[255, 0, 255]]


def test_transparent_colour_of_rgb_png_must_match_in_all_channels():
    header, *rest = chunks(raw_png(3, 1, 8, 2, [[1, 2, 3, 3, 2, 1, 1, 2, 4]]))
    picture = decode_picture(png(header, (b"tRNS", struct.pack(">HHH", 1, 2, 3)), *rest))
    assert picture.alpha.tolist() == [[0, 255, 255]]


def test_transparent_colour_of_16_bit_png_is_compared_at_16_bits():
    rows = struct.pack(">6H", 0x0101, 0x0202, 0x0303, 0x0101, 0x0202, 0x0304)
    header, *rest = chunks(raw_png(2, 1, 16, 2, [rows]))
    picture = decode_picture(png(header, (b"tRNS", struct.pack(">HHH", 0x0101, 0x0202, 0x0303)), *rest))
    assert picture.alpha.tolist() == [[0, 255]]


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


def test_gif_with_transparent_index():
    source = Image.fromarray(np.array([[0, 1], [1, 2]], np.uint8), "L").convert("P")
    source.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    picture = decode_picture(saved(source, "GIF", transparency=1))
    assert picture.alpha.tolist() == [[255, 0], [0, 255]]


def test_over_white_by_hand():
    picture = Picture(np.array([[[0, 100, 200]]], np.uint8), np.array([[51]], np.uint8))
    assert picture.over_white().tolist() == [[[204, 224, 244]]]  # 255 - (255 - c) / 5


# 16 bits


def rounded(deep):
    """round(v / 257) with fractions, not with the arithmetic of the code."""
    return np.rint(deep.astype(np.float64) / 257).astype(np.uint8)


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


def test_16_bit_grey_with_alpha():
    rows = struct.pack(">4H", 65535, 129, 128, 65535)
    picture = decode_picture(raw_png(2, 1, 16, 4, [rows]))
    assert picture.rgb[0, :, 0].tolist() == [255, 0]
    assert picture.alpha.tolist() == [[1, 255]]


def test_16_bit_pgm():
    data = b"P5 2 1 65535\n" + struct.pack(">2H", 65535, 129)
    assert decode_picture(data).rgb[0, :, 0].tolist() == [255, 1]


def test_floating_point_tiff_is_refused():
    refused(saved(Image.fromarray(np.ones((4, 4), np.float32)), "TIFF"), "16 bits")


# CMYK


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


# orientation


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


@pytest.mark.parametrize("broken", [b"", b"garbage", b"MM\x00\x2a\xff\xff\xff\xff"])
def test_broken_exif_is_ignored(broken):
    assert decode_picture(with_chunk(encode_png(noise(4, 5, 3)), b"eXIf", broken)).rgb.shape == (4, 5, 3)


# profiles


def profile_bytes(name):
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()


def gamma_profile(space, power):
    """A small matrix or grey ICC profile, version 2, sRGB primaries, one gamma; written from the ICC specification."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(256 * power)) + bytes(2)
    xyz = lambda x, y, z: b"XYZ " + bytes(4) + struct.pack(">3i", *(round(65536 * v) for v in (x, y, z)))  # noqa: E731
    tags = {b"wtpt": xyz(0.9642, 1.0, 0.8249), b"desc": b"desc" + bytes(4) + struct.pack(">I", 2) + b"x\0" + bytes(79)}
    if space == b"RGB ":
        primaries = {
            b"rXYZ": (0.4361, 0.2225, 0.0139),
            b"gXYZ": (0.3851, 0.7169, 0.0971),
            b"bXYZ": (0.1431, 0.0606, 0.7141),
        }
        tags |= {name: xyz(*values) for name, values in primaries.items()}
        tags |= {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    else:
        tags[b"kTRC"] = curve
    position = 128 + 4 + 12 * len(tags)
    table, body = b"", b""
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        table += name + struct.pack(">II", position + len(body), len(content))
        body += content
    size = position + len(body)
    header = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x02100000, b"mntr", space, b"XYZ ") + bytes(12) + b"acsp"
    header += bytes(28) + struct.pack(">3i", 63190, 65536, 54061) + bytes(48)
    return header + struct.pack(">I", len(tags)) + table + body


def to_srgb(values, power):
    linear = (np.asarray(values) / 255) ** power
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_rgb_profile_is_converted_to_srgb(kind):
    rgb = np.full((16, 16, 3), (40, 120, 220), np.uint8)
    settings = {"quality": 100} if kind in ("JPEG", "WEBP") else {}
    data = saved(Image.fromarray(rgb), kind, icc_profile=gamma_profile(b"RGB ", 1.0), **settings)
    picture = decode_picture(data)
    assert np.abs(picture.rgb[8, 8] - to_srgb(rgb[0, 0], 1.0)).max() < 4
    assert np.abs(picture.rgb[8, 8].astype(int) - rgb[0, 0]).max() > 50


def test_grey_profile_is_converted_to_srgb():
    data = saved(Image.fromarray(np.full((4, 4), 100, np.uint8)), "PNG", icc_profile=gamma_profile(b"GRAY", 1.0))
    assert np.abs(decode_picture(data).rgb[0, 0] - to_srgb(100, 1.0)).max() < 2


def test_rgb_profile_on_a_grey_picture_and_beside_alpha():
    grey = with_chunk(raw_png(1, 1, 8, 0, [[100]]), b"iCCP", b"x\0\0" + zlib.compress(gamma_profile(b"RGB ", 1.0)))
    assert np.abs(decode_picture(grey).rgb[0, 0] - to_srgb(100, 1.0)).max() < 2
    rgba = with_chunk(
        raw_png(1, 1, 8, 6, [[100, 100, 100, 7]]), b"iCCP", b"x\0\0" + zlib.compress(gamma_profile(b"RGB ", 1.0))
    )
    picture = decode_picture(rgba)
    assert np.abs(picture.rgb[0, 0] - to_srgb(100, 1.0)).max() < 2
    assert picture.alpha.tolist() == [[7]]


def test_srgb_profile_changes_nothing():
    rgb = noise(32, 32, 3)
    data = saved(Image.fromarray(rgb), "PNG", icc_profile=profile_bytes("sRGB"))
    assert b"iCCP" in data
    assert np.array_equal(decode_picture(data).rgb, rgb)


@pytest.mark.parametrize(
    "chunk",
    [
        b"x\0\0" + zlib.compress(b"no profile"),
        b"x\0\0not deflated",
        b"",
        b"x\0\0" + zlib.compress(gamma_profile(b"GRAY", 1.0)),
        b"x\0\0" + zlib.compress(bytes(1 << 26)),
    ],
    ids=["nonsense", "not deflated", "empty", "grey profile on colour", "deflate bomb"],
)
def test_profiles_that_cannot_be_used_are_ignored(chunk):
    rgb = noise(6, 6, 3)
    assert np.array_equal(decode_picture(with_chunk(encode_png(rgb), b"iCCP", chunk)).rgb, rgb)


# damage


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


@pytest.mark.parametrize("missing", range(1, 13))
def test_png_without_its_last_bytes_is_truncated(missing):
    refused(encode_png(noise(8, 8, 3))[:-missing], "truncated")


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


def test_png_with_a_wrong_checksum_is_damaged(capfd):
    data = bytearray(encode_png(noise(30, 30, 3)))
    data[len(data) // 2] ^= 0x40
    refused(bytes(data), "damaged.*checksum")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("depth, kind, width", [(3, 0, 1), (16, 3, 1), (8, 5, 1), (8, 2, 0)])
def test_png_header_that_makes_no_sense(depth, kind, width):
    refused(raw_png(width, 1, depth, kind, [[0] * 6]), "header")


def test_png_without_pixels():
    header, _, end = chunks(encode_png(noise(4, 4, 3)))
    refused(png(header, end), "truncated")


@pytest.mark.parametrize(
    "data, words",
    [
        (b"", "empty"),
        (b"hello, I am a text file\n" * 20, "text"),
        ("přiliš žluťoučký kůň".encode(), "text"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "text"),
        (bytes(range(256)) * 4, "no known kind"),
        (b"\x89PNG\r\n\x1a\n", "truncated"),
        (b"\xff\xd8\xff", "damaged.*JPEG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "text"),
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


# animation, pages, size


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


def test_decompression_bomb_is_refused_by_its_header():
    """60000 x 60000 in a few bytes; there are no pixels, so that decoding would fail with another message."""
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    error = refused(png((b"IHDR", header), (b"IEND", b"")), r"60000 x 60000 = 3600 megapixels, the limit is 268.4")
    assert "COLORIZE_CLI_MAX_PIXELS=3600000000" in error.hint


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


# writing


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [(), (3,), (4,)])
@pytest.mark.parametrize("level", [0, 1, 9])
def test_png_round_trip_is_exact(dtype, channels, level):
    array = noise(11, 7, *channels, dtype=dtype)
    data = encode_png(array, level=level)
    assert data == encode_png(array.copy(), level=level)
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if channels:
        decoded = cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB if channels == (3,) else cv2.COLOR_BGRA2RGBA)
    assert decoded.dtype == dtype
    assert np.array_equal(decoded, array)


def test_png_of_a_strided_array():
    array = noise(20, 30, 4)[::2, ::-3, :3]
    assert np.array_equal(decode_picture(encode_png(array)).rgb, array)


@pytest.mark.parametrize("array", [np.zeros((2, 2), np.int32), np.zeros((2, 2, 2), np.uint8), np.zeros((2, 2), bool)])
def test_png_of_what_cannot_be_a_png(array):
    with pytest.raises(TypeError, match="uint8 or uint16"):
        encode_png(array)


def test_png_is_valid_for_another_reader():
    array = noise(11, 7, 4)
    assert np.array_equal(np.array(Image.open(io.BytesIO(encode_png(array)))), array)


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


# compositing


def test_composite_is_exact_for_every_alpha_and_colour():
    alpha, colour = np.meshgrid(np.arange(256), np.arange(256))
    layer = np.dstack([colour, colour, colour, alpha]).astype(np.uint8)
    for below in (0, 77, 255):
        exact = np.rint((colour * alpha + below * (255 - alpha)) / 255)
        assert np.array_equal(composite(layer, (below, below, below))[..., 1], exact)
    over_white = Picture(layer[..., :3], layer[..., 3]).over_white()
    assert np.array_equal(over_white, composite(layer, WHITE))


def test_composite_over_a_picture_leaves_it_alone():
    below = noise(5, 5, 3)
    layer = noise(5, 5, 4, seed=1)
    before = below.copy()
    layer[..., 3] = [[0, 255, 0, 255, 0]] * 5
    result = composite(layer, below)
    assert np.array_equal(result[:, 0::2], below[:, 0::2])
    assert np.array_equal(result[:, 1::2], layer[:, 1::2, :3])
    assert np.array_equal(below, before)


def test_fit_averages_and_never_enlarges():
    assert fit(np.array([[0, 100], [100, 200]], np.uint8), 1).tolist() == [[100]]
    assert fit(noise(10, 40, 3), 20).shape == (5, 20, 3)
    assert fit(noise(1, 4000), 100).shape == (1, 100)
    array = noise(6, 4)
    assert fit(array, 6) is array


# line drawings


def doodle(size=200, width=5):
    """Soft lines on paper, uint8: 0 = ink, 255 = paper; about a twentieth is ink."""
    canvas = np.full((4 * size, 4 * size), 255, np.uint8)
    cv2.circle(canvas, (400, 380), 260, 0, 4 * width)
    cv2.line(canvas, (120, 700), (690, 640), 0, 4 * width)
    cv2.ellipse(canvas, (400, 420), (140, 60), 20, 0, 360, 0, 4 * width)
    return cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA)


def tinted(grey, ink, paper=(255, 255, 255)):
    """The doodle in coloured ink on coloured paper."""
    share = (grey / 255.0)[..., None]
    return np.rint(np.asarray(paper) * share + np.asarray(ink) * (1 - share)).astype(np.uint8)


def agreement(lines, truth):
    found, wanted = lines < 128, truth < 128
    return (found & wanted).sum() / (found | wanted).sum()


def test_clean_line_art_passes_unchanged():
    grey = doodle()
    assert np.array_equal(line_drawing(Picture(tinted(grey, (0, 0, 0)))), grey)


@pytest.mark.parametrize(
    "ink",
    [(60, 60, 60), (255, 255, 0), (173, 216, 230), (255, 0, 0), (0, 0, 255), (190, 190, 190), (90, 40, 10)],
    ids=["dark grey", "yellow", "light blue", "red", "blue", "faint pencil", "brown"],
)
def test_ink_of_any_colour_becomes_black(ink):
    lines = line_drawing(Picture(tinted(doodle(), ink)))
    assert np.abs(lines.astype(int) - doodle()).max() <= 4


@pytest.mark.parametrize("paper", [(235, 235, 235), (250, 244, 220), (205, 170, 120), (255, 220, 10), (60, 90, 160)])
@pytest.mark.parametrize("ink", [(20, 20, 20), (0, 0, 0)])
def test_paper_of_any_colour_becomes_white(paper, ink):
    lines = line_drawing(Picture(tinted(doodle(), ink, paper)))
    assert np.abs(lines.astype(int) - doodle()).max() <= 6


@pytest.mark.parametrize("ink, paper", [(0, 255), (40, 235), (190, 240), (150, 190)])
def test_scans_with_noise_and_jpeg(ink, paper):
    rng = np.random.default_rng(1)
    grey = ink + (paper - ink) * (doodle() / 255.0) + rng.normal(0, 2.5, (200, 200))
    scan = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    picture = decode_picture(saved(Image.fromarray(scan), "JPEG", quality=75))
    lines = line_drawing(picture)
    assert agreement(lines, doodle()) > 0.93
    assert np.median(lines) == 255
    assert lines[doodle() == 255].mean() > 250
    assert lines[doodle() == 0].mean() < 15


@pytest.mark.parametrize("ink, paper", [((255, 255, 255), (0, 0, 0)), ((200, 210, 205), (30, 45, 40))])
def test_light_lines_on_a_dark_ground_are_exchanged(ink, paper):
    lines = line_drawing(Picture(tinted(doodle(), ink, paper)))
    assert agreement(lines, doodle()) > 0.97
    assert np.median(lines) == 255


def test_blueprint():
    lines = line_drawing(Picture(tinted(doodle(), (240, 245, 255), (20, 50, 140))))
    assert agreement(lines, doodle()) > 0.97


def test_large_black_areas_are_still_ink():
    """More than half of the picture is black, but the paper reaches the border and is thick."""
    grey = doodle()
    grey[20:180, 20:180] = np.minimum(grey[20:180, 20:180], 0)
    grey[60:64, 60:140] = 255
    assert (grey < 128).mean() > 0.5
    assert np.array_equal(line_drawing(Picture(tinted(grey, (0, 0, 0)))), grey)


def test_black_ground_behind_a_light_figure_is_ink():
    """A night scene: the border is black, the figure is white and thicker than its black lines."""
    grey = np.zeros((200, 200), np.uint8)
    cv2.circle(grey, (100, 100), 85, 255, -1)
    cv2.circle(grey, (100, 100), 40, 0, 3)
    assert np.array_equal(line_drawing(Picture(tinted(grey, (0, 0, 0)))), grey)


@pytest.mark.parametrize("ink", [(0, 0, 0), (60, 50, 40), (0, 90, 200)])
def test_ink_alone_on_a_transparent_ground(ink):
    rgb = np.full((200, 200, 3), ink, np.uint8)
    lines = line_drawing(Picture(rgb, 255 - doodle()))
    assert np.abs(lines.astype(int) - doodle()).max() <= 3


@pytest.mark.parametrize("ink", [(255, 255, 255), (240, 238, 250)])
@pytest.mark.parametrize("matte", [0, 255])
def test_light_ink_on_a_transparent_ground(ink, matte):
    """Whatever colour is hidden where alpha is 0."""
    rgb = np.full((200, 200, 3), ink, np.uint8)
    rgb[doodle() == 255] = matte
    assert np.array_equal(line_drawing(Picture(rgb, 255 - doodle())), doodle())


def test_opaque_paper_in_a_silhouette():
    alpha = np.zeros((200, 200), np.uint8)
    cv2.circle(alpha, (100, 95), 80, 255, -1)
    lines = line_drawing(Picture(tinted(doodle(), (0, 0, 0)), alpha))
    assert np.array_equal(lines[alpha == 255], doodle()[alpha == 255])
    assert (lines[alpha == 0] == 255).all()


@pytest.mark.parametrize("tone, expected", [(255, 255), (0, 0), (240, 255), (30, 0), (128, 255), (127, 0)])
def test_one_flat_tone_is_paper_or_ink(tone, expected):
    lines = line_drawing(Picture(np.full((20, 30, 3), tone, np.uint8)))
    assert (lines == expected).all()


def test_blank_scan_stays_blank():
    scan = np.clip(np.random.default_rng(2).normal(240, 4, (200, 200, 1)), 0, 255).astype(np.uint8)
    assert (line_drawing(Picture(scan.repeat(3, axis=2))) == 255).all()


def test_fully_transparent_picture_is_paper():
    picture = Picture(noise(9, 9, 3), np.zeros((9, 9), np.uint8))
    assert (line_drawing(picture) == 255).all()
    assert (ink_layer(picture)[..., 3] == 0).all()


# ink layers


def art(ink=(0, 0, 0), paper=(255, 255, 255)):
    return Picture(tinted(doodle(), ink, paper))


@pytest.mark.parametrize("ink", [(0, 0, 0), (60, 60, 60), (30, 60, 120), (200, 30, 30), (255, 255, 0), (173, 216, 230)])
@pytest.mark.parametrize("paper", [(255, 255, 255), (240, 240, 240), (250, 246, 230)])
def test_layer_over_white_is_the_picture(ink, paper):
    picture = art(ink, paper)
    assert np.array_equal(composite(ink_layer(picture), WHITE), picture.rgb)


def test_layer_over_white_is_any_picture():
    picture = Picture(noise(64, 64, 3) | 128)
    assert np.array_equal(composite(ink_layer(picture), WHITE), picture.rgb)


@pytest.mark.parametrize("ink", [(0, 0, 0), (60, 60, 60), (30, 60, 120), (200, 30, 30), (255, 255, 0), (173, 216, 230)])
def test_solid_ink_is_opaque_and_keeps_its_colour(ink):
    layer = ink_layer(art(ink))
    solid = doodle() == 0
    assert (layer[solid] == (*ink, 255)).all()
    assert (layer[doodle() == 255][:, 3] == 0).all()
    for colour in [(255, 0, 0), (0, 0, 0), (20, 200, 90)]:
        assert (composite(layer, colour)[solid] == ink).all()


@pytest.mark.parametrize("ink", [(0, 0, 0), (60, 60, 60), (30, 60, 120)])
@pytest.mark.parametrize("colour", [(255, 120, 0), (10, 10, 60), (128, 128, 128)])
def test_soft_edges_have_no_halo(ink, colour):
    """An edge pixel lies on the straight line between the ink and the colour below, as if drawn there."""
    result = composite(ink_layer(art(ink)), colour)
    expected = tinted(doodle(), ink, colour)
    assert np.abs(result.astype(int) - expected).max() <= 2


def test_noisy_ink_is_solid():
    """Ink that varies by a few levels, as in a JPEG, is opaque all the same."""
    rng = np.random.default_rng(3)
    grey = 60 + 195 * (doodle() / 255.0) + rng.normal(0, 2, (200, 200))
    picture = Picture(np.clip(np.rint(grey), 0, 255).astype(np.uint8)[..., None].repeat(3, axis=2))
    layer = ink_layer(picture)
    assert np.percentile(layer[doodle() == 0][:, 3], 5) > 245
    assert np.array_equal(composite(layer, WHITE), picture.rgb)


@pytest.mark.parametrize("ink", [(0, 0, 0), (60, 60, 60), (0, 90, 200), (173, 216, 230)])
def test_layer_of_ink_alone_is_that_ink(ink):
    picture = Picture(np.full((200, 200, 3), ink, np.uint8), 255 - doodle())
    layer = ink_layer(picture)
    assert np.array_equal(layer[..., 3], picture.alpha)
    assert (layer[picture.alpha > 0][:, :3] == ink).all()


def test_layer_of_light_ink_alone_is_that_ink():
    picture = Picture(np.full((200, 200, 3), 255, np.uint8), 255 - doodle())
    assert np.array_equal(ink_layer(picture), join_alpha(picture.rgb, picture.alpha))


def test_layer_of_a_silhouette_loses_its_paper_and_keeps_its_outline():
    alpha = np.zeros((200, 200), np.uint8)
    cv2.circle(alpha, (100, 95), 80, 255, -1, cv2.LINE_AA)
    picture = Picture(tinted(doodle(), (60, 60, 60)), alpha)
    layer = ink_layer(picture)
    assert np.array_equal(composite(layer, WHITE), picture.over_white())
    assert (layer[doodle() == 255][:, 3] == 0).all()
    solid = (doodle() == 0) & (alpha == 255)
    assert (layer[solid] == (60, 60, 60, 255)).all()
    assert (layer[..., 3] <= alpha).all()


def test_layer_with_alpha_is_lossless_over_white_for_any_picture():
    picture = Picture(noise(80, 80, 3) | 64, noise(80, 80, seed=5))
    assert np.array_equal(composite(ink_layer(picture), WHITE), picture.over_white())


def test_layer_of_light_lines_on_a_dark_ground_is_dark_ink():
    layer = ink_layer(art((255, 255, 255), (0, 0, 0)))
    assert (layer[doodle() == 0] == (0, 0, 0, 255)).all()
    assert (layer[doodle() == 255][:, 3] == 0).all()


def test_hue_of_coloured_lines_survives_the_exchange():
    layer = ink_layer(art((255, 60, 60), (0, 0, 0)))
    red, green, blue, alpha = layer[doodle() == 0][0].tolist()
    assert alpha == 255
    assert red > green + 150
    assert green == blue


def test_layer_of_a_coloured_sheet_drops_the_sheet():
    layer = ink_layer(art((10, 10, 10), (205, 170, 120)))
    assert np.median(layer[doodle() == 255][:, 3]) == 0
    assert layer[doodle() == 0][:, 3].min() == 255


@pytest.mark.parametrize("tone, alpha", [(255, 0), (0, 255), (30, 255)])
def test_layer_of_one_flat_tone(tone, alpha):
    layer = ink_layer(Picture(np.full((9, 9, 3), tone, np.uint8)))
    assert (layer[..., 3] == alpha).all()


def test_inputs_are_left_alone():
    picture = Picture(tinted(doodle(), (0, 0, 0)), 255 - doodle())
    rgb, alpha = picture.rgb.copy(), picture.alpha.copy()
    line_drawing(picture)
    ink_layer(picture)
    picture.over_white()
    assert np.array_equal(picture.rgb, rgb)
    assert np.array_equal(picture.alpha, alpha)


def test_suffixes_are_lower_case_and_dotted():
    assert {".png", ".jpg", ".jpeg", ".webp", ".tif"} <= picture.PICTURE_SUFFIXES
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in picture.PICTURE_SUFFIXES)
