"""Whether areas that have one colour in the truth have one in the result, whatever it is: the adjusted Rand index.

    sum_ij C(n_ij, 2) less its expectation by chance, over the mean of sum_i C(a_i, 2) and sum_j C(b_j, 2) less the same

n_ij: areas of truth group i and result group j, a_i, b_j: their sums. Areas, the largest first, join the group whose
first area's median colour is within 10 (CIE76) of theirs, else begin one. 1: both eyes, all petals, face and hands as
in the truth; 0: as by chance; higher is better. Regions are those of the trapped ball. Needs the line art.

Source: L. Hubert, P. Arabie, "Comparing Partitions", Journal of Classification 2, 1985.
"""

import numpy as np

from pipelines.core.imaging.arrays import F32, Index
from pipelines.metrics.base.case import Case
from pipelines.metrics.base.metric import PictureMetric

UNIT = ""
HIGHER_IS_BETTER = True
NEEDS = ("lines", "regions")

_ALIKE = 10.0  # dE: areas whose colours are nearer have one colour, as in bleed_rate
_LEAST_AREA = 12  # px of fill: of smaller ones nobody sees the colour


class Metric(PictureMetric):
    """Adjusted Rand index of the grouping of areas by colour."""

    def measure(self, case: Case) -> float | None:
        """Return the index, at most 1; None where fewer than two areas are to be grouped."""
        areas = case.areas
        largest_first = np.argsort(-areas.sizes, kind="stable")
        seen = largest_first[areas.sizes[largest_first] >= _LEAST_AREA]
        if len(seen) < 2:
            return None
        return adjusted_rand_index(_groups(areas.truth_medians[seen]), _groups(areas.result_medians[seen]))


def adjusted_rand_index(first: Index, second: Index) -> float:
    """The index of two groupings, (n,) each, numbers of groups: 1 if they are the same, 0 on average by chance."""
    both = np.zeros((int(first.max()) + 1, int(second.max()) + 1))
    np.add.at(both, (first, second), 1)
    together, of_first, of_second, pairs = (
        float(np.sum(count * (count - 1) / 2))
        for count in (both, both.sum(axis=1), both.sum(axis=0), np.array([len(first)]))
    )
    by_chance = of_first * of_second / pairs
    most = (of_first + of_second) / 2
    return 1.0 if most == by_chance else (together - by_chance) / (most - by_chance)


def _groups(colours: F32) -> Index:
    """The number of each colour's group, (n,), for L*a*b* colours (n, 3), the most important first."""
    firsts = np.empty((0, 3), np.float32)
    group = np.empty(len(colours), np.intp)
    for index, colour in enumerate(colours):
        near = np.flatnonzero(np.square(firsts - colour).sum(axis=1) <= _ALIKE**2)
        group[index] = near[0] if len(near) else len(firsts)
        if not len(near):
            firsts = np.vstack([firsts, colour])
    return group
