"""Where hints may speak: details keep to themselves, panels and folds part or join areas."""

import cv2
import numpy as np

from pipelines.flatting.hint_reach import find_reach, whites_of_eyes
from pipelines.flatting.hinted_drawing import HintedDrawing, read_drawing
from pipelines.flatting.reading import LineReading
from tests.flatting.scenes import BLUE, GREEN, RED, WHITE, Bytes, blank, discs, painted

SKIN = (255, 216, 190)


def read(lines: Bytes, hints: Bytes) -> HintedDrawing:
    reading = LineReading(lines)
    return read_drawing(lines, hints, reading.regions, reading.mask, properties=reading.properties)


def a_face(*, iris_touches_lids: bool = False) -> Bytes:
    """A head with two eyes, a cheek, and a lock of hair outside."""
    lines = blank(300, 300)
    cv2.ellipse(lines, (150, 150), (90, 110), 0, 0, 360, 0, 2)
    for x in (115, 185):
        cv2.ellipse(lines, (x, 130), (22, 14), 0, 0, 360, 0, 2)
        cv2.ellipse(lines, (x, 130), (7, 13 if iris_touches_lids else 9), 0, 0, 360, 0, 2)
    cv2.ellipse(lines, (110, 185), (14, 7), 0, 0, 360, 0, 2)
    cv2.ellipse(lines, (262, 150), (18, 60), 0, 0, 360, 0, 2)
    return lines


def test_the_colour_of_an_iris_stays_in_irises_and_the_rest_of_the_eye_is_white() -> None:
    for touches in (False, True):
        lines = a_face(iris_touches_lids=touches)
        result = painted(lines, discs(lines, (115, 130, GREEN), (150, 230, SKIN)))
        green = (result.colour == GREEN).all(axis=2)
        assert green[130, 115] and green[130, 185]
        assert not green[:, 230:].any() and not green[170:].any() and not green[:110].any()
        assert tuple(result.colour[130, 100]) == tuple(result.colour[130, 130]) == WHITE
        assert tuple(result.colour[185, 110]) in (SKIN, WHITE)


def test_a_detail_of_the_colour_of_what_encloses_it_is_none() -> None:
    lines = a_face()
    drawing = read(lines, discs(lines, (115, 130, SKIN), (150, 230, SKIN)))
    reach = find_reach(drawing.regions, drawing.properties, drawing.outside, drawing.outside & drawing.hinted)
    assert reach.may_speak(drawing.spots, np.arange(1, drawing.properties.labels)).all()


def test_only_small_areas_around_an_iris_are_whites() -> None:
    lines = a_face()
    drawing = read(lines, discs(lines, (115, 130, GREEN)))
    reach = find_reach(drawing.regions, drawing.properties, drawing.outside, drawing.outside & drawing.hinted)
    whites = whites_of_eyes(reach, drawing.hinted)
    assert np.flatnonzero(whites).tolist() == [drawing.regions[130, 100]]


def two_panels() -> Bytes:
    lines = blank(200, 300)
    for left in (10, 160):
        cv2.rectangle(lines, (left, 10), (left + 130, 190), 0, 3)
        cv2.circle(lines, (left + 65, 80), 30, 0, 2)
        cv2.rectangle(lines, (left + 40, 130), (left + 90, 187), 0, 2)
    return lines


def test_no_hint_speaks_for_another_panel_that_has_its_own() -> None:
    lines = two_panels()
    result = painted(lines, discs(lines, (75, 80, SKIN), (75, 160, RED), (20, 20, GREEN), (225, 160, BLUE)))
    other = {tuple(colour) for colour in result.colour[14:186, 165:285].reshape(-1, 3).tolist()}
    assert other <= {BLUE, WHITE}
    alone = painted(lines, discs(lines, (75, 80, SKIN), (75, 160, RED), (20, 20, GREEN)))
    assert tuple(alone.colour[80, 225]) == SKIN


def test_a_lock_has_the_colour_of_the_hair_that_only_a_line_parts_it_from() -> None:
    lines = blank(300, 300)
    cv2.rectangle(lines, (60, 40), (120, 260), 0, 2)  # hair that goes on below a line
    cv2.line(lines, (60, 150), (120, 150), 0, 2)
    cv2.circle(lines, (210, 130), 65, 0, 2)
    result = painted(lines, discs(lines, (90, 60, RED), (160, 150, SKIN)))
    assert tuple(result.colour[200, 90]) == RED


def test_the_colour_of_the_ground_ends_at_the_lines_and_a_ring_has_a_hole() -> None:
    lines = blank(300, 300)
    cv2.circle(lines, (150, 150), 90, 0, 2)
    cv2.circle(lines, (150, 150), 35, 0, 2)
    cv2.rectangle(lines, (130, 242), (170, 280), 0, 2)
    result = painted(lines, discs(lines, (90, 150, RED), (15, 15, BLUE)))
    assert tuple(result.colour[150, 150]) == WHITE
    assert tuple(result.colour[5, 290]) == BLUE
    assert tuple(result.colour[260, 150]) != BLUE
