"""What several metrics need of a result and its truth."""

import cv2
import numpy as np

from pipelines.core.imaging.colours import ciede2000, srgb_to_lab
from pipelines.metrics.base.case import Case
from tests.drawings import BLUE, RED
from tests.metrics.cases import case, flat, noise, two_rooms


def test_colours_are_those_of_each_pixel() -> None:
    shown = Case(noise(seed=1), noise(seed=2))
    result, truth = srgb_to_lab(shown.result), srgb_to_lab(shown.truth)
    np.testing.assert_allclose(shown.result_lab, result)
    np.testing.assert_allclose(shown.truth_lab, truth)
    np.testing.assert_allclose(shown.delta_e, ciede2000(result, truth))


def test_fills_are_what_is_neither_ink_nor_beside_it() -> None:
    picture = two_rooms(RED, BLUE)
    shown = case(picture, picture)
    assert shown.lines is not None
    far = cv2.distanceTransform((shown.lines >= 128).view(np.uint8), cv2.DIST_C, 3) > 1
    np.testing.assert_array_equal(shown.fill, far)


def test_without_line_art_all_is_fill() -> None:
    assert Case(flat(RED, 5), flat(RED, 5)).fill.all()


def test_line_art_shows_over_white_as_it_was_drawn() -> None:
    picture = two_rooms(RED, BLUE)
    shown = case(picture, picture)
    np.testing.assert_array_equal(shown.drawn, two_rooms((255, 255, 255), (255, 255, 255)))


def test_areas_are_the_regions_without_the_soft_edge_of_lines() -> None:
    picture = two_rooms(RED, BLUE)
    shown = case(picture, picture)
    assert len(shown.areas) == 2
    assert shown.areas.sizes.sum() == shown.fill.sum()
    np.testing.assert_allclose(shown.areas.truth_medians, srgb_to_lab(np.array([RED, BLUE], np.uint8)), atol=1e-4)
