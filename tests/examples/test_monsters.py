"""The monster generator: what it promises to those who draw, test, measure and train with it."""

import importlib
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
sys.path.insert(0, str(EXAMPLES))
monsters = importlib.import_module("monsters")
curves = importlib.import_module("_monster_curves")
model = importlib.import_module("_monster_model")
palettes = importlib.import_module("_monster_palettes")
plans = importlib.import_module("_monster_bodies").PLANS

INDICES = range(0, 28, 4)
SIZE = 256


@cache
def drawn(index, size=SIZE, **options):
    return monsters.render(monsters.describe(7, index), size, **options)


def colour_keys(picture):
    """One number per colour and alpha."""
    return picture.astype(np.int64) @ np.array([1 << 24, 1 << 16, 1 << 8, 1])


# --- the arrays


@pytest.mark.parametrize("size", [64, 200, 333])
def test_arrays_have_the_conventions_of_the_project(size):
    picture = drawn(4, size)
    assert (picture.lines.shape, picture.lines.dtype) == ((size, size), np.uint8)
    assert (picture.flats.shape, picture.flats.dtype) == ((size, size, 4), np.uint8)
    assert (picture.shaded.shape, picture.shaded.dtype) == ((size, size, 4), np.uint8)
    assert (picture.alpha.shape, picture.alpha.dtype) == ((size, size), np.uint8)
    assert (picture.regions.shape, picture.regions.dtype) == ((size, size), np.int32)
    assert (picture.hints.shape, picture.hints.dtype) == ((size, size, 4), np.uint8)
    assert picture.lines.min() < 20 and picture.lines.max() == 255


@pytest.mark.parametrize("index", INDICES)
def test_every_closed_area_of_the_line_art_is_one_region(index):
    picture = drawn(index)
    np.testing.assert_array_equal(picture.lines < 128, picture.regions == 0)
    count, areas = cv2.connectedComponents((picture.lines >= 128).astype(np.uint8), connectivity=4)
    pairs = np.unique(np.stack([areas.ravel(), picture.regions.ravel()]), axis=1)
    assert pairs.shape[1] == count == len(np.unique(picture.regions))


@pytest.mark.parametrize("index", INDICES)
def test_every_region_has_one_flat_colour(index):
    picture = drawn(index)
    keys = colour_keys(picture.flats)
    for number in np.unique(picture.regions)[1:]:
        assert len(np.unique(keys[picture.regions == number])) == 1, picture.names[int(number)]


@pytest.mark.parametrize("index", INDICES)
def test_different_colours_are_never_neighbours_without_ink(index):
    picture = drawn(index)
    regions, keys = picture.regions, colour_keys(picture.flats)
    for a, b in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])):
        both = (regions[a] > 0) & (regions[b] > 0)
        assert not np.any(both & (keys[a] != keys[b]))
        assert not np.any(both & (regions[a] != regions[b]))


@pytest.mark.parametrize("index", INDICES)
def test_paper_is_transparent_and_the_figure_is_not(index):
    picture = drawn(index)
    assert picture.regions[0, 0] == monsters.PAPER
    paper = [number for number, name in picture.names.items() if name.split("~")[0] == "paper"]
    outside = np.isin(picture.regions, paper)
    assert np.all(picture.flats[outside] == 0)
    assert np.all(picture.flats[(picture.regions > 0) & ~outside, 3] == 255)
    assert set(np.unique(picture.regions)) == {0, *picture.names}


@pytest.mark.parametrize("index", INDICES)
def test_hints_lie_in_their_regions_and_have_the_exact_flat_colour(index):
    picture = drawn(index)
    hinted = picture.hints[..., 3] > 0
    assert set(np.unique(picture.hints[..., 3])) == {0, 255}
    assert np.all(picture.regions[hinted] > monsters.PAPER)
    np.testing.assert_array_equal(picture.hints[hinted], picture.flats[hinted])
    sizes = np.bincount(picture.regions.ravel())
    largest = int(np.argmax(sizes[2:])) + 2
    assert np.any(hinted & (picture.regions == largest))


def test_coloured_picture_keeps_the_flat_colour_where_there_is_light():
    picture = drawn(4)
    body = picture.regions == np.argmax(np.bincount(picture.regions.ravel())[2:]) + 2
    assert np.abs(picture.shaded[body][:, :3].astype(int) - picture.flats[body][:, :3]).mean() < 40
    assert np.all(picture.shaded[body][:, 3] == 255)


# --- the same monster, whatever is drawn beside it and however large


def test_drawing_twice_gives_the_same_bytes():
    again = monsters.render(monsters.describe(7, 4), SIZE)
    for name in ("lines", "flats", "shaded", "alpha", "regions", "hints"):
        np.testing.assert_array_equal(getattr(again, name), getattr(drawn(4), name))


def test_seed_and_index_both_change_the_monster():
    assert not np.array_equal(drawn(4).lines, drawn(8).lines)
    other = monsters.render(monsters.describe(8, 4), SIZE)
    assert not np.array_equal(drawn(4).lines, other.lines)


def test_every_body_plan_takes_its_turn():
    seen = [monsters.describe(7, index).plan for index in range(2 * len(plans))]
    assert sorted(seen[: len(plans)]) == sorted(seen[len(plans) :]) == sorted(plans)


def test_twice_the_size_is_the_same_picture():
    small, large = drawn(4, 512), drawn(4, 1024)
    for name in ("lines", "shaded", "alpha"):
        shrunk = cv2.resize(getattr(large, name), (512, 512), interpolation=cv2.INTER_AREA)
        assert np.abs(shrunk.astype(int) - getattr(small, name)).mean() < 1.0, name


def test_regions_keep_their_numbers_at_another_size():
    small, large = drawn(12, 300), drawn(12, 600)
    shrunk = large.regions[1::2, 1::2]
    both = (small.regions > 0) & (shrunk > 0)
    assert (small.regions == shrunk)[both].mean() > 0.97


# --- lines


@pytest.mark.parametrize("style", ["thin", "thick", "coloured"])
def test_solid_styles_are_closed(style):
    picture = drawn(8, line_style=style)
    np.testing.assert_array_equal(picture.lines < 128, picture.regions == 0)


def test_thick_lines_hold_more_ink_than_thin_ones():
    assert (255 - drawn(8, line_style="thick").lines).sum() > 1.5 * (255 - drawn(8, line_style="thin").lines).sum()


def test_pencil_is_lighter_than_ink_and_soft():
    ink, pencil = drawn(8), drawn(8, line_style="pencil")
    tones = pencil.lines[(pencil.lines > 20) & (pencil.lines < 200)]
    assert len(tones) > len(ink.lines[(ink.lines > 20) & (ink.lines < 200)])
    np.testing.assert_array_equal(np.unique(pencil.regions)[:2], [0, 1])


def test_gaps_only_take_ink_away_and_open_regions():
    whole, open_ = drawn(4), drawn(4, gaps=True)
    assert np.all(open_.lines >= whole.lines)
    assert np.any(open_.lines > whole.lines.astype(int) + 200)
    np.testing.assert_array_equal(open_.regions, whole.regions)
    _, areas = cv2.connectedComponents((open_.lines >= 128).astype(np.uint8), connectivity=4)
    outside = np.unique(whole.regions[areas == areas[0, 0]], return_counts=True)
    assert np.sum(outside[1] > 50) >= 3  # at least the paper, the ink taken away and a region that leaks


# --- motion


def test_time_moves_the_monster_and_the_loop_closes():
    start, end = drawn(4), drawn(4, time=1.0)
    assert np.abs(start.lines.astype(int) - end.lines).mean() < 0.5
    assert np.abs(start.lines.astype(int) - drawn(4, time=0.25).lines).mean() > 1.0


def test_regions_keep_their_numbers_while_moving():
    still, moved = drawn(4).names, drawn(4, time=0.3).names
    common = {n for n in still if "~" not in still[n]} & {n for n in moved if "~" not in moved[n]}
    assert len(common) > 0.7 * sum("~" not in name for name in still.values())
    assert all(still[number] == moved[number] for number in common)


def test_swing_grows_with_the_distance_from_the_pivot():
    swing = model.Motion((0.0, 0.0), swing=0.5, reach=2.0)
    moved = swing.move(np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]]), 0.25)
    np.testing.assert_allclose(np.arctan2(moved[1:, 1], moved[1:, 0]), [0.25, 0.5], atol=1e-12)
    np.testing.assert_array_equal(swing.move(moved, 0.0), moved)


# --- all plans


def test_every_plan_fits_the_canvas_with_unique_part_names():
    for index in range(len(plans)):
        monster = monsters.describe(3, index)
        waiting, names = list(monster.parts), []
        while waiting:
            part = waiting.pop()
            waiting.extend(part.marks)
            names.append(part.name)
            assert np.isfinite(part.outline).all()
        assert len(set(names)) == len(names) < 255
        everything = np.concatenate([part.outline for part in monster.parts])
        assert everything.min() > 0.02 and everything.max() < 0.98
        assert np.ptp(everything, axis=0).max() == pytest.approx(model.ROOM, abs=0.01)


# --- command line


def run(*arguments):
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, str(EXAMPLES / "monsters.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_command_writes_every_layer_and_more_monsters_change_nothing(tmp_path):
    assert run(tmp_path / "two", "--count", 2, "--size", 96).returncode == 0
    assert run(tmp_path / "three", "--count", 3, "--size", 96).returncode == 0
    for folder in ("lines", "flats", "shaded", "regions", "hints"):
        names = sorted(path.name for path in (tmp_path / "two" / folder).iterdir())
        assert names == ["monster_000.png", "monster_001.png"]
        for name in names:
            assert (tmp_path / "two" / folder / name).read_bytes() == (tmp_path / "three" / folder / name).read_bytes()
    data = np.frombuffer((tmp_path / "two" / "regions" / "monster_001.png").read_bytes(), np.uint8)
    stored = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    assert stored.dtype == np.uint16
    np.testing.assert_array_equal(stored, monsters.render(monsters.describe(7, 1), 96).regions)


def test_command_refuses_a_size_out_of_range(tmp_path):
    result = run(tmp_path, "--size", 10)
    assert result.returncode == 2
    assert "64 to 4096" in result.stderr


# --- colours and curves by hand


@pytest.mark.parametrize(
    ("colour", "expected"),
    [((1.0, 0.0, 0.0), (255, 255, 255)), ((0.62796, 0.25768, 29.234), (255, 0, 0)), ((0.0, 0.0, 0.0), (0, 0, 0))],
)
def test_oklch_reaches_srgb(colour, expected):
    np.testing.assert_allclose(palettes.to_rgb(colour), expected, atol=1)


def test_colour_out_of_gamut_keeps_its_hue():
    red, green, blue = palettes.to_rgb((0.7, 0.4, 145.0))
    assert green > red and green > blue and min(red, green, blue) >= 0


def test_smooth_curve_passes_through_its_knots():
    knots = np.array([[0.0, 0.0], [1.0, 0.2], [1.2, 1.0], [0.1, 0.9]])
    curve = curves.smooth(knots, corners=(2,))
    distance = np.hypot(*(curve[:, None] - knots[None]).transpose(2, 0, 1)).min(axis=0)
    np.testing.assert_allclose(distance, 0, atol=1e-12)


def test_straight_tube_is_a_rectangle_with_a_half_circle():
    outline = curves.tube([(0.0, 0.0), (1.0, 0.0), (2.0, 0.0)], [0.25, 0.25, 0.25])
    assert abs(curves.signed_area(outline)) == pytest.approx(2.0 * 0.5 + np.pi * 0.25**2 / 2, rel=0.01)


def test_tube_round_a_tight_bend_does_not_cross_itself():
    outline = curves.tube([(0.0, 0.0), (0.6, 0.0), (0.6, 0.35), (0.05, 0.4)], [0.15, 0.15, 0.15, 0.15])
    canvas = np.zeros((400, 400), np.uint8)
    cv2.fillPoly(canvas, [np.rint(outline * 200 + 100).astype(np.int32)], 1)
    holes = cv2.connectedComponents(1 - canvas)[0]
    assert holes == 2  # nothing but the outside


def test_corner_is_written_with_an_exclamation_mark():
    sharp, round_ = curves.drawn("0,0! 1,0! 1,1! 0,1!"), curves.drawn("0,0 1,0 1,1 0,1")
    assert curves.signed_area(sharp) == pytest.approx(1.0)
    assert curves.signed_area(round_) > 1.2
    np.testing.assert_allclose(curves.drawn("1,0 2,0 2,1", side=-1.0)[0], [-1.0, 0.0])


def test_livelier_monsters_begin_with_the_picture_that_was_and_move_farther():
    still = monsters.describe(7, 3)
    lively = monsters.livelier(still)
    np.testing.assert_array_equal(monsters.render(still, 96).lines, monsters.render(lively, 96).lines)
    changed = [
        np.count_nonzero(monsters.render(one, 96, time=0.25).lines != monsters.render(one, 96).lines)
        for one in (still, lively)
    ]
    assert changed[1] > changed[0]
