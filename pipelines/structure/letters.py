"""Finds lettering: rows of letters, in balloons, captions, titles, on clothes.

A letter is an island of ink, thin, with no ink in its holes; a wide one that its rows of pixels cross often is several
that touch. Letters stand in rows: three or more side by side, or two close ones alone or beside other such words, of
like height, on one line, as close as letters are, and not all alike, as buttons, windows or beads are. Two eyes with a
nose between them are no row either: the ends are alike and have holes, the middle has none.
"""

from typing import NamedTuple

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F32, F64, Index, Labels, Mask
from pipelines.structure.ink_islands import AROUND, InkIslands, InkPieces

_LEAST_HEIGHT = 5  # px: lower letters cannot be read
_GREATEST_HEIGHT, _SHORT, _SHORT_HEIGHT = 0.2, 4, 0.12  # of the longer side; in a row of fewer letters
_THICK = 0.5  # of the height: thicker strokes than heavy type has are spots, pupils, buttons
_WIDEST, _NARROWEST = 25.0, 0.06  # of the height: a word whose letters touch; an l
_WIDEST_LETTER = 3.6  # of the height: no wider are two or three
_WIDE = 1.2  # of the height: wider islands may be several letters
_CROSSED, _PITCH = 1.5, 0.5  # how often a row of pixels crosses a letter; px of a letter's width for each of its height
_LIKE = 0.55  # of the greater height: x beside l
_OFF_LINE = 0.16  # of the greater height: their feet, or their heads, as p and x have
_STROKE = 1.25  # of the diagonal of its box, the length of the line of a single stroke
_APART, _OVERLAP = 1.3, -0.3  # of the greater height: words apart, leaning letters
_STROKES, _STROKES_OUTSIDE = 0.7, 0.4  # of a row are single strokes at most; where paper goes on to the border, as hair
_LEAST_ROW = 3
_LEAST_ALONE, _CLOSE = 2, 0.6  # letters of a short word; of the height, how close they are
_TOUCHING_HEIGHT, _TOUCHING_SHARE = 14, 0.025  # px, of the longer side: no higher are letters that touch
_LEAST_TOUCHING = 4  # letters on a piece of paper where all touch
_DIFFERS = 0.12  # of width to height, of the share of ink in the box, or of holes: letters differ by more
_LEAST_HOLE = 0.05  # of the ink of a letter: smaller holes are specks
_OUTLINED = 0.33  # of a letter with its holes, these: where they are larger they are the letter
_MOST_LETTERS = 2000  # on one piece of paper: more are a texture


class LetterRow(NamedTuple):
    """Letters side by side."""

    letters: Index  # islands of ink
    lies_on: int  # the piece of paper
    left: int  # px, the box
    top: int
    right: int  # px, after the last column
    bottom: int
    is_outlined: bool  # whether all of the letters have large holes: then these are the letters, drawn as outlines

    @property
    def box_area(self) -> int:
        """Px of the box."""
        return (self.right - self.left) * (self.bottom - self.top)


class _Letters(NamedTuple):
    """What is known of islands that may be letters."""

    islands: InkIslands
    candidates: Index  # (k,), the islands
    counts: Index  # (m + 1,), how many letters each is: several where they touch
    is_stroke: Mask  # (m + 1,), whether it is a single stroke, as an l, a dash, a hair


def find_rows(islands: InkIslands, distance: F32) -> list[LetterRow]:
    """Find the rows of letters; distance: float32 (H, W), of each pixel of ink from paper, px."""
    letters = _read_letters(islands, distance)
    on_part = islands.lies_on[letters.candidates]
    at_border = np.zeros(len(islands.paper_area), bool)
    for edge in (islands.paper[0], islands.paper[-1], islands.paper[:, 0], islands.paper[:, -1]):
        at_border[edge] = True
    rows = []
    for part in np.unique(on_part).tolist():
        members = letters.candidates[on_part == part]
        if part == AROUND or letters.counts[members].sum() < _LEAST_ALONE or len(members) > _MOST_LETTERS:
            continue
        strokes = _STROKES_OUTSIDE if at_border[part] else _STROKES
        groups = _linked(islands, members)
        pairs = sum(len(row) >= _LEAST_ALONE and _stand_close(islands, row) for row in groups)
        here = [row for row in groups if _is_row(letters, row, strokes, has_others=pairs > 1)]
        apart = max((len(row) for row in here), default=0) >= _LEAST_ALONE
        if apart or sum(letters.counts[row].sum() for row in here) >= _LEAST_TOUCHING:
            rows += [_row(islands, row, part) for row in here]
    return rows


def may_hold_letters(ink: InkPieces) -> bool:
    """Whether any islands stand beside each other as letters do, or are words of letters that touch: cheap to tell."""
    fits = _may_be_letters(ink.height, ink.width, ink.labels.shape)
    words = fits & (ink.width > _LEAST_ROW * _PITCH * ink.height) & (ink.height <= _touching_height(ink.labels.shape))
    if any(_letter_count(ink.labels, ink, word) >= _LEAST_ROW for word in np.flatnonzero(words).tolist()):
        return True
    candidates = np.flatnonzero(fits & (ink.width <= _WIDEST_LETTER * ink.height))
    return len(candidates) > _MOST_LETTERS or any(_may_be_row(ink, row) for row in _linked(ink, candidates))


def _may_be_row(ink: InkPieces, row: Index) -> bool:
    """Whether islands side by side may be letters, by their boxes and strokes alone."""
    height = ink.height[row]
    if len(row) < _LEAST_ALONE:
        return False
    if ((ink.width[row] <= _WIDE * height) | (height > _touching_height(ink.labels.shape))).all():  # single letters
        if len(row) < _LEAST_ROW and not _stand_close(ink, row):
            return False
        if len(row) < _SHORT and height.max() > _SHORT_HEIGHT * max(ink.labels.shape):
            return False
    letters = [island for island in row.tolist() if not _is_around_ink(ink, island) and not _is_thick(ink, island)]
    return len(letters) >= _LEAST_ALONE


def _is_around_ink(ink: InkPieces, island: int) -> bool:
    """Whether other ink lies in the box of an island, as a pupil in an eye."""
    left, top, width, height = (int(side[island]) for side in ink[1:5])
    inside = (ink.left > left) & (ink.left + ink.width < left + width)
    return bool((inside & (ink.top > top) & (ink.top + ink.height < top + height)).any())


def _is_thick(ink: InkPieces, island: int) -> bool:
    """Whether an island of ink is too thick for a letter."""
    left, top, width, height = (int(side[island]) for side in ink[1:5])
    shape = np.zeros((height + 2, width + 2), np.uint8)
    shape[1:-1, 1:-1] = ink.labels[top : top + height, left : left + width] == island
    return bool(2 * cv2.distanceTransform(shape, cv2.DIST_L2, 3).max() - 1 > _THICK * height)


def _may_be_letters(height: Index, width: Index, shape: tuple[int, ...]) -> Mask:
    """Tell which islands, of a height and a width, (m + 1,), may be letters in a picture of a shape, by these alone."""
    fits = (height >= _LEAST_HEIGHT) & (height <= _GREATEST_HEIGHT * max(shape))
    fits &= (width <= _WIDEST * height) & (width >= _NARROWEST * height)
    fits[0] = False
    return np.asarray(fits)


def _touching_height(shape: tuple[int, ...]) -> float:
    """How high letters may be, px, that touch in a picture of a shape."""
    return max(_TOUCHING_HEIGHT, _TOUCHING_SHARE * max(shape))


def _read_letters(islands: InkIslands, distance: F32) -> _Letters:
    """Look at the islands that may be letters by their size: at their stroke, and whether they are several."""
    width, height = islands.width, islands.height
    fits = _may_be_letters(height, width, islands.ink.shape)
    fits[islands.enclosed_by[islands.lies_on]] = False  # ink in its holes: an eye with its pupil
    pixels = np.flatnonzero(fits[islands.ink])
    island, depth = islands.ink.reshape(-1)[pixels], distance.reshape(-1)[pixels]
    deepest = np.zeros(len(fits), np.float32)
    np.maximum.at(deepest, island, depth)
    fits &= 2 * deepest - 1 <= _THICK * height
    mean_depth = np.bincount(island, depth, len(fits)) / np.maximum(islands.area, 1)
    length = islands.area / np.maximum(4 * mean_depth - 2, 1)  # a stroke of t px is t / 4 + 1 / 2 px deep in the mean
    counts = np.zeros(len(fits), np.intp)
    counts[fits] = [_letter_count(islands.ink, islands, member) for member in np.flatnonzero(fits).tolist()]
    is_wide = width > _WIDEST_LETTER * height
    is_low = height <= _touching_height(islands.ink.shape)
    fits &= ~is_wide | (is_low & (counts >= _LEAST_ROW))
    counts[~is_low & fits] = 1
    return _Letters(islands, np.flatnonzero(fits), counts, length <= _STROKE * np.hypot(width, height))


def _linked(islands: InkIslands | InkPieces, members: Index) -> list[Index]:
    """Group islands into rows, each from left to right."""
    order = members[np.argsort(islands.left[members], kind="stable")]
    left, height = islands.left[order], islands.height[order].astype(np.float64)
    right, top = left + islands.width[order], islands.top[order]
    bottom = top + islands.height[order]
    greater, lesser = np.maximum.outer(height, height), np.minimum.outer(height, height)
    gap = left[None, :] - right[:, None]
    off = np.minimum(np.abs(np.subtract.outer(bottom, bottom)), np.abs(np.subtract.outer(top, top)))
    close = (lesser >= _LIKE * greater) & (off <= _OFF_LINE * greater)
    close &= (gap <= _APART * greater) & (gap >= _OVERLAP * greater) & (left[None, :] > left[:, None])
    close |= close.T | np.eye(len(order), dtype=bool)
    head = np.arange(len(order))
    while (head != (joined := np.where(close, head, len(order)).min(axis=1, initial=len(order)))).any():
        head = joined
    return [order[head == group] for group in np.unique(head)]


def _letter_count(labels: Labels, islands: InkIslands | InkPieces, island: int) -> int:
    """How many letters an island is, by how often its rows of pixels cross it."""
    left, top, width, height = (int(side[island]) for side in islands[1:5])
    if width <= _WIDE * height:
        return 1
    ink = labels[top : top + height, left : left + width] == island
    crossings = np.count_nonzero(ink[:, 1:] & ~ink[:, :-1]) + np.count_nonzero(ink[:, 0])
    return max(1, min(round(crossings / height / _CROSSED), round(width / height / _PITCH)))


def _is_row(letters: _Letters, row: Index, strokes: float, *, has_others: bool) -> bool:
    """Whether islands side by side are letters: enough of them, low enough, no mere strokes, and not all alike.

    strokes: the greatest share of single strokes. has_others: whether other letters stand close to each other on the
    same paper: then two are enough.
    """
    islands, counts = letters.islands, letters.counts[row]
    if counts.sum() < _LEAST_ROW and not (_stand_close(islands, row) and (has_others or _is_alone(islands, row))):
        return False
    height = islands.height[row]
    if counts.sum() < _SHORT and height.max() > _SHORT_HEIGHT * max(islands.ink.shape):
        return False
    shape = islands.width[row] / height
    share = islands.area[row] / (islands.width[row] * height)
    holes = _hole_shares(islands, row)
    alike = [abs(measure[0] - measure[-1]) <= _DIFFERS * max(1, measure[0]) for measure in (shape, share, holes)]
    if counts.max() > 1 and len(row) <= _LEAST_ALONE:
        return len(row) == 1 or not all(alike)  # two eyes with lashes
    if letters.is_stroke[row].mean() > strokes:
        return False
    if max(np.ptp(shape), np.ptp(share), np.ptp(holes)) <= _DIFFERS and np.ptp(_hole_counts(islands, row)) == 0:
        return False
    is_face = len(row) == _LEAST_ROW and all(alike[:2]) and holes[0] > 0 and holes[-1] > 0 and holes[1] == 0
    return not is_face


def _stand_close(islands: InkIslands | InkPieces, row: Index) -> bool:
    """Whether the first two of a row stand as close as letters of one word."""
    if len(row) < _LEAST_ALONE:
        return False
    gap = islands.left[row[1]] - islands.left[row[0]] - islands.width[row[0]]
    return bool(gap <= _CLOSE * islands.height[row].max())


def _is_alone(islands: InkIslands, row: Index) -> bool:
    """Whether the piece of paper of two letters holds nothing else but marks."""
    height = int(islands.height[row].max())
    others = islands.lies_on == islands.lies_on[row[0]]
    others[row], others[0] = False, False
    return bool((islands.width[others] * islands.height[others] < height * height / 2).all())


def _hole_shares(islands: InkIslands, row: Index) -> F64:
    """Which share of each of the islands of a row, holes included, is holes."""
    holes = [float(islands.paper_area[islands.enclosed_by == island].sum()) for island in row.tolist()]
    return np.array(holes) / (islands.area[row] + holes)


def _hole_counts(islands: InkIslands, row: Index) -> Index:
    """How many holes each of the islands of a row has, specks aside: B has two, O has one."""
    holes = [islands.paper_area[islands.enclosed_by == island] for island in row.tolist()]
    least = _LEAST_HOLE * islands.area[row]
    return np.array([np.count_nonzero(area >= limit) for area, limit in zip(holes, least, strict=True)])


def _row(islands: InkIslands, row: Index, part: int) -> LetterRow:
    return LetterRow(
        letters=row,
        lies_on=part,
        left=int(islands.left[row].min()),
        top=int(islands.top[row].min()),
        right=int((islands.left[row] + islands.width[row]).max()),
        bottom=int((islands.top[row] + islands.height[row]).max()),
        is_outlined=bool((_hole_shares(islands, row) > _OUTLINED).all()),
    )
