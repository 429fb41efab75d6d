"""Facts about pictures shown side by side."""

import numpy as np

from pipelines.core.imaging.panels import fitted
from pipelines.core.imaging.picture import Picture


def test_what_is_transparent_leaves_no_dark_fringe_when_a_picture_is_shrunk() -> None:
    rgb, alpha = np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), np.uint8)
    rgb[:, :33], alpha[:, :33] = (250, 200, 0), 255
    row = fitted(Picture(rgb, alpha), 32)[10].astype(int)
    assert row[15].tolist() == [250, 200, 0]
    assert row[17].tolist() in ([238] * 3, [250] * 3)
    assert np.abs(row[16] - (row[15] + row[17]) / 2).max() <= 1
