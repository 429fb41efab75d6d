"""The gap that is closed where nobody says how wide: 2 % of the longer side, what a hand leaves open unawares."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.models import flat
from pipelines.regions.trapped_ball import Params, segment
from tests import drawings

Bytes = NDArray[np.uint8]
Labels = NDArray[np.int32]

EXAMPLES = Path(__file__).parents[2] / "examples"


def two_rooms(side: int, opening: int) -> Bytes:
    """Two rooms in a frame, side x side / 2 px, the right one larger, and an opening of so many px in their wall."""
    lines = np.full((side // 2, side), 255, np.uint8)
    lines[[2, -3], 2:-2] = 0
    lines[2:-2, [2, -3]] = 0
    wall = slice(side * 2 // 5, side * 2 // 5 + 2)
    lines[2:-2, wall] = 0
    lines[side // 4 : side // 4 + opening, wall] = 255
    return lines


def rooms_are_two(regions: Labels) -> bool:
    height, width = regions.shape
    return bool(regions[height // 2, width // 4] != regions[height // 2, 3 * width // 4])


@pytest.mark.parametrize("side", [200, 400, 1000])
@pytest.mark.parametrize("upright", [False, True])
def test_an_opening_of_up_to_a_fiftieth_of_the_longer_side_is_closed(side: int, upright: bool) -> None:
    """By the longer side: the picture has two rooms at any size, and whether it lies or stands."""
    for share, closed in ((0.0175, True), (0.025, False)):
        lines = two_rooms(side, round(share * side))
        regions = segment(np.ascontiguousarray(lines.T), Params()).T if upright else segment(lines, Params())
        assert rooms_are_two(regions) == closed


@pytest.mark.parametrize("opening", [3, 6, 8, 9, 12])
def test_no_gap_means_the_same_as_a_fiftieth_of_the_longer_side(opening: int) -> None:
    lines = two_rooms(400, opening)
    assert np.array_equal(segment(lines, Params()), segment(lines, Params(gap=8)))


@pytest.mark.parametrize("opening", [7, 10])
def test_flat_colour_closes_what_regions_close(opening: int) -> None:
    """Both find the same areas in a drawing: `regions` shows beforehand what may get colours of their own."""
    lines = two_rooms(400, opening)
    no_hints, palette = np.zeros((*lines.shape, 4), np.uint8), np.array([drawings.RED, drawings.BLUE], np.uint8)
    colour = flat.fill(lines, no_hints, palette, flat.Params(), np.random.default_rng(0)).colour
    closed = rooms_are_two(segment(lines, Params()))
    assert closed == (opening == 7)
    assert (tuple(colour[100, 20]) != tuple(colour[100, 380])) == closed


@pytest.mark.parametrize("number", [3, 13, 20])
def test_the_gaps_of_a_drawn_figure_let_no_paper_in(number: int) -> None:
    """Openings of one to three widths of the pen, as in sketches, are what the default is for."""
    sys.path.insert(0, str(EXAMPLES))
    monsters = importlib.import_module("monsters")
    drawn = monsters.render(monsters.describe(7, number), 256, gaps=True)
    names = {number for number, name in drawn.names.items() if not name.startswith("paper")}
    figure = np.isin(drawn.regions, list(names))
    share = {}
    for gap in (0.0, None):
        regions = segment(drawn.lines, Params(gap=gap))
        share[gap] = np.count_nonzero(figure & (regions == regions[0, 0])) / np.count_nonzero(figure)
    assert share[0.0] > 0.5, "its outline is open"
    assert share[None] < 0.01
