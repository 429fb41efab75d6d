"""Solves weighted k-medoids as PAM does.

Of n points, at most k members are chosen that minimise the weighted sum of distances to the nearest of them:

    loss(M) = sum_i w_i * min_{m in M} d(i, m),        M a subset of the points, |M| <= k.

BUILD takes greedily, k times, the member that lowers the loss most. SWAP then exchanges one medoid m for one other
point j as long as that lowers the loss, always the exchange after which the loss is lowest. That loss is

    loss(m, j) = sum_i w_i * min(d(i, j), d1_i)
               + sum_{i nearest to m} w_i * (min(d(i, j), d2_i) - min(d(i, j), d1_i))

with d1_i and d2_i the distances of point i to its nearest and second nearest medoid. The first sum does not depend on
m (it is the loss with j added), the second is what m's points lose when m goes: the removal loss of FastPAM1 and
FasterPAM, which gives all k exchanges with j for the price of one. Both sums are kept for all m and j, and an
exchange renews only what the points contribute whose d1, d2 or nearest medoid it changed, about 4n/k of them. So an
exchange costs O(n^2 / k) where PAM pays O(k n^2), and the result is PAM's own local optimum.

Sums run in float64. With distances and weights that are whole numbers, all of them are exact: no order of summation,
library or processor can change the result.

Sources: L. Kaufman, P. J. Rousseeuw, "Partitioning Around Medoids (Program PAM)", in Finding Groups in Data, Wiley
1990, doi:10.1002/9780470316801.ch2 (BUILD, SWAP); E. Schubert, P. J. Rousseeuw, "Fast and Eager k-Medoids
Clustering: O(k) Runtime Improvement of the PAM, CLARA, and CLARANS Algorithms", Information Systems 101 (2021),
101804, doi:10.1016/j.is.2021.101804 (the removal loss).
"""

from dataclasses import dataclass

import numpy as np

from pipelines.core.errors import MethodError
from pipelines.core.imaging.arrays import F64, Index

_LEAST_GAIN = 1e-10  # part of the loss that a step must save, so that rounding can't make exchanges run in circles

_BLOCK = 32  # rows of distances that BUILD works on together


@dataclass(frozen=True)
class Medoids:
    """Medoids of n points: `members` (k,) index points, `labels` (n,) index members, `loss` is the objective."""

    members: Index
    labels: Index
    loss: float


def weighted_medoids(distances: F64, weights: F64, count: int) -> Medoids:
    """Find at most `count` medoids of weighted points by BUILD and SWAP; deterministic.

    distances: (n, n) float64, symmetric, finite, >= 0, zero on the diagonal. weights: (n,) float64, > 0; a point of
    weight 3 counts as three equal points. Fewer than `count` medoids come back where fewer already give loss zero
    (n < count, duplicates). Ties go to the lower index. Raises MethodError where there is no point.
    Time O(n^2 (log k + exchanges / k)), memory O(n^2). Formula and sources: the head of this module.
    """
    if not len(distances) or count < 1:
        raise MethodError("k-medoids needs a point and a count of at least one")
    members, added = _build(distances, weights, count)
    if len(members) > 1:
        members = _Exchanges(distances, weights, members, added).run()
    to_medoids = distances[members]
    return Medoids(members, to_medoids.argmin(axis=0), float(weights @ to_medoids.min(axis=0)))


def _build(distances: F64, weights: F64, count: int) -> tuple[Index, F64]:
    """Choose medoids greedily; also returns the loss with each point added, (n,)."""
    members = [int((weights @ distances).argmin())]
    nearest = distances[members[0]].copy()
    added = np.concatenate([np.minimum(rows, nearest) @ weights for rows in np.split(distances, _cuts(len(distances)))])
    while len(members) < count:
        best = int(added.argmin())
        if added[best] >= float(weights @ nearest) * (1 - _LEAST_GAIN):
            break
        members.append(best)
        closer = np.flatnonzero(distances[best] < nearest)
        for points in np.split(closer, _cuts(len(closer))):
            rows, heavy = distances[points], weights[points]
            added -= heavy @ _cut(rows, nearest[points])
            added += heavy @ _cut(rows, distances[best, points])
        nearest[closer] = distances[best, closer]
    return np.array(members, dtype=np.intp), added


def _cuts(length: int) -> range:
    """Return where to split, so that blocks of rows stay in the processor's cache."""
    return range(_BLOCK, length, _BLOCK)


def _cut(rows: F64, limits: F64) -> F64:
    """Return min(rows, limits), one limit a row; filling first is faster than broadcasting in the minimum."""
    cut = np.empty_like(rows)
    cut[:] = limits[:, None]
    return np.minimum(rows, cut, out=cut)


class _Exchanges:
    """SWAP: the two sums of loss(m, j), kept up to date from one exchange to the next."""

    def __init__(self, distances: F64, weights: F64, members: Index, added: F64) -> None:
        self.distances, self.weights, self.members = distances, weights, members
        self.added = added  # (n,), the first sum: the loss with j added
        self.to_medoids = distances[members]  # (k, n)
        self.near, self.first, self.second = _two_nearest(self.to_medoids)
        self.removal = np.zeros_like(self.to_medoids)  # (k, n), the second sum
        for slot in range(len(members)):
            points = np.flatnonzero(self.near == slot)
            rows = distances[points]
            loses = _cut(rows, self.second[points]) - _cut(rows, self.first[points])
            self.removal[slot] = weights[points] @ loses

    def run(self) -> Index:
        """Exchange until no exchange lowers the loss; returns the medoids, (k,)."""
        while True:
            losses = self.removal + self.added
            slot, point = divmod(int(losses.argmin()), losses.shape[1])
            if losses[slot, point] >= float(self.weights @ self.first) * (1 - _LEAST_GAIN):
                return self.members
            self._exchange(slot, point)

    def _exchange(self, slot: int, point: int) -> None:
        old, new = self.to_medoids[slot], self.distances[point]
        touched = np.flatnonzero((old <= self.second) | (new < self.second))
        self.members[slot], self.to_medoids[slot] = point, new
        near, first, second = _two_nearest(self.to_medoids[:, touched])
        moved = (near != self.near[touched]) | (first != self.first[touched])
        only_second = ~moved & (second != self.second[touched])
        points = touched[moved]
        rows, weights = self.distances[points], self.weights[points]
        self._contribute(-weights, rows, points)
        self.near[points], self.first[points], self.second[points] = near[moved], first[moved], second[moved]
        self._contribute(weights, rows, points)
        self._move_second(touched[only_second], second[only_second])

    def _contribute(self, weights: F64, rows: F64, points: Index) -> None:
        """Add to both sums what these points give; with negative weights this takes it away."""
        kept, loses = _cut(rows, self.first[points]), _cut(rows, self.second[points])
        self.added += weights @ kept
        loses -= kept
        self._add_to_slots(weights, loses, points)

    def _move_second(self, points: Index, second: F64) -> None:
        """Renew what these points give where nothing but their second nearest medoid changed: half the work."""
        rows = self.distances[points]
        loses = _cut(rows, second)
        loses -= _cut(rows, self.second[points])
        self.second[points] = second
        self._add_to_slots(self.weights[points], loses, points)

    def _add_to_slots(self, weights: F64, loses: F64, points: Index) -> None:
        slots, group = np.unique(self.near[points], return_inverse=True)
        by_slot = np.zeros((len(slots), len(points)))
        by_slot[group, np.arange(len(points))] = weights
        self.removal[slots] += by_slot @ loses


def _two_nearest(to_medoids: F64) -> tuple[Index, F64, F64]:
    """Return for each point its nearest medoid and the distances to the nearest and second nearest, (n,) each."""
    near = to_medoids.argmin(axis=0)
    points = np.arange(to_medoids.shape[1])
    first = to_medoids[near, points]
    to_medoids[near, points] = np.inf
    second = to_medoids.min(axis=0)
    to_medoids[near, points] = first
    return near, first, second
