"""Layers taken apart and laid together again are the finished picture."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from pipelines.core.imaging.layers import at_full_size
from pipelines.exports import ora, png, psd
from pipelines.exports.base.decomposition import NAMES, FinishedPicture, decompose
from tests.exports.documents import MODES, SHEETS, SIZE, apart, finished, laid_together, painting


@pytest.mark.parametrize(("kind", "mode", "lines"), list(product(SHEETS, MODES, ("keep", "none", "multiply"))))
def test_the_layers_together_are_the_finished_picture(kind: str, mode: str, lines: str) -> None:
    for flats in ("one", "colour", "region"):
        document = decompose(finished(kind, mode, lines), flats=flats)  # type: ignore[arg-type]
        assert apart(laid_together(document), document.flattened) <= 1


def test_every_pair_of_levels_is_taken_apart_and_laid_together_exactly() -> None:
    colour = np.repeat(np.repeat(np.arange(256, dtype=np.uint8)[:, None], 256, axis=1)[..., None], 3, axis=2)
    flat = np.ascontiguousarray(colour.transpose(1, 0, 2))
    nothing = np.zeros((256, 256), bool)
    ink = np.zeros((256, 256, 4), np.uint8)
    document = decompose(FinishedPicture(colour, colour, flat, nothing, ink))
    assert (laid_together(document)[..., :3] == colour).all()
    assert not any(layer.is_empty for layer in document.layers[1:4])


def test_names_and_order_are_fixed_and_what_is_empty_is_transparent() -> None:
    colour, _, background = painting()
    blank = np.zeros((SIZE, SIZE, 4), np.uint8)
    document = decompose(FinishedPicture(colour, colour, colour, background, blank))
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
    inked = case.line_art[..., 3] > 0
    assert (at_full_size(document.layers[-2], document)[inked] == case.line_art[inked]).all()


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
    case = FinishedPicture(flat, flat, flat, np.zeros((20, 20), bool), np.zeros((20, 20, 4), np.uint8), areas=areas)
    names = [layer.name for layer in decompose(case, flats="region").layers if layer.group]
    assert names == ["region-001-c8c8c8", "region-002-0a141e"]


@pytest.mark.parametrize("flats", ["one", "colour", "region"])
def test_a_sheet_without_a_figure_has_empty_flats(flats: Any) -> None:
    white = np.full((3, 4, 3), 255, np.uint8)
    case = FinishedPicture(
        white, white, white, np.ones((3, 4), bool), np.zeros((3, 4, 4), np.uint8), None, np.zeros((3, 4), np.int32)
    )
    document = decompose(case, flats=flats)
    assert [layer.is_empty for layer in document.layers] == [False, True, True, True, True]
    for form in (ora, png, psd):
        assert form.write(document)


@pytest.mark.parametrize("kind", SHEETS)
def test_transparent_pixels_of_layers_have_colours_that_are_seen_in_them(kind: str) -> None:
    for flats in ("one", "colour", "region"):
        for layer in decompose(finished(kind, "transparent"), flats=flats).layers:  # type: ignore[arg-type]
            is_seen = layer.picture[..., 3] > 0
            hidden = {tuple(colour) for colour in layer.picture[~is_seen][:, :3].tolist()}
            assert hidden <= {tuple(colour) for colour in layer.picture[is_seen][:, :3].tolist()}, layer.name
