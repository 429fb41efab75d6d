"""Layers: taken apart and laid together they are the finished picture; what the files hold, other readers say."""

import json
from collections.abc import Iterator
from io import BytesIO
from itertools import product
from typing import Any
from xml.etree import ElementTree
from zipfile import ZIP_STORED, ZipFile

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.colorize import finish, line_art
from pipelines.core.errors import MethodError
from pipelines.core.imaging.blend_modes import blend
from pipelines.core.imaging.layers import Document, Layer, at_full_size
from pipelines.core.imaging.picture import Picture
from pipelines.exports import ora, png, psd
from pipelines.exports._packbits import pack_rows
from pipelines.exports.base.decomposition import NAMES, Finished, decompose
from tests import drawings
from tests.drawings import Bytes

SIZE = 60
MODES = ("auto", "paper", "transparent")
SHEETS = ("paper", "ink", "cut-out", "soft-body")


def sheet(kind: str) -> Picture:
    """Line art of two circles: on paper, ink alone on a transparent ground, a figure with an opaque body."""
    lines = drawings.two_circles(SIZE)
    rgb = np.dstack([lines] * 3)
    if kind == "paper":
        return Picture(rgb)
    if kind == "ink":
        return Picture(np.zeros_like(rgb), 255 - lines)
    body = np.zeros_like(lines)
    radius = SIZE // 5 + (1 if kind == "cut-out" else 5)  # beyond the ink: the soft edge is of paper
    for centre in (SIZE // 4 + 1, 3 * SIZE // 4 - 1):
        cv2.circle(body, (centre, SIZE // 2), radius, 255, -1, cv2.LINE_AA)
    return Picture(rgb, body)


def painting() -> tuple[Bytes, Bytes, NDArray[np.bool_]]:
    """Colour with light and shadow in every channel, its flat colours, and the paper outside two circles."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    near = np.minimum(np.hypot(rows - SIZE // 2, columns - SIZE // 4 - 1), np.hypot(rows - SIZE // 2, columns - 44))
    background = near > SIZE // 5
    flat = np.where((columns < SIZE // 2)[..., None], np.uint8((220, 40, 0)), np.uint8((30, 60, 255)))
    flat[background] = 255
    light = np.random.default_rng(1).integers(-90, 90, (SIZE, SIZE, 3))
    colour = np.clip(flat + light, 0, 255).astype(np.uint8)
    colour[background] = (255, 255, 250)
    return colour, flat, background


def finished(kind: str = "paper", mode: Any = "auto", lines: Any = "keep") -> Finished:
    colour, flat, background = painting()
    picture = sheet(kind)
    areas = np.ones((SIZE, SIZE), np.int32)
    areas[:, SIZE // 2 :] = 2
    areas[SIZE // 2 - 5 :, SIZE // 2 :] = 3
    areas[drawings.two_circles(SIZE) < 128] = 0
    result = finish(picture, colour, background, mode=mode, lines=lines)
    hints = drawings.two_hints(SIZE)
    return Finished(result, colour, flat, background, line_art(picture, lines), hints, areas)


def laid_together(document: Document) -> Bytes:
    """What the visible layers look like, RGBA, by the project's own blending."""
    below = np.zeros((document.height, document.width, 4), np.uint8)
    for layer in document.layers:
        if layer.visible:
            below = blend(below, at_full_size(layer, document), layer.mode, opacity=layer.opacity)
    return below


def apart(one: NDArray[Any], other: NDArray[Any]) -> float:
    """The greatest difference of two pictures in levels, laid over black and over white."""
    one, other = (np.dstack([p, np.full(p.shape[:2], 255)]) if p.shape[2] == 3 else p for p in (one, other))
    seen = []
    for picture in (one, other):
        share = picture[..., 3:] / 255
        seen.append(np.stack([picture[..., :3] * share, picture[..., :3] * share + 255 * (1 - share)]))
    return float(np.abs(seen[0] - seen[1]).max())


@pytest.mark.parametrize(("kind", "mode", "lines"), list(product(SHEETS, MODES, ("keep", "none"))))
def test_the_layers_together_are_the_finished_picture(kind: str, mode: str, lines: str) -> None:
    for flats in ("one", "colour", "region"):
        document = decompose(finished(kind, mode, lines), flats=flats)  # type: ignore[arg-type]
        assert apart(laid_together(document), document.flattened) <= 1


def test_every_pair_of_levels_is_taken_apart_and_laid_together_exactly() -> None:
    colour = np.repeat(np.repeat(np.arange(256, dtype=np.uint8)[:, None], 256, axis=1)[..., None], 3, axis=2)
    flat = np.ascontiguousarray(colour.transpose(1, 0, 2))
    nothing = np.zeros((256, 256), bool)
    ink = np.zeros((256, 256, 4), np.uint8)
    document = decompose(Finished(colour, colour, flat, nothing, ink))
    assert (laid_together(document)[..., :3] == colour).all()
    assert not any(layer.is_empty for layer in document.layers[1:4])


def test_names_and_order_are_fixed_and_what_is_empty_is_transparent() -> None:
    colour, _, background = painting()
    blank = np.zeros((SIZE, SIZE, 4), np.uint8)
    document = decompose(Finished(colour, colour, colour, background, blank))
    assert tuple(layer.name for layer in document.layers) == NAMES
    assert [layer.is_empty for layer in document.layers] == [False, False, True, True, True]
    with_hints = decompose(finished())
    assert [layer.name for layer in with_hints.layers] == [*NAMES, "hints"]
    assert [layer.visible for layer in with_hints.layers] == [True] * 5 + [False]
    assert [layer.mode for layer in with_hints.layers[2:4]] == ["multiply", "screen"]


def test_the_ground_is_hidden_where_the_result_is_transparent() -> None:
    assert decompose(finished("paper", "paper")).layers[0].visible
    hidden = decompose(finished("paper", "transparent")).layers[0]
    assert not hidden.visible and (hidden.picture == 255).all()


def test_line_art_is_the_ink_itself() -> None:
    case = finished("ink", "transparent")
    document = decompose(case)
    assert (at_full_size(document.layers[-2], document)[case.ink[..., 3] > 0] == case.ink[case.ink[..., 3] > 0]).all()


def test_flats_by_colour_are_a_layer_each_of_one_colour() -> None:
    case = finished()
    layers = [layer for layer in decompose(case, flats="colour").layers if layer.group == "flats"]
    assert sorted(layer.name for layer in layers) == ["colour-1e3cff", "colour-dc2800"]
    for layer in layers:
        colours = np.unique(layer.picture[layer.picture[..., 3] > 0], axis=0)
        assert [bytes(colour).hex() for colour in colours] == [layer.name.removeprefix("colour-") + "ff"]


def test_flats_by_region_divide_a_colour_along_the_areas_and_under_the_ink() -> None:
    case = finished()
    layers = [layer for layer in decompose(case, flats="region").layers if layer.group == "flats"]
    assert [layer.name for layer in layers] == ["region-001-dc2800", "region-002-1e3cff", "region-003-1e3cff"]
    covered = sum(np.count_nonzero(layer.picture[..., 3]) for layer in layers)
    assert covered == np.count_nonzero(~case.background)
    below, above = layers[1:]
    assert above.top + above.height == below.top == SIZE // 2 - 5, "neither reaches over the other"


def test_a_colour_without_a_region_has_one_of_its_own() -> None:
    flat = np.full((20, 20, 3), 200, np.uint8)
    flat[5:7, 5:7] = (10, 20, 30)  # all of it too small
    areas = np.ones((20, 20), np.int32)
    case = Finished(flat, flat, flat, np.zeros((20, 20), bool), np.zeros((20, 20, 4), np.uint8), areas=areas)
    names = [layer.name for layer in decompose(case, flats="region").layers if layer.group]
    assert names == ["region-001-c8c8c8", "region-002-0a141e"]


@pytest.mark.parametrize("flats", ["one", "colour", "region"])
def test_a_sheet_without_a_figure_has_empty_flats(flats: Any) -> None:
    white = np.full((3, 4, 3), 255, np.uint8)
    case = Finished(
        white, white, white, np.ones((3, 4), bool), np.zeros((3, 4, 4), np.uint8), None, np.zeros((3, 4), np.int32)
    )
    document = decompose(case, flats=flats)
    assert [layer.is_empty for layer in document.layers] == [False, True, True, True, True]
    for form in (ora, png, psd):
        assert form.write(document)


# PackBits


def unpacked(data: bytes) -> Iterator[int]:
    """PackBits, byte by byte, after TIFF 6.0."""
    place = 0
    while place < len(data):
        header = data[place]
        assert header != 128
        if header < 128:
            yield from data[place + 1 : place + header + 2]
            place += header + 2
        else:
            yield from [data[place + 1]] * (257 - header)
            place += 2


def rows() -> list[Bytes]:
    rng = np.random.default_rng(3)
    noise = rng.integers(0, 256, (5, 1000), np.uint8)
    runs = np.repeat(rng.integers(0, 3, (4, 200), np.uint8), 7, axis=1)
    pairs = np.repeat(rng.integers(0, 2, (9, 131), np.uint8), rng.integers(1, 4, 131), axis=1)
    lengths = [np.full((2, width), 7, np.uint8) for width in (1, 2, 3, 127, 128, 129, 130, 256, 257)]
    literals = [np.arange(2 * width, dtype=np.uint8).reshape(2, width) for width in (1, 127, 128, 129, 257)]
    return [noise, runs, pairs, *lengths, *literals, np.zeros((0, 0), np.uint8)]


@pytest.mark.parametrize("plane", rows(), ids=lambda plane: str(plane.shape))
def test_rows_unpack_to_themselves(plane: Bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.exports._packbits._BAND", 2000)  # several bands
    sizes, data = pack_rows(plane)
    begins = np.cumsum(sizes) - sizes
    for row, begin, size in zip(plane, begins, sizes, strict=True):
        assert list(unpacked(data[begin : begin + size])) == row.tolist()
    assert sizes.sum() == len(data)


def test_runs_are_short_and_noise_hardly_grows() -> None:
    assert len(pack_rows(np.zeros((1, 1280), np.uint8))[1]) == 20
    noise = np.random.default_rng(0).permutation(256).astype(np.uint8)[None]
    assert len(pack_rows(noise)[1]) == 256 + 2


# files


def document(mode: str = "auto", flats: Any = "one") -> Document:
    return decompose(finished("paper", mode), flats=flats)


@pytest.mark.parametrize("form", [ora, psd, png], ids=lambda form: form.__name__.rpartition(".")[2])
def test_the_same_document_is_the_same_bytes_under_the_promised_names(form: Any) -> None:
    made = document()
    assert form.write(made) == form.write(made)
    assert tuple(form.write(made)) == form.files([layer.name for layer in made.layers])


@pytest.mark.parametrize("form", [ora, psd])
def test_a_blend_mode_that_a_format_lacks_is_refused(form: Any) -> None:
    layer = Layer("odd", np.full((2, 2, 4), 255, np.uint8), mode="grain-merge")
    with pytest.raises(MethodError, match="grain-merge"):
        form.write(Document(2, 2, (layer,), np.zeros((2, 2, 3), np.uint8)))


OPERATORS = {"svg:src-over": "normal", "svg:multiply": "multiply", "svg:screen": "screen"}


def ora_layers(archive: ZipFile) -> tuple[ElementTree.Element, list[tuple[dict[str, str], Bytes]]]:
    """A reader after the specification: the image's element, and attributes and pixels of its layers, bottom first."""
    image = ElementTree.fromstring(archive.read("stack.xml"))
    (stack,) = image
    assert stack.tag == "stack"
    found = [
        (dict(layer.attrib), np.asarray(drawings.read(archive.read(layer.attrib["src"]))))
        for layer in stack.iter("layer")
    ]
    return image, found[::-1]


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
