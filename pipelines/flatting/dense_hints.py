"""Keeps hints that cover whole areas apart, so that each is a spot of its own.

Spots are connected across corners, and lines of one pixel let corners meet. Where areas meet so, the larger gives way.
"""

import numpy as np

from pipelines.core.imaging.arrays import U8, Labels
from pipelines.segmentation.label_maps import map_labels

_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))  # down, right: half of the eight neighbours


def keep_apart(hints: U8, areas: Labels) -> U8:
    """Return hints, RGBA (H, W, 4), without the pixels of areas, int32 (H, W), 0 = none, that touch smaller areas.

    Areas that would lose all of their pixels keep them.
    """
    size = np.bincount(areas.reshape(-1))
    rank = np.empty(len(size), np.int32)
    rank[np.lexsort((np.arange(len(size)), size))] = np.arange(len(size))
    rank[0] = len(size)  # what is none never gives way
    ranks, gives_way = map_labels(rank, areas), np.zeros(areas.shape, bool)
    height, width = areas.shape
    for down, right in _STEPS:
        here = slice(0, height - down), slice(max(-right, 0), width - max(right, 0))
        there = slice(down, height), slice(max(right, 0), width - max(-right, 0))
        touch = (ranks[here] != ranks[there]) & (areas[here] > 0) & (areas[there] > 0)
        gives_way[here] |= touch & (ranks[here] > ranks[there])
        gives_way[there] |= touch & (ranks[there] > ranks[here])
    gives_way &= hints[..., 3] > 0
    left = np.bincount(areas[(hints[..., 3] > 0) & ~gives_way], minlength=len(size))
    gives_way &= map_labels(left > 0, areas)
    return np.where(gives_way[..., None], np.uint8(0), hints)
