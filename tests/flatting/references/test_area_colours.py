"""Facts about the colours of areas in a finished colouring of the same drawing."""

import cv2
import numpy as np
import pytest

from pipelines.flatting.reading import LineReading
from pipelines.flatting.references.area_colours import fine_areas, ground_of, hints_of_areas, is_other_paint
from tests.flatting.references.coloured import COAT, COLOURS, SIZE, SKIN, at, figure

ART, COLOUR = figure()


def layer(colour):
    return np.dstack([colour, np.full(colour.shape[:2], 255, np.uint8)])


def read(colour, art=ART):
    return hints_of_areas(LineReading(art), layer(colour))


def test_every_area_has_its_colour_down_to_the_smallest():
    seen = read(COLOUR)
    assert {name: at(seen.hints, name) for name in COLOURS} == COLOURS
    assert seen.hints[5, 5, 3] == 0, "paper outside stays paper"
    assert seen.is_flat and not seen.doubtful.any()
    assert (seen.hints[ART < 128, 3] == 0).all()


def test_shadows_divide_nothing():
    seen = read(figure(shadow=True)[1])
    assert {name: at(seen.hints, name) for name in COLOURS} == COLOURS
    colours = {tuple(colour) for colour in seen.hints[seen.hints[..., 3] > 0][:, :3].tolist()}
    assert colours == set(COLOURS.values())
    assert not seen.is_flat


def test_a_ground_that_is_coloured_is_an_area_too():
    sky = COLOUR.copy()
    cv2.floodFill(sky, None, (0, 0), (150, 200, 240))
    assert tuple(read(sky).hints[5, 5]) == (150, 200, 240, 255)


def test_noise_of_jpeg_is_averaged_out():
    noise = np.random.default_rng(1).integers(-6, 7, COLOUR.shape)
    seen = read(np.clip(COLOUR + noise, 0, 255).astype(np.uint8))
    for name, colour in COLOURS.items():
        assert np.abs(np.array(at(seen.hints, name)) - colour).max() <= 4, name


def test_two_paints_that_no_line_divides_share_the_area():
    art = np.full((SIZE, SIZE), 255, np.uint8)
    cv2.rectangle(art, (40, 40), (216, 216), 0, 2)
    colour = np.full((SIZE, SIZE, 3), 255, np.uint8)
    colour[41:216, 41:128], colour[41:216, 128:216] = SKIN, COAT
    hints = read(colour, art).hints
    assert tuple(hints[120, 60, :3]) == SKIN and tuple(hints[120, 200, :3]) == COAT


def test_an_area_through_which_a_line_runs_was_drawn_otherwise():
    moved = COLOUR.copy()
    cv2.rectangle(moved, (40, 205), (216, 237), (255, 255, 255), -1)
    cv2.line(moved, (40, 205), (216, 205), (0, 0, 0), 4)
    seen = read(moved)
    assert seen.doubtful[190, 80]
    assert not seen.doubtful[35, 128] and not seen.hints[190, 80].any()


def test_areas_are_taken_apart_where_ink_divides_them():
    areas = fine_areas(LineReading(ART))
    names = [int(areas.labels[y, x]) for x, y in ((128, 35), (128, 105), (108, 90), (152, 90), (128, 180))]
    assert len(set(names)) == len(names) and 0 not in names
    assert areas.outside[areas.labels[5, 5]] and not areas.outside[names].any()


def test_the_ground_reaches_the_border():
    ground = ground_of(COLOUR)
    assert ground[5, 5] and not ground[90, 98], "the white of an eye is no ground"


@pytest.mark.parametrize(
    ("first", "second", "other"),
    [
        ((250, 215, 185), (175, 150, 130), False),
        ((250, 215, 185), (60, 90, 170), True),
        (WHITE := (255,) * 3, (240, 200, 60), True),
    ],
)
def test_shadow_is_no_other_paint(first, second, other):
    assert bool(is_other_paint(np.array([first]), np.array(second))[0]) is other


def test_ground_between_narrow_gaps_is_white():
    art = np.full((SIZE, SIZE), 255, np.uint8)
    colour = np.full((SIZE, SIZE, 3), 255, np.uint8)
    for x in (60, 128, 196):
        for y in (60, 128, 196):
            diamond = [np.array([(x, y - 31), (x + 31, y), (x, y + 31), (x - 31, y)])]
            cv2.fillPoly(colour, diamond, SKIN)
            cv2.polylines(colour, diamond, True, (0, 0, 0), 2)
            cv2.polylines(art, diamond, True, 0, 2)
    seen = read(colour, art)
    assert not seen.doubtful.any()
    assert tuple(seen.hints[128, 128, :3]) == SKIN and tuple(seen.hints[94, 94, :3]) in ((255, 255, 255), (0, 0, 0))
