"""Letters, the holes in them, balloons."""

import cv2
import numpy as np
import pytest

from pipelines.flatting.reading import LineReading
from pipelines.models.flat import FlatResult, Params, fill
from tests.structure import pages
from tests.structure.pages import Bytes, blank

RED, GREEN, WHITE = (200, 30, 30), (40, 150, 60), (255, 255, 255)


def balloon(text: str, *, scale: float = 0.8, thickness: int = 3) -> Bytes:
    """A round balloon with text in its middle, and a box beside it."""
    lines = blank(240, 420)
    cv2.ellipse(lines, (150, 110), (120, 70), 0, 0, 360, 0, 3)
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thickness)
    origin = (150 - width // 2, 110 + height // 2)
    cv2.putText(lines, text, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, 0, thickness, cv2.LINE_AA)
    cv2.rectangle(lines, (300, 40), (400, 200), 0, 3)
    return lines


@pytest.mark.parametrize(("text", "scale", "thickness"), [("BOOM", 1.2, 5), ("HELLO", 1.0, 3), ("Good day", 0.9, 2)])
def test_an_oval_with_letters_is_a_balloon_and_a_box_without_is_none(text: str, scale: float, thickness: int) -> None:
    reading = LineReading(balloon(text, scale=scale, thickness=thickness))
    balloons = reading.lettering.balloons
    assert balloons[reading.regions[60, 150]]
    assert not balloons[reading.regions[100, 350]]
    assert not balloons[reading.regions[5, 5]]


def test_holes_of_letters_show_what_the_letters_stand_on() -> None:
    reading = LineReading(balloon("BOOM", scale=1.2, thickness=5))
    around = int(reading.regions[60, 150])
    ground = reading.lettering.ground
    assert np.count_nonzero(ground == around) == 4
    assert not reading.lettering.balloons[ground > 0].any()


def test_a_face_and_a_row_of_buttons_are_no_letters() -> None:
    lines = blank(300, 300)
    cv2.ellipse(lines, (150, 150), (90, 110), 0, 0, 360, 0, 2)
    for x in (115, 185):
        cv2.ellipse(lines, (x, 130), (22, 14), 0, 0, 360, 0, 2)
        cv2.circle(lines, (x, 130), 6, 0, cv2.FILLED)
        cv2.line(lines, (x - 15, 105), (x + 15, 105), 0, 5)
    cv2.ellipse(lines, (150, 200), (30, 10), 0, 0, 180, 0, 2)
    for x in range(100, 201, 20):
        cv2.circle(lines, (x, 170), 6, 0, 4)
    lettering = LineReading(lines).lettering
    assert not lettering.balloons.any()
    assert not lettering.ground.any()


def filled(lines: Bytes, *spots: tuple[int, int, tuple[int, int, int]]) -> FlatResult:
    hints = np.zeros((*lines.shape, 4), np.uint8)
    for x, y, colour in spots:
        cv2.circle(hints, (x, y), 3, (*colour, 255), cv2.FILLED)
    return fill(lines, hints, None, Params(), np.random.default_rng(0))


def scene(word: str = "BOAT") -> Bytes:
    """A box with a balloon in it, the middle of its word at (200, 100)."""
    lines = blank(300, 400)
    cv2.rectangle(lines, (20, 20), (380, 280), 0, 3)
    pages.balloon(lines, word, 200, 100)
    return lines


@pytest.mark.parametrize("word", ["BOAT", "BOO", "BOB", "TO", "OBOO"])
def test_balloons_and_the_holes_of_letters_stay_white_short_words_too(word: str) -> None:
    result = filled(scene(word), (40, 260, RED))
    assert (result.colour[260, 300] == RED).all()
    assert (result.colour[84:117, 180:221] == WHITE).all()


@pytest.mark.parametrize("word", ["BO", "OB", "BOO"])
def test_short_words_in_small_type_are_letters(word: str) -> None:
    lines = blank(200, 300)
    cv2.rectangle(lines, (20, 20), (280, 180), 0, 3)
    pages.write(lines, word, 140, 80, unit=2, stroke=1)
    cv2.ellipse(lines, (140 + len(word) * 4, 84), (len(word) * 5 + 6, 14), 0, 0, 360, 0, 2)
    reading = LineReading(lines)
    assert reading.lettering.balloons[reading.regions[84 - 9, 140 + len(word) * 4]]


def test_a_hint_in_a_balloon_colours_it_and_the_holes_of_its_letters() -> None:
    result = filled(scene(), (40, 260, RED), (200, 84, GREEN))
    assert (result.colour[90:111, 160:245] == GREEN).all()


def test_a_balloon_with_an_open_tail_stays_white() -> None:
    lines = scene()
    lines[118:135, 190:198] = 255  # a gap in its outline
    result = filled(lines, (40, 260, RED))
    assert (result.colour[88:111, 150:245] == WHITE).all()
    assert (result.colour[260, 300] == RED).all()


def test_holes_of_letters_elsewhere_show_what_the_letters_lie_on() -> None:
    lines = blank(300, 400)
    cv2.rectangle(lines, (20, 60), (380, 290), 0, 3)  # a shirt
    pages.write(lines, "BOAT", 150, 200)
    pages.write(lines, "TOAD", 150, 20)  # on the paper outside
    result = filled(lines, (40, 260, RED))
    assert (result.colour[205:216, 145:250] == RED).all()
    assert (result.colour[15:45, 145:250] == WHITE).all()
    assert result.background[25:35, 180:185].all()  # in the O


def test_a_house_with_a_name_under_its_roof_is_no_balloon() -> None:
    lines = blank(300, 300)
    cv2.rectangle(lines, (80, 80), (220, 280), 0, 3)
    pages.write(lines, "BOAT", 100, 92)
    assert not LineReading(lines).lettering.balloons.any()


def test_each_balloon_of_a_page_is_found() -> None:
    reading = LineReading(pages.two_panels())
    white = reading.lettering.in_balloons[reading.regions] & (reading.mask.paper > 0)
    count, _ = cv2.connectedComponents(white.astype(np.uint8), connectivity=4)
    assert white[60, 165]
    assert not white[250, 115]
    assert count > 2
