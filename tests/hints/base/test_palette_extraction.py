"""The palette of finished pictures: exact colours of their fills, the commonest first."""

import cv2
import numpy as np

from pipelines.hints.base.palette_extraction import fills_of, palette_of
from tests.drawings import BLUE, GREEN, RED


def test_the_palette_of_finished_pictures_is_their_colours_the_commonest_first():
    pictures = []
    for small in (GREEN, BLUE):
        picture = np.full((96, 96, 3), 255, np.uint8)
        cv2.rectangle(picture, (10, 10), (85, 85), RED, -1)
        cv2.rectangle(picture, (30, 30), (50, 50), small, -1)
        cv2.rectangle(picture, (10, 10), (85, 85), (0, 0, 0), 2)
        pictures.append(fills_of(picture, None))
    found = [tuple(colour) for colour in palette_of(pictures).tolist()]
    assert found[0] == RED and set(found) == {RED, GREEN, BLUE}


def test_blank_pictures_have_no_palette():
    blank = np.full((20, 20, 3), 255, np.uint8)
    assert palette_of([fills_of(blank, None)]).shape == (0, 3)
