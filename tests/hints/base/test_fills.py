"""Fills: opaque, neither ink nor edges; the figure without the paper around it."""

import cv2
import numpy as np
import pytest

from pipelines.hints.base.fills import find_fills, find_hintable
from tests.drawings import BLUE, RED

SETTINGS = {"ink_width": 8.0, "ink_value": 110, "edge": 32}


def flag(size: int = 64) -> np.ndarray:
    """Red beside blue, a thin black line along row 20, all of it figure."""
    image = np.full((size, size, 3), RED, np.uint8)
    image[:, size // 2 :] = BLUE
    image[20:23] = 0
    return image


def test_without_alpha_all_is_figure_unless_paper_is_skipped() -> None:
    image = np.full((40, 40, 3), 255, np.uint8)
    image[10:30, 10:30] = RED
    image[15:20, 15:20] = 255
    assert find_hintable(image, None, skip_paper=False).all()
    figure = find_hintable(image, None, skip_paper=True)
    assert figure[10:30, 10:30].all() and figure.sum() == 400, "white inside the figure belongs to it"


@pytest.mark.parametrize("colour", [(170, 205, 235), (0, 0, 0), (246, 246, 240), RED])
def test_a_plain_ground_of_any_colour_is_skipped_on_demand(colour: tuple[int, int, int]) -> None:
    image = np.full((60, 60, 3), colour, np.uint8)
    image[15:45, 15:45] = BLUE
    image[25:30, 25:30] = colour
    noisy = np.clip(image + np.random.default_rng(1).integers(-4, 5, image.shape), 0, 255).astype(np.uint8)
    for picture in (image, noisy):
        assert find_hintable(picture, None, skip_paper=True).all()
        figure = find_hintable(picture, None, skip_paper=True, any_colour=True)
        assert figure[15:45, 15:45].all() and figure.sum() == 900, "its colour inside the figure belongs to it"
        assert find_hintable(picture, None, skip_paper=False, any_colour=True).all()


def test_a_scene_and_one_plain_colour_have_no_ground() -> None:
    scene = np.full((60, 60, 3), BLUE, np.uint8)
    scene[40:] = RED  # a third of the border
    assert find_hintable(scene, None, skip_paper=True, any_colour=True).all()
    assert find_hintable(np.full((60, 60, 3), BLUE, np.uint8), None, skip_paper=True, any_colour=True).all()


def test_alpha_says_what_is_figure_and_the_most_opaque_counts_where_nothing_is_opaque() -> None:
    image = np.full((3, 3, 3), 255, np.uint8)
    alpha = np.array([[0, 100, 255]] * 3, np.uint8)
    assert find_hintable(image, alpha, skip_paper=True)[0].tolist() == [False, False, True]
    assert find_hintable(image, np.minimum(alpha, 100), skip_paper=True)[0].tolist() == [False, True, True]
    assert not find_hintable(image, np.zeros_like(alpha), skip_paper=False).any()


def test_fills_are_neither_the_line_nor_the_pixels_beside_it_nor_the_seam_of_two_colours() -> None:
    image = flag()
    fills = find_fills(image, np.ones((64, 64), bool), **SETTINGS)
    assert not fills[19:24].any() and not fills[:, 31:33].any()
    kept = np.ones((64, 64), bool)
    kept[19:24] = kept[:, 31:33] = False
    assert fills[kept].all()


def test_a_dark_area_wider_than_a_stroke_is_a_fill() -> None:
    image = flag()
    image[40:60] = 0
    fills = find_fills(image, np.ones((64, 64), bool), **SETTINGS)
    assert fills[45:55].all()
    assert not find_fills(image, np.ones((64, 64), bool), **(SETTINGS | {"ink_width": 60.0}))[45:55].any()


@pytest.mark.parametrize("colour", [0, 255])
def test_there_are_fills_wherever_there_is_a_figure(colour: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    image[4:12] = colour
    figure = cv2.circle(np.zeros((16, 16), np.uint8), (8, 8), 5, 1, -1) > 0
    fills = find_fills(image, figure, **SETTINGS)
    assert fills.any() and not (fills & ~figure).any()
