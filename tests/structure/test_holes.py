"""Which areas inside a figure show the ground, and which are parts of it."""

import cv2
import numpy as np
import pytest

from pipelines.core.imaging.arrays import Index
from pipelines.flatting.reading import LineReading
from pipelines.structure.holes import NO_GROUND, find_holes
from pipelines.structure.meetings import find_meetings
from tests.structure.things import HOLES, PARTS, RINGS, SIDE, Bytes, Point, Sketch, bag, mug


def shown(reading: LineReading, asked: Point | None = None) -> Index:
    properties = reading.properties
    is_asked = np.ones(properties.labels, bool)
    if asked is not None:
        is_asked[:] = np.arange(properties.labels) == region_at(reading, asked)
    return find_holes(reading.regions, reading.mask.paper, properties, reading.outside, asked=is_asked)


def region_at(reading: LineReading, place: Point) -> int:
    return int(reading.regions[place[1], place[0]])


@pytest.mark.parametrize("name", HOLES)
def test_holes_between_parts_show_the_ground_around(name: str) -> None:
    draw, holes = HOLES[name]
    reading = LineReading(draw())
    ground = region_at(reading, (2, 2))
    expected = {region_at(reading, place): ground for place in holes}
    found = shown(reading)
    assert {region: int(found[region]) for region in np.flatnonzero(found).tolist()} == expected


@pytest.mark.parametrize("name", PARTS)
def test_patches_panes_and_rims_are_no_holes(name: str) -> None:
    assert not shown(LineReading(PARTS[name]())).any()


@pytest.mark.parametrize("name", RINGS)
def test_what_one_part_alone_encloses_is_left_open(name: str) -> None:
    draw, holes = RINGS[name]
    reading = LineReading(draw())
    assert all(shown(reading)[region_at(reading, place)] == NO_GROUND for place in holes)


@pytest.mark.parametrize("scale", [0.6, 3.0])
def test_the_size_of_the_drawing_does_not_matter(scale: float) -> None:
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    lines = np.asarray(cv2.resize(mug(), None, fx=scale, fy=scale, interpolation=method), np.uint8)
    reading = LineReading(lines)
    hole = region_at(reading, (round(222 * scale), round(165 * scale)))
    assert np.flatnonzero(shown(reading)).tolist() == [hole]


def test_only_regions_that_are_asked_about_are_told() -> None:
    reading = LineReading(mug())
    assert not shown(reading, (130, 170)).any()
    assert np.flatnonzero(shown(reading, (222, 165))).tolist() == [region_at(reading, (222, 165))]


def test_known_meetings_change_nothing() -> None:
    reading = LineReading(bag())
    asked, meetings = np.ones(reading.properties.labels, bool), find_meetings(reading.regions)
    arguments = reading.regions, reading.mask.paper, reading.properties, reading.outside
    np.testing.assert_array_equal(shown(reading), find_holes(*arguments, asked=asked, meetings=meetings))


def test_a_thing_in_the_opening_makes_it_a_part() -> None:
    lines = bag()
    cv2.circle(lines, (160, 105), 18, 0, 4)
    assert shown(LineReading(lines))[region_at(LineReading(lines), (130, 90))] == NO_GROUND


def test_a_flap_in_front_of_both_parts_is_no_hole() -> None:
    """Its own outline goes straight on where the lines of the bag and of the handle end."""
    lines = Sketch().limb((110, 150), (115, 60), (205, 60), (210, 150), thick=16).box((70, 130), (250, 280))
    flap = lines.box((122, 70), (198, 160)).lines
    assert not shown(LineReading(flap)).any()


def claw(opening: int) -> Bytes:
    """Two pincers around an opening, with a strait between their tips, px."""
    half = opening // 2
    left = ((160, 280), (70, 240), (70, 120), (160 - half, 90), (160 - half, 106), (100, 140), (100, 225), (160, 250))
    return Sketch().shape(*left).shape(*((SIDE - x, y) for x, y in left)).lines


def test_a_bay_with_a_narrow_strait_shows_the_ground() -> None:
    reading = LineReading(claw(opening=9))
    bay, ground = region_at(reading, (160, 180)), region_at(reading, (2, 2))
    assert bay != ground
    assert shown(reading)[bay] == ground


def test_a_body_whose_outline_has_a_gap_is_no_bay() -> None:
    lines = Sketch().box((80, 80), (240, 240)).lines
    lines[76:86, 150:154] = 255
    reading = LineReading(lines)
    assert region_at(reading, (160, 160)) != region_at(reading, (2, 2))
    assert not shown(reading).any()


def test_nothing_is_a_hole_where_nothing_is_outside() -> None:
    reading = LineReading(mug())
    properties, nowhere = reading.properties, np.zeros(reading.properties.labels, bool)
    assert not find_holes(reading.regions, reading.mask.paper, properties, nowhere, asked=~nowhere).any()
