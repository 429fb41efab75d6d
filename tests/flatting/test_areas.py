"""The areas of a drawing as others are given them."""

import numpy as np
import pytest

from pipelines.flatting.areas import AreaMap
from pipelines.flatting.reading import LineReading
from tests.flatting.scenes import blank, two_boxes


@pytest.mark.parametrize("lines", [two_boxes(), blank(), np.zeros((20, 30), np.uint8)], ids=["boxes", "paper", "ink"])
def test_what_is_known_of_areas_belongs_to_their_labels(lines: np.ndarray) -> None:
    areas = LineReading(lines).areas
    assert isinstance(areas, AreaMap)
    assert areas.labels.shape == lines.shape and areas.labels.dtype == np.int32
    count = int(areas.labels.max()) + 1
    assert len(areas.outside) == len(areas.size) >= count
    assert areas.open.shape[1] == 2 and (areas.open < len(areas.size)).all()
    paper = lines > 128
    if paper.any():
        assert np.array_equal(np.bincount(areas.labels[paper], minlength=len(areas.size))[1:], areas.size[1:])
