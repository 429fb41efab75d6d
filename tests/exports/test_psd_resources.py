"""Image resources of Photoshop files, as psd-tools reads them."""

import struct
from dataclasses import replace
from io import BytesIO

import numpy as np

from pipelines.core.imaging.metadata.picture_metadata import PictureMetadata, Text
from pipelines.core.imaging.metadata.srgb_profile import srgb_profile
from pipelines.exports import psd
from pipelines.exports._psd_resources import resources
from tests.exports.documents import document

TEXTS = (Text("Title", "狐"), Text("Artist", "Zoë"), Text("Copyright", "CC-BY Zoë"), Text("Comment", "x" * 3000))
METADATA = PictureMetadata((23622, 11811), TEXTS)


def by_number(data: bytes) -> dict[int, bytes]:
    """A reader after the specification."""
    found, position = {}, 0
    while position < len(data):
        key, number, name, length = struct.unpack_from(">4sHHI", data, position)
        assert (key, name) == (b"8BIM", 0)
        found[number] = data[position + 12 : position + 12 + length]
        position += 12 + length + length % 2
    return found


def test_a_drawing_that_says_nothing_has_the_usual_density_and_no_profile() -> None:
    found = by_number(resources(None))
    assert list(found) == [1005, 1057]
    assert struct.unpack(">IHHIHH", found[1005]) == (72 << 16, 1, 1, 72 << 16, 1, 1)


def test_density_texts_and_profile() -> None:
    found = by_number(resources(METADATA))
    assert list(found) == [1005, 1028, 1034, 1039, 1057]
    assert struct.unpack(">IHHIHH", found[1005]) == (600 << 16, 1, 1, 300 << 16, 1, 1)
    assert (found[1034], found[1039]) == (b"\1", srgb_profile())
    assert list(by_number(resources(PictureMetadata((11811, 11811))))) == [1005, 1039, 1057]


def test_other_programs_read_them() -> None:
    from psd_tools import PSDImage

    made = replace(document("transparent"), metadata=METADATA)
    data = psd.write(made)[".psd"]
    read = PSDImage.open(BytesIO(data))
    fields = read.image_resources[1028].data
    assert fields.startswith(b"\x1c\x01\x5a\0\3\x1b%G"), "it is UTF-8"
    assert b"\x1c\x02\x50" + struct.pack(">H", 4) + "Zoë".encode() in fields
    assert b"\x1c\x02\x74" + struct.pack(">H", 10) + "CC-BY Zoë".encode() in fields
    assert b"\x1c\x02\x78" + struct.pack(">H", 2000) in fields, "as long as a caption may be"
    leaves = [layer for layer in read.descendants() if not layer.is_group()]
    for leaf, layer in zip(leaves, made.layers, strict=True):  # psd-tools converts by the profile: to the same
        if not layer.is_empty:
            assert np.array_equal(np.asarray(leaf.topil().convert("RGBA")), layer.picture)
