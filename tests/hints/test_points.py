"""Random point hints: the distributions of the paper, squares of mean colour, transparency."""

import dataclasses
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.core.errors import SettingsError
from pipelines.hints import points
from pipelines.hints.points import Params, place

Bytes = NDArray[np.uint8]

ONE = Params(probability=1.0)  # a geometric distribution with p = 1 is always one


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def noise(height: int, width: int) -> Bytes:
    return rng(9).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("seed", range(30))
def test_one_point_is_a_square_of_mean_colour(seed: int) -> None:
    image = noise(512, 400)
    hints = place(image, None, ONE, rng(seed))
    rows, columns = np.nonzero(hints[..., 3])
    box = (slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1))
    assert np.ptp(rows) == np.ptp(columns) < 8
    assert (hints[box][..., 3] == 255).all()
    mean = image[box].reshape(-1, 3).mean(axis=0)
    assert (np.abs(hints[box][..., :3] - mean) <= 0.5 + 1e-9).all()


def test_coarse_points_are_four_times_as_large() -> None:
    image = noise(128, 128)
    coarse = dataclasses.replace(points.PRESETS["coarse"], probability=1.0)
    sides = [int((place(image, None, coarse, rng(seed))[..., 3] > 0).sum() ** 0.5) for seed in range(100)]
    assert (min(sides), max(sides)) == (1, 8)
    plain = [int((place(image, None, ONE, rng(seed))[..., 3] > 0).sum() ** 0.5) for seed in range(100)]
    assert (min(plain), max(plain)) == (1, 2)


def test_sides_are_uniform_from_1_to_8() -> None:
    image = noise(512, 512)
    sides = [int((place(image, None, ONE, rng(seed))[..., 3] > 0).sum() ** 0.5) for seed in range(400)]
    counts = np.bincount(sides, minlength=9)
    assert counts[0] == 0
    assert len(counts) == 9
    assert counts[1:].min() > 400 / 8 * 0.6  # 4 standard deviations are 27
    assert counts[1:].max() < 400 / 8 * 1.6


def test_sides_scale_with_the_picture() -> None:
    image = noise(1024, 600)
    assert (place(image, None, replace(ONE, sides=(5, 5)), rng())[..., 3] > 0).sum() == 10**2
    assert (place(image, None, replace(ONE, sides=(5, 5), canvas=1024), rng())[..., 3] > 0).sum() == 5**2
    assert (place(image[:64, :64], None, ONE, rng())[..., 3] > 0).sum() == 1


def test_the_number_of_points_is_geometric() -> None:
    image = noise(512, 512)
    spots = replace(Params(), sides=(1, 1))
    counts = [(place(image, None, spots, rng(seed))[..., 3] > 0).sum() for seed in range(600)]
    assert min(counts) == 1
    assert np.mean(counts) == pytest.approx(1 / 0.125, abs=4 * 7.5 / 600**0.5)  # standard deviation sqrt(1 - p) / p
    assert np.mean(np.array(counts) == 1) == pytest.approx(0.125, abs=0.055)


def test_places_are_gaussian_about_the_middle() -> None:
    places = points._places(np.ones((400, 200), np.bool_), 4000, 0.25, rng())
    assert len(places) == 4000
    assert places.mean(axis=0) == pytest.approx([199.5, 99.5], abs=6)
    # a normal distribution cut at 2 standard deviations has .8796 of its deviation
    assert places.std(axis=0) == pytest.approx([0.8796 * 100, 0.8796 * 50], rel=0.04)


def test_transparency_neither_gets_hints_nor_colours_them() -> None:
    image = np.full((256, 256, 3), (255, 0, 255), np.uint8)
    alpha = np.zeros((256, 256), np.uint8)
    alpha[::2, 100:150] = 255
    image[alpha > 0] = (10, 200, 30)
    hints = place(image, alpha, Params(probability=0.02, sides=(8, 8), canvas=256), rng())
    assert hints[..., 3].any()
    assert not hints[alpha == 0].any()
    assert (hints[hints[..., 3] > 0] == (10, 200, 30, 255)).all()
    assert not place(image, np.zeros_like(alpha), Params(), rng()).any()


def test_squares_near_the_border_stay_whole() -> None:
    assert points._box(0, 99, 8, (100, 100)) == (slice(0, 8), slice(92, 100))
    assert points._box(50, 50, 3, (100, 100)) == (slice(49, 52), slice(49, 52))
    assert points._box(1, 1, 8, (3, 100)) == (slice(0, 8), slice(0, 8))


def test_the_generator_decides_all() -> None:
    image = noise(64, 64)
    assert (place(image, None, Params(), rng(4)) == place(image, None, Params(), rng(4))).all()
    assert any((place(image, None, Params(), rng(4)) != place(image, None, Params(), rng(5))).flat)


@pytest.mark.parametrize(
    ("name", "value"),
    [("probability", 0.0), ("probability", 1.1), ("sides", (0, 8)), ("sides", (8, 1)), ("canvas", 0), ("spread", -1.0)],
)
def test_settings_out_of_range_are_named(name: str, value: object) -> None:
    with pytest.raises(SettingsError, match=name):
        replace(Params(), **{name: value})
