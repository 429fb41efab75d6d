"""Facts about what models are given and give back."""

import numpy as np

from pipelines.flatting.reading import LineReading
from pipelines.inference.types import Drawing
from tests import drawings


def test_each_variant_of_a_drawing_is_another_one() -> None:
    canvas = Drawing(LineReading(drawings.two_circles(64)), {}, np.random.default_rng(0))
    again = Drawing(LineReading(drawings.two_circles(64)), {}, np.random.default_rng(0))
    draws = [one.variant().rng.random() for one in (canvas, canvas, again, again)]
    assert draws[:2] == draws[2:]
    assert draws[0] != draws[1]
    assert canvas.variant().varied
    assert not canvas.varied
