"""Finds speech balloons and captions, the areas that hold letters and little else, and the holes of letters.

A balloon is a piece of paper that ink encloses, on which rows of letters cover a good part, other ink little, and which
is an oval, a box, a cloud or a star: it fills its hull. So a shirt with a word on it, or a panel with a title, is none.
A hole of a letter, as in O, B and 0, and what lies between letters, shows what the letters stand on.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F32, F64, Index, Labels, Mask
from pipelines.segmentation.line_mask import LineMask
from pipelines.segmentation.properties import RegionProperties
from pipelines.structure.ink_islands import AROUND, InkIslands, find_ink, find_islands
from pipelines.structure.letters import LetterRow, find_rows, may_hold_letters

_TEXT_SHARE = 0.06  # of a balloon, the boxes of its rows of letters together
_OTHER_SHARE = 0.6  # of the letters' boxes, other ink in the balloon
_FULL = 0.6  # of its hull: a star with a tail
_LARGEST, _OFF_CENTRE = (
    0.4,
    0.3,
)  # of the picture, a balloon at most; of its box, how far off its middle its letters are
_MARGIN, _WITHIN = 0.3, 0.95  # of the height of a row, around it; of a region, so much lies in there
_MOST = 0.5  # of a region's paper: more of it lies in the piece of paper that it is of
_LINE_GAP = 1.5  # of the height of a row: so far below it the next row stands at most
_BESIDE = 0.3  # of the paper about letters: so much may lie beside the balloon
_STEPS = 3  # from region to region, from those under letters
_EDGE_SHARE = 0.25  # of the longer side: what has more of the picture's border is the paper outside
_LETTER_HEIGHT = 1.6  # of the height of a row: letters in no row, marks and dashes are no higher


class Lettering(NamedTuple):
    """What letters say of the regions 1..n; all (n + 1,)."""

    balloons: Mask
    ground: Index  # the region that letters stand on whose counter this is, or that it lies between; 0: it is neither

    @property
    def in_balloons(self) -> Mask:
        """Which regions, (n + 1,), are balloons or lie in them, among letters."""
        return np.asarray(self.balloons | self.balloons[self.ground])


class _LetteredRegions(NamedTuple):
    """The regions of a drawing with letters."""

    regions: Labels  # (H, W), ink included
    islands: InkIslands
    area: F64  # (n + 1,), px of paper; endless outside

    def balloons(self, rows: Sequence[LetterRow]) -> Mask:
        """Which regions, (n + 1,), are of balloons, those included whose outline has a gap, as an open tail."""
        is_balloon = _pieces_of_balloons(self.islands, rows)
        within = np.bincount(self.regions[is_balloon[self.islands.paper]], minlength=len(self.area))
        balloons = within > _MOST * self.area
        for text in _texts([row for row in rows if not row.is_outlined and not is_balloon[row.lies_on]]):
            balloons |= self._around(text)
        return np.asarray(balloons)

    def ground(self, rows: Sequence[LetterRow]) -> Index:
        """What shows, (n + 1,), in the holes of letters and between them: the region they stand on; 0: neither."""
        ground, shows = np.zeros(len(self.area), np.intp), np.zeros(len(self.islands.paper_area), np.intp)
        for row in rows:
            within, around = self._between(row)
            ground[within] = around
            shows[np.isin(self.islands.enclosed_by, row.letters)] = around
        shows[AROUND] = 0
        pixels = np.flatnonzero(shows[self.islands.paper])
        region, shown = self.regions.reshape(-1)[pixels], shows[self.islands.paper.reshape(-1)[pixels]]
        is_hole = np.bincount(region, minlength=len(self.area)) > _MOST * self.area
        ground[region[is_hole[region]]] = shown[is_hole[region]]
        ground[ground[ground] > 0] = 0  # what shows is no hole
        return ground

    def _below(self, row: LetterRow) -> Index:
        """The regions of the pixels of paper around a row of letters, on the piece that it stands on."""
        window = _window(row)
        return np.asarray(self.regions[window][self.islands.paper[window] == row.lies_on], np.intp)

    def _between(self, row: LetterRow) -> tuple[Index, int]:
        """The regions that lie within a row altogether, and the one around them; 0 where there is none."""
        within, counts = np.unique(self._below(row), return_counts=True)
        is_part = counts >= _WITHIN * self.area[within]
        if is_part.all():
            return within[:0], int(within[counts.argmax()])
        return within[is_part], int(within[~is_part][counts[~is_part].argmax()])

    def _around(self, rows: Sequence[LetterRow]) -> Mask:
        """The regions, (n + 1,), that rows of letters stand on, none where these are no balloon."""
        letters = sum(row.box_area for row in rows)
        around, counts = np.unique(np.concatenate([self._below(row) for row in rows]), return_counts=True)
        is_around = np.zeros(len(self.area), bool)
        is_large = self.area[around] > letters / _TEXT_SHARE
        if counts[is_large].sum() >= _BESIDE * counts.sum():
            return is_around
        is_around[around[~is_large]] = True
        on_part = self.islands.paper == rows[0].lies_on
        for _ in range(_STEPS):  # what is beside them is of the balloon where it is little
            mask = (is_around[self.regions] & on_part).astype(np.uint8)
            beside = np.unique(self.regions[(cv2.dilate(mask, np.ones((3, 3), np.uint8)) > 0) & on_part])
            is_around[beside[self.area[beside] <= letters]] = True
        mask = (is_around[self.regions] & on_part).astype(np.uint8)
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        hull = cv2.contourArea(cv2.convexHull(np.concatenate(contours)))
        filled = np.count_nonzero(mask) + letters
        is_balloon = letters >= _TEXT_SHARE * hull and _FULL * hull <= filled <= _LARGEST * mask.size
        is_around &= bool(is_balloon and _off_centre(mask > 0, rows) <= _OFF_CENTRE)
        return is_around


def find_lettering(regions: Labels, line_mask: LineMask, properties: RegionProperties, outside: Mask) -> Lettering:
    """Find letters among regions, int32 (H, W), ink included; outside: bool (n + 1,), the paper outside."""
    count = properties.labels
    ink = find_ink(line_mask.paper)
    rows: list[LetterRow] = []
    if may_hold_letters(ink):
        islands = find_islands(line_mask.paper, ink)
        distance: F32 = np.asarray(cv2.distanceTransform(1 - line_mask.paper, cv2.DIST_L2, 3), np.float32)
        rows = find_rows(islands, distance)
    if not rows:
        return Lettering(np.zeros(count, bool), np.zeros(count, np.intp))
    lettered = _LetteredRegions(regions, islands, np.where(outside, np.inf, properties.area))
    ground = lettered.ground([row for row in rows if not row.is_outlined])
    return Lettering(lettered.balloons(rows) & (ground == 0) & ~outside & (properties.area > 0), ground)


def _pieces_of_balloons(islands: InkIslands, rows: Sequence[LetterRow]) -> Mask:
    """Which pieces of paper, (n + 1,), are of balloons, with what lies in them."""
    is_balloon = np.zeros(len(islands.paper_area), bool)
    for part in sorted({row.lies_on for row in rows}):
        on_part = [row for row in rows if row.lies_on == part]
        if not all(row.is_outlined for row in on_part) and _is_balloon(islands, part, on_part):
            is_balloon[part] = True
    before = -1
    while before != (before := int(np.count_nonzero(is_balloon))):
        is_balloon |= is_balloon[islands.lies_on[islands.enclosed_by]] & (islands.enclosed_by > 0)
    return is_balloon


def _is_balloon(islands: InkIslands, part: int, rows: Sequence[LetterRow]) -> bool:
    """Whether a piece of paper on which rows of letters stand is a balloon."""
    paper = islands.paper
    border = np.concatenate([paper[0], paper[-1], paper[:, 0], paper[:, -1]])
    if np.count_nonzero(border == part) > _EDGE_SHARE * max(paper.shape):
        return False
    if (paper[[0, 0, -1, -1], [0, -1, 0, -1]] == part).any():
        return False
    if _off_centre(paper == part, rows) > _OFF_CENTRE:
        return False
    filled, hull = _outline_areas(paper, part)
    letters, others = _ink_on(islands, part, rows)
    is_full = _FULL * hull <= filled <= _LARGEST * paper.size
    return is_full and letters >= _TEXT_SHARE * filled and others <= _OTHER_SHARE * letters


def _off_centre(area: Mask, rows: Sequence[LetterRow]) -> float:
    """How far rows of letters are off the middle of an area, bool (H, W), in its widths and heights."""
    down, across = (np.flatnonzero(area.any(axis=axis)) for axis in (1, 0))
    middle_x = (min(row.left for row in rows) + max(row.right for row in rows)) / 2
    middle_y = (min(row.top for row in rows) + max(row.bottom for row in rows)) / 2
    off_x = abs(middle_x - (across[0] + across[-1] + 1) / 2) / len(across)
    off_y = abs(middle_y - (down[0] + down[-1] + 1) / 2) / len(down)
    return float(max(off_x, off_y))


def _outline_areas(paper: Labels, part: int) -> tuple[float, float]:
    """Px within the outer outline of a piece of paper, and within its convex hull."""
    rows = np.flatnonzero((paper == part).any(axis=1))
    window = paper[rows[0] : rows[-1] + 1] == part
    contours, _ = cv2.findContours(window.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(contours, key=cv2.contourArea)
    return cv2.contourArea(outline), max(cv2.contourArea(cv2.convexHull(outline)), 1)


def _ink_on(islands: InkIslands, part: int, rows: Sequence[LetterRow]) -> tuple[float, float]:
    """Px of the boxes of letters on a piece of paper, rows and single ones, and of other ink there."""
    on_part = islands.lies_on == part
    on_part[np.concatenate([row.letters for row in rows])] = False
    on_part[0] = False
    rest = np.flatnonzero(on_part)
    box_area = islands.width[rest] * islands.height[rest]
    like_letters = islands.height[rest] <= _LETTER_HEIGHT * max(row.bottom - row.top for row in rows)
    text = sum(row.box_area for row in rows) + box_area[like_letters].sum()
    return float(text), float(box_area[~like_letters].sum())


def _texts(rows: Sequence[LetterRow]) -> list[list[LetterRow]]:
    """Group rows below each other on the same paper."""
    texts: list[list[LetterRow]] = []
    for row in sorted(rows, key=lambda row: (row.lies_on, row.top, row.left)):
        for text in texts:
            above = text[-1]
            near = row.top - above.bottom <= _LINE_GAP * max(row.bottom - row.top, above.bottom - above.top)
            if row.lies_on == above.lies_on and near and row.left < above.right and above.left < row.right:
                text.append(row)
                break
        else:
            texts.append([row])
    return texts


def _window(row: LetterRow) -> tuple[slice, slice]:
    """The rows and columns of a row of letters, and a little around it."""
    margin = round(_MARGIN * (row.bottom - row.top))
    rows = slice(max(row.top - margin, 0), row.bottom + margin)
    return rows, slice(max(row.left - margin, 0), row.right + margin)
