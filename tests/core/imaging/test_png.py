"""PNG of every kind, made here chunk by chunk and read back; damage, refused."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from pipelines.core.errors import PictureError
from pipelines.core.imaging._png import unpack_by_pillow
from pipelines.core.imaging.picture import decode_picture, encode_png, picture_size, read_picture
from tests.core.imaging.samples import chunks, noise, png, raw_png, refused, rounded, with_chunk


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


def test_16_bit_grey_with_alpha():
    rows = struct.pack(">4H", 65535, 129, 128, 65535)
    picture = decode_picture(raw_png(2, 1, 16, 4, [rows]))
    assert picture.rgb[0, :, 0].tolist() == [255, 0]
    assert picture.alpha.tolist() == [[1, 255]]


@pytest.mark.parametrize("missing", range(1, 13))
def test_png_without_its_last_bytes_is_truncated(missing):
    refused(encode_png(noise(8, 8, 3))[:-missing], "truncated")


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


def test_decompression_bomb_is_refused_by_its_header():
    """60000 x 60000 in a few bytes; there are no pixels, so that decoding would fail with another message."""
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    error = refused(png((b"IHDR", header), (b"IEND", b"")), r"60000 x 60000 = 3600 megapixels, the limit is 268.4")
    assert "COLORIZE_CLI_MAX_PIXELS=3600000000" in error.hint


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


def xmp(orientation):
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a tiff:Orientation="{orientation}"/></x:xmpmeta>'.encode()


def exif(orientation):
    return b"MM\0*\0\0\0\x08\0\1" + struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0) + bytes(4)


def profile_text(content):
    return b"Raw profile type exif\0\nexif\n%8d\n%s\n" % (len(content), content.hex().encode())


XMP = b"XML:com.adobe.xmp\0"
SAID = {
    "eXIf": [(b"eXIf", exif(6))],
    "XMP": [(b"iTXt", XMP + b"\0\0\0\0" + xmp(6))],
    "packed XMP": [(b"iTXt", XMP + b"\1\0\0\0" + zlib.compress(xmp(6)))],
    "XMP as an element": [(b"iTXt", XMP + b"\0\0\0\0" + b"<a><tiff:Orientation>6</tiff:Orientation></a>")],
    "eXIf before XMP": [(b"iTXt", XMP + b"\0\0\0\0" + xmp(3)), (b"eXIf", exif(6))],
    "eXIf that says nothing": [(b"eXIf", b"MM\0*\0\0\0\x08\0\0" + bytes(4)), (b"iTXt", XMP + b"\0\0\0\0" + xmp(6))],
    "EXIF in a text": [(b"tEXt", profile_text(b"Exif\0\0" + exif(6)))],
}


@pytest.mark.parametrize("is_behind", [False, True])
@pytest.mark.parametrize("said", SAID)
def test_orientation_however_it_is_said(said, is_behind, tmp_path):
    array = noise(3, 5, 3)
    header, pixels, end = chunks(encode_png(array))
    parts = [header, pixels, *SAID[said], end] if is_behind else [header, *SAID[said], pixels, end]
    path = tmp_path / "a.png"
    path.write_bytes(png(*parts))
    assert np.array_equal(read_picture(path).rgb, np.rot90(array, -1))
    assert picture_size(path) == (3, 5)


@pytest.mark.parametrize("packet", [b"", b"tiff:Orientation", b"tiff:Orientation='9'", b"\xff\xfe" * 9])
def test_an_xmp_packet_that_says_nothing_turns_nothing(packet):
    data = with_chunk(encode_png(noise(3, 5, 3)), b"iTXt", XMP + b"\0\0\0\0" + packet)
    assert decode_picture(data).width == 5


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(1_000_001, 2), (2, 1_000_001)])
def test_a_grey_picture_over_a_million_pixels_long(shape, dtype):
    array = noise(*shape, dtype=dtype)
    expected = array if dtype == np.uint8 else rounded(array)
    assert np.array_equal(decode_picture(encode_png(array)).rgb[..., 1], expected)


@pytest.mark.parametrize("channels", [3, 4])
def test_a_colour_picture_over_a_million_pixels_long(channels):
    array = noise(1, 1_000_001, channels)
    picture = decode_picture(encode_png(array))
    assert np.array_equal(picture.rgb, array[..., :3])
    assert channels == 3 or np.array_equal(picture.alpha, array[..., 3])
    refused(encode_png(array.astype(np.uint16)), "longer than 1000000 px on a side.*16 bits")


@pytest.mark.parametrize("kind, depths", [(0, (1, 2, 4, 8, 16)), (2, (8,)), (4, (8,)), (6, (8,))])
def test_pillow_unpacks_as_opencv_does(kind, depths):
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[kind]
    for depth in depths:
        data = raw_png(16, 3, depth, kind, noise(3, 16 * channels * depth // 8))
        opencv = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(unpack_by_pillow(data), opencv)


def test_pillow_names_damage():
    header, (name, data), end = chunks(encode_png(noise(9, 9)))
    with pytest.raises(PictureError, match="unpacked"):
        unpack_by_pillow(png(header, (name, data[:5]), end))
