"""BMP of every header, depth, mask and packing, by its specification."""

import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from pipelines.core.imaging.picture import decode_picture
from tests.core.imaging.samples import noise, refused, saved

HEIGHT, WIDTH = 5, 7
RGB, ALPHA = noise(HEIGHT, WIDTH, 3), noise(HEIGHT, WIDTH, seed=3)
BGR = np.ascontiguousarray(RGB[..., ::-1])
PALETTE = noise(256, 3, seed=9)
INDICES = noise(HEIGHT, WIDTH, seed=5)


def information(bits, compression=0, size=40, height=HEIGHT, extra=b"", colours=0):
    fields = struct.pack("<IiiHHIIiiII", size, WIDTH, height, 1, bits, compression, 0, 2835, 2835, colours, 0)
    return (fields + extra).ljust(size, b"\0")


def bmp(head, pixels, palette=b""):
    start = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + head + palette + pixels


def rows(array):
    """From the bottom, each padded to four bytes."""
    return b"".join(row.tobytes() + bytes(-len(row.tobytes()) % 4) for row in array[::-1])


def palette(count):
    return np.dstack([PALETTE[None, :count, ::-1], np.zeros((1, count, 1), np.uint8)]).tobytes()


def masks(*fields):
    return struct.pack(f"<{len(fields)}I", *fields)


def field(array, bits, place):
    return (array.astype(np.uint32) >> (8 - bits)) << place


def scaled(array, bits):
    return np.floor((array >> (8 - bits)) * 255.0 / ((1 << bits) - 1) + 0.5)


@pytest.mark.parametrize("bits", [24, 32])
def test_true_colour(bits):
    pixels = BGR if bits == 24 else np.dstack([BGR, ALPHA])  # the fourth byte is none of a picture without masks
    for data in (bmp(information(bits), rows(pixels)), bmp(information(bits, height=-HEIGHT), rows(pixels[::-1]))):
        picture = decode_picture(data)
        assert np.array_equal(picture.rgb, RGB)
        assert picture.alpha is None


def test_os2_header():
    core = struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, 24)
    assert np.array_equal(decode_picture(bmp(core, rows(BGR))).rgb, RGB)
    core = struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, 8)
    assert np.array_equal(decode_picture(bmp(core, rows(INDICES), PALETTE[:, ::-1].tobytes())).rgb, PALETTE[INDICES])


@pytest.mark.parametrize("size", [56, 108, 124])
def test_alpha_by_masks(size):
    head = information(32, 3, size, extra=masks(0xFF0000, 0xFF00, 0xFF, 0xFF000000))
    picture = decode_picture(bmp(head, rows(np.dstack([BGR, ALPHA]))))
    assert np.array_equal(picture.rgb, RGB)
    assert np.array_equal(picture.alpha, ALPHA)


def test_a_mask_beyond_24_bits_is_of_nothing():
    head = information(24, 3, 56, extra=masks(0xFF0000, 0xFF00, 0xFF, 0xFF000000))
    assert np.array_equal(decode_picture(bmp(head, rows(BGR))).rgb, RGB)


@pytest.mark.parametrize("widths, places", [((5, 5, 5), (10, 5, 0)), ((5, 6, 5), (11, 5, 0)), ((4, 4, 4), (8, 4, 0))])
def test_16_bits(widths, places):
    pixels = sum(field(RGB[..., k], widths[k], places[k]) for k in range(3)).astype("<u2")
    fields = masks(*(((1 << widths[k]) - 1) << places[k] for k in range(3)))
    expected = np.dstack([scaled(RGB[..., k], widths[k]) for k in range(3)])
    assert np.array_equal(decode_picture(bmp(information(16, 3), rows(pixels), fields)).rgb, expected)
    if widths == (5, 5, 5):
        assert np.array_equal(decode_picture(bmp(information(16), rows(pixels))).rgb, expected)


def test_masks_of_10_bits_and_of_any_order():
    tens = RGB.astype(np.uint32) * 1023 // 255
    pixels = (tens[..., 0] << 20 | tens[..., 1] << 10 | tens[..., 2]).astype("<u4")
    picture = decode_picture(bmp(information(32, 3), rows(pixels), masks(0x3FF << 20, 0x3FF << 10, 0x3FF)))
    assert np.abs(picture.rgb.astype(int) - RGB).max() <= 1
    other = decode_picture(bmp(information(32, 3), rows(np.dstack([ALPHA, RGB])), masks(0xFF00, 0xFF0000, 0xFF000000)))
    assert np.array_equal(other.rgb, RGB)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palettes(bits):
    indices = INDICES & ((1 << bits) - 1)
    single = (indices[..., None] >> np.arange(bits)[::-1]) & 1
    pixels = np.packbits(single.reshape(HEIGHT, -1), axis=1)
    assert np.array_equal(
        decode_picture(bmp(information(bits), rows(pixels), palette(1 << bits))).rgb, PALETTE[indices]
    )


@pytest.mark.parametrize("bits", [4, 8])
def test_black_and_white_palette_of_two_colours_in_wider_pixels(bits):
    """As scanners write line art; Pillow takes such pixels for single bits."""
    indices = INDICES % 2
    pixels = (
        indices
        if bits == 8
        else np.pad(indices, ((0, 0), (0, 1)))[:, ::2] << 4 | np.pad(indices, ((0, 0), (0, 1)))[:, 1::2]
    )
    data = bmp(information(bits, colours=2), rows(pixels.astype(np.uint8)), b"\0\0\0\0\xff\xff\xff\0")
    assert np.array_equal(decode_picture(data).rgb[..., 0], indices * 255)


def test_an_index_beyond_the_palette_is_black():
    data = bmp(information(8, colours=2), rows(np.full((HEIGHT, WIDTH), 9, np.uint8)), palette(2))
    assert not decode_picture(data).rgb.any()


@pytest.mark.parametrize("is_absolute", [False, True])
@pytest.mark.parametrize("bits", [4, 8])
def test_run_lengths(bits, is_absolute):
    indices = INDICES & ((1 << bits) - 1)
    packed = b""
    for row in indices[::-1].tolist():
        nibbles = [*row, 0] if bits == 4 else row
        content = (
            bytes(a << 4 | b for a, b in zip(nibbles[::2], nibbles[1::2], strict=True)) if bits == 4 else bytes(row)
        )
        single = b"".join(bytes([1, index << 4 if bits == 4 else index]) for index in row)
        packed += bytes([0, WIDTH]) + content + bytes(len(content) % 2) if is_absolute else single
        packed += b"\0\0"
    data = bmp(information(bits, 1 if bits == 8 else 2), packed + b"\0\1", palette(1 << bits))
    assert np.array_equal(decode_picture(data).rgb, PALETTE[indices])
    refused(data[: -len(packed) // 2], "BMP: . of 5 rows")


def test_run_lengths_may_skip_pixels_and_end_early():
    """Two right and one up from the bottom left corner a run of four, nothing else: the rest has index 0."""
    picture = decode_picture(bmp(information(8, 1), b"\0\2\2\1\4\7\0\1", palette(256)))
    expected = np.zeros((HEIGHT, WIDTH), int)
    expected[HEIGHT - 2, 2:6] = 7
    assert np.array_equal(picture.rgb, PALETTE[expected])


def test_an_embedded_profile_is_applied():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    content = rows(BGR)
    head = bytearray(information(24, size=124))
    struct.pack_into("<I", head, 56, 0x4D424544)
    struct.pack_into("<II", head, 112, 124 + len(content), len(profile))
    picture = decode_picture(bmp(bytes(head), content) + profile)
    assert picture.metadata is not None
    assert np.array_equal(picture.rgb, RGB)  # a profile of another colour space is ignored


@pytest.mark.parametrize(
    "head, words",
    [
        (information(0, 4), "JPEG in BMP"),
        (information(0, 5), "PNG in BMP"),
        (information(32, 11), "CMYK"),
        (information(64), "64 bits"),
        (information(24, size=64), "OS/2"),
    ],
)
def test_kinds_that_are_not_read_are_named(head, words):
    assert "damaged" not in str(refused(bmp(head, bytes(600)), words))


@pytest.mark.parametrize(
    "data",
    [
        bmp(information(24), rows(BGR))[:-4],
        bmp(information(8, 3), bytes(200)),
        bmp(information(24, 1), bytes(200)),
        bmp(information(24, height=0), bytes(200)),
        bmp(information(32, 3), bytes(200), masks(0b101, 0xFF00, 0xFF0000)),
        b"BM" + bytes(12) + struct.pack("<I", 40),
    ],
)
def test_damage(data):
    refused(data, "truncated or damaged .BMP")


def test_padding_behind_the_last_row_may_be_missing():
    assert np.array_equal(decode_picture(bmp(information(24), rows(BGR))[:-3]).rgb, RGB)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_as_pillow_writes_it(mode):
    source = Image.fromarray(np.dstack([RGB, ALPHA])).convert("RGB").convert(mode)
    assert np.array_equal(decode_picture(saved(source, "BMP")).rgb, np.array(source.convert("RGB")))
