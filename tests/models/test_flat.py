"""Facts about flat colour: exact colours, background, splitting along the ink, guesses, palettes, sizes."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.core.errors import MethodError, SettingsError
from pipelines.models.flat import FlatResult, Params, fill
from tests import drawings

Bytes = NDArray[np.uint8]

RED, GREEN, BLUE, YELLOW, WHITE = drawings.RED, drawings.GREEN, drawings.BLUE, (250, 220, 40), drawings.WHITE


def blank(height: int = 128, width: int = 128) -> Bytes:
    return np.full((height, width), 255, np.uint8)


def discs(lines: Bytes, *spots: tuple[int, int, tuple[int, int, int]], radius: int = 3) -> Bytes:
    """Hints, uint8 RGBA: discs at (x, y) of a colour."""
    hints = np.zeros((*lines.shape, 4), np.uint8)
    for x, y, colour in spots:
        cv2.circle(hints, (x, y), radius, (*colour, 255), cv2.FILLED)
    return hints


def painted(lines: Bytes, hints: Bytes, params: Params | None = None, *, seed: int = 0) -> FlatResult:
    return fill(lines, hints, None, params or Params(), np.random.default_rng(seed))


def colours_of(picture: Bytes) -> set[tuple[int, ...]]:
    return {tuple(colour) for colour in np.unique(picture.reshape(-1, 3), axis=0).tolist()}


def two_boxes() -> Bytes:
    lines = blank()
    cv2.rectangle(lines, (20, 30), (60, 100), 0, 2)
    cv2.rectangle(lines, (70, 30), (110, 100), 0, 2)
    return lines


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


def u_shaped_corridor() -> Bytes:
    """A U of corridors 20 px wide: arms at x = 20..40 and 44..64, joined below y = 100; between them 4 px of ink."""
    lines = np.zeros((140, 84), np.uint8)
    lines[10:120, 20:40] = lines[10:120, 44:64] = 255
    lines[100:120, 20:64] = 255
    return lines


def test_several_hints_split_along_the_paper_not_across_the_ink() -> None:
    lines = u_shaped_corridor()
    hints = discs(lines, (30, 20, RED), (54, 90, BLUE))
    result = painted(lines, hints)
    # the top of the right arm is 24 px from the red hint across the wall, and 70 from the blue one along the paper
    assert (result.colour[12:80, 46:62] == BLUE).all()
    assert (result.colour[12:50, 22:38] == RED).all()


def test_hints_on_open_paper_meet_half_way_by_straight_distance() -> None:
    lines = np.zeros((90, 130), np.uint8)
    lines[5:85, 5:125] = 255
    result = painted(lines, discs(lines, (35, 45, RED), (95, 45, BLUE)))
    red = (result.colour == RED).all(axis=2)
    assert red[10:80, 10:60].mean() > 0.98
    assert red[10:80, 70:120].mean() < 0.02


def test_hints_meet_in_the_gap_of_a_line() -> None:
    lines = np.zeros((90, 130), np.uint8)
    lines[5:85, 5:125] = 255
    lines[5:43, 40:43] = lines[46:85, 40:43] = 0  # a wall at x = 40 with a gap of 3 px
    result = painted(lines, discs(lines, (33, 70, RED), (110, 45, BLUE)), Params(gap=0))
    red = (result.colour == RED).all(axis=2)
    assert red[6:84, 6:39].mean() > 0.99
    assert red[6:84, 46:124].mean() < 0.01  # though half way between the hints is far to the right of the wall


def test_a_colour_of_many_hints_gets_more_than_a_single_spot() -> None:
    lines = np.zeros((90, 130), np.uint8)
    lines[5:85, 5:125] = 255
    alone = painted(lines, discs(lines, (35, 45, RED), (95, 45, BLUE)))
    many = painted(lines, discs(lines, (35, 45, RED), (35, 20, RED), (35, 70, RED), (35, 58, RED), (95, 45, BLUE)))
    count = [np.count_nonzero((result.colour == RED).all(axis=2)) for result in (alone, many)]
    assert count[1] > 1.04 * count[0]


def test_the_middle_of_a_spot_says_where_it_counts() -> None:
    lines = two_boxes()
    hints = discs(lines, (90, 60, BLUE))
    cv2.circle(hints, (55, 60), 17, (*RED, 255), cv2.FILLED)  # middle in the left box, rim in the right one
    result = painted(lines, hints)
    assert (result.colour[33:98, 23:58] == RED).all()
    assert (result.colour[33:98, 73:108] == BLUE).all()


def test_a_stroke_through_two_areas_colours_both() -> None:
    lines = two_boxes()
    hints = np.zeros((*lines.shape, 4), np.uint8)
    hints[58:64, 30:100] = (*GREEN, 255)
    result = painted(lines, hints)
    assert (result.colour[40, 40] == GREEN).all()
    assert (result.colour[40, 90] == GREEN).all()
    assert (result.colour[10, 64] == WHITE).all()


def test_a_dark_spot_on_a_line_says_nothing_of_the_areas() -> None:
    lines = two_boxes()
    result = painted(lines, discs(lines, (40, 60, RED), (60, 60, (10, 10, 20)), (90, 60, BLUE)))
    assert colours_of(result.colour) == {RED, BLUE, WHITE}


def test_a_bright_spot_on_a_line_still_counts() -> None:
    lines = two_boxes()
    result = painted(lines, discs(lines, (59, 60, RED)))
    assert (result.colour[80, 40] == RED).all()


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


def test_a_hint_behind_a_gap_does_not_leak_out_of_the_figure() -> None:
    lines = blank(160, 160)
    cv2.circle(lines, (80, 80), 50, 0, 2)
    lines[70:84, 125:135] = 255  # a gap of 14 px
    for gap in (0.0, 20.0, None):
        result = painted(lines, discs(lines, (80, 80, RED)), Params(gap=gap))
        red = (result.colour == RED).all(axis=2)
        inside = cv2.circle(np.zeros_like(lines), (80, 80), 44, 1, cv2.FILLED) > 0
        beyond = cv2.circle(np.zeros_like(lines), (80, 80), 62, 1, cv2.FILLED) == 0
        assert red[inside].mean() > 0.99
        assert not red[beyond].any()
        assert result.background[beyond].all()


def test_the_open_bottom_of_a_bust_is_cut_straight() -> None:
    lines = blank(160, 160)
    cv2.ellipse(lines, (80, 130), (50, 90), 0, 180, 360, 0, 3)  # open from (30, 130) to (130, 130)
    result = painted(lines, discs(lines, (80, 80, RED), (60, 105, RED)))
    red = (result.colour == RED).all(axis=2)
    assert red[126, 36:124].all()
    assert not red[136:].any()


def test_a_figure_that_touches_the_border_is_filled_to_the_border() -> None:
    lines = blank(160, 160)
    cv2.ellipse(lines, (80, 160), (60, 110), 0, 180, 360, 0, 3)
    result = painted(lines, discs(lines, (80, 100, RED)))
    assert (result.colour[158, 24:136] == RED).all()
    assert (result.colour[:40] == WHITE).all()
    assert result.background[:40].all()


def test_a_hint_on_the_paper_outside_makes_a_spot_or_fills_it() -> None:
    lines = two_boxes()
    shadow = discs(lines, (40, 45, RED), (40, 85, RED), (90, 45, BLUE), (90, 85, BLUE), (64, 116, GREEN))
    spot = painted(lines, shadow)
    green = (spot.colour == GREEN).all(axis=2)
    assert green[116, 64]
    assert green.mean() < 0.02
    assert not spot.background[green].any()
    whole = painted(lines, shadow, Params(outside="fill"))
    assert (whole.colour[[0, 0, -1, -1], [0, -1, 0, -1]] == GREEN).all()
    assert not whole.background.any()
    paper = painted(lines, shadow, Params(outside="paper"))
    assert (paper.colour == spot.colour).all()


def test_a_large_stroke_on_the_paper_outside_fills_it() -> None:
    lines = two_boxes()
    hints = discs(lines, (40, 60, RED), (90, 60, BLUE))
    hints[6:16, 10:110] = (*GREEN, 255)
    result = painted(lines, hints)
    assert (result.colour[120, 64] == GREEN).all()
    assert (result.colour[40, 40] == RED).all()


def test_white_hints_on_the_paper_outside_keep_it_background() -> None:
    lines = two_boxes()
    corners = [(x, y, WHITE) for x in (3, 124) for y in (3, 124)]
    with_corners = painted(lines, discs(lines, (40, 60, RED), (90, 60, BLUE), *corners))
    without = painted(lines, discs(lines, (40, 60, RED), (90, 60, BLUE)))
    assert (with_corners.colour == without.colour).all()
    assert (with_corners.background == without.background).all()


def test_a_palette_colours_the_figure_and_not_the_paper() -> None:
    lines = two_boxes()
    palette = np.array([RED, GREEN, BLUE], np.uint8)
    none = np.zeros((*lines.shape, 4), np.uint8)
    result = fill(lines, none, palette, Params(), np.random.default_rng(1))
    assert colours_of(result.colour) == {RED, WHITE}  # two boxes of one size at one height are twins
    assert result.background[5, 5]
    assert (result.colour[result.background] == WHITE).all()


def test_neighbours_differ_and_the_largest_takes_the_first_colour() -> None:
    lines = blank(120, 160)
    cv2.rectangle(lines, (10, 10), (150, 110), 0, 2)
    lines[10:110, 100:102] = 0
    lines[60:62, 100:150] = 0
    palette = np.array([RED, GREEN, BLUE], np.uint8)
    for seed in range(8):
        result = fill(lines, np.zeros((*lines.shape, 4), np.uint8), palette, Params(), np.random.default_rng(seed))
        large, upper, lower = (tuple(result.colour[y, x].tolist()) for x, y in ((50, 60), (125, 30), (125, 90)))
        assert large == RED
        assert len({large, upper, lower}) == 3


def test_without_hints_and_palette_colours_are_drawn_from_the_seed() -> None:
    lines = two_boxes()
    none = np.zeros((*lines.shape, 4), np.uint8)
    first, again, other = (painted(lines, none, seed=seed).colour for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    assert len(colours_of(first)) == 2
    assert (first[5, 5] == WHITE).all()


def test_small_round_areas_with_a_pupil_stay_white_without_hints() -> None:
    lines = blank(200, 200)
    cv2.circle(lines, (100, 100), 80, 0, 2)
    for x in (75, 125):
        cv2.circle(lines, (x, 80), 14, 0, 2)
        cv2.circle(lines, (x, 82), 4, 0, cv2.FILLED)
    result = painted(lines, np.zeros((*lines.shape, 4), np.uint8))
    assert (result.colour[72, 75] == WHITE).all()
    assert not result.background[72, 75]
    assert (result.colour[140, 100] != WHITE).any()


def test_hints_go_before_a_palette() -> None:
    lines = two_boxes()
    palette = np.array([GREEN], np.uint8)
    result = fill(lines, discs(lines, (40, 60, RED)), palette, Params(), np.random.default_rng(0))
    assert GREEN not in colours_of(result.colour)


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


def test_faint_hint_pixels_are_no_hints() -> None:
    lines = two_boxes()
    hints = discs(lines, (40, 60, RED), (90, 60, BLUE))
    hints[40:50, 30:40] = (*GREEN, 100)
    assert GREEN not in colours_of(painted(lines, hints).colour)


def test_a_hint_map_of_noise_is_painted_in_its_own_colours() -> None:
    rng = np.random.default_rng(3)
    lines = two_boxes()
    hints = rng.integers(0, 256, (*lines.shape, 4)).astype(np.uint8)
    result = painted(lines, hints)
    given = {tuple(colour) for colour in hints[hints[..., 3] >= 128][:, :3].tolist()}
    assert colours_of(result.colour) <= given | {WHITE}


def test_painting_is_repeatable_and_leaves_its_input_alone() -> None:
    lines = two_boxes()
    hints = discs(lines, (40, 60, RED), (45, 90, GREEN), (90, 60, BLUE))
    before = lines.copy(), hints.copy()
    first, again = painted(lines, hints), painted(lines, hints, seed=9)
    assert all((one == other).all() for one, other in zip(first, again, strict=True))
    assert (lines == before[0]).all()
    assert (hints == before[1]).all()


def test_hints_of_another_size_are_refused() -> None:
    with pytest.raises(MethodError, match="64x128"):
        painted(blank(), np.zeros((128, 64, 4), np.uint8))


@pytest.mark.parametrize("settings", [{"gap": -1.0}, {"work_size": 3}])
def test_settings_out_of_range_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match=next(iter(settings))):
        Params(**settings)  # type: ignore[arg-type]
