"""Draws hint discs."""

import numpy as np

from pipelines.core.imaging.arrays import U8, Index


def draw_discs(
    shape: tuple[int, int],
    centres: Index,
    colours: U8,
    *,
    radius: float,
    picture: U8 | None = None,
    tolerance: int = 0,
) -> U8:
    """Return hints, uint8 RGBA (H, W, 4): a hard-edged disc (x - cx)^2 + (y - cy)^2 <= radius^2 for each centre.

    centres: (n, 2) as (row, column), px, within the picture. colours: uint8 RGB (n, 3). radius: px, >= 0.
    picture: uint8 RGB (H, W, 3); a disc then covers only pixels whose channels differ from its colour by at most
    `tolerance` levels. A pixel inside several discs belongs to the nearest centre (the first of equals), so that each
    shows its colour in its middle whatever the order.
    """
    hints = np.zeros((*shape, 4), np.uint8)
    nearest = np.full(shape, np.inf)
    reach = int(radius)
    for (row, column), colour in zip(centres.tolist(), colours, strict=True):
        top, left = max(row - reach, 0), max(column - reach, 0)
        box = (slice(top, row + reach + 1), slice(left, column + reach + 1))
        rows, columns = np.ogrid[box[0], box[1]]  # may pass the picture's edge
        height, width = nearest[box].shape
        squared = (rows[:height] - row) ** 2 + (columns[:, :width] - column) ** 2
        mine = (squared <= radius * radius) & (squared < nearest[box])
        if picture is not None:
            mine &= np.abs(picture[box].astype(np.int16) - colour).max(axis=2) <= tolerance
        nearest[box][mine] = squared[mine]
        hints[box][mine] = (*colour, 255)
    return hints
