"""Facts about laying a colouring over a drawing: what shows the same, and where it lies."""

import cv2
import numpy as np
import pytest

from pipelines.core.imaging.picture import Picture
from pipelines.flatting.references.alignment import best_fit
from tests.flatting.references.coloured import COLOURS, SIZE, at, figure

ART, COLOUR = figure()


def shifted(colour, down, right):
    matrix = np.array([[1, 0, right], [0, 1, down]], np.float32)
    return cv2.warpAffine(colour, matrix, (SIZE, SIZE), borderValue=(255, 255, 255))


@pytest.mark.parametrize(("down", "right"), [(0, 0), (3, -4), (-6, 5)])
def test_a_shift_of_a_few_pixels_is_undone(down, right):
    fit = best_fit(ART, Picture(shifted(COLOUR, down, right)))
    assert fit is not None and fit.is_same_drawing
    assert np.array_equal(fit.layer[10:-10, 10:-10, :3], COLOUR[10:-10, 10:-10])


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_another_size_of_the_same_shape_is_the_same_drawing(factor):
    resized = cv2.resize(COLOUR, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    fit = best_fit(ART, Picture(resized))
    assert fit is not None and fit.is_same_drawing
    assert fit.layer.shape == (SIZE, SIZE, 4)


def test_a_few_pixels_more_or_less_at_the_border_are_no_other_size():
    wide = cv2.copyMakeBorder(COLOUR, 2, 4, 5, 1, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    fit = best_fit(ART, Picture(wide))
    assert fit is not None and fit.is_same_drawing
    assert {name: at(fit.layer, name) for name in COLOURS} == COLOURS


@pytest.mark.parametrize("options", [{"shadow": True}, {"lines": False}, {"shadow": True, "lines": False}])
def test_shadows_and_missing_lines_hide_nothing(options):
    fit = best_fit(ART, Picture(figure(**options)[1]))
    assert fit is not None and fit.is_same_drawing


def test_another_figure_is_another_drawing():
    other = np.full((SIZE, SIZE, 3), 255, np.uint8)
    for place, colour in (((70, 80), (200, 40, 40)), ((180, 150), (40, 90, 200)), ((90, 200), (20, 160, 60))):
        cv2.circle(other, place, 40, colour, -1)
        cv2.circle(other, place, 40, (0, 0, 0), 2)
    fit = best_fit(ART, Picture(other))
    assert fit is not None and not fit.is_same_drawing
    plain = best_fit(ART, Picture(np.full((SIZE, SIZE, 3), 255, np.uint8)))
    assert plain is not None and not plain.is_same_drawing


def test_another_shape_fits_nowhere():
    assert best_fit(ART, Picture(COLOUR[:, : SIZE // 2])) is None
