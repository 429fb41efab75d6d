"""Facts about merging: which layer lies on which, what becomes of paper and ink, what is refused."""

import numpy as np

from pipelines.inference.merging import ResolvedMerge
from pipelines.inference.types import ColorResult
from tests import drawings

RED = drawings.RED


def test_what_is_merged_stays_paper_where_the_upper_layer_comes_to_nothing() -> None:
    base, top = (np.full((1, 4, 3), 255, np.uint8) for _ in range(2))
    base[0, 3] = RED
    top[0, 1:3] = (250, 240, 200), (40, 40, 40)
    paper = (base.min(axis=2) == 255, top.min(axis=2) == 255)
    made = {
        name: ColorResult(colour, colour, ground, np.ones(ground.shape, np.int32))
        for name, colour, ground in zip("ab", (base, top), paper, strict=True)
    }
    assert ResolvedMerge("divide", "a", ("b",), 0.1).merge(made).background.tolist() == [[True, True, True, False]]
    assert ResolvedMerge("normal", "a", ("b",), 1.0).merge(made).background.tolist() == [[True, False, False, False]]
    assert ResolvedMerge("divide", "b", ("a",), 0.1).merge(made).background.tolist() == [[True, False, False, True]]
