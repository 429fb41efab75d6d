"""Hints keep their exact colours in what was painted, and what is around them stays light and dark as it was."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.flatting.reading import LineReading
from pipelines.inference.snapping.exact_hints import snapped
from pipelines.inference.types import ColorGuide, ColorResult, Drawing
from pipelines.structure.fill_rules import EMPTY, GROUND, FillRules
from tests.inference.scenes import circle, no_hints

SIZE = 128
RED, BLUE = (200, 30, 20), (10, 40, 220)
Bytes = NDArray[np.uint8]


def drawing(*dabs: tuple[int, int, tuple[int, int, int]], radius: int = 4) -> Drawing:
    """A circle, drawn thick, with dabs of colour at rows and columns."""
    hints = no_hints(SIZE, SIZE)
    for row, column, colour in dabs:
        cv2.circle(hints, (column, row), radius, (*colour, 255), cv2.FILLED)
    guides = {"discs": ColorGuide(hints)}
    return Drawing(LineReading(circle(SIZE, SIZE)), guides, np.random.default_rng(0))  # type: ignore[arg-type]


def painted(about: Drawing, *, slope: float = 0.25) -> ColorResult:
    """What a network may have painted: grey everywhere, lighter to the right, the paper outside white."""
    areas = about.areas
    grey = 100 + slope * np.arange(SIZE, dtype=np.float32)
    colour = np.broadcast_to(grey[None, :, None], (SIZE, SIZE, 3)).astype(np.uint8)
    background = areas.outside[areas.labels]
    colour = np.where(background[..., None], np.uint8(255), colour)
    flats = np.where(background[..., None], np.uint8(255), np.full_like(colour, 116))
    return ColorResult(colour, flats, background, areas.labels)


def at_hints(about: Drawing) -> tuple[NDArray[np.bool_], Bytes]:
    hints = about.guides["discs"].hints
    counts = (hints[..., 3] == 255) & (about.lines == 255)
    return counts, hints[..., :3]


def is_exact(result: ColorResult, about: Drawing) -> bool:
    counts, wanted = at_hints(about)
    return all((picture[counts] == wanted[counts]).all() for picture in (result.colour, result.flats))


def test_an_area_with_one_colour_is_moved_as_a_whole_and_keeps_its_light() -> None:
    about = drawing((64, 64, RED))
    before = painted(about)
    after = snapped(before, about, "discs")
    assert is_exact(after, about)
    assert tuple(after.flats[64, 90]) == RED, "flat colours are the hint's all over the area"
    left, right = after.colour[64, 35].astype(int), after.colour[64, 93].astype(int)
    change = before.colour[64, 93].astype(int) - before.colour[64, 35]
    assert np.abs(right[:1] - left[:1] - change[:1]).max() <= 1, "as much lighter to the right as it was painted"
    assert np.abs(left - RED).max() <= 20
    assert np.array_equal(after.background, before.background)
    assert (after.colour[after.background] == 255).all(), "the paper outside stays paper"


def test_several_colours_in_an_area_fade_into_what_was_painted() -> None:
    about = drawing((64, 40, RED), (64, 88, BLUE))
    before = painted(about, slope=0)
    after = snapped(before, about, "discs")
    assert is_exact(after, about)
    assert tuple(after.colour[64, 64]) == tuple(before.colour[64, 64]), "far from both nothing changed"
    assert tuple(after.flats[64, 64]) == tuple(before.flats[64, 64])
    beside = after.colour[64, 46].astype(int) - before.colour[64, 46]
    towards = np.array(RED) - before.colour[64, 46]
    assert (np.sign(beside) == np.sign(towards)).all(), "beside a hint it is on the way to it"
    assert (np.abs(beside) < np.abs(towards)).all()


def test_a_hint_on_the_paper_outside_is_seen_and_changes_only_what_it_covers() -> None:
    about = drawing((64, 64, RED), (8, 8, BLUE), (120, 120, RED), (8, 120, RED), (120, 8, RED))
    before = painted(about)
    after = snapped(before, about, "discs")
    counts, _ = at_hints(about)
    assert is_exact(after, about)
    assert not after.background[8, 8], "else it would be transparent"
    assert (after.colour[before.background & ~counts] == 255).all()


def test_where_it_reaches_over_a_line_a_hint_does_not_count() -> None:
    lines = circle(SIZE, SIZE)
    edge = int(np.flatnonzero(lines[64] < 128)[0])
    about = drawing((64, edge + 9, RED), radius=14)
    after = snapped(painted(about), about, "discs")
    assert tuple(after.colour[64, edge + 9]) == RED
    assert after.background[64, edge - 4]
    assert (after.colour[64, edge - 4] == 255).all()


@pytest.mark.parametrize("said", [GROUND, EMPTY])
def test_reserved_colours_are_no_colours(said: tuple[int, int, int]) -> None:
    about = replace(drawing((64, 64, said)), rules=FillRules())
    before = painted(about)
    assert np.array_equal(snapped(before, about, "discs").colour, before.colour)


def test_without_snapping_or_hints_nothing_changes() -> None:
    about = drawing((64, 64, RED))
    before = painted(about)
    assert snapped(before, replace(about, snap=False), "discs") is before
    assert snapped(before, drawing(), "discs") is before


def test_more_colours_than_are_told_apart_are_exact_too() -> None:
    about = drawing((64, 64, RED), radius=36)
    hints = about.guides["discs"].hints
    rng = np.random.default_rng(0)
    inside = hints[..., 3] == 255
    hints[inside, :3] = rng.integers(0, 256, (int(inside.sum()), 3), np.uint8)
    counts = inside & (about.lines == 255)
    after = snapped(painted(about), about, "discs")
    exact = (after.colour[counts] == hints[..., :3][counts]).all(axis=1)
    assert exact.mean() > 0.99


def test_hints_are_exact_at_sizes_above_the_one_at_which_areas_are_found() -> None:
    lines = cv2.resize(circle(SIZE, SIZE), (2600, 2600), interpolation=cv2.INTER_LINEAR)
    hints = no_hints(2600, 2600)
    cv2.circle(hints, (1300, 1300), 61, (*RED, 255), cv2.FILLED)
    about = Drawing(LineReading(lines), {"discs": ColorGuide(hints)}, np.random.default_rng(0))
    labels = about.areas.labels
    grey = np.full((*labels.shape, 3), 90, np.uint8)
    result = snapped(ColorResult(grey, grey, np.zeros(labels.shape, bool), labels), about, "discs")
    assert (result.colour[hints[..., 3] == 255] == RED).all()


def test_areas_of_the_result_may_be_others_than_those_of_the_drawing() -> None:
    """As where a model splits an area by its hints: each half is moved to its own colour."""
    about = drawing((64, 45, RED), (64, 83, BLUE))
    before = painted(about)
    halves = before.areas.copy()
    halves[:, SIZE // 2 :][halves[:, SIZE // 2 :] > 0] += int(halves.max())
    after = snapped(replace(before, areas=halves), about, "discs")
    assert is_exact(after, about)
    assert (tuple(after.flats[50, 45]), tuple(after.flats[50, 83])) == (RED, BLUE)
    assert (after.colour[before.background] == 255).all()
