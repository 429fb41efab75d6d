"""Facts about what models are given and give back."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.core.imaging.compositing import composite
from pipelines.flatting.reading import LineReading
from pipelines.inference.encoding import COMPOSITE, LINES
from pipelines.inference.types import ColorGuide, ColorResult, Drawing, ModelTraits, NetworkSpec
from tests import drawings
from tests.drawings import BLUE, RED, Bytes

PALETTE = np.array([RED, BLUE], np.uint8)


def drawing(seed: int = 0) -> Drawing:
    return Drawing(LineReading(drawings.two_circles(64)), {}, np.random.default_rng(seed), snap=False, vivid=False)


# what is given ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hinted", "palette", "decides"),
    [
        (False, PALETTE, True),
        (True, PALETTE, False),
        (False, None, False),
        (True, None, False),
        (False, PALETTE[:0], False),
    ],
)
def test_a_palette_decides_where_there_are_no_hints(hinted: bool, palette: Bytes | None, decides: bool) -> None:
    hints = drawings.two_hints(32) if hinted else np.zeros((32, 32, 4), np.uint8)
    decided = ColorGuide(hints, palette).deciding_palette
    assert (decided is palette) if decides else (decided is None)


def test_each_variant_of_a_drawing_is_another_one() -> None:
    canvas = Drawing(LineReading(drawings.two_circles(64)), {}, np.random.default_rng(0))
    again = Drawing(LineReading(drawings.two_circles(64)), {}, np.random.default_rng(0))
    draws = [one.variant().rng.random() for one in (canvas, canvas, again, again)]
    assert draws[:2] == draws[2:]
    assert draws[0] != draws[1]
    assert canvas.variant().varied
    assert not canvas.varied


def test_a_variant_differs_in_chance_alone() -> None:
    first = drawing()
    variant = first.variant()
    assert (variant.reading, variant.guides) == (first.reading, first.guides)
    assert (variant.snap, variant.vivid) == (False, False)
    assert variant.rng is not first.rng


def test_asking_for_variants_changes_nothing_of_the_drawing_itself() -> None:
    asked, alone = drawing(), drawing()
    for _ in range(3):
        asked.variant().rng.random(100)
    assert asked.rng.random() == alone.rng.random()


def test_a_variant_is_the_same_whatever_was_drawn_before() -> None:
    early, late = drawing(), drawing()
    late.rng.random(100)
    assert early.variant().rng.random() == late.variant().rng.random()


def test_lines_and_areas_of_a_drawing_are_read_once() -> None:
    first = drawing()
    assert first.lines is first.reading.lines
    assert first.areas is first.variant().areas


# what comes back --------------------------------------------------------------------------------------------


def result(colour: Bytes, flats: Bytes, line_art: Bytes | None = None) -> ColorResult:
    nowhere = np.zeros(colour.shape[:2], bool)
    return ColorResult(colour, flats, nowhere, nowhere.astype(np.int32), line_art=line_art)


def test_a_finished_picture_has_the_line_art_on_top() -> None:
    rng = np.random.default_rng(0)
    colour, ink = rng.integers(0, 256, (9, 7, 3), np.uint8), np.zeros((9, 7, 4), np.uint8)
    ink[4, :, 3], ink[6, :, 3] = 255, 90
    assert result(colour, colour).picture is colour, "nothing lies on top"
    picture = result(colour, colour, ink).picture
    assert (picture[4] == 0).all()
    assert np.array_equal(picture[:4], colour[:4])
    assert np.array_equal(picture, composite(ink, colour))


def test_shading_is_what_the_flats_are_multiplied_by() -> None:
    flats = np.full((4, 4, 3), (200, 120, 80), np.uint8)
    colour = flats.copy()
    colour[2:] = flats[2:] // 2
    shading = result(colour, flats).shading
    assert (shading.shape, shading.dtype) == ((4, 4, 3), np.uint8)
    assert (shading[:2] == 255).all(), "what is flat has none"
    multiplied = flats.astype(int) * shading // 255
    assert np.abs(multiplied - colour).max() <= 1


def test_steps_are_added_to_a_copy_and_worked_out_when_they_are_looked_at() -> None:
    colour = np.zeros((2, 2, 3), np.uint8)
    looked_at = []

    def raw() -> Bytes:
        looked_at.append("raw")
        return colour

    bare = result(colour, colour)
    shown = bare.with_steps({"raw": raw})
    assert (list(bare.steps), list(shown.steps), looked_at) == ([], ["raw"], [])
    assert shown.colour is bare.colour
    assert shown.steps["raw"] is colour and looked_at == ["raw"]


def test_lines_are_black_where_nothing_says_otherwise() -> None:
    colour = np.zeros((2, 2, 3), np.uint8)
    assert result(colour, colour).ink.tolist() == [0, 0, 0]


# what a model says of itself --------------------------------------------------------------------------------


def test_a_network_that_says_nothing_else_paints_pictures_from_discs() -> None:
    spec = NetworkSpec(encoding=COMPOSITE, size=64, size_multiple=4, least_size=8)
    assert (spec.hint_preset, spec.is_light, spec.can_vary, spec.finds_line_colour) == ("discs", False, False, False)
    assert [(output.name, output.is_picture) for output in spec.outputs] == [("picture", True)]
    assert (ModelTraits().hint_preset, ModelTraits().is_light, ModelTraits().steps) == ("fills", True, ())


def test_a_network_reads_hints_where_its_encoding_does_and_works_in_its_frame() -> None:
    spec = NetworkSpec(encoding=COMPOSITE, size=64, size_multiple=4, least_size=8)
    assert spec.reads_hints and ModelTraits().reads_hints
    assert not replace(spec, encoding=LINES).reads_hints
    assert spec.frame_size == (64, 64)
    assert replace(spec, frame=(64, 48)).frame_size == (64, 48)
