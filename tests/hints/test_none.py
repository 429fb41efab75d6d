"""No hints at all: the map is empty whatever the picture, and drawing it uses no chance."""

import numpy as np

from pipelines.hints import none
from tests import drawings


def test_the_map_is_empty_and_as_large_as_the_picture() -> None:
    picture = drawings.two_circles_coloured()[:50]
    hints = none.place(picture, None, none.Params(), np.random.default_rng(0))
    assert (hints.shape, hints.dtype) == ((*picture.shape[:2], 4), np.uint8)
    assert not hints.any()


def test_no_chance_is_used() -> None:
    rng, untouched = np.random.default_rng(3), np.random.default_rng(3)
    none.place(drawings.two_circles_coloured(), None, none.Params(), rng)
    assert rng.random() == untouched.random()
