"""Chunks of PNG, made here by hand or by Pillow and read back; damage is no error."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from pipelines.core.imaging.metadata.picture_metadata import PictureMetadata, Text
from pipelines.core.imaging.metadata.png_texts import png_chunks
from pipelines.core.imaging.picture import decode_picture, encode_png
from tests.core.imaging.samples import chunks, noise, png, with_chunk

PLAIN = encode_png(noise(4, 5, 3))


def metadata_with(name: bytes, content: bytes) -> PictureMetadata | None:
    picture = decode_picture(with_chunk(PLAIN, name, content))
    assert np.array_equal(picture.rgb, noise(4, 5, 3))
    return picture.metadata


def test_a_plain_png_says_nothing_and_is_written_as_ever() -> None:
    assert decode_picture(PLAIN).metadata is None
    assert [name for name, _ in chunks(PLAIN)] == [b"IHDR", b"IDAT", b"IEND"]
    assert encode_png(noise(4, 5, 3), metadata=None) == PLAIN


def test_what_is_written_is_read_by_pillow_and_by_ourselves() -> None:
    texts = (Text("Author", "Zoë"), Text("Title", "線画"), Text("Author", "Ann\nBob"))
    metadata = PictureMetadata((23622, 11811), texts)
    data = encode_png(noise(4, 5, 3), metadata=metadata)
    assert decode_picture(data).metadata == metadata
    names = [name for name, _ in chunks(data)]
    assert names == [b"IHDR", b"sRGB", b"pHYs", b"tEXt", b"iTXt", b"tEXt", b"IDAT", b"IEND"]
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert image.info["dpi"] == pytest.approx((600, 300), abs=0.01)
        assert (image.info["srgb"], image.info["Title"]) == (0, "線画")


def test_texts_of_all_kinds_as_pillow_writes_them() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Zoë")
    info.add_text("Comment", "long " * 100, zip=True)
    info.add_itxt("Title", "線画")
    info.add_itxt("Copyright", "© 線", lang="ja", zip=True)
    file = io.BytesIO()
    Image.fromarray(noise(4, 5, 3)).save(file, "PNG", pnginfo=info, dpi=(300, 300))
    assert decode_picture(file.getvalue()).metadata == PictureMetadata(
        (11811, 11811),
        (
            Text("Author", "Zoë"),
            Text("Comment", ("long " * 100).strip()),
            Text("Title", "線画"),
            Text("Copyright", "© 線"),
        ),
    )


def test_a_colour_tag_alone_marks_the_result_as_srgb() -> None:
    metadata = metadata_with(b"sRGB", b"\1")
    assert metadata == PictureMetadata()
    assert png_chunks(metadata) == ((b"sRGB", b"\0"),)
    assert png_chunks(None) == ()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (b"pHYs", b"\0" * 9),
        (b"pHYs", struct.pack(">IIB", 1, 1, 0)),  # the shape of a pixel, no density
        (b"pHYs", struct.pack(">II", 11811, 11811)),
        (b"pHYs", struct.pack(">IIB", 1 << 31, 11811, 1)),
        (b"tEXt", b"no zero"),
        (b"tEXt", b""),
        (b"tEXt", b"\0text"),
        (b"tEXt", b"Author\0a\0b"),
        (b"zTXt", b"Author\0\0not deflated"),
        (b"zTXt", b"Author\0\1" + zlib.compress(b"Ann")),
        (b"zTXt", b"Author\0\0" + zlib.compress(b"Ann")[:-3]),
        (b"zTXt", b"Author\0\0" + zlib.compress(bytes(1 << 24))),
        (b"zTXt", b"Author\0\0" + zlib.compress(b"a" * (1 << 24))),
        (b"iTXt", b"Author\0"),
        (b"iTXt", b"Author\0\0\0en\0"),
        (b"iTXt", b"Author\0\0\0en\0\0\xff\xfe"),
        (b"iTXt", b"Author\0\1\0en\0\0plain"),
        (b"iTXt", b"Author\0\1\7en\0\0" + zlib.compress(b"Ann")),
        (b"eXIf", b"garbage"),
        (b"eXIf", b"MM\0*\0\0\0\x08\xff\xff"),
    ],
)
def test_damage_is_left_out_and_no_error(name: bytes, content: bytes) -> None:
    assert metadata_with(name, content) is None


def test_exif_fills_in_what_chunks_do_not_say() -> None:
    exif = Image.Exif()
    exif[315], exif[33432], exif[282], exif[283], exif[296] = "Ann", "by Ann", 300.0, 150.0, 2
    exif.get_ifd(0x8825)[1] = "N"
    header, *rest = chunks(with_chunk(PLAIN, b"eXIf", exif.tobytes()[6:]))
    data = png(header, (b"tEXt", b"Author\0Bob"), *rest)
    expected = (Text("Author", "Bob"), Text("Copyright", "by Ann"))
    assert decode_picture(data).metadata == PictureMetadata((11811, 5906), expected)


def test_thousands_of_texts_are_no_matter() -> None:
    header, *rest = chunks(PLAIN)
    data = png(header, *((b"tEXt", b"Key%d\0x" % number) for number in range(5000)), *rest)
    metadata = decode_picture(data).metadata
    assert metadata is not None and len(metadata.texts) == 64
