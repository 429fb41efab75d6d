"""Which pages are light lines on a dark ground, and that all who ask agree; light and dark exchanged."""

import cv2
import numpy as np
import pytest

from pipelines.segmentation.polarity import exchange_light_and_dark, has_light_lines_alone, is_light_on_dark
from tests.drawings import Bytes, two_circles

Colour = tuple[int, int, int]


def page(ground: Colour, lines: Colour) -> Bytes:
    share = two_circles(200)[..., None] / 255
    return np.rint(np.array(ground) * share + np.array(lines) * (1 - share)).astype(np.uint8)


@pytest.mark.parametrize("ground", [(0, 0, 0), (30, 45, 40), (20, 50, 140)])
def test_light_lines_on_a_dark_ground_are_known_as_line_art_and_as_a_picture(ground: Colour) -> None:
    assert is_light_on_dark(page(ground, (240, 245, 250)))
    assert has_light_lines_alone(page(ground, (240, 245, 250)))


@pytest.mark.parametrize("ground", [(255, 255, 255), (190, 150, 100), (128, 128, 128)])
def test_dark_lines_on_paper_are_neither(ground: Colour) -> None:
    assert not is_light_on_dark(page(ground, (10, 10, 20)))
    assert not has_light_lines_alone(page(ground, (10, 10, 20)))


def test_whatever_has_light_lines_alone_is_light_on_dark_as_line_art_too() -> None:
    """White outlines on black, one of them filled: the disc is thick, but there is nothing dark in it."""
    picture = page((0, 0, 0), (255, 255, 255))
    cv2.circle(picture, (51, 100), 12, (255, 255, 255), -1)
    assert has_light_lines_alone(picture)
    assert is_light_on_dark(picture)


def test_a_light_figure_before_a_night_sky_is_neither() -> None:
    night = np.zeros((200, 200, 3), np.uint8)
    cv2.circle(night, (100, 100), 85, (255, 255, 255), -1)
    cv2.circle(night, (100, 100), 40, (0, 0, 0), 3)
    assert not is_light_on_dark(night)
    assert not has_light_lines_alone(night)


def test_light_and_dark_are_exchanged_and_hues_stay() -> None:
    colours = np.array([[(0, 0, 0), (255, 255, 255), (200, 40, 40), (20, 50, 140)]], np.uint8)
    exchanged = exchange_light_and_dark(colours)
    assert exchanged.tolist() == [[[255, 255, 255], [0, 0, 0], [215, 55, 55], [115, 145, 235]]]
    assert np.array_equal(exchange_light_and_dark(exchanged), colours)
