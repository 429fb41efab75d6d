"""The region adjacency graph: which regions of a label map touch, how far, and whether over paper or over ink.

Regions are merged in the graph, not in the picture: `roots`, (n,), says for each label 0..n-1 the label that it became.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.core.imaging.arrays import F64, Index, Labels, Mask


@dataclass(frozen=True, eq=False)
class Borders:
    """The pairs of touching regions, each once, first < second; all (pairs,)."""

    first: Index  # label
    second: Index  # label
    length: F64  # px, the whole border
    paper: F64  # px, the part of it that runs over paper
    pass_width: F64  # px, the distance from ink at the widest point of that part


def find_borders(labels: Labels, paper_width: NDArray[np.float32]) -> Borders:
    """Measure the borders in a map of labels >= 1, int32 (H, W), where regions meet in the middle of the ink.

    paper_width: float32 (H, W), each pixel's distance from ink, px; 0 on ink.
    """
    keys, passes = [], []
    count = int(labels.max(initial=0)) + 1
    flat, width = labels.reshape(-1), paper_width.reshape(-1)
    for step, (here, there) in _neighbours(labels):
        index = _flat_indices(here != there, labels.shape[1])
        one, other = flat[index].astype(np.int64), flat[index + step].astype(np.int64)
        keys.append(np.minimum(one, other) * count + np.maximum(one, other))
        passes.append(np.minimum(width[index], width[index + step]))
    return _measured(np.concatenate(keys), np.concatenate(passes).astype(np.float64), count)


def _neighbours(labels: Labels) -> tuple[tuple[int, tuple[Labels, Labels]], ...]:
    """Return for the neighbours to the right and below: the step in the flat array, and the two views to compare."""
    right = (1, (labels[:, :-1], labels[:, 1:]))
    below = (labels.shape[1], (labels[:-1], labels[1:]))
    return right, below


def _flat_indices(differs: Mask, width: int) -> Index:
    """Return the indices into the whole flat array of what is set in a view that may lack the last column."""
    index = np.flatnonzero(differs)
    return index + index // differs.shape[1] if 0 < differs.shape[1] < width else index


def _measured(keys: Index, passes: F64, count: int) -> Borders:
    pairs, which = np.unique(keys, return_inverse=True)
    length, paper = _sums(which, np.ones(len(passes)), len(pairs)), _sums(which, passes > 0, len(pairs))
    return Borders(pairs // count, pairs % count, length, paper, _greatest(which, passes, len(pairs)))


def contract(borders: Borders, roots: Index) -> Borders:
    """Return the borders that are left when each label becomes its root."""
    first, second = roots[borders.first], roots[borders.second]
    left = np.flatnonzero(first != second)
    low, high = np.minimum(first, second)[left], np.maximum(first, second)[left]
    pairs, which = np.unique(low * len(roots) + high, return_inverse=True)
    length, paper = (_sums(which, part[left], len(pairs)) for part in (borders.length, borders.paper))
    widest = _greatest(which, borders.pass_width[left], len(pairs))
    return Borders(pairs // len(roots), pairs % len(roots), length, paper, widest)


def _sums(which: Index, values: ArrayLike, count: int) -> F64:
    return np.bincount(which, values, count).astype(np.float64)


def _greatest(which: Index, values: F64, count: int) -> F64:
    greatest = np.zeros(count)
    np.maximum.at(greatest, which, values)
    return greatest


def merge_across_wide_gaps(borders: Borders, widest: F64, share: float) -> Index:
    """Join regions, widest pass first, whose pass is wider than a share of the narrower of the areas joined so far.

    widest: (n,), the greatest distance from ink in each region, px. Returns roots.
    """
    narrower = np.minimum(widest[borders.first], widest[borders.second])
    wide = np.flatnonzero((borders.paper > 0) & (borders.pass_width >= share * narrower))
    parents, width = list(range(len(widest))), widest.tolist()
    for pair in wide[np.argsort(-borders.pass_width[wide], kind="stable")].tolist():
        one, other = (_root(parents, int(end[pair])) for end in (borders.first, borders.second))
        if one != other and borders.pass_width[pair] >= share * min(width[one], width[other]):
            parents[other], width[one] = one, max(width[one], width[other])
    return np.array([_root(parents, node) for node in range(len(parents))], np.intp)


def merge_into_named(borders: Borders, named: Mask, barred: Mask) -> Index:
    """Join regions over paper, widest pass first, but no two that are named, nor any that is barred.

    named, barred: bool (n,). What is joined with a named region is named. Returns roots.
    """
    parents, has_name = list(range(len(named))), named.tolist()
    usable = np.flatnonzero((borders.paper > 0) & ~barred[borders.first] & ~barred[borders.second])
    for pair in usable[np.argsort(-borders.pass_width[usable], kind="stable")].tolist():
        one, other = (_root(parents, int(end[pair])) for end in (borders.first, borders.second))
        if one != other and not (has_name[one] and has_name[other]):
            parents[other], has_name[one] = one, has_name[one] or has_name[other]
    return np.array([_root(parents, node) for node in range(len(parents))], np.intp)


def _root(parents: list[int], node: int) -> int:
    """Return the root of a node in a forest of parents and shorten the way there (union-find, path halving)."""
    while parents[node] != node:
        parents[node] = parents[parents[node]]
        node = parents[node]
    return node


def remove_small_regions(borders: Borders, area: F64, least: float) -> Index:
    """Merge regions smaller than `least` with the neighbour of the longest border, over paper if there is any.

    area: (n,), px of paper, of each region. A sliver goes to larger regions only; what it joins grows. Returns roots.
    """
    roots, area = np.arange(len(area)), area.copy()
    while True:
        target = _longest_border(borders, area, least)
        if (target == np.arange(len(target))).all():
            return roots
        while (target[target] != target).any():
            target = target[target]
        roots, area = target[roots], _sums(target, area, len(area))
        borders = contract(borders, target)


def _longest_border(borders: Borders, area: F64, least: float) -> Index:
    """Return for each label the one that it goes to, itself if it stays."""
    one = np.concatenate([borders.first, borders.second])
    other = np.concatenate([borders.second, borders.first])
    length, paper = np.tile(borders.length, 2), np.tile(borders.paper, 2)
    larger = (area[other] > area[one]) | ((area[other] == area[one]) & (other < one))
    usable = np.flatnonzero((area[one] < least) & larger)
    order = usable[np.lexsort((other[usable], -length[usable], -paper[usable], one[usable]))]
    start = np.flatnonzero(np.diff(one[order], prepend=-1))
    target = np.arange(len(area))
    target[one[order[start]]] = other[order[start]]
    return target
