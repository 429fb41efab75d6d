"""Finds which region encloses which: the region that every way from another to the page's border leads through.

In the graph of touching regions, with the page around them as its root, that is the immediate dominator of a region.

Source: K. D. Cooper, T. J. Harvey, K. Kennedy, "A Simple, Fast Dominance Algorithm", Rice University, 2001.
"""

from typing import NamedTuple

import numpy as np

from pipelines.core.imaging.arrays import F64, Index, Mask
from pipelines.segmentation.adjacency import LEAST_TOUCH, Borders
from pipelines.segmentation.properties import RegionProperties

PAGE = 0
"""What encloses a region that no region encloses."""


class Nesting(NamedTuple):
    """Which region encloses which; all (n + 1,)."""

    parent: Index  # the innermost region around each; PAGE where there is none
    whole: F64  # px of paper of each with all that it encloses
    enter: Index  # regions in the order in which one walks through the tree: what a region encloses comes after it,
    leave: Index  # before this place

    def encloses(self, outer: Index, inner: Index) -> Mask:
        """Tell whether regions enclose others, or are these; PAGE encloses all."""
        return np.asarray((self.enter[outer] <= self.enter[inner]) & (self.enter[inner] < self.leave[outer]))


def find_nesting(properties: RegionProperties, outside: Mask) -> Nesting:
    """Find what encloses what among regions; those outside, bool (n + 1,), are part of the page."""
    count = properties.labels
    open_regions = np.flatnonzero((properties.edge > 0) | outside)
    neighbours = _neighbours(properties.borders, open_regions, count)
    order = _reverse_postorder(neighbours)
    parent = np.array(_dominators(neighbours, order), np.intp)
    children: list[list[int]] = [[] for _ in range(count)]
    for region in range(1, count):
        children[int(parent[region])].append(region)
    enter, leave = _walk(children)
    whole = properties.area.copy()
    for region in sorted(range(1, count), key=lambda region: -int(enter[region])):
        whole[parent[region]] += whole[region]
    return Nesting(parent, whole, enter, leave)


def _neighbours(borders: Borders, open_regions: Index, count: int) -> list[list[int]]:
    """The regions that touch each, PAGE among them."""
    touching = borders.length >= LEAST_TOUCH
    first = np.concatenate([borders.first[touching], np.full(len(open_regions), PAGE)])
    second = np.concatenate([borders.second[touching], open_regions])
    here, there = np.concatenate([first, second]), np.concatenate([second, first])
    order = np.lexsort((there, here))
    ends = np.searchsorted(here[order], np.arange(count + 1))
    beside = there[order].tolist()
    return [beside[start:end] for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)]


def _reverse_postorder(neighbours: list[list[int]]) -> list[int]:
    """The regions that can be reached from the page, each before those that are reached through it alone."""
    seen = [False] * len(neighbours)
    seen[PAGE] = True
    finished: list[int] = []
    stack = [(PAGE, iter(neighbours[PAGE]))]
    while stack:
        node, ahead = stack[-1]
        following = next((other for other in ahead if not seen[other]), None)
        if following is None:
            finished.append(node)
            stack.pop()
        else:
            seen[following] = True
            stack.append((following, iter(neighbours[following])))
    return finished[::-1]


def _dominators(neighbours: list[list[int]], order: list[int]) -> list[int]:
    """The immediate dominator of each region; PAGE of those that cannot be reached."""
    place = {node: at for at, node in enumerate(order)}
    dominator = {PAGE: PAGE}
    changed = True
    while changed:
        changed = False
        for node in order[1:]:
            known = [other for other in neighbours[node] if other in dominator]
            nearest = known[0]
            for other in known[1:]:
                nearest = _common(dominator, place, nearest, other)
            if dominator.get(node) != nearest:
                dominator[node], changed = nearest, True
    return [dominator.get(node, PAGE) for node in range(len(neighbours))]


def _common(dominator: dict[int, int], place: dict[int, int], first: int, second: int) -> int:
    """The innermost region around both of two."""
    while first != second:
        while place[first] > place[second]:
            first = dominator[first]
        while place[second] > place[first]:
            second = dominator[second]
    return first


def _walk(children: list[list[int]]) -> tuple[Index, Index]:
    """When a walk through the tree enters each region, and when it has left it."""
    enter, leave = np.zeros(len(children), np.intp), np.zeros(len(children), np.intp)
    clock = 0
    stack = [(PAGE, False)]
    while stack:
        node, is_left = stack.pop()
        if is_left:
            leave[node] = clock
            continue
        enter[node] = clock
        clock += 1
        stack.append((node, True))
        stack.extend((child, False) for child in reversed(children[node]))
    return enter, leave
