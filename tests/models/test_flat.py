"""Flat colour: exact colours of the hints, areas that agree with them, sizes, settings."""

import cv2
import numpy as np
import pytest

from pipelines.core.errors import MethodError, SettingsError
from pipelines.flatting.reading import LineReading
from pipelines.models.flat import FlatResult, Params, fill, fill_reading
from pipelines.structure.fill_rules import GROUND, FillRules, Guess
from tests.flatting.scenes import BLUE, GREEN, RED, WHITE, YELLOW, Bytes, blank, colours_of, discs, painted, two_boxes
from tests.structure.things import mug


def test_each_area_takes_the_colour_of_its_hint_exactly() -> None:
    lines = two_boxes()
    result = painted(lines, discs(lines, (40, 60, RED), (90, 60, BLUE)))
    assert (result.colour[33:98, 23:58] == RED).all()
    assert (result.colour[33:98, 73:108] == BLUE).all()
    assert colours_of(result.colour) == {RED, BLUE, WHITE}


def test_the_paper_outside_stays_white_and_is_told() -> None:
    lines = two_boxes()
    result = painted(lines, discs(lines, (40, 60, RED), (90, 60, BLUE)))
    outside = np.ones(lines.shape, bool)
    outside[28:103, 18:63] = outside[28:103, 68:113] = False
    assert (result.colour[outside] == WHITE).all()
    assert result.background[outside].all()
    assert not result.background[33:98, 23:58].any()


def test_colours_reach_to_the_middle_of_the_lines() -> None:
    lines = blank(64, 64)
    lines[:, 28:37] = 0  # nine columns
    result = painted(lines, discs(lines, (14, 32, RED), (50, 32, BLUE)), Params(outside="fill"))
    assert (result.colour[1:-1, :32] == RED).all()
    assert (result.colour[1:-1, 33:] == BLUE).all()


def test_regions_are_areas_of_one_colour_and_ink_is_zero() -> None:
    lines = two_boxes()
    result = painted(lines, discs(lines, (40, 45, RED), (40, 85, BLUE), (90, 60, BLUE)))
    assert ((result.regions == 0) == (lines < 191)).all()
    for region in range(1, int(result.regions.max()) + 1):
        assert len(colours_of(result.colour[result.regions == region])) == 1


def test_areas_are_the_regions_reaching_under_the_ink_with_their_colours() -> None:
    lines = two_boxes()
    result = painted(lines, discs(lines, (40, 45, RED), (40, 85, BLUE), (90, 60, BLUE)))
    paper = result.regions > 0
    assert np.array_equal(result.areas[paper], result.regions[paper])
    assert (result.areas > 0).all()
    assert len(result.colours) == int(result.regions.max()) + 1
    assert (result.colours[0] == 255).all()
    assert np.array_equal(result.colours[result.areas], result.colour)


@pytest.mark.parametrize("size", [300, 700])
def test_areas_and_their_colours_belong_together_where_colours_are_found_at_a_smaller_size(size: int) -> None:
    lines = blank(size, size - 30)
    for at in range(5, size, 23):
        lines[at : at + 2] = lines[:, at : at + 2] = 0
    hints = discs(lines, (15, 15, RED), (size // 2, size // 2, BLUE), (size - 60, 15, GREEN))
    result = painted(lines, hints, Params(work_size=160))
    assert np.array_equal(
        np.unique(result.areas),
        np.arange(len(result.colours)) if 0 in result.areas else np.arange(1, len(result.colours)),
    )
    assert np.array_equal(result.colours[result.areas], result.colour)
    assert ((result.areas == result.regions) | (result.regions == 0)).all()


def test_ink_alone_has_no_areas() -> None:
    result = painted(np.zeros((40, 50), np.uint8), np.zeros((40, 50, 4), np.uint8))
    assert np.array_equal(result.colours[result.areas], result.colour)
    assert result.areas.max() == result.regions.max() == len(result.colours) - 1


def test_hints_win_where_they_lie_and_a_palette_serves_the_rest() -> None:
    lines = two_boxes()
    palette = np.array([GREEN], np.uint8)
    result = fill(lines, discs(lines, (40, 60, RED)), palette, Params(), np.random.default_rng(0))
    assert tuple(result.colour[60, 40]) == RED
    assert tuple(result.colour[60, 90]) == GREEN
    assert tuple(result.colour[5, 5]) == WHITE


@pytest.mark.parametrize("work_size", [96, 128, 200])
def test_work_size_agrees_with_full_size_away_from_lines(work_size: int) -> None:
    lines = np.asarray(cv2.resize(two_boxes(), (512, 512), interpolation=cv2.INTER_LINEAR), np.uint8)
    hints = discs(lines, (160, 240, RED), (360, 150, BLUE), (360, 330, YELLOW), radius=12)
    full = painted(lines, hints, Params(work_size=None))
    small = painted(lines, hints, Params(work_size=work_size))
    differs = (full.colour != small.colour).any(axis=2)
    split = np.zeros(lines.shape, bool)
    split[210:270, 280:440] = True  # the seam between blue and yellow is on open paper
    away = cv2.erode(lines, np.ones((5, 5), np.uint8)) == 255
    assert not differs[away & ~split].any()
    assert differs[split].mean() < 0.2
    assert colours_of(small.colour) == {RED, BLUE, YELLOW, WHITE}


def test_work_size_keeps_thin_lines_and_small_hints() -> None:
    lines = blank(600, 600)
    cv2.circle(lines, (300, 300), 200, 0, 1)
    result = painted(lines, discs(lines, (300, 300, RED), radius=1), Params(work_size=64))
    red = (result.colour == RED).all(axis=2)
    inside = cv2.circle(np.zeros_like(lines), (300, 300), 199, 1, cv2.FILLED) > 0
    assert red[inside].mean() > 0.999
    assert not red[cv2.circle(np.zeros_like(lines), (300, 300), 202, 1, cv2.FILLED) == 0].any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 8), (3, 2), (10000, 40), (40, 10000)])
@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("hinted", [False, True])
def test_any_size_of_paper_or_ink(shape: tuple[int, int], level: int, hinted: bool) -> None:
    lines = np.full(shape, level, np.uint8)
    hints = np.zeros((*shape, 4), np.uint8)
    hints[shape[0] // 2, shape[1] // 2] = (*RED, 255 if hinted else 0)
    result = painted(lines, hints)
    assert (result.colour.shape, result.regions.shape, result.background.shape) == ((*shape, 3), shape, shape)
    assert colours_of(result.colour) <= {RED, WHITE}


def test_painting_is_repeatable_and_leaves_its_input_alone() -> None:
    lines = two_boxes()
    hints = discs(lines, (40, 60, RED), (45, 90, GREEN), (90, 60, BLUE))
    before = lines.copy(), hints.copy()
    first, again = painted(lines, hints), painted(lines, hints, seed=9)
    assert all((one == other).all() for one, other in zip(first[:5], again[:5], strict=True))
    assert (lines == before[0]).all()
    assert (hints == before[1]).all()


def test_hints_of_another_size_are_refused() -> None:
    with pytest.raises(MethodError, match="64x128"):
        painted(blank(), np.zeros((128, 64, 4), np.uint8))


@pytest.mark.parametrize("settings", [{"gap": -1.0}, {"work_size": 3}])
def test_settings_out_of_range_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match=next(iter(settings))):
        Params(**settings)  # type: ignore[arg-type]


HANDLE_HOLE, BODY, ABOVE = (222, 165), (135, 170), (160, 40)


def with_rules(hints: Bytes, rules: FillRules | None = None) -> FlatResult:
    return fill_reading(LineReading(mug()), hints, None, Params(), np.random.default_rng(0), rules=rules)


def at(picture: Bytes, place: tuple[int, int]) -> tuple[int, ...]:
    return tuple(np.atleast_1d(picture[place[1], place[0]]).tolist())


@pytest.mark.parametrize("guess", ["auto", "nearest"])
def test_the_hole_of_a_handle_is_background(guess: Guess) -> None:
    result = with_rules(discs(mug(), (*BODY, RED)), FillRules(guess=guess))
    assert at(result.colour, HANDLE_HOLE) == WHITE
    assert result.background[HANDLE_HOLE[::-1]]
    assert at(result.colour, (250, 165)) == RED


def test_the_hole_of_a_handle_is_background_without_hints() -> None:
    result = with_rules(np.zeros((*mug().shape, 4), np.uint8))
    assert result.background[HANDLE_HOLE[::-1]]
    hole, ground = (int(result.areas[y, x]) for x, y in (HANDLE_HOLE, ABOVE))
    assert result.verdicts.ground[hole] == ground


def test_a_hole_shows_the_colour_of_a_ground_that_is_filled() -> None:
    result = with_rules(discs(mug(), (*BODY, RED), (*ABOVE, BLUE)), FillRules(outside="fill"))
    assert at(result.colour, HANDLE_HOLE) == at(result.colour, ABOVE) == BLUE
    hole, ground = (int(result.areas[y, x]) for x, y in (HANDLE_HOLE, ABOVE))
    assert result.verdicts.ground[hole] == ground


@pytest.mark.parametrize("colour", [BLUE, GROUND])
def test_a_hole_stays_bare_where_hints_on_the_ground_are_marks_on_it(colour: tuple[int, int, int]) -> None:
    result = with_rules(discs(mug(), (*BODY, RED), (*ABOVE, colour)), FillRules(outside="paper"))
    assert at(result.colour, HANDLE_HOLE) == WHITE
    assert result.background[HANDLE_HOLE[::-1]]


def test_a_hint_in_a_hole_colours_it() -> None:
    result = with_rules(discs(mug(), (*BODY, RED), (*HANDLE_HOLE, GREEN)))
    assert at(result.colour, HANDLE_HOLE) == GREEN
    assert not result.background[HANDLE_HOLE[::-1]]


def test_no_hole_is_guessed_where_areas_without_a_hint_stay_empty() -> None:
    result = with_rules(discs(mug(), (*BODY, RED)), FillRules(guess="empty"))
    assert at(result.colour, HANDLE_HOLE) == WHITE
    assert not result.background[HANDLE_HOLE[::-1]]
