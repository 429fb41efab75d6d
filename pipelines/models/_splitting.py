"""Splits regions that hold hints of several colours, and tells the figure from the paper outside it.

The colours grow from their hints like water from springs, and meet where they would have to rise highest. The ground
rises where paper narrows, so that they meet in the gaps of lines, and with the distance from the nearest hint, so that
on open paper they meet half way:

    height = max(NECK * max(0, 1 - width / NARROW), min(SLOPE * distance from hints, CAP)),    ink = TOP

Not all hints are equal. Where one colour has fewer spots than another in the region, its spots have a rim, which gives
the common colour a start; a spot much smaller than others around has a high rim and colours little but itself.

An open figure and the paper outside are one region. The outside grows from all that lies beyond the convex hull of the
ink, over a lid: the hull's own border is a rise, so that the open bottom of a bust is cut straight.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.models._hint_marks import Hints
from pipelines.models._region_facts import Facts
from pipelines.regions.trapped_ball import TOP, Paper, flood

ByteArray = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
LabelArray = NDArray[np.int32]

_NECK = 63  # the height of the narrowest paper
_NARROW = 0.04  # of the longer side: paper whose distance from ink is less is narrow
_SLOPE = 200  # height per longer side of distance
_CAP = 50
_RIM = 16  # height for each halving of a colour's share of the spots
_GREATEST_RIM = 30
_SMALL = 0.5  # of the greatest spot's area in the region: smaller ones colour little but themselves
_SMALL_RIM = 52
_LID = 40
_WALL = TOP - 1  # between regions: higher than any paper

_SIGHT = 4  # of 8 rays: a hint that sees so much of the picture's border lies outside the figure
_RAYS = ((1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1))
_FEW = 0.3  # of the hints per area elsewhere: so many on the paper outside mean all of it
_LEAST_SPOT, _GREATEST_SPOT = 0.03, 0.1  # of the longer side: the radius of a spot of colour left on the paper outside
_SPOT_REACH = 0.6  # of the distance to the next spot of that colour
_PAPER_WHITE = 250  # a hint with no channel below this is paper


class Sheet(NamedTuple):
    """A drawing whose regions are known and the hints on it."""

    drawing: Paper
    regions: LabelArray  # (H, W), 1..n, ink included
    facts: Facts
    hints: Hints

    @property
    def size(self) -> int:
        """The longer side, px."""
        return max(self.regions.shape)


def open_spots(sheet: Sheet, outside: BoolArray) -> BoolArray:
    """Tell which spots, (spots,), lie on the paper outside: in a region of the `outside`, (n + 1,), in sight of the border.
    """
    hints = sheet.hints
    seen = np.zeros(len(hints.colour), bool)
    for spot in np.flatnonzero(outside[hints.region]):
        seen[spot] = _sight(sheet.drawing.paper, int(hints.x[spot]), int(hints.y[spot])) >= _SIGHT
    return seen


def _sight(paper: ByteArray, x: int, y: int) -> int:
    """Return in how many of eight directions no ink lies between a pixel and the picture's border."""
    height, width = paper.shape
    free = 0
    for dx, dy in _RAYS:
        reach_x = (width - 1 - x if dx > 0 else x) if dx else width
        reach_y = (height - 1 - y if dy > 0 else y) if dy else height
        steps = np.arange(min(reach_x, reach_y) + 1)
        free += bool(paper[y + dy * steps, x + dx * steps].all())
    return free


def filled_outside(sheet: Sheet, outside: BoolArray, is_open: BoolArray) -> BoolArray:
    """Tell of which regions, (n + 1,), of the outside the open hints mean all.

    They do if there are enough of them for its area, by the number of hints and the area elsewhere: hints found in a
    picture with a coloured ground, or set by hand, do; the one found in a shadow under the figure does not.
    """
    hints, area = sheet.hints, sheet.facts.area
    elsewhere = max(np.count_nonzero(~is_open), 1) / max(area[~outside].sum(), 1)
    coloured = is_open & (hints.colours[hints.colour].min(axis=1) < _PAPER_WHITE)
    count = np.bincount(hints.region[coloured], minlength=len(area))
    return outside & (count > 0) & (count > _FEW * elsewhere * area)
