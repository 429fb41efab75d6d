"""Runs something over a large picture tile by tile and blends the tiles so that no seam shows.

Along each axis tiles of one length T lie evenly, at multiples of the network's step, each two neighbours overlapping by
at least the margin asked for. In the middle half of the margin one tile fades linearly into the next; the quarter
beside each tile's own edge counts nothing, since what a network makes of pixels beside the edge of its input is not
what it makes of them amid a picture. A network that looks no farther than a quarter of the margin therefore gives
exactly what it gives for the whole picture.

Only two rows of tiles are held at a time.
"""

from collections.abc import Callable, Iterator

import numpy as np

from pipelines.core.imaging.arrays import F32, U8
from pipelines.inference.line_networks.picture_input import Window


def tile_starts(length: int, tile: int, overlap: int, *, step: int = 1) -> list[int]:
    """Where tiles of `tile` px begin that cover `length` px, overlapping by at least `overlap`, at multiples of `step`.

    `tile` and `length` are multiples of `step` (where they are not, the last tile alone is not at one), `overlap` at
    most half of `tile`.
    """
    if length <= tile:
        return [0]
    stride = max(step, (tile - overlap) // step * step)
    gaps = -(-(length - tile) // stride)
    return [min(index * (length - tile) // gaps // step * step, length - tile) for index in range(gaps)] + [
        length - tile
    ]


def blend_tiles(
    run: Callable[[Window], F32], frame: tuple[int, int], tile: tuple[int, int], overlap: int, *, step: int = 1
) -> Iterator[U8]:
    """Run over a frame (height, width) and yield its rows from the top, uint8 (n, W), as they are finished.

    run: from a window to its values in [0, 1], float32 (h, w), which become levels 0..255.
    """
    tops, lefts = (tile_starts(length, side, overlap, step=step) for length, side in zip(frame, tile, strict=True))
    above: F32 | None = None  # what is not finished of the rows of tiles so far
    for index, top in enumerate(tops):
        band = _band(run, top, lefts, frame, tile, overlap=overlap)
        if above is not None:
            shared = min(len(above), len(band))
            band[:shared] = _faded(above[:shared], band[:shared], overlap)
        finished = (tops[index + 1] - top) if index + 1 < len(tops) else len(band)
        yield _levels(band[:finished])
        above = band[finished:]


def _band(
    run: Callable[[Window], F32],
    top: int,
    lefts: list[int],
    frame: tuple[int, int],
    tile: tuple[int, int],
    *,
    overlap: int,
) -> F32:
    """One row of tiles, float32 (tile height, frame width)."""
    height, width = min(tile[0], frame[0]), min(tile[1], frame[1])
    band = np.empty((height, frame[1]), np.float32)
    end = 0
    for left in lefts:
        values = run(Window(top, left, height, width))
        shared = end - left
        if shared > 0:
            values[:, :shared] = _faded(band[:, left:end].T, values[:, :shared].T, overlap).T
        band[:, left : left + width] = values
        end = left + width
    return band


def _faded(before: F32, after: F32, overlap: int) -> F32:
    """Fade from one to the other along the first axis, over half the overlap around its middle."""
    places = np.arange(len(before), dtype=np.float32) + np.float32(0.5) - np.float32(len(before) / 2)
    share = np.clip(places / np.float32(max(1.0, overlap / 2)) + np.float32(0.5), 0, 1)[:, None]
    return np.asarray(before + share * (after - before), np.float32)


def _levels(values: F32) -> U8:
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
