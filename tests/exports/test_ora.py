"""OpenRaster files, by a reader after the specification."""

from dataclasses import replace
from io import BytesIO
from itertools import product
from zipfile import ZIP_STORED, ZipFile

import numpy as np
import pytest

from pipelines.core.imaging.blend_modes import blend
from pipelines.core.imaging.layers import Document, Layer, at_full_size
from pipelines.core.imaging.metadata.picture_metadata import PictureMetadata, Text
from pipelines.core.imaging.picture import decode_picture
from pipelines.exports import ora
from tests import drawings
from tests.exports.documents import MODES, SIZE, apart, document, ora_layers

OPERATORS = {"svg:src-over": "normal", "svg:multiply": "multiply", "svg:screen": "screen"}


@pytest.mark.parametrize(("mode", "flats"), list(product(MODES, ("one", "region"))))
def test_ora_holds_what_the_specification_asks_for(mode: str, flats: str) -> None:
    made = document(mode, flats)
    with ZipFile(BytesIO(ora.write(made)[".ora"])) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", ZIP_STORED)
        assert archive.read("mimetype") == b"image/openraster"
        image, layers = ora_layers(archive)
        assert (int(image.attrib["w"]), int(image.attrib["h"])) == (SIZE, SIZE)
        assert apart(drawings.read(archive.read("mergedimage.png")), made.flattened) == 0
        assert max(drawings.read(archive.read("Thumbnails/thumbnail.png")).shape[:2]) <= 256
        assert len(image.findall("stack/stack[@name='flats']")) == (flats == "region")
    together = np.zeros((SIZE, SIZE, 4), np.uint8)
    for look, pixels in layers:
        if look["visibility"] == "visible":
            layer = Layer("", pixels, int(look["x"]), int(look["y"]))
            whole = at_full_size(layer, made)
            together = blend(together, whole, OPERATORS[look["composite-op"]], opacity=float(look["opacity"]))
    assert apart(together, made.flattened) <= 1
    assert [look["name"] for look, _ in layers] == [layer.name for layer in made.layers]


def test_a_thumbnail_is_small() -> None:
    blank = np.zeros((300, 600, 4), np.uint8)
    with ZipFile(BytesIO(ora.write(Document(600, 300, (), blank))[".ora"])) as archive:
        assert drawings.read(archive.read("Thumbnails/thumbnail.png")).shape == (128, 256, 4)


def test_the_density_and_the_texts_of_the_drawing_are_in_it() -> None:
    metadata = PictureMetadata((23622, 11811), (Text("Author", "Zoë"),))
    for said, density in ((None, ("72", "72")), (metadata, ("600", "300")), (PictureMetadata(), ("72", "72"))):
        made = replace(document(), metadata=said)
        with ZipFile(BytesIO(ora.write(made)[".ora"])) as archive:
            image, _ = ora_layers(archive)
            assert (image.attrib["xres"], image.attrib["yres"]) == density
            assert decode_picture(archive.read("mergedimage.png")).metadata == said
