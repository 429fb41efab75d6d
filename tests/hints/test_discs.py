"""Discs of hints: circles to the pixel, shared by the nearest centre."""

import numpy as np

from pipelines.hints._discs import draw_discs

RED, BLUE, SKIN, WHITE, BLACK = (220, 40, 30), (30, 60, 200), (250, 210, 170), (255, 255, 255), (0, 0, 0)


def disc_pixels(radius: int) -> int:
    rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return int((rows**2 + columns**2 <= radius**2).sum())


def test_discs_are_circles_and_share_pixels_by_the_nearest_centre() -> None:
    centres, colours = np.array([[20, 20], [20, 30]]), np.array([RED, BLUE], np.uint8)
    one = draw_discs((40, 60), centres[:1], colours[:1], radius=15)
    rows, columns = np.mgrid[:40, :60]
    near, far = np.hypot(rows - 20, columns - 20), np.hypot(rows - 20, columns - 30)
    assert ((one[..., 3] > 0) == (near <= 15)).all()
    assert disc_pixels(15) == 709  # Gauss's circle problem, OEIS A000328
    both = draw_discs((40, 60), centres, colours, radius=15)
    assert ((both[..., :3] == RED).all(axis=2) == ((near <= 15) & (near <= far))).all()
    assert ((both[..., :3] == BLUE).all(axis=2) == ((far <= 15) & (far < near))).all()


def test_a_disc_in_the_corner_is_a_quarter() -> None:
    hints = draw_discs((30, 30), np.array([[0, 29]]), np.array([RED], np.uint8), radius=10)
    rows, columns = np.mgrid[:30, :30]
    assert ((hints[..., 3] > 0) == (rows**2 + (columns - 29) ** 2 <= 100)).all()


def test_a_disc_that_keeps_to_its_colour_leaves_out_what_differs_by_more_levels() -> None:
    picture = np.full((20, 20, 3), RED, np.uint8)
    picture[:, 12:] = (RED[0], RED[1] + 9, RED[2])
    arguments = (20, 20), np.array([[10, 10]]), np.array([RED], np.uint8)
    strict = draw_discs(*arguments, radius=5, picture=picture, tolerance=8)
    assert strict[10, 8, 3] == 255 and not strict[:, 12:, 3].any()
    mild = draw_discs(*arguments, radius=5, picture=picture, tolerance=9)
    assert np.array_equal(mild, draw_discs(*arguments, radius=5))
