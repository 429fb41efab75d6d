"""Colours that were multiplied by their alpha come back."""

import numpy as np
import pytest

from pipelines.core.imaging.formats.alpha import divide_by_alpha


@pytest.mark.parametrize("dtype, largest", [(np.uint8, 255), (np.uint16, 65535), (np.uint8, 15)])
def test_opaque_colours_stay_and_others_are_divided(dtype, largest):
    colours = np.array([[[largest, 1, 0], [largest // 3, 0, 1], [5, 5, 5]]], dtype)
    alpha = np.array([[largest, largest // 3, 0]], dtype)
    divided = divide_by_alpha(colours, alpha, largest)
    assert divided.dtype == dtype
    assert divided.tolist() == [[[largest, 1, 0], [largest, 0, 3], [0, 0, 0]]]


def test_more_than_alpha_allows_is_the_most_there_is():
    assert divide_by_alpha(np.array([[[200]]], np.uint8), np.array([[100]], np.uint8)).tolist() == [[[255]]]
