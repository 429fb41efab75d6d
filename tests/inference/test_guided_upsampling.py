"""How colours come up to full size, and which hints count where.

A stroke that slips over a line is no hint on the other side. Where hints colour the figure alone, the paper outside
stays white, whatever the network smears over it. Hands slip: a dab near an outline covers some paper outside too. That
is meant only where it covers about as much there as inside.
"""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.core.imaging.framing import resized
from pipelines.flatting.background import asked_areas
from pipelines.flatting.reading import LineReading
from pipelines.inference.guided_upsampling import upsample
from pipelines.inference.types import ColorResult
from pipelines.structure.fill_rules import FillRules
from tests.drawings import BLUE, RED, WHITE, Bytes
from tests.inference.scenes import circle, no_hints


def painted_small(lines: Bytes, colour: Bytes, *, side: int = 64) -> NDArray[np.float32]:
    """What a perfect network gives: colour with its ink, shrunk to `side` px."""
    inked = (colour.astype(np.float32) * (lines[..., None] / np.float32(255))).round().astype(np.uint8)
    scale = side / max(lines.shape)
    size = (max(1, round(lines.shape[1] * scale)), max(1, round(lines.shape[0] * scale)))
    return np.asarray(resized(inked, size), np.float32)


def filled_circle(height: int, width: int, colour: tuple[int, int, int]) -> Bytes:
    picture = np.full((height, width, 3), 255, np.uint8)
    cv2.circle(picture, (width // 2, height // 2), min(height, width) * 2 // 5, colour, -1, cv2.LINE_AA)
    return picture


@pytest.mark.parametrize("shape", [(97, 333), (333, 97), (512, 512), (700, 260)])
def test_colour_reaches_the_lines_from_both_sides_and_crosses_none(shape: tuple[int, int]) -> None:
    lines, truth = circle(*shape), filled_circle(*shape, RED)
    made = upsample(painted_small(lines, truth), lines, LineReading(lines).areas)
    assert made.colour.shape == (*shape, 3)
    inside = np.zeros(shape, np.uint8)
    cv2.circle(inside, (shape[1] // 2, shape[0] // 2), min(shape) * 2 // 5 - 2, 1, -1)
    assert np.abs(made.colour[inside > 0].astype(int) - RED).max() <= 12  # up to the line, no white halo
    cv2.circle(inside, (shape[1] // 2, shape[0] // 2), min(shape) * 2 // 5 + 3, 1, -1)
    assert (made.colour[inside == 0] == 255).all()  # nothing beyond it
    assert made.background[inside == 0].all()
    assert not made.background[shape[0] // 2, shape[1] // 2]
    on_line = lines < 64
    assert np.abs(made.colour[on_line].astype(int) - 128).max() > 0  # the ink has no colour of its own:
    assert (made.colour[on_line].max(axis=1) > 200).all()  # under it is red or white, never dark


def test_shading_inside_an_area_stays_and_noise_of_the_network_goes() -> None:
    lines = circle(512, 512)
    ramp = np.linspace(90, 250, 512).astype(np.uint8)
    truth = filled_circle(512, 512, RED)
    inside = (truth == RED).all(axis=2)
    truth[inside, 0] = np.broadcast_to(ramp, (512, 512))[inside]
    small = painted_small(lines, truth, side=128)
    noisy = np.clip(small + np.random.default_rng(0).normal(0, 12, small.shape), 0, 255).astype(np.float32)
    made = upsample(noisy, lines, LineReading(lines).areas)
    row = made.colour[256, 80:432, 0].astype(float)
    assert np.abs(row - ramp[80:432]).max() < 40  # weak shading fades
    assert row[-1] - row[0] > 0.45 * (int(ramp[431]) - int(ramp[80]))
    assert np.abs(np.diff(row)).max() <= 4  # smooth: no seams, no blocks of the network's pixels
    assert made.flats[256, 100].tolist() == made.flats[256, 400].tolist()


def test_a_palette_gives_areas_its_nearest_colours_and_leaves_paper_white() -> None:
    lines, truth = circle(256, 256), filled_circle(256, 256, (200, 60, 50))
    palette = np.array([RED, BLUE], np.uint8)
    made = upsample(painted_small(lines, truth), lines, LineReading(lines).areas, palette=palette)
    assert np.abs(made.colour[128, 128].astype(int) - RED).max() <= 2
    assert made.colour[2, 2].tolist() == [255, 255, 255]


def test_an_area_smaller_than_a_pixel_of_the_network_has_a_colour() -> None:
    lines = np.full((640, 640), 255, np.uint8)
    cv2.rectangle(lines, (100, 100), (540, 540), 0, 3)
    cv2.circle(lines, (320, 320), 8, 0, 3)
    truth = np.full((640, 640, 3), 255, np.uint8)
    truth[100:540, 100:540] = BLUE
    made = upsample(painted_small(lines, truth), lines, LineReading(lines).areas)
    assert np.abs(made.colour[320, 320].astype(int) - BLUE).max() <= 60
    assert np.abs(made.colour[200, 200].astype(int) - BLUE).max() <= 2


@pytest.mark.parametrize("level", [0, 255])
def test_a_sheet_of_one_tone_is_painted(level: int) -> None:
    lines = np.full((33, 57), level, np.uint8)
    small = np.full((19, 32, 3), 250, np.float32)
    made = upsample(small, lines, LineReading(lines).areas)
    assert made.colour.shape == (33, 57, 3)
    assert (made.colour == 255).all()


def test_a_large_sheet_is_worked_out_smaller_and_comes_out_whole() -> None:
    lines = circle(2400, 1500, thickness=9)
    made = upsample(painted_small(lines, filled_circle(2400, 1500, BLUE)), lines, LineReading(lines).areas)
    assert made.colour.shape == (2400, 1500, 3)
    assert np.abs(made.colour[1200, 750].astype(int) - BLUE).max() <= 2
    row = made.colour[1200, 750 - 600 + 8 : 750 + 600 - 8].astype(int)
    assert np.abs(row - BLUE).max() <= 6


@pytest.mark.parametrize(("place", "stays"), [((64, 64), True), ((10, 10), False)])
def test_paper_outside_stays_white_where_hints_colour_the_figure_alone(place: tuple[int, int], stays: bool) -> None:
    lines = circle(128, 128)
    hints = no_hints(128, 128)
    cv2.circle(hints, place, 6, (*RED, 255), -1)
    tinted = np.full((64, 64, 3), (250, 200, 190), np.float32)  # a network that smears over the outline
    reading = LineReading(lines)
    made = upsample(tinted, lines, reading.areas, asked=asked_areas(reading.with_hints(hints), FillRules()))
    assert (made.colour[:8] == 255).all() == stays
    assert made.background[:8].all() == stays
    assert made.colour[64, 64].tolist() == [250, 200, 190]


def test_areas_of_like_colour_that_meet_in_a_gap_have_no_seam_and_others_do() -> None:
    lines = np.full((256, 256), 255, np.uint8)
    cv2.rectangle(lines, (20, 20), (236, 236), 0, 3)
    cv2.line(lines, (128, 20), (128, 236), 0, 3)
    lines[126:131, 120:136] = 255  # a gap that the trapped ball does not pass
    for other, seam in (((205, 60, 50), False), ((60, 60, 200), True)):
        small = np.full((128, 128, 3), (200, 60, 50), np.float32)
        small[:, 64:] = other
        made = upsample(small, lines, LineReading(lines).areas)
        assert (np.abs(made.flats[128, 100].astype(int) - made.flats[128, 150]).max() > 0) == seam


SIZE = 128


WALL = 96  # column where the wall's middle is: as many px of a hint are inside as lie to the left of it


SMEARED = (250, 200, 190)  # what a network paints everywhere: it is no white


def a_box() -> Bytes:
    """Line art, uint8 (SIZE, SIZE): a closed box with walls of 4 px."""
    lines = np.full((SIZE, SIZE), 255, np.uint8)
    lines[30:98, 30:98] = 0
    lines[34:94, 34:94] = 255
    return lines


def brought_up(*strokes: tuple[slice, slice, tuple[int, int, int]]) -> ColorResult:
    """What comes of a network that smears one colour over everything, with strokes of colour for hints."""
    hints = np.zeros((SIZE, SIZE, 4), np.uint8)
    for rows, columns, colour in strokes:
        hints[rows, columns] = (*colour, 255)
    network = np.full((SIZE // 2, SIZE // 2, 3), SMEARED, np.float32)
    reading = LineReading(a_box())
    return upsample(network, a_box(), reading.areas, asked=asked_areas(reading.with_hints(hints), FillRules()))


def over_the_wall(inside: int, outside: int, *, row: int = 60) -> tuple[slice, slice, tuple[int, int, int]]:
    """A red stroke of so many px on either side of the wall's middle."""
    return slice(row, row + 6), slice(WALL - inside, WALL + outside), RED


def outside_is_paper(made: ColorResult) -> bool:
    """Whether all is white outside the box, or all is not; and the same is told of it."""
    beside: NDArray[np.bool_] = cv2.dilate((a_box() == 0).view(np.uint8), np.ones((3, 3), np.uint8)) == 0
    beside[30:98, 30:98] = False
    white = (made.colour[beside] == WHITE).all(axis=1)
    assert white.all() or not white.any()
    assert np.array_equal(made.background[beside], white)
    return bool(white.all())


@pytest.mark.parametrize(("inside", "outside"), [(30, 4), (20, 6), (20, 10), (20, 14)])
def test_a_stroke_that_slips_over_the_outline_leaves_the_paper_outside_white(inside: int, outside: int) -> None:
    made = brought_up(over_the_wall(inside, outside))
    assert outside_is_paper(made)
    assert tuple(made.colour[60, 60]) == SMEARED, "the box has the network's colour: it is hinted"


@pytest.mark.parametrize(("inside", "outside"), [(20, 18), (20, 20), (20, 26), (6, 24)])
def test_a_stroke_that_covers_as_much_outside_is_meant_for_both_or_for_the_outside(inside: int, outside: int) -> None:
    assert not outside_is_paper(brought_up(over_the_wall(inside, outside)))


def test_each_stroke_is_weighed_by_itself() -> None:
    """Many strokes that slip a little are no hint outside, however much they cover there together."""
    many = [over_the_wall(16, 8, row=row) for row in (36, 46, 56, 66, 76)]
    assert outside_is_paper(brought_up(*many))
    assert not outside_is_paper(brought_up(*many, (slice(4, 8), slice(4, 8), BLUE)))


def test_white_strokes_colour_nothing() -> None:
    inside = (slice(50, 60), slice(50, 60), RED)
    assert outside_is_paper(brought_up(inside, (slice(4, 14), slice(4, 14), WHITE)))
