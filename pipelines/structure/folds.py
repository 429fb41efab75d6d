"""Finds the lines that divide a thing and not two things: folds, locks, seams.

Where three areas meet and two of the three lines go straight on, the straight ones are the outline of what lies on the
other side of the third area, or of that area itself; the line that ends there divides only what lies on one side of the
outline. So a border is a fold where it has two such ends or more and no others: there the third area fills half of a
circle, and neither of its own does.

Source: the T-junctions of D. Waltz, "Understanding Line Drawings of Scenes with Shadows", in P. H. Winston (ed.), The
Psychology of Computer Vision, 1975, read the other way round.
"""

import numpy as np

from pipelines.core.imaging.arrays import Mask
from pipelines.segmentation.adjacency import Borders
from pipelines.structure.meetings import Meetings

_HALF = 0.5
_OFF = 0.1  # of the circle: by so much straight lines may bend
_LEAST = 0.12  # of the circle: what a line divides is no narrower
_OTHERS = 0.05  # of the circle: more than three areas tell nothing


def find_folds(meetings: Meetings, borders: Borders, count: int) -> Mask:
    """Tell which borders, (pairs,), are folds; meetings: of the regions below `count` that the borders are of."""
    triples, share = meetings
    tells = share.sum(axis=1) >= 1 - _OTHERS
    straight = np.abs(share - _HALF) <= _OFF
    is_tee = tells & (straight.sum(axis=1) == 1) & (share.min(axis=1, initial=1) >= _LEAST)
    bar = straight.argmax(axis=1)
    keys = borders.first * count + borders.second
    stems, others = np.zeros(len(keys), np.intp), np.zeros(len(keys), np.intp)
    for first, second, third in ((0, 1, 2), (0, 2, 1), (1, 2, 0)):
        pair = triples[:, first] * count + triples[:, second]
        place = np.searchsorted(keys, pair)
        known = place < len(keys)
        known[known] = keys[place[known]] == pair[known]
        is_stem = is_tee & (bar == third)
        np.add.at(stems, place[known & is_stem], 1)
        np.add.at(others, place[known & ~is_stem], 1)
    return np.asarray((stems > 1) & (others == 0))
