"""Finds letters in a drawing, the holes in them, and the speech balloons that hold them.

Letters are islands of ink that stand in a line: alike in height, close together, three or more, not all alike. What an
island encloses and is smaller than its ink is a counter, as in O, B and 0: it shows what the letter stands on. A
balloon is a round or rectangular area with letters in its middle and little else in it.
"""

from typing import NamedTuple

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F64, Index, Labels, Mask
from pipelines.segmentation.adjacency import merge_into_named
from pipelines.segmentation.line_mask import LineMask
from pipelines.segmentation.properties import RegionProperties, merge_properties
from pipelines.structure.nesting import PAGE, find_nesting

_LEAST_HEIGHT, _LEAST_SHARE = 5, 0.008  # px, and of the longer side: letters are no lower
_MOST_SHARE = 0.15  # of the longer side: and no higher
_WIDEST = 12.0  # heights: a word whose letters run into each other
_LETTER = 0.9  # heights: the width of a letter in it
_LEAST_INK = 0.12  # of a letter's box
_MOST_ISLANDS = 1500  # that are compared
_NEXT = 1.6  # heights: from one letter to the next, where thin ones between are lost
_AROUND = 2.5  # heights: an outline around an island that is no higher makes it no letter
_OFF_LEVEL = 0.4  # heights: letters of a line stand no higher or lower
_ALIKE = 0.6  # of the height of a letter: small letters beside capitals
_LETTERS, _PIECES = 3, 2  # a line has as many letters at least, in as many pieces
_VARIED, _PIXEL = 0.04, 0.75  # of their mean, and px: so much letters vary in width; dots and rivets do not
_UNEVEN, _CLEAR = 0.06, 10  # the same of the share of ink in their boxes, where those are of 10 px
_HOLE = 3.0  # of a letter's ink: its holes are no larger
_TEXT, _ROUND, _OFF_CENTRE = 0.05, 0.6, 0.25  # of a balloon's box: letters, filled, how far off their middle is
_ELSE = 0.05  # of a balloon: other areas in it
_LARGEST = 0.4  # of the picture: a balloon is no larger


class Lettering(NamedTuple):
    """What letters say of the regions 1..n; all (n + 1,)."""

    balloons: Mask
    ground: Index  # the region that a letter stands on whose counter this is; 0: it is no counter


class _Islands(NamedTuple):
    """Islands of ink, all (m,); px."""

    left: Index
    top: Index
    width: Index
    height: Index
    ink: Index

    def select(self, chosen: Mask | Index) -> "_Islands":
        return _Islands(*(values[chosen] for values in self))

    def is_alone(self) -> Mask:
        """Which lie in no other that is hardly larger: an iris lies in an eye, and letters in a balloon."""
        right, bottom = self.left + self.width, self.top + self.height
        inside = (self.left[:, None] >= self.left) & (right[:, None] <= right)
        inside &= (self.top[:, None] >= self.top) & (bottom[:, None] <= bottom)
        inside &= self.height < _AROUND * self.height[:, None]
        return np.asarray(np.count_nonzero(inside, axis=1) == 1)


class _Pairs(NamedTuple):
    """Which islands stand how to each other, (m, m)."""

    in_line: Mask  # next to each other
    in_column: Mask  # above each other

    @classmethod
    def of(cls, islands: _Islands) -> "_Pairs":
        height, middle = islands.height, islands.top + islands.height / 2
        right, bottom = islands.left + islands.width, islands.top + islands.height
        least, most = np.minimum.outer(height, height), np.maximum.outer(height, height)
        alike = least >= _ALIKE * most
        across = np.maximum.outer(islands.left, islands.left) - np.minimum.outer(right, right)
        down = np.maximum.outer(islands.top, islands.top) - np.minimum.outer(bottom, bottom)
        level = np.abs(np.subtract.outer(middle, middle)) <= _OFF_LEVEL * most
        return cls(alike & level & (across <= _NEXT * most), alike & (down <= _NEXT * most) & (across < 0))


def find_lettering(regions: Labels, line_mask: LineMask, properties: RegionProperties, outside: Mask) -> Lettering:
    """Find letters among regions, int32 (H, W), ink included; outside: bool (n + 1,), the paper outside."""
    count = properties.labels
    islands = _islands(line_mask)
    line = _lines(islands)
    if (line < 0).all():
        return Lettering(np.zeros(count, bool), np.zeros(count, np.intp))
    roots = merge_into_named(properties.borders, np.zeros(count, bool), outside)  # letters part what they stand in
    merged = merge_properties(properties, roots)
    is_outside = np.bincount(roots, outside, count) > 0
    inside_of = find_nesting(merged, is_outside).parent
    letters = _with_words_beside(islands, _are_letters(islands, line, merged, inside_of))
    around = _region_around(regions, line_mask, letters)
    ground = np.zeros(count, np.intp)
    for hole, region in zip(_holes(merged, letters, inside_of), around.tolist(), strict=True):
        ground[hole[inside_of[hole] == roots[region]]] = region
    balloons = _balloons(merged, letters, roots[around], inside_of * (ground == 0), ground) & ~is_outside
    return Lettering(np.asarray(balloons[roots] & (ground[roots] == 0)), ground[roots])


def _islands(line_mask: LineMask) -> _Islands:
    """The pieces of ink of a letter's size."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(1 - line_mask.paper, connectivity=8, ltype=cv2.CV_32S)
    islands = _Islands(*stats[1:].astype(np.intp).T)
    size = max(line_mask.paper.shape)
    high = (islands.height >= max(_LEAST_HEIGHT, _LEAST_SHARE * size)) & (islands.height <= _MOST_SHARE * size)
    slim = islands.width <= _WIDEST * islands.height
    solid = islands.ink >= _LEAST_INK * islands.width * islands.height
    return islands.select(np.flatnonzero(high & slim & solid)[:_MOST_ISLANDS])


def _lines(islands: _Islands) -> Index:
    """The line of letters that each island may be in, (m,), -1 for none."""
    if len(islands.ink) < _PIECES:
        return np.full(len(islands.ink), -1)
    pairs = _Pairs.of(islands)
    alone = islands.is_alone()
    line = _joined(pairs.in_line & np.logical_and.outer(alone, alone))
    letters = np.bincount(line, np.maximum(np.rint(islands.width / (_LETTER * islands.height)), 1), len(line))
    pieces = np.bincount(line, minlength=len(line))
    return np.where(alone & (pieces >= _PIECES)[line] & (letters >= _LETTERS)[line], line, -1)


def _with_words_beside(islands: _Islands, is_letter: Mask) -> _Islands:
    """The letters, with words that stand alone above or below their line."""
    near = _Pairs.of(islands).in_column & np.logical_and.outer(islands.is_alone(), is_letter)
    return islands.select(is_letter | near.any(axis=1))


def _joined(beside: Mask) -> Index:
    """Number what hangs together, by which things are beside which, (m, m): the least of each group."""
    count = len(beside)
    group = np.arange(count)
    while True:
        least = np.minimum(np.where(beside, group[None, :], count).min(axis=1, initial=count), group)
        if (least == group).all():
            return group
        group = least


def _holes(properties: RegionProperties, letters: _Islands, inside_of: Index) -> list[Index]:
    """The regions within the box of each letter that are no larger than its holes."""
    holes = []
    for left, top, wide, high, ink in zip(*letters, strict=True):
        within = (properties.left > left) & (properties.right < left + wide - 1) & (properties.area > 0)
        within &= (properties.top > top) & (properties.bottom < top + high - 1) & (inside_of != PAGE)
        hole = np.flatnonzero(within)
        holes.append(hole[: len(hole) * int(properties.area[hole].sum() <= _HOLE * ink)])
    return holes


def _are_letters(islands: _Islands, line: Index, properties: RegionProperties, inside_of: Index) -> Mask:
    """Whether each is in a line of letters, (m,): not of dots that are all alike, nor of outlines, such as eyes."""
    chosen = np.flatnonzero(line >= 0)
    letters, line = islands.select(chosen), line[chosen]
    counts = np.maximum(np.bincount(line), 1)
    width = np.bincount(line, letters.width) / counts
    varied = _spread(letters.width.astype(np.float64), line) >= np.maximum(_VARIED * width, _PIXEL)
    fill = letters.ink / (letters.width * letters.height)
    varied |= (_spread(fill, line) >= _UNEVEN) & (width >= _CLEAR)
    holes = _holes(properties, letters, inside_of)
    hollow = np.array([properties.area[hole].sum() for hole in holes]) > letters.ink
    outlined = 2 * np.bincount(line, hollow) > counts
    kept = np.zeros(len(islands.ink), bool)
    kept[chosen] = (varied & ~outlined)[line]
    return kept


def _spread(measure: F64, line: Index) -> F64:
    """The standard deviation of a measure, (m,), in each line, (lines,)."""
    counts = np.maximum(np.bincount(line), 1)
    mean = np.bincount(line, measure) / counts
    return np.asarray(np.sqrt(np.maximum(np.bincount(line, np.square(measure)) / counts - mean**2, 0)))


def _region_around(regions: Labels, line_mask: LineMask, letters: _Islands) -> Index:
    """The region that most of the paper beside each island is of, (m,); 0: none."""
    around = np.zeros(len(letters.ink), np.intp)
    height, width = regions.shape
    for number, (left, top, wide, high, _) in enumerate(zip(*letters, strict=True)):
        rows = np.clip([top - 1, top + high], 0, height - 1)
        columns = np.clip([left - 1, left + wide], 0, width - 1)
        part = slice(rows[0], rows[1] + 1), slice(columns[0], columns[1] + 1)
        on_paper = regions[part] * line_mask.paper[part]
        edge = np.concatenate([on_paper[0], on_paper[-1], on_paper[:, 0], on_paper[:, -1]])
        counts = np.bincount(edge[edge > 0], minlength=1)
        around[number] = int(counts.argmax())
    return around


def _balloons(properties: RegionProperties, letters: _Islands, around: Index, other: Index, holes: Index) -> Mask:
    """Which regions, (n + 1,), are speech balloons.

    around: (m,), the region around each letter. other, holes: (n + 1,), the region in which each area that is no
    counter lies, and each counter.
    """
    count = properties.labels
    other_area, hole_area = (np.bincount(inside_of, properties.area, count) for inside_of in (other, holes))
    balloons = np.zeros(count, bool)
    page = float((properties.right.max() + 1) * (properties.bottom.max() + 1))
    for region in np.unique(around[around > 0]).tolist():
        text = letters.select(around == region)
        left, right = text.left.min(), (text.left + text.width).max()
        top, bottom = text.top.min(), (text.top + text.height).max()
        width = float(properties.right[region] - properties.left[region] + 1)
        height = float(properties.bottom[region] - properties.top[region] + 1)
        box = width * height
        middle: F64 = np.abs(
            [
                ((left + right) / 2 - properties.x[region]) / width,
                ((top + bottom) / 2 - properties.y[region]) / height,
            ]
        )
        full = properties.area[region] + text.ink.sum() + hole_area[region]
        balloons[region] = (
            (right - left) * (bottom - top) >= _TEXT * box
            and full >= _ROUND * box
            and middle.max() <= _OFF_CENTRE
            and other_area[region] <= _ELSE * properties.area[region]
            and box <= _LARGEST * page
        )
    return balloons
