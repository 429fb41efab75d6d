"""Photoshop files, as psd-tools reads them."""

from io import BytesIO
from itertools import product

import numpy as np
import pytest

from pipelines.core.errors import MethodError
from pipelines.core.imaging.layers import Document, Layer
from pipelines.exports import psd
from tests.exports.documents import MODES, SIZE, apart, document


@pytest.mark.parametrize(("mode", "flats"), list(product(MODES, ("one", "colour", "region"))))
def test_psd_tools_sees_the_layers_and_lays_them_together(mode: str, flats: str) -> None:
    from psd_tools import PSDImage
    from psd_tools.composite import composite

    made = document(mode, flats)
    read = PSDImage.open(BytesIO(psd.write(made)[".psd"]))
    assert read.size == (SIZE, SIZE)
    leaves = [layer for layer in read.descendants() if not layer.is_group()]
    assert [layer.name for layer in leaves] == [layer.name for layer in made.layers]
    assert [layer.visible for layer in leaves] == [layer.visible for layer in made.layers]
    assert [layer.name for layer in read.descendants() if layer.is_group()] == ["flats"] * (flats != "one")
    for leaf, layer in zip(leaves, made.layers, strict=True):
        assert leaf.blend_mode.name.lower() == layer.mode
        assert leaf.bbox == (layer.left, layer.top, layer.left + layer.width, layer.top + layer.height)
        if not layer.is_empty:
            assert (np.asarray(leaf.topil().convert("RGBA")) == layer.picture).all()
    colour, _, alpha = composite(read, color=0.0, alpha=0.0, force=True)  # as it computes them, unrounded
    together = 255 * np.concatenate([colour, alpha], axis=2)
    assert apart(together, made.flattened) <= 1


def test_psd_has_the_flattened_picture_with_its_transparency() -> None:
    from psd_tools import PSDImage

    for mode in ("paper", "transparent"):
        made = document(mode)
        read = PSDImage.open(BytesIO(psd.write(made)[".psd"]))
        seen = np.asarray(read.topil())
        assert seen.shape == made.flattened.shape
        assert apart(seen, made.flattened) <= 1.01, "beside rounding: it lies over white in the file"


def test_psd_keeps_names_of_any_script() -> None:
    from psd_tools import PSDImage

    names = ["線画", "été 🦊", "x" * 300]
    layers = tuple(Layer(name, np.full((1, 1, 4), 9, np.uint8), opacity=0.5) for name in names)
    read = PSDImage.open(BytesIO(psd.write(Document(2, 2, layers, np.zeros((2, 2, 3), np.uint8)))[".psd"]))
    assert [layer.name for layer in read] == names
    assert [layer.opacity for layer in read] == [128] * 3


def test_psd_refuses_what_it_cannot_hold() -> None:
    wide = np.zeros((1, 30_001, 3), np.uint8)
    with pytest.raises(MethodError, match="--layers ora"):
        psd.write(Document(30_001, 1, (), wide))
    layer = Layer("", np.zeros((0, 0, 4), np.uint8))
    with pytest.raises(MethodError, match="8001 layers"):
        psd.write(Document(1, 1, (layer,) * 8001, wide[:, :1]))


def test_psd_refuses_files_beyond_two_gibibytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psd, "_MOST_BYTES", 1000)
    with pytest.raises(MethodError, match="--layers ora"):
        psd.write(document())


def test_each_layer_has_a_number_of_its_own_that_others_do_not_change() -> None:
    from psd_tools import PSDImage

    numbers = {}
    for flats in ("one", "colour", "region"):
        data = psd.write(document("auto", flats))[".psd"]
        read = PSDImage.open(BytesIO(data))
        numbers[flats] = {layer.name: layer.layer_id for layer in read.descendants()}
        records = len(numbers[flats]) + (flats != "one")  # the end of a group is a record too
        blocks = [block[:8] for block in data.split(b"8BIMlyid")[1:]]
        assert len(set(blocks)) == len(blocks) == records
        assert {block[:4] for block in blocks} == {b"\0\0\0\4"}
        assert len(set(numbers[flats].values())) == len(numbers[flats])
        assert min(numbers[flats].values()) > 0
    for name in ("background", "shading", "highlights", "line-art"):
        assert len({found[name] for found in numbers.values()}) == 1, name


def test_layers_of_one_name_have_numbers_apart() -> None:
    numbers = psd.LayerNumbers()
    taken = [numbers.next("", "layer", "same") for _ in range(100)]
    assert len(set(taken)) == 100
    assert psd.LayerNumbers().next("", "layer", "same") == taken[0]
