"""Facts about painting with a network on flat colour: exact colours, shading, paper, palettes, ink, variants."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.core.imaging.colours import ciede2000, srgb_to_lab
from pipelines.flatting.reading import LineReading
from pipelines.inference.letterbox import Letterboxed, letterbox
from pipelines.inference.types import ColorResult
from pipelines.models.fillnet.colour_sampling import LEVELS, colour_cube
from pipelines.models.fillnet.inputs import AREAS, GUESSED, HINTED, UNKNOWN, FlatFill, NetworkInput, fill_drawing
from pipelines.models.fillnet.predictor import place_in_square
from pipelines.models.fillnet.refine import (
    FillNetOutput,
    area_probs,
    line_colour,
    merge_open_areas,
    outside_areas,
    refine,
    sample_hints,
)
from tests import drawings
from tests.structure.things import mug

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]

RED, GREEN, BLUE, WHITE = drawings.RED, drawings.GREEN, drawings.BLUE, drawings.WHITE
SIZE = 64  # px of the network
EVEN = np.full((AREAS + 1, LEVELS**3), 1 / LEVELS**3, np.float32)
BLACK = np.zeros(3, np.float32)
PAPERS, NONES = AREAS + 1, AREAS + 2  # columns of shares beyond the areas': the colour is white, or none of these


def fill_drawing_of(lines: Bytes, hints: Bytes) -> FlatFill:
    return fill_drawing(LineReading(lines), hints)


def no_hints(lines: Bytes) -> Bytes:
    return np.zeros((*lines.shape, 4), np.uint8)


def sheet_of(lines: Bytes, hints: Bytes) -> Letterboxed:
    return letterbox(lines, hints, SIZE, least_hint=0)


def laid_out(lines: Bytes, hints: Bytes) -> tuple[FlatFill, Letterboxed, NetworkInput]:
    ground, sheet = fill_drawing_of(lines, hints), sheet_of(lines, hints)
    return ground, sheet, place_in_square(ground, sheet)


def pointing(places: dict[int, int] | None = None) -> Floats:
    """Shares, float32 (ranks, ranks + 2): the areas of some ranks have the colour of a column's, others of none."""
    shares = np.zeros((AREAS + 1, AREAS + 3), np.float32)
    columns = np.full(AREAS + 1, NONES)
    for rank, column in (places or {}).items():
        columns[rank] = column
    shares[np.arange(AREAS + 1), columns] = 1
    return shares


def unshaded(lines: Bytes, hints: Bytes, guesses: Floats = EVEN) -> tuple[FillNetOutput, FlatFill]:
    """What a network that changes nothing, and points at nothing, finds in a drawing."""
    ground, sheet, filled = laid_out(lines, hints)
    return FillNetOutput(filled.fill[sheet.roi].astype(np.float32), BLACK, guesses, pointing()), ground


def finished(lines: Bytes, hints: Bytes, *, palette: Bytes | None = None, guesses: Floats = EVEN) -> ColorResult:
    found, ground = unshaded(lines, hints, guesses)
    return refine(found, lines, ground, palette=palette)


def sure(**colours: tuple[int, int, int]) -> Floats:
    """Odds for the areas of some ranks, as `r2=colour of the cube`; the others' are even."""
    odds = EVEN.copy()
    for name, colour in colours.items():
        odds[int(name[1:])] = (colour_cube() == colour).all(axis=1)
    return odds


def colours_of(picture: Bytes) -> set[tuple[int, ...]]:
    return {tuple(colour) for colour in np.unique(picture.reshape(-1, 3), axis=0).tolist()}


def room(size: int) -> tuple[Bytes, Bytes]:
    """A square room with a red hint and a blue one: two areas that no line divides."""
    lines = np.full((size, size), 255, np.uint8)
    cv2.rectangle(lines, (size // 8, size // 8), (size * 7 // 8, size * 7 // 8), 0, 2)
    hints = no_hints(lines)
    for at, colour in ((size // 3, RED), (size * 2 // 3, BLUE)):
        cv2.circle(hints, (at, at), 3, (*colour, 255), -1)
    return lines, hints


def shapes() -> list[tuple[Bytes, Bytes]]:
    """Drawings with their hints, of many sizes."""
    whole = [(drawings.two_circles(size), drawings.two_hints(size)) for size in (SIZE, 96, 200)]
    cut = [(whole[1][0][:, :70], whole[1][1][:, :70]), (whole[2][0][40:170], whole[2][1][40:170])]
    return [*whole, *((np.ascontiguousarray(one), np.ascontiguousarray(other)) for one, other in cut)]


# into the square --------------------------------------------------------------------------------------------


def test_what_lies_around_a_drawing_belongs_to_the_paper_outside() -> None:
    lines, hints = (array[20:76] for array in (drawings.two_circles(96), drawings.two_hints(96)))
    ground, sheet, filled = laid_out(np.ascontiguousarray(lines), np.ascontiguousarray(hints))
    around = np.ones((SIZE, SIZE), bool)
    around[sheet.roi] = False
    assert around.any()
    inside = filled.area_rank[sheet.roi]
    assert (filled.area_rank[around] == inside[0, 0]).all()
    assert ground.facts.rank[ground.flat.areas[0, 0]] == inside[0, 0] > 0
    assert (filled.fill[around] == 255).all()
    assert (filled.confidence[around] == GUESSED).all()
    assert not filled.hint_mask[around].any()
    assert np.array_equal(filled.lines, sheet.lines)


@pytest.mark.parametrize("number", range(5))
def test_each_area_has_the_same_colour_and_rank_in_the_square_as_at_full_size(number: int) -> None:
    lines, hints = shapes()[number]
    ground, sheet, filled = laid_out(lines, hints)
    assert set(np.unique(filled.area_rank)) == set(ground.facts.rank.tolist())
    for area, rank in enumerate(ground.facts.rank.tolist()):
        mine = filled.area_rank[sheet.roi] == rank
        if area:
            assert (filled.fill[sheet.roi][mine] == ground.facts.colours[area]).all()
            assert (filled.confidence[sheet.roi][mine] == ground.facts.confidence[area]).all()
    assert set(np.unique(ground.facts.confidence[1:])) == {HINTED, GUESSED}


def test_without_hints_the_square_is_unknown() -> None:
    lines = drawings.two_circles(96)[20:76]
    _, _, filled = laid_out(lines, no_hints(lines))
    assert (filled.confidence == UNKNOWN).all()
    assert (filled.fill == 255).all()


@pytest.mark.parametrize("hinted", [True, False])
def test_the_hole_of_a_handle_is_bare_whatever_the_network_thinks(hinted: bool) -> None:
    lines, hints = mug(), no_hints(mug())
    if hinted:
        cv2.circle(hints, (135, 170), 4, (*RED, 255), -1)
    guesses = np.tile((colour_cube() == (0, 0, 255)).all(axis=1), (AREAS + 1, 1)).astype(np.float32)
    result = finished(lines, hints, guesses=guesses)
    assert result.background[165, 222]
    assert result.colour[165, 222].tolist() == [255, 255, 255]


# flat and shaded --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(5))
def test_where_the_network_shades_nothing_the_flat_fill_stays_exactly(number: int) -> None:
    lines, hints = shapes()[number]
    result = finished(lines, hints)
    wanted = fill_drawing_of(lines, hints).flat
    assert np.array_equal(result.colour, wanted.colour)
    assert np.array_equal(result.flats, wanted.colour)
    assert np.array_equal(result.background, wanted.background)
    assert colours_of(result.colour) == {RED, BLUE, WHITE}


@pytest.mark.parametrize("size", [SIZE, 96, 200])
def test_hints_that_fill_their_areas_to_the_edge_stay_exactly(size: int) -> None:
    lines = drawings.two_circles(size)
    made = fill_drawing_of(lines, drawings.two_hints(size)).flat
    hints = np.dstack([made.colour, np.where(made.background, 0, 255).astype(np.uint8)])
    result = finished(lines, hints)
    assert np.array_equal(result.colour, result.flats)
    assert np.array_equal(result.colour, made.colour)


@pytest.mark.parametrize("size", [SIZE, 130, 300])
def test_areas_that_no_line_divides_do_not_shade_each_other(size: int) -> None:
    lines, hints = room(size)
    result = finished(lines, hints)
    assert colours_of(result.flats) == {RED, BLUE, WHITE}
    assert np.array_equal(result.colour, result.flats)


def shaded_in(lines: Bytes, hints: Bytes, area: Bools, change: float) -> tuple[ColorResult, ColorResult]:
    """What becomes of a drawing when the network changes the colour where `area`, bool (H, W), is set."""
    found, ground = unshaded(lines, hints)
    height, width = found.fill.shape[:2]
    small = cv2.resize(area.view(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
    other = found._replace(fill=np.clip(found.fill + change * small[..., None], 0, 255).astype(np.float32))
    return refine(found, lines, ground), refine(other, lines, ground)


@pytest.mark.parametrize("size", [96, 200])
def test_shading_stays_within_its_area(size: int) -> None:
    lines, hints = drawings.two_circles(size), drawings.two_hints(size)
    areas = fill_drawing_of(lines, hints).flat.areas
    left = areas == areas[size // 2, size // 4]
    upper = left & (np.arange(size)[:, None] < size // 2 - 6)  # where the hint is not
    plain, shaded = shaded_in(lines, hints, upper, -60)
    assert np.array_equal(shaded.colour[~left], plain.colour[~left])
    middle = shaded.colour[size // 2 - size // 7, size // 4].astype(int)
    assert np.abs(middle - np.maximum(np.array(RED) - 60, 0)).max() <= 8
    assert tuple(shaded.colour[size // 2 + size // 8, size // 4]) == RED
    assert np.array_equal(shaded.flats, plain.flats)
    down = shaded.colour[size // 2 - size // 7 : size // 2 + size // 8, size // 4].astype(int)
    assert np.abs(np.diff(down, axis=0)).max() < 40  # smooth


def test_weak_shading_fades_and_strong_shading_stays() -> None:
    lines, hints = drawings.two_circles(96), drawings.two_hints(96)
    area = np.arange(96)[:, None] + np.zeros((1, 96)) < 40  # above the hints
    off = {}
    for change in (1, -3, -40):
        plain, shaded = shaded_in(lines, hints, area, change)
        off[change] = int(shaded.colour[34, 24, 0]) - int(plain.colour[34, 24, 0])
    assert off[1] == 0
    assert -2 <= off[-3] <= 0
    assert -40 <= off[-40] <= -37


def test_paper_outside_stays_white_whatever_the_network_paints() -> None:
    lines, hints = drawings.two_circles(96), drawings.two_hints(96)
    _, shaded = shaded_in(lines, hints, np.ones((96, 96), bool), -80)
    assert shaded.background[2, 2]
    assert (shaded.colour[shaded.background] == 255).all()


def test_an_area_has_its_hints_colour_where_the_hint_lies_whatever_the_network_makes_of_it() -> None:
    lines, hints = drawings.two_circles(96), drawings.two_hints(96)
    plain, shaded = shaded_in(lines, hints, np.ones((96, 96), bool), -80)
    assert np.array_equal(shaded.colour, plain.colour)


def test_without_snapping_the_network_may_darken_hints_too() -> None:
    lines, hints = drawings.two_circles(96), drawings.two_hints(96)
    found, ground = unshaded(lines, hints)
    darker = found._replace(fill=np.maximum(found.fill - 80, 0))
    assert np.abs(refine(darker, lines, ground, snap=False).colour[48, 24].astype(int) - (140, 0, 0)).max() <= 6


def test_paper_outside_that_is_hinted_has_its_hints_colour() -> None:
    lines = drawings.two_circles(96)
    hints = drawings.two_hints(96)
    hints[4:9, 46:51] = (*GREEN, 255)
    result = finished(lines, hints)
    assert colours_of(result.colour) == {RED, BLUE, GREEN}
    assert tuple(result.colour[94, 2]) == GREEN


def test_small_areas_have_the_colour_of_their_hint() -> None:
    lines = drawings.two_circles(200)
    cv2.circle(lines, (51, 100), 4, 0, 2)
    hints = drawings.two_hints(200)
    hints[95:106, 46:57] = 0
    hints[99:102, 50:53] = (*GREEN, 255)
    hints[120:124, 50:54] = (*RED, 255)
    result = finished(lines, hints)
    assert tuple(result.colour[100, 51]) == GREEN
    assert colours_of(result.colour) == {RED, GREEN, BLUE, WHITE}


# colours that the network chooses ---------------------------------------------------------------------------


def test_an_area_that_is_guessed_takes_the_median_of_what_the_network_painted() -> None:
    lines, hints = drawings.two_circles(96), drawings.two_hints(96)
    hints[:, 48:] = 0
    found, ground = unshaded(lines, hints)
    painted = found.fill.copy()
    painted[:, SIZE // 2 :] = (12, 140, 90)
    result = refine(found._replace(fill=painted), lines, ground)
    assert tuple(result.flats[48, 71]) == tuple(result.colour[48, 71]) == (12, 140, 90)
    assert tuple(result.flats[48, 24]) == RED
    assert tuple(result.flats[2, 90]) == WHITE


def side_by_side(painted: tuple[int, int, int]) -> tuple[FillNetOutput, FlatFill, Bytes]:
    """Two circles and a box in the corner, hints in the left one and in the box; the right one is painted somehow."""
    lines, hints = drawings.two_circles(96), drawings.two_hints(96)
    hints[:, 48:] = 0
    lines[:13, 12], lines[12, :13] = 0, 0
    hints[2:6, 2:6] = (*BLUE, 255)
    found, ground = unshaded(lines, hints)
    small = found.fill.copy()
    small[SIZE // 4 : -SIZE // 4, SIZE // 2 :] = painted
    return found._replace(fill=small), ground, lines


def rank_at(ground: FlatFill, x: int, y: int) -> int:
    return int(ground.facts.rank[ground.flat.areas[y, x]])


def test_an_area_that_is_guessed_takes_exactly_the_colour_of_the_hint_that_the_network_points_at() -> None:
    found, ground, lines = side_by_side((100, 90, 80))
    left, right, paper = rank_at(ground, 24, 48), rank_at(ground, 71, 48), rank_at(ground, 3, 3)
    for column, wanted in ((left, RED), (paper, BLUE), (PAPERS, WHITE), (NONES, (100, 90, 80))):
        result = refine(found._replace(copy_probs=pointing({right: column})), lines, ground)
        assert tuple(result.flats[48, 71]) == wanted
        assert tuple(result.flats[48, 24]) == RED


def test_the_colour_that_flat_guessed_has_a_start() -> None:
    found, ground, lines = side_by_side((100, 90, 80))
    right = rank_at(ground, 71, 48)
    guessed = tuple(ground.facts.colours[ground.flat.areas[48, 71]].tolist())
    other = {RED: BLUE, BLUE: RED}[guessed]
    columns = {colour: rank_at(ground, *place) for colour, place in ((RED, (24, 48)), (BLUE, (3, 3)))}
    for lead, wanted in ((0.4, guessed), (0.9, other)):
        shares = pointing()
        shares[right] = 0
        shares[right, columns[guessed]], shares[right, columns[other]] = (1 - lead) / 2, (1 + lead) / 2
        assert tuple(refine(found._replace(copy_probs=shares), lines, ground).flats[48, 71]) == wanted


def test_without_hints_areas_take_the_likeliest_colour() -> None:
    lines = drawings.two_circles(96)
    ground = fill_drawing_of(lines, no_hints(lines))
    ranks = ground.facts.rank[ground.flat.areas[48, [24, 71]]].tolist()
    odds = sure(**{f"r{ranks[0]}": (255, 128, 0), f"r{ranks[1]}": (0, 64, 255)})
    found = unshaded(lines, no_hints(lines), odds)[0]
    result = refine(found, lines, ground)
    assert tuple(result.flats[48, 24]) == (255, 128, 0)
    assert tuple(result.flats[48, 71]) == (0, 64, 255)
    assert colours_of(result.flats) == {(255, 128, 0), (0, 64, 255), WHITE}
    near = np.full_like(found.fill, (250, 120, 10))
    assert tuple(refine(found._replace(fill=near), lines, ground).flats[48, 24]) == (250, 120, 10)


def test_areas_beyond_the_last_rank_share_one_guess() -> None:
    lines = np.full((134, 134), 255, np.uint8)
    for at in range(0, 134, 12):
        lines[at : at + 2] = lines[:, at : at + 2] = 0
    lines = lines[:122, :122]
    found, ground = unshaded(lines, no_hints(lines), np.random.default_rng(0).random(EVEN.shape, np.float32))
    odds = area_probs(found, ground)
    assert len(odds) == 101
    beyond = ground.facts.rank > AREAS
    assert np.count_nonzero(beyond) == 5
    assert (odds[beyond] == found.colour_probs[0]).all()
    assert not (odds[~beyond][1:] == found.colour_probs[0]).all(axis=1).any()


@pytest.mark.parametrize("hinted", [True, False])
def test_no_line_and_no_area_is_left_without_a_colour(hinted: bool) -> None:
    lines, hints = drawings.two_circles(96), drawings.two_hints(96)
    result = finished(lines, hints if hinted else no_hints(lines))
    assert result.colour.shape == result.flats.shape == (96, 96, 3)
    assert (result.colour[0] == 255).all()
    assert (result.colour[48, 24] != 255).any()


def test_lively_colours_are_for_drawings_without_hints_alone() -> None:
    lines, hints = drawings.two_circles(96), drawings.two_hints(96)
    hints[:, 48:] = 0
    for given, few, many in ((hints, 1, 1), (no_hints(lines), 2, 6)):
        found, ground = unshaded(lines, given)
        ways = [refine(found, lines, ground, rng=np.random.default_rng(seed)).flats for seed in range(5)]
        plain = refine(found, lines, ground).flats
        assert few <= len({way.tobytes() for way in (plain, *ways)}) <= many
        assert all((way[ground.flat.background] == 255).all() for way in ways)


# palettes ---------------------------------------------------------------------------------------------------


def test_a_palette_gives_all_colours_but_the_papers_and_nothing_is_shaded() -> None:
    lines = drawings.two_circles(96)
    palette = np.array([(12, 34, 56), (200, 90, 40), (90, 160, 70)], np.uint8)
    found, ground = unshaded(lines, no_hints(lines))
    noisy = found._replace(fill=np.random.default_rng(0).uniform(0, 255, found.fill.shape).astype(np.float32))
    result = refine(noisy, lines, ground, palette=palette)
    assert np.array_equal(result.colour, result.flats)
    assert (result.colour[result.background] == 255).all()
    inside = colours_of(result.colour[~result.background][None])
    assert len(inside) == 1  # they look alike
    assert inside <= {tuple(colour) for colour in palette.tolist()}


def test_an_area_takes_the_colour_of_the_palette_that_it_is_likely_to_have() -> None:
    lines = drawings.two_circles(96)
    palette = np.array([(20, 60, 230), (230, 20, 20)], np.uint8)
    result = finished(lines, no_hints(lines), palette=palette, guesses=sure(r2=(255, 0, 0), r3=(255, 0, 0)))
    assert colours_of(result.colour) == {(230, 20, 20), WHITE}


def test_an_empty_palette_is_none() -> None:
    lines = drawings.two_circles(96)
    nothing = np.zeros((0, 3), np.uint8)
    one, other = (finished(lines, no_hints(lines), palette=palette) for palette in (None, nothing))
    assert np.array_equal(one.colour, other.colour)


# ink --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ((0, 0, 0), (0, 0, 0)),
        ((24.4, 10, 23), (0, 0, 0)),
        ((-30, -3, 5), (0, 0, 0)),
        ((24.6, 0, 0), (25, 0, 0)),
        ((90.4, 50.6, -7), (90, 51, 0)),
        ((300, 254.7, 255), (255, 255, 255)),
    ],
)
def test_ink_that_is_nearly_black_is_black_and_other_ink_has_its_colour(
    found: tuple[float, float, float], wanted: tuple[int, int, int]
) -> None:
    ink = line_colour(np.array(found, np.float32))
    assert ink.dtype == np.uint8
    assert tuple(ink.tolist()) == wanted
    lines = drawings.two_circles(SIZE)
    seen, ground = unshaded(lines, drawings.two_hints(SIZE))
    result = refine(seen._replace(ink=np.array(found, np.float32)), lines, ground)
    assert tuple(result.ink.tolist()) == wanted


# variants ---------------------------------------------------------------------------------------------------


def varied(lines: Bytes, hints: Bytes, seed: int) -> Bytes:
    found, ground = unshaded(lines, hints)
    return sample_hints(found, ground, np.random.default_rng(seed))


def test_another_colouring_repeats_for_a_seed_and_differs_between_seeds() -> None:
    lines = drawings.two_circles(96)
    results = [varied(lines, no_hints(lines), seed) for seed in (0, 0, 1, 2)]
    assert np.array_equal(results[0], results[1])
    assert len({result.tobytes() for result in results}) == 3
    assert all(result.shape == (96, 96, 4) for result in results)


def test_another_colouring_leaves_the_paper_outside_and_fills_whole_areas() -> None:
    lines = drawings.two_circles(96)
    ground = fill_drawing_of(lines, no_hints(lines))
    hints = varied(lines, no_hints(lines), 3)
    figure = (ground.flat.regions > 0) & ~ground.flat.background
    assert np.array_equal(hints[..., 3] == 255, figure)
    for region in np.unique(ground.flat.regions[figure]):
        assert len(colours_of(hints[ground.flat.regions == region][None, :, :3])) == 1
    again = fill_drawing_of(lines, hints)
    assert (again.facts.confidence[1:] == HINTED).sum() == 2
    assert outside_areas(again).sum() == 1


def test_another_colouring_keeps_the_hints_that_are_there() -> None:
    lines, hints = drawings.two_circles(96), drawings.two_hints(96)
    hints[:, 48:] = 0
    found = varied(lines, hints, 0)
    mine = hints[..., 3] > 0
    assert np.array_equal(found[mine], hints[mine])
    assert not found[:, :44][~mine[:, :44]].any()  # the area of a hint has that colour alone
    assert found[48, 71, 3] == 255
    first, second = (fill_drawing_of(lines, varied(lines, hints, seed)).flat.colour for seed in (0, 1))
    assert tuple(first[48, 24]) == tuple(second[48, 24]) == RED
    assert tuple(first[48, 71]) != tuple(second[48, 71])


def test_another_colouring_of_what_is_all_hinted_is_the_same() -> None:
    lines, hints = drawings.two_circles(96), drawings.two_hints(96)
    assert np.array_equal(varied(lines, hints, 0), hints)


def test_another_colouring_is_a_plausible_one() -> None:
    lines = drawings.two_circles(96)
    found, ground = unshaded(lines, no_hints(lines), sure(r2=(255, 128, 0), r3=(0, 64, 255)))
    for seed in range(5):
        hints = sample_hints(found, ground, np.random.default_rng(seed))
        for x, wanted in ((24, (255, 128, 0)), (71, (0, 64, 255))):
            rank = ground.facts.rank[ground.flat.areas[48, x]]
            colour = {2: (255, 128, 0), 3: (0, 64, 255)}[int(rank)]
            assert float(ciede2000(srgb_to_lab(hints[48, x, :3]), srgb_to_lab(colour))) < 20, wanted


# any drawing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 1), (1, 90), (90, 1), (33, 50), (130, 9)])
@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize("palette", [None, np.array([RED, BLUE], np.uint8)])
def test_ink_alone_paper_alone_and_one_px_wide(shape: tuple[int, int], level: int, palette: Bytes | None) -> None:
    lines = np.full(shape, level, np.uint8)
    found, ground = unshaded(lines, no_hints(lines))
    result = refine(found._replace(fill=found.fill * 0), lines, ground, palette=palette)
    assert (result.colour == 255).all()
    assert result.colour.shape == (*shape, 3)
    assert not sample_hints(found, ground, np.random.default_rng(0)).any()
    hints = np.full((*shape, 4), (*RED, 255), np.uint8)
    assert (finished(lines, hints, palette=palette).colour == RED).all()
    assert np.array_equal(varied(lines, hints, 0), hints)


def folded() -> Bytes:
    """A garment, 256 px, that a fold with a gap of 4 px divides."""
    lines = np.full((256, 256), 255, np.uint8)
    cv2.rectangle(lines, (40, 40), (216, 216), 0, 2)
    cv2.line(lines, (40, 128), (211, 128), 0, 2)
    return lines


def test_a_garment_that_a_fold_divides_is_one_where_the_network_takes_its_halves_for_the_same() -> None:
    lines = folded()
    found, ground = unshaded(lines, no_hints(lines))
    upper, lower = int(ground.flat.areas[80, 128]), int(ground.flat.areas[180, 128])
    assert upper != lower, "the gap is closed"
    free = np.array([upper, lower])
    ranks = ground.facts.rank[free]
    apart = found._replace(colour_probs=sure(**{f"r{ranks[0]}": (255, 0, 0), f"r{ranks[1]}": (0, 0, 255)}))
    groups = {
        name: len(np.unique(merge_open_areas(output, ground, free, over_folds=over)[0]))
        for name, output, over in (("fold", found, True), ("line", found, False), ("unlike", apart, True))
    }
    assert groups == {"fold": 1, "line": 2, "unlike": 2}
