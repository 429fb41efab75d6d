"""Regions without a hint take their twin's colour, else the nearest hint's."""

import cv2

from pipelines.models.flat import Params
from tests.flatting.scenes import BLUE, RED, WHITE, YELLOW, blank, discs, painted


def test_an_area_without_a_hint_takes_the_colour_of_its_twin() -> None:
    lines = blank(160, 200)
    cv2.ellipse(lines, (100, 100), (60, 50), 0, 0, 360, 0, 2)  # a head
    for x in (40, 160):
        cv2.circle(lines, (x, 40), 20, 0, 2)  # ears apart from it
    result = painted(lines, discs(lines, (100, 100, YELLOW), (40, 40, RED), (150, 100, YELLOW)))
    assert (result.colour[40, 160] == RED).all()  # the yellow hint is nearer


def test_an_area_without_a_hint_or_a_twin_takes_the_nearest_colour() -> None:
    lines = blank(160, 240)
    for x, width in ((20, 60), (100, 20), (140, 80)):
        cv2.rectangle(lines, (x, 60), (x + width, 110), 0, 2)
    result = painted(lines, discs(lines, (50, 85, RED), (200, 70, BLUE)))
    assert (result.colour[85, 110] == RED).all()
    kept = painted(lines, discs(lines, (50, 85, RED), (200, 70, BLUE)), Params(guess=False))
    assert (kept.colour[85, 110] == WHITE).all()
    assert not kept.background[85, 110]
