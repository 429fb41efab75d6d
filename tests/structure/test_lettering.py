"""Letters, the holes in them, balloons."""

import cv2
import numpy as np
import pytest

from pipelines.flatting.reading import LineReading
from tests.flatting.scenes import Bytes, blank


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
