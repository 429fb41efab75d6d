"""Shadows among strokes: what is emptied, what stays, and that line art without any is never touched."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.lines import adaptive
from pipelines.lines._fills import without_fills
from tests.lines import scenes

Bytes = NDArray[np.uint8]
Colour = tuple[int, int, int]


def extract(picture: Bytes) -> Bytes:
    return adaptive.extract(picture, adaptive.Params(), np.random.default_rng(0))


def cloth(
    size: int, *, ink: Colour, fill: Colour, shadow: Colour, stroke: int, widest: float = 0.04
) -> tuple[Bytes, Bytes, Bytes]:
    """Cloth with four folds, each a line beside a shadow that tapers: picture, its line art, mask of shadows."""
    picture, truth = np.full((size, size, 3), (252, 248, 240), np.uint8), np.full((size, size), 255, np.uint8)
    shadows = np.zeros((size, size), np.uint8)
    corner, middle = round(0.1 * size), size // 2
    cv2.ellipse(picture, (middle, middle), (middle - corner, middle - corner), 0, 0, 360, fill, -1)
    heights = np.linspace(0.25, 0.75, 80)
    for place in (0.3, 0.42, 0.54, 0.66):
        bend = place + 0.03 * np.sin(heights * 9)
        width = widest * 2 * place * np.sin(np.pi * (heights - 0.25) / 0.5) ** 0.7
        left, right = (np.stack([edge, heights], 1) * size for edge in (bend, bend + width))
        outline = np.concatenate([left, right[::-1]]).round().astype(np.int32)
        cv2.fillPoly(shadows, [outline], (255,))
        cv2.fillPoly(picture, [outline], shadow)
        for canvas, colour in ((picture, ink), (truth, (0, 0, 0))):
            cv2.polylines(canvas, [left[8:-8].round().astype(np.int32)], False, colour, stroke)
    for canvas, colour in ((picture, ink), (truth, (0, 0, 0))):
        cv2.ellipse(canvas, (middle, middle), (middle - corner, middle - corner), 0, 0, 360, colour, stroke)
    return picture, truth, shadows


CLOTHS: dict[str, tuple[Colour, Colour, Colour]] = {
    "red": ((62, 26, 28), (222, 92, 80), (175, 52, 60)),
    "brown ink on red": ((80, 26, 20), (190, 50, 40), (133, 30, 24)),
    "dark": ((14, 12, 18), (70, 60, 110), (38, 30, 55)),
    "dark grey": ((14, 12, 18), (80, 70, 90), (32, 28, 45)),
    "night": ((8, 8, 14), (24, 28, 60), (14, 17, 38)),
    "white": ((40, 30, 50), (243, 239, 232), (195, 180, 180)),
}


@pytest.mark.parametrize("widest", [0.025, 0.05, 0.09])
@pytest.mark.parametrize("name", CLOTHS)
def test_shadows_of_folds_are_empty_over_their_whole_length(name: str, widest: float) -> None:
    ink, fill, shadow = CLOTHS[name]
    picture, truth, shadows = cloth(500, ink=ink, fill=fill, shadow=shadow, stroke=3, widest=widest)
    lines = extract(picture)
    assert scenes.f_measure(lines, truth) >= 0.98
    far_from_lines = scenes.distance_to(truth < 128) > 3
    assert (lines[(shadows > 0) & far_from_lines] == 255).all()


@pytest.mark.parametrize(("size", "stroke"), [(300, 1), (300, 2), (1200, 4), (2400, 8)])
def test_shadows_are_empty_at_any_size(size: int, stroke: int) -> None:
    ink, fill, shadow = CLOTHS["dark"]
    picture, truth, _ = cloth(size, ink=ink, fill=fill, shadow=shadow, stroke=stroke)
    assert scenes.f_measure(extract(picture), truth, tolerance=max(2.0, size / 400)) >= 0.98


def test_shadows_in_a_jpeg_are_nearly_empty() -> None:
    ink, fill, shadow = CLOTHS["red"]
    picture, truth, _ = cloth(600, ink=ink, fill=fill, shadow=shadow, stroke=4)
    assert scenes.f_measure(extract(scenes.as_jpeg(picture, 70)), truth) >= 0.97


def test_flats_and_their_lines_are_returned_as_they_are() -> None:
    picture, _ = scenes.scene(256, stroke=3)
    ink = adaptive.measure_ink(picture, adaptive.Params())
    assert ink is not None
    lines = np.where(picture.max(axis=2) < 100, np.uint8(0), np.uint8(255))
    excess = picture.max(axis=2)
    lines[excess > 10] = 255
    assert without_fills(lines, picture, excess, level=10, own_level=10, widest_stroke=15) is lines


def test_a_solid_area_in_another_colour_that_was_drawn_all_over_stays_and_a_partly_drawn_one_goes() -> None:
    picture = np.full((200, 200, 3), 230, np.uint8)
    picture[20:60, 20:60] = (70, 60, 65)
    picture[100:160, 100:180] = (70, 20, 65)
    cv2.line(picture, (5, 80), (195, 80), (0, 0, 0), 3)
    lines = np.where(picture.max(axis=2) < 100, np.uint8(0), np.uint8(255))
    lines[100:160, 140:180] = 255
    cleaned = without_fills(lines, picture, picture.max(axis=2), level=10, own_level=10, widest_stroke=12)
    assert (cleaned[20:60, 20:60] == 0).all(), "drawn all over"
    assert (cleaned[100:160, 100:180] == 255).all(), "cut in two"
    assert (cleaned[79:82] == 0)[:, 10:190].all(), "the line"


def test_a_piece_in_the_colour_of_a_fill_goes_with_it_but_not_a_line() -> None:
    picture = np.full((200, 200, 3), 230, np.uint8)
    brown = (70, 40, 30)
    picture[100:160, 100:180] = brown
    picture[20:40, 20:34] = brown
    cv2.line(picture, (5, 80), (195, 80), brown, 3)
    lines = np.where(picture.max(axis=2) < 100, np.uint8(0), np.uint8(255))
    lines[100:160, 140:180] = 255
    cleaned = without_fills(lines, picture, picture.max(axis=2), level=10, own_level=10, widest_stroke=12)
    assert (cleaned[20:40, 20:34] == 255).all()
    assert (cleaned[79:82] == 0)[:, 10:190].all()


@pytest.mark.parametrize(("left", "stays"), [(0.3, True), (0.7, False)])
def test_most_of_what_lines_enclose_decides(left: float, stays: bool) -> None:
    picture = np.full((200, 200, 3), 230, np.uint8)
    cv2.rectangle(picture, (50, 50), (150, 150), (0, 0, 0), 4)
    picture[53:148, 53:148] = (80, 80, 80)
    lines = np.where(picture.max(axis=2) < 100, np.uint8(0), np.uint8(255))
    lines[53 : 53 + round(95 * left), 53:148] = 255
    cleaned = without_fills(lines, picture, picture.max(axis=2), level=10, own_level=10, widest_stroke=12)
    assert ((cleaned == lines).all()) == stays
    assert (cleaned[100:148, 53:148] == (0 if stays else 255)).all()


def test_features_that_are_nearly_black_stay_as_they_were_found() -> None:
    picture = np.full((200, 200, 3), 230, np.uint8)
    cv2.line(picture, (5, 180), (195, 180), (0, 0, 0), 3)
    picture[60:72, 40:160] = (35, 31, 32)
    lines = np.where(picture.max(axis=2) < 100, np.uint8(0), np.uint8(255))
    lines[60:72, 100:160] = 255
    cleaned = without_fills(lines, picture, picture.max(axis=2), level=10, own_level=10, widest_stroke=20)
    assert (cleaned == lines).all()


def test_a_shadow_that_was_drawn_all_over_goes_if_it_is_far_from_ink() -> None:
    picture = np.full((200, 200, 3), 230, np.uint8)
    cv2.line(picture, (5, 80), (195, 80), (0, 0, 0), 3)
    picture[100:160, 100:180] = 90
    lines = np.where(picture.max(axis=2) < 100, np.uint8(0), np.uint8(255))
    cleaned = without_fills(lines, picture, picture.max(axis=2), level=10, own_level=20, widest_stroke=12)
    assert (cleaned[100:160, 100:180] == 255).all()
    assert (cleaned[79:82] == 0)[:, 10:190].all()
