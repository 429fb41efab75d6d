"""Metadata of every format that Pillow writes, through the one way in."""

import io
from typing import Any

import pytest
from PIL import Image

from pipelines.core.imaging.metadata.picture_metadata import PictureMetadata, Text
from pipelines.core.imaging.picture import decode_picture
from tests.core.imaging.metadata.test_embedded import PACKET
from tests.core.imaging.samples import saved, smooth


def carried(kind: str, **settings: Any) -> PictureMetadata | None:
    return decode_picture(saved(Image.fromarray(smooth()), kind, **settings)).metadata


def exif(**more: int) -> Image.Exif:
    tags = Image.Exif()
    tags[315], tags[282], tags[283], tags[296] = "Ann", 300.0, 150.0, 2
    tags.get_ifd(0x8825)[1] = "N"  # GPS
    if more:
        tags[274] = more["orientation"]
    return tags


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "GIF", "JPEG2000", "TGA", "TIFF"])
def test_what_says_nothing_has_none(kind: str) -> None:
    assert carried(kind) is None


@pytest.mark.parametrize(("kind", "settings"), [("JPEG", {}), ("TIFF", {}), ("BMP", {}), ("PNG", {})])
def test_density_of_the_format(kind: str, settings: dict[str, Any]) -> None:
    assert carried(kind, dpi=(600, 600)) == PictureMetadata((23622, 23622))


def test_a_jpeg_without_density_is_not_taken_for_one_of_72() -> None:
    tags = Image.Exif()
    tags[315] = "Ann"
    assert carried("JPEG", exif=tags) == PictureMetadata(None, (Text("Author", "Ann"),))


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_exif(kind: str) -> None:
    assert carried(kind, exif=exif()) == PictureMetadata((11811, 5906), (Text("Author", "Ann"),))
    assert carried(kind, exif=exif(orientation=6)) == PictureMetadata((5906, 11811), (Text("Author", "Ann"),))
    assert carried(kind, exif=exif(orientation=3)) == PictureMetadata((11811, 5906), (Text("Author", "Ann"),))


def test_tags_of_a_tiff() -> None:
    made = carried("TIFF", resolution_unit=3, x_resolution=100, y_resolution=100, tiffinfo={269: "Page", 33432: "Ann"})
    assert made == PictureMetadata((10000, 10000), (Text("Title", "Page"), Text("Copyright", "Ann")))


def test_xmp_and_comments() -> None:
    expected = (Text("Comment", "by hand"), Text("Author", "Ann, 線"), Text("Copyright", "CC-BY"))
    assert carried("JPEG", xmp=PACKET.encode(), comment="by hand") == PictureMetadata(None, expected)
    assert carried("WEBP", xmp=PACKET.encode()) == PictureMetadata(None, expected[1:])
    assert carried("GIF", comment=b"by hand") == PictureMetadata(None, expected[:1])


def test_iptc_of_a_jpeg() -> None:
    fields = b"\x1c\x02\x50\x00\x03Ann" + b"\x1c\x02\x74\x00\x05CC-BY"
    block = b"8BIM\x04\x04\0\0" + len(fields).to_bytes(4, "big") + fields + bytes(len(fields) % 2)
    marker = b"Photoshop 3.0\0" + block
    data = saved(Image.fromarray(smooth()), "JPEG")
    data = data[:2] + b"\xff\xed" + (len(marker) + 2).to_bytes(2, "big") + marker + data[2:]
    assert decode_picture(data).metadata == PictureMetadata(None, (Text("Author", "Ann"), Text("Copyright", "CC-BY")))


def test_a_profile_is_a_tag() -> None:
    from pipelines.core.imaging.metadata.srgb_profile import srgb_profile

    assert carried("JPEG", icc_profile=srgb_profile()) == PictureMetadata()


def test_damage_is_no_error() -> None:
    for broken in (b"Exif\0\0garbage", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"):
        assert carried("JPEG", exif=broken) is None
    with Image.open(io.BytesIO(saved(Image.fromarray(smooth()), "JPEG", xmp=b"<x"))) as image:
        assert image.info["xmp"] == b"<x"
    assert carried("JPEG", xmp=b"<x") is None
