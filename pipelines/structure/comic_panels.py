"""Finds the panels of a comic page: frames that the gutter, paper outside all of them, keeps apart.

What hangs together without the paper outside is a panel where it fills its box as a frame does. A page has
at least two.
"""

import numpy as np

from pipelines.core.imaging.arrays import Index, Mask
from pipelines.segmentation.adjacency import hanging_together
from pipelines.segmentation.properties import RegionProperties

_FILLED = 0.8  # of its box: a frame with what is in it, its ink and that of the drawing apart
_LEAST = 0.02  # of all panels' boxes together: a panel is no smaller


def find_panels(properties: RegionProperties, outside: Mask) -> Index:
    """Return the panel, 1.., that each region is in, (n + 1,), 0 = none. outside: bool (n + 1,), the gutter."""
    count = properties.labels
    group = hanging_together(properties.borders, ~outside)
    present = ~outside & (properties.area > 0)
    present[0] = False
    members = np.flatnonzero(present)
    groups, which = np.unique(group[members], return_inverse=True)
    if len(groups) < 2:
        return np.zeros(count, np.intp)
    left, top = np.full(len(groups), np.iinfo(np.intp).max), np.full(len(groups), np.iinfo(np.intp).max)
    right, bottom = np.zeros(len(groups), np.intp), np.zeros(len(groups), np.intp)
    np.minimum.at(left, which, properties.left[members])
    np.minimum.at(top, which, properties.top[members])
    np.maximum.at(right, which, properties.right[members])
    np.maximum.at(bottom, which, properties.bottom[members])
    box = (right - left + 1.0) * (bottom - top + 1)
    filled = np.bincount(which, properties.area[members], len(groups))
    is_panel = (filled >= _FILLED * box) & (box >= _LEAST * box.sum()) & (np.bincount(which) > 1)
    if np.count_nonzero(is_panel) < 2:
        return np.zeros(count, np.intp)
    panel = np.zeros(count, np.intp)
    panel[members] = np.where(is_panel, np.cumsum(is_panel), 0)[which]
    return panel
