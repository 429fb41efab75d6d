"""Draws what a round brush covers along a path, for methods that simulate a hand."""

from math import ceil, floor

import numpy as np

from pipelines.core.imaging.arrays import F64, Mask


def draw_number(bounds: tuple[int, int], rng: np.random.Generator) -> int:
    """A whole number by chance, both bounds included."""
    return int(rng.integers(bounds[0], bounds[1], endpoint=True))


def random_path(start: tuple[int, int], count: int, width: float, rng: np.random.Generator) -> F64:
    """Return way-points, (count, 2) as (row, column): the start and others in the square of this width around it."""
    path = np.empty((count, 2))
    path[:] = start
    path[1:] += rng.uniform(-width / 2, width / 2, (count - 1, 2))
    return path


def brush(path: F64, radius: float, shape: tuple[int, ...]) -> tuple[tuple[slice, slice], Mask]:
    """Return a box of the picture and which of its pixels a round brush covers that is drawn along a path.

    It is worked out for all stretches of the path together, rows and columns apart as long as that goes: sixty strokes
    a picture are drawn while networks wait.
    """
    points = path.tolist()
    sides = [
        slice(max(floor(min(places) - radius), 0), min(ceil(max(places) + radius) + 1, length))
        for places, length in zip(zip(*points, strict=True), shape, strict=True)
    ]
    rows = np.arange(sides[0].start, sides[0].stop, dtype=np.float64)[:, None]
    columns = np.arange(sides[1].start, sides[1].stop, dtype=np.float64)
    if len(points) == 1:
        squared = (rows - points[0][0]) ** 2 + (columns - points[0][1]) ** 2
        return (sides[0], sides[1]), squared <= radius**2
    begin = path[:-1, :, None, None]  # (m - 1, 2, 1, 1)
    along = path[1:, :, None, None] - begin
    (top, left), (down, right) = (begin[:, 0], begin[:, 1]), (along[:, 0], along[:, 1])  # (m - 1, 1, 1) each
    length = down * down + right * right
    length[length == 0] = 1
    part = (rows - top) * down + (columns - left) * right
    part /= length
    np.minimum(np.maximum(part, 0, out=part), 1, out=part)
    squared = (rows - (top + part * down)) ** 2
    squared += (columns - (left + part * right)) ** 2
    covered: Mask = np.any(squared <= radius**2, axis=0)
    return (sides[0], sides[1]), covered
