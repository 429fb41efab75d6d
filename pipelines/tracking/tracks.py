"""Follows the areas of line art from frame to frame, so that the same region of a character is known again.

Two frames' areas i and j are compared by

    s(i, j) = a IoU(i moved, j) + b exp(-unlikeness) + c exp(-(d / r)^2) + e N(i, j)

IoU: overlap over union of i, moved by the motion around it, and j. unlikeness: sum of |log ratio| of area and sides of
the box and of the difference in slant. d: how far j lies from where i is expected, r: half of i's extent and some of
the figure's. N: the share of i's neighbours whose matches are j's. The motion is that of the whole figure first; then
each area moves as those around it were found to. Pairs are taken greedily, best first, each area once, in a few rounds
of this relaxation. What is left over is compared with older frames, so that an eye that blinked is the same eye; frames
that have little in common are not compared. Of areas that meet in a gap of the lines, the one left over goes with the
other.

Sources: S.-H. Zhang, T. Chen, Y.-F. Zhang, S.-M. Hu, R. R. Martin, "Vectorizing Cartoon Animations", IEEE TVCG 15(4),
2009 (areas of neighbouring frames by overlap); H. Zhu, X. Liu, T.-T. Wong, P.-A. Heng, "Globally Optimal Toon
Tracking", ACM TOG 35(4), 2016 (shape, place and neighbours; reappearing areas).
"""

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from pipelines.core.imaging.arrays import F64, Index, Mask
from pipelines.tracking.frames import AreaShapes, Frame, FrameInfo, compared_areas, measure_shapes, select_areas

UNTRACKED = -1
"""The track of an area that is not followed: too small, or not there."""

_OVERLAP, _LIKENESS, _PLACE, _NEIGHBOURS = 0.35, 0.25, 0.2, 0.2  # weights
_LEAST = 0.36  # score of a match
_INSIDE = 0.7  # share of the smaller of two areas in the other: what is left over is matched
_ROUNDS = 3
_AROUND = 0.35  # of the figure's reach: how far the motion of other areas tells of an area's own
_STRAY = 0.12  # of the figure's reach: how far an area may be from where it is expected
_AKIN = 0.17
_STRANGERS = 3  # frames that show something else, after which no older one is looked at
_OLDER = 12  # frames back in which an area is looked for that is new


class _TrackedFrame(NamedTuple):
    """A frame that was followed: those of its areas that are compared."""

    shapes: AreaShapes
    tracks: Index  # (k + 1,)


def track_areas(frames: Iterable[Frame]) -> list[Index]:
    """Return for each frame of a sequence its areas' tracks, (n + 1,), numbered from 0 in order of appearance."""
    seen: deque[_TrackedFrame] = deque(maxlen=_OLDER)
    found: list[Index] = []
    count = 0
    for frame in frames:
        numbers = compared_areas(frame.about)
        shapes = measure_shapes(select_areas(frame, numbers))
        tracks = np.full(len(frame.about.size), UNTRACKED, np.intp)
        tracks[numbers] = _known_again(shapes, seen)
        _join_open(tracks, frame.about)
        new = np.flatnonzero((tracks == UNTRACKED) & (frame.about.size > 0))
        tracks[new] = count + np.arange(len(new))
        count += len(new)
        seen.append(_TrackedFrame(shapes, tracks[numbers]))
        found.append(tracks)
    return found


def _known_again(shapes: AreaShapes, seen: deque[_TrackedFrame]) -> Index:
    """Return the tracks, (n + 1,), of those areas that one of the frames seen has, the newest first."""
    tracks = np.full(len(shapes.size), UNTRACKED, np.intp)
    strangers = 0
    for older in reversed(seen):
        known = _same(older.tracks, tracks)
        free = ~known.any(axis=1) & (older.shapes.size > 0), (tracks == UNTRACKED) & (shapes.size > 0)
        if not free[0].any() or not free[1].any():
            continue
        matches = match_areas(older.shapes, shapes, known=known, free=free)
        if not show_same_figure(older.shapes, shapes, known | matches):
            strangers += 1
            if strangers == _STRANGERS:
                break
            continue
        ones, others = np.nonzero(matches)
        tracks[others] = older.tracks[ones]
    return tracks


def _same(one: Index, other: Index) -> Mask:
    """Which areas have the same track already, (n + 1, m + 1)."""
    return np.asarray((one[:, None] == other) & (other != UNTRACKED))


def _join_open(tracks: Index, frame: FrameInfo) -> None:
    """Let areas without a track take that of the largest followed area that they meet over paper, in place."""
    hinted = {spot.area for spot in frame.spots}
    order = sorted(map(tuple, frame.open.tolist()), key=lambda pair: -min(frame.size[list(pair)]))
    for pair in order:
        for one, other in (pair, pair[::-1]):
            alone = tracks[one] == UNTRACKED and frame.size[one] > 0 and one not in hinted
            if alone and tracks[other] != UNTRACKED and frame.outside[one] == frame.outside[other]:
                tracks[one] = tracks[other]


def match_areas(one: AreaShapes, other: AreaShapes, *, known: Mask, free: tuple[Mask, Mask]) -> Mask:
    """Return which of the free areas of two frames are the same, (n + 1, m + 1), each in one pair at most.

    known: (n + 1, m + 1), pairs that are settled: they tell of the motion.
    """
    steady = _likeness(one, other)
    allowed = free[0][:, None] & free[1] & (one.outside[:, None] == other.outside)
    pairs, is_known = known, bool(known.any())
    for turn in range(1 if is_known else _ROUNDS):
        shift = _motion(one, other, pairs) if turn or is_known else _shift(one, other)
        score = _OVERLAP * _overlap(one, other, shift) + _LIKENESS * steady + _PLACE * _place(one, other, shift)
        if turn or is_known:
            score += _NEIGHBOURS * _agreement(one, other, pairs)
        else:
            score /= 1 - _NEIGHBOURS
        pairs = known | _best(np.where(allowed, score, 0), _LEAST)
    left = allowed & ~(pairs.any(axis=1, keepdims=True) | pairs.any(axis=0, keepdims=True))
    inside = _inside(one, other, _motion(one, other, pairs))
    whole = np.where(left & (inside >= _INSIDE), inside + _agreement(one, other, pairs), 0)
    pairs |= _best(whole, _INSIDE)
    return pairs & ~known


def show_same_figure(one: AreaShapes, other: AreaShapes, pairs: Mask) -> bool:
    """Tell whether two frames with these areas in common, (n + 1, m + 1), show the same figure.

    They do where overlap, likeness and agreement of neighbours, on average over the areas of the figure, come to 0.17;
    of walking monsters 95 in 100 pairs reach 0.25, of different monsters 95 in 100 do not reach 0.13.
    """
    inside = ~other.outside & (other.size > 0)
    ones, others = np.nonzero(pairs & inside)
    measures = _overlap(one, other, _motion(one, other, pairs)), _likeness(one, other), _agreement(one, other, pairs)
    total = sum(float(measure[ones, others].sum()) for measure in measures)
    return total >= _AKIN * len(measures) * max(int(inside.sum()), 1) or not inside.any()


def _shift(one: AreaShapes, other: AreaShapes) -> F64:
    """Return how far the figure moved, (n + 1, 2): not at all, or with its middle, whichever fits better."""
    shifts = np.array([(0.0, 0.0), other.middle - one.middle])
    inside = ~other.outside & (other.size > 0)
    together = [
        _moved_counts(one, other, np.broadcast_to(shift, one.centre.shape))[~one.outside][:, inside] for shift in shifts
    ]
    best = int(np.argmax([float((counts**2).sum()) for counts in together]))
    return np.broadcast_to(shifts[best], one.centre.shape)


def _moved_counts(one: AreaShapes, other: AreaShapes, shift: F64) -> F64:
    """Return how many px of each area of one, moved by its shift, (n + 1, 2), lie on each of the other."""
    (height, width), unit = one.labels.shape, max(one.labels.shape)
    px = np.rint(shift * unit).astype(np.intp)
    labels = one.labels.reshape(-1)
    rows, columns = np.divmod(np.arange(height * width), width)
    scale = max(other.labels.shape) / unit
    x, y = columns + px[labels, 0], rows + px[labels, 1]
    if scale != 1:
        x, y = np.floor(x * scale).astype(np.intp), np.floor(y * scale).astype(np.intp)
    there = (x >= 0) & (y >= 0) & (x < other.labels.shape[1]) & (y < other.labels.shape[0])
    many = len(other.size)
    key = labels[there].astype(np.intp) * many + other.labels[y[there], x[there]]
    return np.bincount(key, minlength=len(one.size) * many).reshape(-1, many).astype(np.float64)


def _overlap(one: AreaShapes, other: AreaShapes, shift: F64) -> F64:
    """Return the overlap over the union of each area of one, moved, and each of the other, (n + 1, m + 1), 0..1."""
    counts = _moved_counts(one, other, shift)
    union = one.size[:, None] + other.size - counts
    return np.asarray(counts / np.maximum(union, 1))


def _inside(one: AreaShapes, other: AreaShapes, shift: F64) -> F64:
    """Return which share of the smaller of two areas lies in the other, (n + 1, m + 1), 0..1."""
    smaller = np.minimum(one.size[:, None], other.size)
    return np.asarray(_moved_counts(one, other, shift) / np.maximum(smaller, 1))


def _likeness(one: AreaShapes, other: AreaShapes) -> F64:
    """Return how alike areas are in size and shape, (n + 1, m + 1), 0..1."""
    unlikeness = np.abs(_logarithm(one.size)[:, None] - _logarithm(other.size))
    for side in (0, 1):
        unlikeness += 0.5 * np.abs(_logarithm(one.sides[:, side])[:, None] - _logarithm(other.sides[:, side]))
    unlikeness += np.abs(_slant(one)[:, None] - _slant(other))
    return np.asarray(np.exp(-unlikeness))


def _logarithm(values: F64) -> F64:
    return np.log(np.maximum(values, 1e-6))


def _slant(shapes: AreaShapes) -> F64:
    """The correlation of x and y over each area, (n + 1,), -1..1."""
    deviation = np.sqrt(np.maximum(shapes.spread[:, 0] * shapes.spread[:, 1], 1e-12))
    return np.asarray(np.clip(shapes.spread[:, 2] / deviation, -1, 1))


def _place(one: AreaShapes, other: AreaShapes, shift: F64) -> F64:
    """Return how near areas are to where they are expected, (n + 1, m + 1), 0..1."""
    expected = one.centre + shift
    square = ((expected[:, None] - other.centre) ** 2).sum(axis=2)
    reach = 0.5 * np.sqrt(np.maximum(one.spread[:, :2].sum(axis=1), 0)) + _STRAY * one.reach
    return np.asarray(np.exp(-square / reach[:, None] ** 2))


def _motion(one: AreaShapes, other: AreaShapes, pairs: Mask) -> F64:
    """Return how far each area is expected to move, (n + 1, 2): as the pairs around it do, and a little as all do."""
    ones, others = np.nonzero(pairs)
    if not len(ones):
        return _shift(one, other)
    moves = other.centre[others] - one.centre[ones]
    inside = ~one.outside[ones]
    weight = np.sqrt(one.size[ones]) * np.where(inside, 1.0, 1e-6)
    away = ((one.centre[:, None] - one.centre[ones]) ** 2).sum(axis=2) / (_AROUND * one.reach) ** 2
    near = weight * (np.exp(-away / 2) + 1e-3)
    near[ones, np.arange(len(ones))] *= 0.5  # others tell more of whether a match is right than itself
    return np.asarray(near @ moves / near.sum(axis=1, keepdims=True))


def _agreement(one: AreaShapes, other: AreaShapes, pairs: Mask) -> F64:
    """Return the share of the neighbours of i that are matched to neighbours of j, (n + 1, m + 1), 0..1."""
    here, there = one.touching.astype(np.float64), other.touching.astype(np.float64)
    together = here @ pairs.astype(np.float64) @ there
    most = np.maximum(here.sum(axis=1)[:, None], there.sum(axis=1))
    return np.asarray(together / np.maximum(most, 1))


def _best(score: F64, least: float) -> Mask:
    """Return pairs, best first, each row and column once, of those that score enough; of equals the first."""
    rows, columns = np.nonzero(score >= least)
    chosen = np.zeros(score.shape, bool)
    used = np.zeros(score.shape[0], bool), np.zeros(score.shape[1], bool)
    for place in np.lexsort((columns, rows, -score[rows, columns])):
        row, column = rows[place], columns[place]
        if not used[0][row] and not used[1][column]:
            chosen[row, column] = used[0][row] = used[1][column] = True
    return chosen
