"""Facts about pictures shown side by side."""

import numpy as np

from pipelines.core.imaging.panels import GAP, framed, heading, over_checkerboard, panel
from pipelines.core.imaging.picture import Picture


def test_what_is_transparent_leaves_no_dark_fringe_when_a_picture_is_shrunk() -> None:
    rgb, alpha = np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), np.uint8)
    rgb[:, :33], alpha[:, :33] = (250, 200, 0), 255
    row = over_checkerboard(Picture(rgb, alpha), 32)[10].astype(int)
    assert row[15].tolist() == [250, 200, 0]
    assert row[17].tolist() in ([238] * 3, [250] * 3)
    assert np.abs(row[16] - (row[15] + row[17]) / 2).max() <= 1


def test_a_panel_has_a_heading_and_a_cell_for_each_picture_and_an_empty_one_for_none() -> None:
    row = panel([("a", Picture(np.zeros((30, 60, 3), np.uint8))), ("b", None)], cell=40)
    assert row.shape == (28 + 40 + GAP, 2 * (40 + GAP), 3)
    assert (row[:28, : 40 + GAP] < 255).any()
    assert (row[28:, 40 + GAP :] == 255).all()


def test_a_picture_keeps_its_shape_in_the_middle_of_its_cell() -> None:
    cell = framed(Picture(np.zeros((30, 60, 3), np.uint8)), 40)
    ys, xs = np.nonzero((cell == 0).all(axis=2))
    assert (ys.min(), ys.max(), xs.min(), xs.max()) == (14, 33, 4, 43)
    assert heading("name", 100).shape == (28, 100, 3)
