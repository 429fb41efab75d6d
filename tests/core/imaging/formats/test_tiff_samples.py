"""TIFF of every kind read back: layouts, depths, byte orders, ways of packing, colours, alpha; the others by name."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image, ImageCms

from pipelines.core.errors import PictureError
from pipelines.core.imaging.picture import decode_picture
from tests.core.imaging.samples import noise, refused
from tests.core.imaging.tiffs import DEFLATE, LZMA, LZW, NONE, OLD_DEFLATE, PACKBITS, Tiff

HEIGHT, WIDTH = 21, 37  # no multiples of strips and tiles


def random_samples(count, bits, seed=0):
    samples = np.random.default_rng(seed).integers(0, 1 << bits, (HEIGHT, WIDTH, count)).astype(np.uint16)
    samples[0, :4] = np.array([[0], [(1 << bits) - 1], [(1 << bits) // 2], [1]])
    return samples


def eight(samples, bits):
    """With fractions, not with the arithmetic of the code; halves go up."""
    return np.floor(samples.astype(np.float64) * 255 / ((1 << bits) - 1) + 0.5).astype(np.uint8)


def as_read(data):
    picture = decode_picture(data)
    return picture.rgb, picture.alpha


LAYOUTS = {
    "one strip": {},
    "strips": {"rows": 4},
    "tiles": {"tile": (16, 16)},
    "wide tiles": {"tile": (16, 48)},
    "planes": {"is_planar": True},
    "planes of strips": {"is_planar": True, "rows": 4},
    "planes of tiles": {"is_planar": True, "tile": (16, 32)},
}
PACKINGS = {
    "none": NONE,
    "LZW": LZW,
    "deflate": DEFLATE,
    "old deflate": OLD_DEFLATE,
    "PackBits": PACKBITS,
    "LZMA": LZMA,
}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 10, 12, 14, 16])
@pytest.mark.parametrize("count", [1, 3])
def test_every_depth_layout_and_byte_order(count, bits, layout, order):
    samples = random_samples(count, bits)
    rgb, alpha = as_read(Tiff(samples, bits, 1 if count == 1 else 2, order, **LAYOUTS[layout]).data())
    assert alpha is None
    assert np.array_equal(rgb, np.broadcast_to(eight(samples, bits), (HEIGHT, WIDTH, 3)))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("layout", ["strips", "tiles", "planes of strips"])
@pytest.mark.parametrize("predictor", [1, 2])
@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("bits", [8, 16])
def test_every_way_of_packing(bits, packing, predictor, layout, order):
    samples = random_samples(3, bits)
    predictor = 1 if packing == "none" else predictor
    tiff = Tiff(samples, bits, 2, order, compression=PACKINGS[packing], predictor=predictor, **LAYOUTS[layout])
    assert np.array_equal(as_read(tiff.data())[0], eight(samples, bits))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("fill_order", [1, 2])
@pytest.mark.parametrize("packing", ["none", "LZW", "deflate"])
@pytest.mark.parametrize("bits", [1, 4, 8])
def test_big_tiff_and_bits_the_other_way_round(bits, packing, fill_order, order):
    samples = random_samples(1, bits)
    tiff = Tiff(samples, bits, 1, order, True, rows=5, compression=PACKINGS[packing], fill_order=fill_order)
    assert np.array_equal(as_read(tiff.data())[0][..., :1], eight(samples, bits))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("packing", ["none", "deflate"])
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 12, 16])
def test_white_is_zero(bits, packing, layout):
    samples = random_samples(1, bits)
    rgb, _ = as_read(Tiff(samples, bits, 0, compression=PACKINGS[packing], **LAYOUTS[layout]).data())
    assert np.array_equal(rgb[..., :1], 255 - eight(samples, bits))


@pytest.mark.parametrize("is_planar", [False, True])
@pytest.mark.parametrize("bits", [4, 8, 16])
@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize("extra", [None, (2,), (0, 2), (2, 0), (999,)])
def test_straight_alpha(extra, colours, bits, is_planar):
    """None: a sample too many of which nobody says what it is means alpha."""
    samples = random_samples(colours + len(extra or (1,)), bits)
    tags = {338: list(extra)} if extra else {}
    tiff = Tiff(samples, bits, 1 if colours == 1 else 2, is_planar=is_planar, rows=6, tags=tags)
    rgb, alpha = as_read(tiff.data())
    place = colours + (1 if extra == (0, 2) else 0)
    assert np.array_equal(rgb, np.broadcast_to(eight(samples[..., :colours], bits), rgb.shape))
    assert np.array_equal(alpha, eight(samples[..., place], bits))


@pytest.mark.parametrize("extra", [(0,), (0, 0)])
@pytest.mark.parametrize("photometric, colours", [(1, 1), (2, 3), (5, 4)])
def test_samples_of_which_nothing_is_said_are_no_alpha(photometric, colours, extra):
    samples = random_samples(colours + len(extra), 8)
    plain = Tiff(samples[..., :colours], 8, photometric).data()
    rgb, alpha = as_read(Tiff(samples, 8, photometric, tags={338: list(extra)}).data())
    assert alpha is None
    assert np.array_equal(rgb, as_read(plain)[0])


@pytest.mark.parametrize("is_planar", [False, True])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("colours", [1, 3])
def test_associated_alpha_is_divided_out(colours, bits, is_planar):
    largest = (1 << bits) - 1
    alpha = random_samples(1, bits, seed=1)
    straight = random_samples(colours, bits)
    multiplied = np.rint(straight * (alpha / largest)).astype(np.uint16)
    samples = np.concatenate([multiplied, alpha], axis=2)
    tiff = Tiff(samples, bits, 1 if colours == 1 else 2, is_planar=is_planar, tags={338: [1]})
    rgb, read_alpha = as_read(tiff.data())
    assert np.array_equal(read_alpha, eight(alpha[..., 0], bits))
    seen = alpha[..., 0] > largest // 2
    expected = np.broadcast_to(eight(straight, bits), rgb.shape)
    assert np.abs(rgb[seen].astype(int) - expected[seen]).max() <= 1
    assert (rgb[alpha[..., 0] == 0] == 0).all()


@pytest.mark.parametrize("scale", [256, 257, 1])
@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palette(bits, scale):
    """Programs write levels times 257, times 256, and some old ones as they are."""
    colours = noise(3, 1 << bits, seed=bits)
    colours[:, -1] = 255
    samples = random_samples(1, bits)
    tags = {320: [int(level) * scale for level in colours.ravel()]}
    rgb, _ = as_read(Tiff(samples, bits, 3, rows=8, tags=tags).data())
    assert np.array_equal(rgb, colours.T[samples[..., 0]])


def test_palette_with_alpha():
    colours = noise(3, 256)
    samples = random_samples(2, 8)
    rgb, alpha = as_read(Tiff(samples, 8, 3, tags={320: [int(x) * 257 for x in colours.ravel()], 338: [2]}).data())
    assert np.array_equal(rgb, colours.T[samples[..., 0]])
    assert np.array_equal(alpha, samples[..., 1])


@pytest.mark.parametrize("is_planar", [False, True])
@pytest.mark.parametrize("bits", [8, 16])
def test_cmyk(bits, is_planar):
    samples = random_samples(4, bits)
    light = 1 - eight(samples, bits) / 255
    rgb, _ = as_read(Tiff(samples, bits, 5, is_planar=is_planar).data())
    assert np.abs(rgb - 255 * light[..., :3] * light[..., 3:]).max() <= 0.51


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("photometric", [8, 9])
def test_lab(photometric, bits):
    """8: a and b are signed; 9 (ICCLab): moved by 128. The reference is littleCMS, from 8 bits."""
    eights = noise(HEIGHT, WIDTH, 3)
    eights[..., 1:] = eights[..., 1:] // 20 + 122  # colours that sRGB has
    eights[..., 0] = eights[..., 0] // 2 + 64
    unit = 257 if photometric == 8 else 256
    lightness = eights[..., :1].astype(int) * (1 if bits == 8 else unit)
    chroma = eights[..., 1:].astype(int) - (128 if photometric == 8 else 0)
    chroma = chroma % 256 if bits == 8 else chroma * 256 % 65536
    data = Tiff(np.concatenate([lightness, chroma], axis=2), bits, photometric).data()
    transform = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
    expected = np.array(ImageCms.applyTransform(Image.frombytes("LAB", (WIDTH, HEIGHT), _as_pillow(eights)), transform))
    assert np.abs(as_read(data)[0].astype(int) - expected).max() <= 2


def _as_pillow(eights):
    signed = eights.copy()
    signed[..., 1:] ^= 128
    return signed.tobytes()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("by_xmp", [False, True])
def test_orientation(bits, orientation, by_xmp):
    samples = random_samples(4, bits)
    xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a tiff:Orientation="{orientation}"/></x:xmpmeta>'.encode()
    tags = {338: [2]} | ({700: xmp} if by_xmp else {274: [orientation]})
    rgb, alpha = as_read(Tiff(samples, bits, 2, tags=tags).data())
    turned = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: np.rot90(a, -1),
        7: lambda a: np.rot90(a[:, ::-1], -1),
        8: lambda a: np.rot90(a, 1),
    }[orientation]
    assert np.array_equal(rgb, turned(eight(samples[..., :3], bits)))
    assert np.array_equal(alpha, turned(eight(samples[..., 3], bits)))


@pytest.mark.parametrize("photometric, count, expected", [(None, 1, 0), (None, 3, 0)])
def test_without_photometric_zero_is_black(photometric, count, expected):
    samples = np.zeros((4, 4, count), np.uint16)
    assert (as_read(Tiff(samples, 8, photometric).data())[0] == expected).all()


# what is not read -----------------------------------------------------------------------------------------------

FLOATS = np.linspace(0, 1, HEIGHT * WIDTH * 3).reshape(HEIGHT, WIDTH, 3)


@pytest.mark.parametrize(
    "tiff, words",
    [
        (Tiff(FLOATS.astype(np.float32), 32, 2, tags={339: [3, 3, 3]}), "floating-point numbers of 32 bits"),
        (Tiff(FLOATS.astype(np.float16), 16, 2, tags={339: [3, 3, 3]}), "floating-point numbers of 16 bits"),
        (Tiff(FLOATS[..., :1], 64, 1, tags={339: [3]}), "floating-point numbers of 64 bits"),
        (Tiff(random_samples(1, 8), 8, 1, tags={339: [2]}), "signed whole numbers of 8 bits"),
        (Tiff(random_samples(3, 16), 16, 2, tags={339: [2, 2, 2]}), "signed whole numbers of 16 bits"),
        (Tiff(random_samples(1, 8), 32, 1), "more than 16 bits .32"),
        (Tiff(random_samples(3, 8), 8, 2, tags={258: [5, 6, 5]}), "5, 6, 5 bits"),
        (Tiff(random_samples(5, 8), 8, 5, tags={332: [2]}), "other inks"),
        (Tiff(random_samples(1, 8), 8, 32803), "raw samples of a sensor"),
        (Tiff(random_samples(3, 8), 8, 10), "ITU"),
        (Tiff(random_samples(3, 8), 8, 4711), "colours of kind 4711"),
        (Tiff(random_samples(1, 8), 8, 1, compression=34712), "JPEG 2000"),
        (Tiff(random_samples(1, 8), 8, 1, compression=34661), "JBIG"),
        (Tiff(random_samples(1, 8), 8, 1, compression=34887), "LERC"),
        (Tiff(random_samples(1, 8), 8, 1, compression=4711), "number 4711"),
        (Tiff(random_samples(1, 12), 12, 1, compression=7), "JPEG, samples of 12 bits"),
        (Tiff(random_samples(3, 12), 12, 2, compression=5, tags={317: [2]}), "12 bits with a predictor"),
        (Tiff(random_samples(3, 16), 16, 2, compression=8, tags={317: [3]}), "16 bits with a predictor"),
        (Tiff(random_samples(3, 16), 16, 6), "YCbCr|16 bits"),
    ],
)
def test_what_is_not_read_is_refused_by_its_name(tiff, words, capfd):
    error = refused(tiff.data(), words)
    assert not any(word in str(error) for word in ("damaged", "truncated"))
    assert "PNG" in error.hint or "bit" in error.hint
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("tags", [{50706: b"\1\4\0\0"}, {254: [1], 330: [8]}])
def test_raw_files_of_cameras_are_refused_not_read_as_their_preview(tags):
    error = refused(Tiff(random_samples(3, 8), 8, 2, tags=tags).data(), "raw file of a camera")
    assert "Develop" in error.hint


# damage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("bits", [8, 16])
def test_a_strip_that_ends_early_is_damage(bits, packing):
    tiff = Tiff(random_samples(3, bits), bits, 2, rows=4, compression=PACKINGS[packing])
    packed = tiff.packed
    tiff.packed = lambda block: packed(block)[:-40]
    if packing == "none":
        tiff.tags = {279: [4 * WIDTH * 3 * bits // 8] * 6}
        refused(tiff.data()[:-1200], "truncated|damaged")
    else:
        refused(tiff.data(), "truncated|damaged")


@pytest.mark.parametrize("tags", [{278: [4]}, {278: [0]}, {256: [0]}, {277: [4], 262: [5]}])
def test_parts_that_do_not_fit_together(tags):
    refused(Tiff(random_samples(3, 8), 8, 2, tags=tags).data(), "damaged")


def test_a_palette_that_is_too_short():
    refused(Tiff(random_samples(1, 8), 8, 3, tags={320: [1, 2, 3]}).data(), "palette has 3 of 768")


# beside other readers -------------------------------------------------------------------------------------------

KINDS = [
    *((count, bits, photometric) for bits in (8, 16) for count, photometric in ((1, 1), (3, 2), (4, 2))),
    *((1, bits, photometric) for bits in (1, 2, 4, 8) for photometric in (0, 1)),
]


@pytest.mark.parametrize("count, bits, photometric", KINDS)
@pytest.mark.parametrize("order", ["<", ">"])
def test_as_pillow_reads_it(count, bits, photometric, order):
    """Pillow cuts 16-bit colour to 8 bits without rounding: one level."""
    data = Tiff(random_samples(count, bits), bits, photometric, order, rows=3).data()
    rgb, alpha = as_read(data)
    image = Image.open(io.BytesIO(data))
    if image.mode.startswith("I;16"):
        expected = eight(np.asarray(image).astype(np.uint16), 16)[..., None]
    else:
        expected = np.asarray(image.convert("RGBA" if count == 4 else "RGB"))
    own = rgb if alpha is None else np.dstack([rgb, alpha])
    assert np.abs(own.astype(int) - expected).max() <= (1 if bits == 16 else 0)


@pytest.mark.parametrize("bits, layout", list(itertools.product((8, 16), LAYOUTS)))
def test_as_tifffile_reads_it(bits, layout):
    tifffile = pytest.importorskip("tifffile")
    samples = random_samples(3, bits)
    data = Tiff(samples, bits, 2, ">", compression=DEFLATE, **LAYOUTS[layout]).data()
    theirs = tifffile.imread(io.BytesIO(data))
    theirs = np.moveaxis(theirs, 0, -1) if "planes" in layout else theirs
    assert np.array_equal(as_read(data)[0], eight(theirs, bits))


def test_tifffile_writes_what_is_read(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    deep = noise(HEIGHT, WIDTH, 3, dtype=np.uint16)
    for settings in ({"planarconfig": "separate"}, {"tile": (16, 16)}, {"bigtiff": True}, {"byteorder": ">"}):
        file = io.BytesIO()
        pixels = np.moveaxis(deep, -1, 0) if "planarconfig" in settings else deep
        tifffile.imwrite(file, pixels, photometric="rgb", **settings)
        assert np.array_equal(as_read(file.getvalue())[0], eight(deep, 16)), settings


def test_errors_are_of_pictures_whatever_the_tags_say():
    """Any number in any tag is a picture or a PictureError, never another error."""
    rng = np.random.default_rng(3)
    for _ in range(300):
        tags = {
            int(rng.choice([256, 257, 258, 259, 262, 277, 278, 284, 317, 322, 338, 339, 320])): [
                int(rng.choice([0, 1, 2, 3, 5, 8, 16, 17, 255, 4000, 65535]))
            ]
            for _ in range(rng.integers(1, 4))
        }
        try:
            decode_picture(Tiff(random_samples(3, 8), 8, 2, rows=7, tags=tags).data())
        except PictureError:
            continue
