"""An artist's dabs: main colours first, each in its largest area; hands that slip, grain, ground, transparency."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.core.errors import SettingsError
from pipelines.hints.dabs import PRESETS, Params, place

Bytes = NDArray[np.uint8]

RED, BLUE, GREEN, YELLOW, WHITE = (220, 40, 30), (30, 60, 200), (30, 160, 60), (250, 220, 40), (255, 255, 255)
BOXES = [  # top, left, bottom, right, by the size of their colours: red twice, then blue, green, yellow
    (20, 20, 120, 120, RED),
    (140, 20, 200, 80, RED),
    (20, 140, 100, 220, BLUE),
    (140, 100, 200, 160, GREEN),
    (140, 180, 190, 230, YELLOW),
]


def boxes(side: int = 256) -> Bytes:
    """Boxes of colour on white, outlined in black."""
    picture = np.full((256, 256, 3), 255, np.uint8)
    for top, left, bottom, right, colour in BOXES:
        cv2.rectangle(picture, (left, top), (right, bottom), colour, -1)
        cv2.rectangle(picture, (left, top), (right, bottom), (0, 0, 0), 3)
    return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_NEAREST), np.uint8)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def dabs_of(hints: Bytes) -> list[tuple[tuple[int, int, int], int, int]]:
    """Colour, box (its number in BOXES, -1 outside of all) and pixels of each dab, by its centre."""
    found = []
    count, labels, stats, centres = cv2.connectedComponentsWithStats((hints[..., 3] > 0).astype(np.uint8))
    for number in range(1, count):
        column, row = centres[number]
        inside = [at for at, box in enumerate(BOXES) if box[0] < row < box[2] and box[1] < column < box[3]]
        red, green, blue = hints[labels == number][0, :3].tolist()
        found.append(((red, green, blue), inside[0] if inside else -1, int(stats[number, cv2.CC_STAT_AREA])))
    return sorted(found, key=lambda dab: dab[1])


@pytest.mark.parametrize(("preset", "places"), [("one", [0]), ("two", [0, 2]), ("four", [0, 2, 3, 4])])
def test_main_colours_come_first_each_in_its_largest_area(preset: str, places: list[int]) -> None:
    dabs = dabs_of(place(boxes(), None, PRESETS[preset], rng()))
    assert [place for _, place, _ in dabs] == places
    assert [colour for colour, _, _ in dabs] == [BOXES[place][4] for place in places]
    assert {pixels for _, _, pixels in dabs} == {29}  # a disc of radius 3


def test_what_is_left_follows_and_ends_when_every_area_has_its_dab() -> None:
    dabs = dabs_of(place(boxes(), None, PRESETS["eight"], rng()))
    assert [place for _, place, _ in dabs] == [0, 1, 2, 3, 4]


def test_careful_dabs_lie_where_the_area_is_widest() -> None:
    hints = place(boxes(), None, PRESETS["one"], rng())
    rows, columns = np.nonzero(hints[..., 3])
    assert (round(rows.mean()), round(columns.mean())) == pytest.approx((70, 70), abs=2)


@pytest.mark.parametrize("seed", range(20))
def test_by_hand_dabs_lie_anywhere_in_an_area_in_its_colour(seed: int) -> None:
    params = Params(slip=0, ground=0, strokes=0.5)
    hints = place(boxes(), None, params, rng(seed))
    for top, left, bottom, right, colour in BOXES:
        inner = hints[top + 5 : bottom - 4, left + 5 : right - 4]
        assert (inner[inner[..., 3] > 0, :3] == colour).all()
    assert (hints[..., 3] > 0).sum() <= 12 * (8 * 8 + 16 * 3 * 9)
    outside = np.ones((256, 256), bool)
    for top, left, bottom, right, _ in BOXES:
        outside[top - 1 : bottom + 2, left - 1 : right + 2] = False
    assert not hints[outside].any(), "nothing lies on the ground"


def test_places_and_numbers_differ() -> None:
    dots = Params(slip=0, ground=0, strokes=0, radius=(1.0, 1.0), dabs=(0, 5))
    found = [dabs_of(place(boxes(), None, dots, rng(seed))) for seed in range(60)]
    assert {len(dabs) for dabs in found} == set(range(6))
    firsts = [dabs_of(place(boxes(), None, replace(dots, dabs=(1, 1)), rng(seed)))[0][1] for seed in range(60)]
    assert firsts.count(0) > len(firsts) / 2
    assert len(set(firsts)) > 2, "the largest colour is first, but not always"


def test_the_ground_gets_its_dab_where_it_is_asked_for() -> None:
    params = replace(PRESETS["one"], ground=1.0)
    assert [(colour, place) for colour, place, _ in dabs_of(place(boxes(), None, params, rng()))] == [(WHITE, -1)]


def test_a_hand_that_slips_paints_over_the_edge() -> None:
    careful = place(boxes(), None, PRESETS["one"], rng())
    slipped = place(boxes(), None, replace(PRESETS["one"], slip=1.0), rng())
    inside = np.zeros((256, 256), bool)
    inside[21:120, 21:120] = True
    assert not careful[~inside].any()
    assert slipped[~inside].any()
    assert (slipped[slipped[..., 3] > 0, :3] == RED).all(), "in the colour that was on the brush"


def test_grain_stays_in_its_levels() -> None:
    hints = place(boxes(), None, replace(PRESETS["one"], grain=4), rng())
    apart = np.abs(hints[hints[..., 3] > 0, :3].astype(int) - RED)
    assert 0 < apart.max() <= 4


def test_dabs_scale_with_the_picture() -> None:
    small, large = (place(boxes(side), None, PRESETS["one"], rng()) for side in (256, 512))
    assert (large[..., 3] > 0).sum() == pytest.approx(4 * (small[..., 3] > 0).sum(), rel=0.15)


def test_soft_shading_is_one_area() -> None:
    picture = boxes()
    picture[20:120, 20:120, 1] = np.linspace(40, 200, 100).astype(np.uint8)[:, None]
    cv2.rectangle(picture, (20, 20), (120, 120), (0, 0, 0), 3)
    assert [place for _, place, _ in dabs_of(place(picture, None, PRESETS["eight"], rng()))] == [0, 1, 2, 3, 4]


def test_transparency_and_pictures_of_nothing_have_no_dabs() -> None:
    alpha = np.zeros((256, 256), np.uint8)
    alpha[140:200, 20:80] = 255
    hints = place(boxes(), alpha, PRESETS["hand"], rng(3))
    assert not hints[alpha == 0].any()
    assert place(boxes(), alpha, PRESETS["one"], rng())[..., 3].any()
    assert not place(boxes(), np.zeros_like(alpha), PRESETS["four"], rng()).any()
    assert not place(np.full((64, 64, 3), 255, np.uint8), None, PRESETS["four"], rng()).any()
    assert place(np.zeros((1, 1, 3), np.uint8), None, PRESETS["four"], rng()).shape == (1, 1, 4)


def test_the_generator_decides_all() -> None:
    assert (place(boxes(), None, Params(), rng(4)) == place(boxes(), None, Params(), rng(4))).all()
    assert (place(boxes(), None, Params(), rng(4)) != place(boxes(), None, Params(), rng(5))).any()


@pytest.mark.parametrize(
    ("name", "value"),
    [("dabs", (-1, 3)), ("dabs", (5, 3)), ("radius", (-1.0, 4.0)), ("strokes", 1.5), ("slip", -0.1), ("grain", 65)],
)
def test_settings_out_of_range_are_named(name: str, value: object) -> None:
    with pytest.raises(SettingsError, match=name):
        replace(Params(), **{name: value})
