"""Facts about colours chosen by odds: the least expected distance, palettes, and draws by chance."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.core.imaging.colours import ciede2000, srgb_to_lab
from pipelines.models.fillnet.colour_sampling import (
    LEVELS,
    colour_cube,
    from_palette,
    min_expected_distance,
    sample_colours,
    vivid,
)

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

STEP = 255 / (LEVELS - 1)
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
FAR = np.full((1, 3), -1000, np.float32)  # painted colours that are near nothing


def odds(*shares: dict[tuple[int, int, int], float]) -> Floats:
    """Odds, float32 (n, 125), of colours of the cube."""
    table = np.zeros((len(shares), LEVELS**3), np.float32)
    for row, share in zip(table, shares, strict=True):
        for colour, value in share.items():
            row[number_of(colour)] = value
    return table


def number_of(colour: tuple[int, int, int]) -> int:
    return int(np.flatnonzero((colour_cube() == colour).all(axis=1))[0])


def even(count: int) -> Floats:
    return np.full((count, LEVELS**3), 1 / LEVELS**3, np.float32)


def by_chance(count: int, *, seed: int) -> Floats:
    return np.random.default_rng(seed).dirichlet(np.full(LEVELS**3, 0.02), count).astype(np.float32)


def test_the_cube_has_125_colours_numbered_red_first() -> None:
    assert colour_cube().shape == (125, 3)
    assert len(np.unique(colour_cube(), axis=0)) == 125
    for number, (red, green, blue) in ((0, (0, 0, 0)), (1, (0, 0, 64)), (5, (0, 64, 0)), (25, (64, 0, 0))):
        assert colour_cube()[number].tolist() == [red, green, blue]
    assert colour_cube()[124].tolist() == [255, 255, 255]


# the likeliest ----------------------------------------------------------------------------------------------


def test_the_likeliest_has_the_least_expected_ciede2000() -> None:
    given = by_chance(3, seed=1)
    found = min_expected_distance(given, np.repeat(FAR, 3, axis=0))
    lab = srgb_to_lab(colour_cube())
    for row, colour in zip(given, found, strict=True):
        expected = [float((row * ciede2000(lab, one)).sum()) for one in lab]
        assert tuple(colour) == tuple(colour_cube()[int(np.argmin(expected))])


def test_what_is_painted_is_taken_where_it_is_as_near_as_the_cube_tells() -> None:
    given = odds({RED: 1.0}, {RED: 1.0}, {RED: 1.0})
    painted = np.array([[230.4, 20.6, 31], [255, 0, 33], [223, 0, 0]], np.float32)  # half a step is 31.9
    assert min_expected_distance(given, painted).tolist() == [[230, 21, 31], [255, 0, 0], [255, 0, 0]]


# lively colours ---------------------------------------------------------------------------------------------


def chroma(colours: Bytes) -> NDArray[np.float64]:
    return np.asarray(np.hypot(*np.moveaxis(srgb_to_lab(colours), -1, 0)[1:]), np.float64)


def test_what_the_network_is_sure_of_is_as_likely_as_ever() -> None:
    given = odds({RED: 1.0}, {(128, 128, 128): 0.6, BLUE: 0.4}, {(255, 255, 255): 0.5, (64, 64, 64): 0.5})
    painted = np.full((3, 3), -1000, np.float32)
    for seed in range(4):
        found = vivid(given, np.array([300.0, 200, 100]), painted, np.random.default_rng(seed))
        assert np.array_equal(found, min_expected_distance(given, painted))


def test_what_could_be_anything_is_colourful_and_of_several_hues() -> None:
    sizes, painted = np.array([900.0, 500, 300, 180]), np.full((4, 3), 128, np.float32)
    assert chroma(min_expected_distance(even(4), painted)).max() < 5
    ways = [vivid(even(4), sizes, painted, np.random.default_rng(seed)) for seed in (0, 0, 1, 2)]
    assert np.array_equal(ways[0], ways[1])
    assert len({way.tobytes() for way in ways}) == 3
    for way in ways:
        assert chroma(way).min() >= 20
        assert len(np.unique(way, axis=0)) >= 2


def test_lively_colours_are_alike_for_areas_that_look_alike() -> None:
    found = vivid(even(4), np.array([100.0, 20, 90, 95]), np.full((4, 3), 128, np.float32), np.random.default_rng(3))
    assert (found[[0, 2, 3]] == found[0]).all()
    assert not np.array_equal(found[1], found[0])


# palettes ---------------------------------------------------------------------------------------------------


def test_a_palette_gives_its_own_colours_alone() -> None:
    palette = np.array([[12, 34, 56], [200, 30, 40], [250, 250, 240], [90, 160, 70]], np.uint8)
    found = from_palette(by_chance(40, seed=2), np.arange(40, dtype=np.float64), palette)
    assert {tuple(colour) for colour in found.tolist()} <= {tuple(colour) for colour in palette.tolist()}
    assert found.dtype == np.uint8


def test_areas_of_which_nothing_is_known_share_a_palette_out() -> None:
    palette = np.array([RED, GREEN, BLUE], np.uint8)
    found = from_palette(even(6), np.array([900.0, 540, 330, 200, 120, 70]), palette)  # none is as large as another
    assert len(np.unique(found[:3], axis=0)) == 3


def test_areas_that_look_alike_take_the_same_colour_of_a_palette() -> None:
    palette = np.array([RED, GREEN, BLUE], np.uint8)
    found = from_palette(even(4), np.array([100.0, 95, 90, 10]), palette)
    assert (found[:3] == found[0]).all()
    assert not np.array_equal(found[3], found[0])


def test_what_is_certain_takes_its_colour_though_others_have_it() -> None:
    palette = np.array([RED, GREEN, BLUE], np.uint8)
    found = from_palette(odds(*[{(255, 0, 0): 1.0}] * 5), np.full(5, 100.0), palette)
    assert (found == RED).all()


def test_the_largest_area_chooses_first() -> None:
    """Both would have red by a little; the smaller one finds it taken."""
    given = odds(*[{RED: 0.6, BLUE: 0.4}] * 2)
    palette = np.array([RED, BLUE], np.uint8)
    assert from_palette(given, np.array([10.0, 90.0]), palette).tolist() == [list(BLUE), list(RED)]
    assert from_palette(given, np.array([90.0, 10.0]), palette).tolist() == [list(RED), list(BLUE)]


# draws ------------------------------------------------------------------------------------------------------


def test_draws_repeat_for_a_seed_and_differ_between_seeds() -> None:
    given, sizes = by_chance(5, seed=3), np.array([500.0, 400, 300, 200, 100])
    given = (given + 0.2) / (given + 0.2).sum(axis=1, keepdims=True)
    results = [sample_colours(given, sizes, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert np.array_equal(results[0][1], results[1][1])
    assert not np.array_equal(results[0][1], results[2][1])
    assert results[0][0].tolist() == results[2][0].tolist()


def test_twins_get_the_same_colour() -> None:
    given = odds({RED: 0.5, BLUE: 0.5}, {GREEN: 0.5, BLUE: 0.5}, {RED: 0.5, BLUE: 0.5}, {RED: 0.5, BLUE: 0.5})
    sizes = np.array([100.0, 90, 80, 20])  # the last is too small to be a twin of the others
    apart = 0
    for seed in range(12):
        places, colours = sample_colours(given, sizes, np.random.default_rng(seed))
        assert places.tolist() == [0, 1, 2, 3]
        assert np.array_equal(colours[0], colours[2])
        assert not np.array_equal(colours[0], colours[1])
        apart += not np.array_equal(colours[0], colours[3])
    assert apart >= 10


def test_the_six_largest_are_drawn_for_with_their_twins_and_no_specks() -> None:
    colours = [tuple(colour) for colour in colour_cube()[::12].tolist()]
    given = odds(*[{colour: 1.0} for colour in colours[:8]], {colours[0]: 1.0})
    sizes = np.array([1000.0, 990, 980, 970, 960, 950, 940, 930, 900])
    assert sample_colours(given, sizes, np.random.default_rng(0))[0].tolist() == [0, 1, 2, 3, 4, 5, 8]
    sizes[2] = 5
    assert sample_colours(given, sizes, np.random.default_rng(0))[0].tolist() == [0, 1, 3, 4, 5, 6, 8]


@pytest.mark.parametrize("colour", [(128, 191, 64), (0, 255, 128)])
def test_a_draw_is_moved_within_its_cell_and_unlikely_colours_are_not_drawn(colour: tuple[int, int, int]) -> None:
    given = odds({colour: 0.95, (255, 0, 255): 0.05})
    found = {tuple(sample_colours(given, np.ones(1), np.random.default_rng(seed))[1][0].tolist()) for seed in range(40)}
    assert len(found) > 20
    assert np.abs(np.array(sorted(found)) - colour).max() <= np.ceil(STEP / 3)


def test_likely_colours_are_drawn_about_as_often_as_they_are_likely() -> None:
    given = odds({RED: 0.7, BLUE: 0.3})
    reds = sum(
        int(sample_colours(given, np.ones(1), np.random.default_rng(seed))[1][0, 0]) > 128 for seed in range(300)
    )
    assert 180 <= reds <= 240


def test_no_areas_have_no_colours() -> None:
    none = np.zeros((0, LEVELS**3), np.float32)
    places, colours = sample_colours(none, np.zeros(0), np.random.default_rng(0))
    assert (places.shape, colours.shape) == ((0,), (0, 3))
    assert min_expected_distance(none, np.zeros((0, 3), np.float32)).shape == (0, 3)
    assert vivid(none, np.zeros(0), np.zeros((0, 3), np.float32), np.random.default_rng(0)).shape == (0, 3)
    assert from_palette(none, np.zeros(0), np.array([RED], np.uint8)).shape == (0, 3)
