"""A folder of PNG files and their list."""

import json

import numpy as np
import pytest

from pipelines.core.errors import MethodError
from pipelines.core.imaging.blend_modes import blend
from pipelines.exports import png
from tests import drawings
from tests.exports.documents import SIZE, apart, document


def test_png_is_a_picture_for_each_layer_and_a_list_of_them() -> None:
    made = document("transparent")
    files = png.write(made)
    listed = json.loads(files["-layers/layers.json"])
    assert (listed["width"], listed["height"]) == (SIZE, SIZE)
    together = np.zeros((SIZE, SIZE, 4), np.uint8)
    for entry in listed["layers"]:
        pixels = drawings.read(files[f"-layers/{entry['file']}"])
        assert pixels.shape == (SIZE, SIZE, 4)
        left, top, width, height = entry["box"]
        assert pixels[..., 3].any() == pixels[top : top + height, left : left + width, 3].any()
        if entry["visible"]:
            together = blend(together, pixels, entry["mode"], opacity=entry["opacity"])
    assert apart(together, made.flattened) <= 1
    assert [entry["file"] for entry in listed["layers"]][4:] == ["05-line-art.png", "06-hints.png"]
    with pytest.raises(MethodError, match="--layers ora"):
        png.write(document(flats="colour"))
