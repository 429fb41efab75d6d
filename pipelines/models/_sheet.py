"""Holds a line drawing with its regions, what is known of them, and the hints on it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.models._hint_marks import Hints, read_hints
from pipelines.models._region_facts import Facts, joined, measure
from pipelines.regions.trapped_ball import Paper, joined_to_named, look_up

ByteArray = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]
LabelArray = NDArray[np.int32]

_OUTSIDE_SHARE = 0.25  # of the longer side: a region with that much of the picture's border is outside


class Sheet(NamedTuple):
    """A drawing whose regions are known, and its hints."""

    drawing: Paper
    regions: LabelArray  # (H, W), labels >= 1, ink included
    facts: Facts
    hints: Hints
    size: int  # px, the longer side

    @property
    def hinted(self) -> BoolArray:
        """Which regions hold a hint, (n + 1,)."""
        return np.bincount(self.hints.region, minlength=self.facts.labels) > 0

    @property
    def outside(self) -> BoolArray:
        """Which regions hold the paper outside the figure, (n + 1,)."""
        return is_outside(self.facts, self.size)

    def cut(self, window: tuple[slice, slice]) -> "Sheet":
        """Return a window of it; lengths stay relative to the whole, and facts are those of the whole."""
        drawing = self.drawing._replace(paper=self.drawing.paper[window], width=self.drawing.width[window])
        hints = self.hints._replace(marks=self.hints.marks[window])
        return Sheet(drawing, self.regions[window], self.facts, hints, self.size)


def lay_out(lines: ByteArray, hints: ByteArray, regions: LabelArray, drawing: Paper) -> Sheet:
    """Read the hints on regions, int32 (H, W), and join the pieces of paper without a hint to those with one.

    No ink divides what is joined; two pieces with hints stay two, and nothing is joined to the paper outside.
    """
    sheet = Sheet(
        drawing, regions, measure(regions, drawing), read_hints(hints, lines, regions, drawing), max(lines.shape)
    )
    roots = joined_to_named(sheet.facts.borders, sheet.hinted, sheet.outside)
    if (roots == np.arange(len(roots))).all():
        return sheet
    asked = sheet.hints._replace(region=roots[sheet.hints.region])
    return Sheet(drawing, look_up(roots.astype(np.int32), regions), joined(sheet.facts, roots), asked, sheet.size)


def is_outside(facts: Facts, size: int) -> BoolArray:
    """Tell which regions, (n + 1,), hold a corner of the picture or much of its border. size: the longer side, px."""
    return np.asarray((facts.corners > 0) | (facts.edge > _OUTSIDE_SHARE * size))
