"""Facts about colours that are taken from another drawing by place and size."""

import cv2
import numpy as np
import pytest

from pipelines.core.imaging.picture import Picture
from pipelines.flatting.reading import LineReading
from pipelines.flatting.references.by_place import hints_by_place
from tests.flatting.references.coloured import COLOURS, SIZE, at, figure

ART, COLOUR = figure()
LARGE = ("hair", "face", "coat")


def wide(colour):
    return cv2.copyMakeBorder(colour, 0, 0, 150, 40, cv2.BORDER_CONSTANT, value=(255, 255, 255))


@pytest.mark.parametrize(
    "colour",
    [wide(COLOUR), wide(figure(shadow=True)[1]), cv2.resize(COLOUR, (200, 300)), COLOUR[:, ::-1], figure(turn=25)[1]],
    ids=["elsewhere", "shaded", "stretched", "mirrored", "turned"],
)
def test_skin_hair_and_cloth_are_not_exchanged(colour):
    hints = hints_by_place(LineReading(ART), Picture(np.ascontiguousarray(colour)))
    assert hints is not None
    for name in LARGE:
        assert np.abs(np.array(at(hints, name)) - COLOURS[name]).max() < 8, name
    assert hints[5, 5, 3] == 0


def test_without_a_figure_there_is_nothing_to_take():
    assert hints_by_place(LineReading(ART), Picture(np.full((SIZE, SIZE, 3), 255, np.uint8))) is None
    assert hints_by_place(LineReading(np.full_like(ART, 255)), Picture(COLOUR)) is None
