"""Palette files of every kind, written here as their formats say, and the nearest colour of a palette."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from pipelines.core.errors import UsageError
from pipelines.core.imaging.colours import ciede2000, srgb_to_lab
from pipelines.core.imaging.palette_files import MAX_SWATCHES, decode_palette, nearest, read_palette
from pipelines.core.imaging.picture import encode_png

COLOURS = [[255, 136, 0], [0, 0, 0], [18, 52, 86], [254, 255, 253], [0, 128, 255]]


def gimp(colours=COLOURS, header="Name: My palette 1 2 3\nColumns: 4\n# 9 9 9 is a comment\n"):
    lines = [f"{red:3d} {green:3d} {blue:3d}\tColour {index}" for index, (red, green, blue) in enumerate(colours)]
    return ("GIMP Palette\n" + header + "\n".join(lines) + "\n").encode()


def jasc(colours=COLOURS, count=None):
    lines = [" ".join(map(str, colour)) for colour in colours]
    return "\r\n".join(["JASC-PAL", "0100", str(count or len(colours)), *lines, ""]).encode()


def riff(colours=COLOURS, before=b""):
    entries = b"".join(bytes([*colour, 0]) for colour in colours)
    data = before + b"data" + struct.pack("<IHH", 4 + len(entries), 0x0300, len(colours)) + entries
    return b"RIFF" + struct.pack("<I", 4 + len(data)) + b"PAL " + data


def act(colours=COLOURS, tail=b""):
    return bytes(np.array(colours, np.uint8)) + bytes(768 - 3 * len(colours)) + tail


def aco(entries, version=1):
    data = struct.pack(">HH", version, len(entries))
    for space, values in entries:
        data += struct.pack(">H", space) + b"".join(struct.pack(">H", value & 0xFFFF) for value in values)
        if version == 2:
            name = "Grün 色\0"
            data += struct.pack(">I", len(name)) + name.encode("utf-16-be")
    return data


def aco_rgb(colours=COLOURS, factor=257):
    return [(0, [part * factor for part in colour] + [0]) for colour in colours]


def ase_block(kind, content):
    return struct.pack(">HI", kind, len(content)) + content


def ase_colour(model, *values, name="Grün 色"):
    text = (name + "\0").encode("utf-16-be")
    body = struct.pack(">H", len(text) // 2) + text + model + struct.pack(f">{len(values)}f", *values)
    return ase_block(1, body + struct.pack(">H", 2))


def ase(*blocks):
    return b"ASEF" + struct.pack(">HHI", 1, 0, len(blocks)) + b"".join(blocks)


def read(data, suffix=""):
    palette = decode_palette(data, suffix)
    assert palette.dtype == np.uint8
    assert palette.shape == (len(palette), 3)
    return palette.tolist()


@pytest.mark.parametrize("suffix", ["", ".gpl", ".txt"])
def test_gimp(suffix):
    assert read(gimp(), suffix) == COLOURS


def test_gimp_variants():
    assert read(b"\xef\xbb\xbf" + gimp(), ".gpl") == COLOURS
    assert read(gimp().replace(b"\n", b"\r\n")) == COLOURS
    assert read(b"GIMP Palette\nChannels: RGBA\n#\n255 136 0 128 Half\n0 0 0 255\n") == COLOURS[:2]
    assert read("GIMP Palette\n#\n1 2 3\tčerná\n".encode("latin2")) == [[1, 2, 3]]


@pytest.mark.parametrize(
    "text",
    [
        "ff8800\n000000\n123456\nfefffd\n0080ff\n",
        "#FF8800\r\n#000000\r\n#123456\r\n#FEFFFD\r\n#0080FF",
        "; Paint.NET palette\n;00FF00\nFFff8800\nFF000000\nFF123456\nFFfefffd\nFF0080ff\n\n",
        "f80 000 123456 fefffd, 0080ff ; not this: 777777",
    ],
)
@pytest.mark.parametrize("suffix", [".hex", ".txt", ".TXT"])
def test_hexadecimal(text, suffix):
    assert read(text.encode(), suffix) == COLOURS


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_texts_of_any_windows_program(encoding):
    assert decode_palette("ff8800\r\n000000\r\n".encode(encoding), ".hex").tolist() == COLOURS[:2]


def test_jasc():
    assert read(jasc(), ".pal") == COLOURS
    assert read(jasc(count=2), ".pal") == COLOURS[:2]


def test_riff():
    assert read(riff(), ".pal") == COLOURS
    assert read(riff(before=b"offl" + struct.pack("<I", 3) + b"abc\0"), ".pal") == COLOURS


def test_colour_table():
    assert read(act(), ".act") == COLOURS  # the padding is black, which is there already
    count_and_transparent = struct.pack(">HH", 3, 0xFFFF)
    assert read(act(tail=count_and_transparent), ".act") == COLOURS[:3]
    full = np.arange(256) * 65521 % (1 << 24)  # all different: 65521 is odd
    colours = np.column_stack([full >> 16, full >> 8 & 255, full & 255])
    assert read(act(colours), ".act") == colours.tolist()


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("factor", [257, 256])
def test_colour_swatches_rgb(version, factor):
    assert read(aco(aco_rgb(factor=factor), version), ".aco") == COLOURS


def test_colour_swatches_of_version_1_followed_by_version_2():
    assert read(aco(aco_rgb()) + aco(aco_rgb(), 2), ".aco") == COLOURS


@pytest.mark.parametrize(
    "space, values, expected",
    [
        (1, [0, 65535, 65535, 0], [255, 0, 0]),
        (1, [65535 // 3, 65535, 65535, 0], [0, 255, 0]),
        (1, [0, 0, 32768, 0], [128, 128, 128]),
        (2, [0, 65535, 65535, 65535], [0, 255, 255]),
        (2, [65535, 65535, 65535, 0], [0, 0, 0]),
        (7, [10000, 0, 0, 0], [255, 255, 255]),
        (7, [0, 0, 0, 0], [0, 0, 0]),
        (7, [5000, 0, 0, 0], [119, 119, 119]),
        (8, [0, 0, 0, 0], [255, 255, 255]),
        (8, [10000, 0, 0, 0], [0, 0, 0]),
        (8, [5000, 0, 0, 0], [128, 128, 128]),
    ],
)
def test_colour_swatches_of_other_spaces(space, values, expected):
    assert np.abs(np.array(read(aco([(space, values)]), ".aco")[0]) - expected).max() <= 1


def test_colour_swatches_lab_is_signed():
    """Photoshop: L* 0..10000, a* and b* -12800..12700; sRGB red is Lab 54.29, 80.81, 69.89 under D50."""
    assert np.abs(np.array(read(aco([(7, [5429, 8081, 6989, 0])]), ".aco")[0]) - (255, 0, 0)).max() <= 2
    blue = np.array(read(aco([(7, [2957, 6830, -11203, 0])]), ".aco")[0])
    assert np.abs(blue - (0, 0, 255)).max() <= 2


def test_swatch_exchange():
    group = ase_block(0xC001, struct.pack(">H", 2) + "G\0".encode("utf-16-be"))
    colours = [ase_colour(b"RGB ", *(part / 255 for part in colour)) for colour in COLOURS]
    assert read(ase(group, *colours, ase_block(0xC002, b""))) == COLOURS


@pytest.mark.parametrize(
    "model, values, expected",
    [
        (b"CMYK", (1, 0, 0, 0), [0, 255, 255]),
        (b"CMYK", (0, 0, 0, 0.5), [128, 128, 128]),
        (b"Gray", (0.25,), [64, 64, 64]),
        (b"LAB ", (0.5429, 80.81, 69.89), [255, 0, 0]),
    ],
)
def test_swatch_exchange_of_other_models(model, values, expected):
    assert np.abs(np.array(read(ase(ase_colour(model, *values)))[0]) - expected).max() <= 2


def test_swatch_exchange_without_count():
    """Some programs leave blocks out of the count."""
    data = bytearray(ase(ase_colour(b"RGB ", 1, 0, 0), ase_colour(b"RGB ", 0, 1, 0)))
    data[8:12] = struct.pack(">I", 1)
    assert read(bytes(data)) == [[255, 0, 0], [0, 255, 0]]


def test_picture_by_frequency_then_position():
    picture = np.array([[[9, 9, 9], [1, 1, 1], [2, 2, 2], [1, 1, 1], [3, 3, 3]]], np.uint8)
    assert read(encode_png(picture)) == [[1, 1, 1], [9, 9, 9], [2, 2, 2], [3, 3, 3]]


def test_picture_without_what_is_transparent():
    picture = np.array([[[9, 9, 9, 0], [1, 1, 1, 255], [2, 2, 2, 127], [4, 4, 4, 128]]], np.uint8)
    assert read(encode_png(picture), ".png") == [[1, 1, 1], [4, 4, 4]]


def test_picture_of_many_colours_gives_the_most_frequent():
    values = np.concatenate([np.arange(400), np.arange(50, 250), np.arange(50, 106)])
    picture = np.column_stack([values // 256, values % 256, values * 0])[None].astype(np.uint8)
    palette = read(encode_png(picture))
    assert len(palette) == MAX_SWATCHES == 256
    assert palette[:56] == [[0, value, 0] for value in range(50, 106)]


def test_webp_is_a_picture_though_it_is_riff():
    file = io.BytesIO()
    Image.fromarray(np.full((4, 4, 3), (200, 30, 60), np.uint8)).save(file, "WEBP", lossless=True)
    assert read(file.getvalue(), ".webp") == [[200, 30, 60]]


def test_repeated_colours_count_once_in_the_order_of_the_file():
    assert read(b"0000ff\nff0000\n0000ff\n00ff00\nff0000\n", ".hex") == [[0, 0, 255], [255, 0, 0], [0, 255, 0]]


def test_read_palette_from_a_file(tmp_path):
    path = tmp_path / "páleta 色.GPL"
    path.write_bytes(gimp())
    assert read_palette(path).tolist() == COLOURS


@pytest.mark.parametrize(
    "name, data, words",
    [
        ("a.gpl", b"GIMP Palette\nName: empty\n#\n", "no colours"),
        ("a.hex", b"", "no colours"),
        ("a.hex", b"ff8800\nblue\n", "'blue' is not a colour"),
        ("a.hex", b"ff88001\n", "not a colour"),
        ("a.pal", jasc(count=9), "cut short"),
        ("a.pal", b"JASC-PAL\n0100\n", "cut short"),
        ("a.pal", riff()[:-3], "cut short"),
        ("a.pal", riff()[:14], "cut short"),
        ("a.act", act()[:700], "cut short"),
        ("a.aco", aco(aco_rgb())[:-1], "cut short"),
        ("a.aco", struct.pack(">HH", 7, 1), "version is 7"),
        ("a.aco", aco([(3, [0, 0, 0, 0])]), "unknown kind"),
        ("a.ase", ase(ase_colour(b"RGB ", 1, 0, 0))[:-9], "cut short"),
        ("a.ase", ase(ase_colour(b"HSB ", 1, 0, 0)), "unknown kind"),
        ("a.ase", bytes(4) + b"\xe0\xa5" + bytes(200), "Aseprite sprite"),
        ("a.png", encode_png(np.zeros((2, 2, 4), np.uint8)), "no colours"),
        ("a.png", encode_png(np.zeros((2, 2, 3), np.uint8))[:-5], "truncated"),
        ("a.gpl", b"GIMP Palette\n" + b"9" * 400 + b" 1 2\n", "damaged"),
        ("a.gpl", b"GIMP Palette\n" + b"9" * 5000 + b" 1 2\n", "damaged"),
        ("a.pal", b"JASC-PAL\n0100\n1\n" + b"9" * 400 + b" 1 2\n", "damaged"),
        ("a.ase", ase(ase_colour(b"RGB ", float("nan"), 0.5, 0.2)), "a colour of it is no number"),
        ("a.ase", ase(ase_colour(b"LAB ", float("inf"), 0.5, 0.2)), "a colour of it is no number"),
        ("a.doc", b"some words", "text"),
        ("a.xyz", bytes(99), "no known kind"),
    ],
)
def test_errors_name_the_file_and_the_reason(tmp_path, name, data, words):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError, match=words) as caught:
        read_palette(tmp_path / name)
    assert f"the palette {name} cannot be used" in caught.value.message
    assert caught.value.hint


def test_missing_file(tmp_path):
    with pytest.raises(UsageError, match=r"missing\.gpl cannot be read"):
        read_palette(tmp_path / "missing.gpl")


def test_nearest_finds_the_colours_themselves():
    palette = np.random.default_rng(0).integers(0, 256, (200, 3), dtype=np.uint8)
    palette = np.unique(palette, axis=0)
    order = np.random.default_rng(1).permutation(len(palette))
    assert np.array_equal(nearest(palette, palette[order]), order)


def test_nearest_is_what_the_eye_says():
    """Dark blue is nearer to blue than to black by eye, though in RGB it is nearer to black."""
    palette = np.array([[0, 0, 0], [0, 0, 255]], np.uint8)
    dark_blue = np.array([[0, 0, 120]], np.uint8)
    assert np.linalg.norm(palette[0] - dark_blue.astype(int)) < np.linalg.norm(palette[1] - dark_blue.astype(int))
    assert nearest(palette, dark_blue).tolist() == [1]


def test_nearest_of_equals_is_the_first_and_of_none_is_none():
    assert nearest([[5, 5, 5], [5, 5, 5]], [[5, 5, 6]]).tolist() == [0]
    assert nearest(COLOURS, np.zeros((0, 3))).shape == (0,)


def test_nearest_in_parts_is_the_whole():
    """More pairs than are worked on at a time."""
    rng = np.random.default_rng(2)
    palette, colours = rng.integers(0, 256, (256, 3)), rng.integers(0, 256, (2500, 3))
    whole = ciede2000(srgb_to_lab(colours[-3:])[:, None], srgb_to_lab(palette)[None]).argmin(axis=1)
    assert np.array_equal(nearest(palette, colours)[-3:], whole)
