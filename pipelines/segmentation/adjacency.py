"""The region adjacency graph: which regions of a label map touch, how far, and whether over paper or over ink.

Regions are merged in the graph, not in the picture: `roots`, (n,), says for each label 0..n-1 the label that it became.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pipelines.core.imaging.arrays import F32, F64, Index, Labels, Mask

LEAST_TOUCH = 3
"""Px of a border: regions that meet for less only do so where lines cross."""


@dataclass(frozen=True, eq=False)
class Borders:
    """The pairs of touching regions, each once, first < second; all (pairs,)."""

    first: Index  # label
    second: Index  # label
    length: F64  # px, the whole border
    paper: F64  # px, the part of it that runs over paper
    pass_radius: F64  # px, the distance from ink at the widest point of that part


def find_borders(labels: Labels, distance: F32) -> Borders:
    """Measure the borders in a map of labels >= 1, int32 (H, W), where regions meet in the middle of the ink.

    distance: float32 (H, W), of each pixel from ink, px; 0 on ink.
    """
    keys, passes = [], []
    count = int(labels.max(initial=0)) + 1
    flat_labels, flat_distance = labels.reshape(-1), distance.reshape(-1)
    for step, (here, there) in _neighbours(labels):
        index = _flat_indices(here != there, labels.shape[1])
        label, beside = flat_labels[index].astype(np.int64), flat_labels[index + step].astype(np.int64)
        keys.append(np.minimum(label, beside) * count + np.maximum(label, beside))
        passes.append(np.minimum(flat_distance[index], flat_distance[index + step]))
    return _sum_up(np.concatenate(keys), np.concatenate(passes).astype(np.float64), count)


def _neighbours(labels: Labels) -> tuple[tuple[int, tuple[Labels, Labels]], ...]:
    """Return for the neighbours to the right and below: the step in the flat array, and the two views to compare."""
    right = (1, (labels[:, :-1], labels[:, 1:]))
    below = (labels.shape[1], (labels[:-1], labels[1:]))
    return right, below


def _flat_indices(differs: Mask, width: int) -> Index:
    """Return the indices into the whole flat array of what is set in a view that may lack the last column."""
    index = np.flatnonzero(differs)
    return index + index // differs.shape[1] if 0 < differs.shape[1] < width else index


def _sum_up(keys: Index, passes: F64, count: int) -> Borders:
    """Join the steps over borders, one for each pixel's side, (m,), to borders."""
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
    widest = _greatest(which, borders.pass_radius[left], len(pairs))
    return Borders(pairs // len(roots), pairs % len(roots), length, paper, widest)


def hanging_together(borders: Borders, chosen: Mask) -> Index:
    """Number what hangs together of the chosen labels, bool (n,): the least label of each group, (n,)."""
    kept = (borders.length >= LEAST_TOUCH) & chosen[borders.first] & chosen[borders.second]
    first, second = borders.first[kept], borders.second[kept]
    group = np.arange(len(chosen))
    while True:
        least = group.copy()
        np.minimum.at(least, first, group[second])
        np.minimum.at(least, second, group[first])
        least = least[least]
        if (least == group).all():
            return group
        group = least


def _sums(which: Index, values: ArrayLike, count: int) -> F64:
    return np.bincount(which, values, count).astype(np.float64)


def _greatest(which: Index, values: F64, count: int) -> F64:
    greatest = np.zeros(count)
    np.maximum.at(greatest, which, values)
    return greatest


def merge_across_wide_gaps(borders: Borders, radius: F64, share: float) -> Index:
    """Merge regions, widest pass first, whose pass is wider than a share of the narrower of those merged so far.

    radius: (n,), of the greatest ball in each region, px. Returns roots.
    """
    narrower = np.minimum(radius[borders.first], radius[borders.second])
    wide = np.flatnonzero((borders.paper > 0) & (borders.pass_radius >= share * narrower))
    parents, merged_radius = list(range(len(radius))), radius.tolist()
    for pair in wide[np.argsort(-borders.pass_radius[wide], kind="stable")].tolist():
        first, second = _roots(parents, borders, pair)
        least = share * min(merged_radius[first], merged_radius[second])
        if first != second and borders.pass_radius[pair] >= least:
            parents[second] = first
            merged_radius[first] = max(merged_radius[first], merged_radius[second])
    return np.array([_root(parents, node) for node in range(len(parents))], np.intp)


def merge_into_named(borders: Borders, named: Mask, barred: Mask) -> Index:
    """Merge regions over paper, widest pass first, but no two that are named, nor any that is barred.

    named, barred: bool (n,). What is merged with a named region is named. Returns roots.
    """
    parents, has_name = list(range(len(named))), named.tolist()
    usable = np.flatnonzero((borders.paper > 0) & ~barred[borders.first] & ~barred[borders.second])
    for pair in usable[np.argsort(-borders.pass_radius[usable], kind="stable")].tolist():
        first, second = _roots(parents, borders, pair)
        if first != second and not (has_name[first] and has_name[second]):
            parents[second], has_name[first] = first, has_name[first] or has_name[second]
    return np.array([_root(parents, node) for node in range(len(parents))], np.intp)


def _roots(parents: list[int], borders: Borders, pair: int) -> tuple[int, int]:
    """Return the roots of both regions of a pair."""
    return _root(parents, int(borders.first[pair])), _root(parents, int(borders.second[pair]))


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
    label = np.concatenate([borders.first, borders.second])
    beside = np.concatenate([borders.second, borders.first])
    length, paper = np.tile(borders.length, 2), np.tile(borders.paper, 2)
    larger = (area[beside] > area[label]) | ((area[beside] == area[label]) & (beside < label))
    usable = np.flatnonzero((area[label] < least) & larger)
    order = usable[np.lexsort((beside[usable], -length[usable], -paper[usable], label[usable]))]
    best = order[np.flatnonzero(np.diff(label[order], prepend=-1))]
    target = np.arange(len(area))
    target[label[best]] = beside[best]
    return target
