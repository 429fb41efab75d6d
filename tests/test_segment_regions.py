"""False colours of regions; the command's files are held by the tests of the command line."""

import numpy as np

from pipelines.segment_regions import false_colours


def test_ink_is_white_and_a_label_has_one_colour_in_every_picture() -> None:
    regions = np.array([[0, 1, 2], [3, 2, 1]], np.int32)
    colours = false_colours(regions)
    assert colours.dtype == np.uint8 and colours.shape == (2, 3, 3)
    assert colours[0, 0].tolist() == [255, 255, 255]
    assert np.array_equal(colours[0, 1], colours[1, 2]) and np.array_equal(colours[0, 2], colours[1, 1])
    more = false_colours(np.arange(40, dtype=np.int32)[None])
    first = [colours[0, 1], colours[0, 2], colours[1, 0]]
    assert np.abs(more[0, [1, 2, 3]].astype(int) - first).max() <= 1, "OpenCV rounds the ends of long rows otherwise"


def test_many_regions_have_many_colours_and_neighbours_in_number_differ_plainly() -> None:
    colours = false_colours(np.arange(1, 30, dtype=np.int32)[None])[0].astype(int)
    assert len(np.unique(colours, axis=0)) == 29
    assert np.abs(np.diff(colours, axis=0)).max(axis=1).min() > 40


def test_ink_alone_is_white() -> None:
    assert (false_colours(np.zeros((2, 3), np.int32)) == 255).all()
