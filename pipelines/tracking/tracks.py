"""Follows the areas of line art from frame to frame, so that the same region of a character is known again.

Two frames' areas i and j are compared by

    s(i, j) = a IoU(i moved, j) + b exp(-dissimilarity) + c exp(-(d / r)^2) + e N(i, j)

IoU: overlap over union of i, moved by the motion around it, and j. dissimilarity: sum of |log ratio| of area and sides
of the box and of the difference in slant. d: how far j lies from where i is expected, r: half of i's extent and some of
the figure's. N: the share of i's neighbours whose matches are j's. The motion is that of the whole figure first; then
each area moves as those around it were found to. Pairs are taken greedily, best first, each area once, in a few rounds
of this relaxation. What is left over is compared with older frames, so that an eye that blinked is the same eye; frames
that have little in common are not compared. Of areas that meet in a gap of the lines, the one left over goes with the
other. An area that is enclosed in one frame and runs off the page in another is matched last, by overlap alone.

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

_IOU, _SIMILARITY, _CLOSENESS, _NEIGHBOURS = 0.35, 0.25, 0.2, 0.2  # weights
_LEAST = 0.36  # score of a match
_INSIDE = 0.7  # share of the smaller of two areas in the other: what is left over is matched
_OFF_PAGE = 0.4  # overlap over union of an area that runs off the page in one of two frames
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
    tracks_of_frames: list[Index] = []
    count = 0
    for frame in frames:
        numbers = compared_areas(frame.info)
        shapes = measure_shapes(select_areas(frame, numbers))
        tracks = np.full(len(frame.info.size), UNTRACKED, np.intp)
        tracks[numbers] = _recognise(shapes, seen)
        _join_open(tracks, frame.info)
        new = np.flatnonzero((tracks == UNTRACKED) & (frame.info.size > 0))
        tracks[new] = count + np.arange(len(new))
        count += len(new)
        seen.append(_TrackedFrame(shapes, tracks[numbers]))
        tracks_of_frames.append(tracks)
    return tracks_of_frames


def _recognise(shapes: AreaShapes, seen: deque[_TrackedFrame]) -> Index:
    """Return the tracks, (n + 1,), of those areas that one of the frames seen has, the newest first."""
    tracks = np.full(len(shapes.size), UNTRACKED, np.intp)
    strangers = 0
    for older in reversed(seen):
        settled = _same_track(older.tracks, tracks)
        free = ~settled.any(axis=1) & (older.shapes.size > 0), (tracks == UNTRACKED) & (shapes.size > 0)
        if not free[0].any() or not free[1].any():
            continue
        matches = match_areas(older.shapes, shapes, settled=settled, free=free)
        if not show_same_figure(older.shapes, shapes, settled | matches):
            strangers += 1
            if strangers == _STRANGERS:
                break
            continue
        matched_older, matched = np.nonzero(matches)
        tracks[matched] = older.tracks[matched_older]
    return tracks


def _same_track(earlier: Index, later: Index) -> Mask:
    """Return which areas have the same track already, (n + 1, m + 1)."""
    return np.asarray((earlier[:, None] == later) & (later != UNTRACKED))


def _join_open(tracks: Index, frame: FrameInfo) -> None:
    """Let areas without a track take that of the largest followed area that they meet over paper, in place."""
    hinted = {hint.area for hint in frame.hints}
    order = sorted(map(tuple, frame.open.tolist()), key=lambda pair: -min(frame.size[list(pair)]))
    for pair in order:
        for area, neighbour in (pair, pair[::-1]):
            is_left_over = tracks[area] == UNTRACKED and frame.size[area] > 0 and area not in hinted
            if is_left_over and tracks[neighbour] != UNTRACKED and frame.outside[area] == frame.outside[neighbour]:
                tracks[area] = tracks[neighbour]


def match_areas(earlier: AreaShapes, later: AreaShapes, *, settled: Mask, free: tuple[Mask, Mask]) -> Mask:
    """Return which of the free areas of two frames are the same, (n + 1, m + 1), each in earlier pair at most.

    settled: (n + 1, m + 1), pairs that are matched already: they tell of the motion.
    """
    similarity = _similarity(earlier, later)
    allowed = free[0][:, None] & free[1] & (earlier.outside[:, None] == later.outside)
    pairs, is_settled = settled, bool(settled.any())
    for turn in range(1 if is_settled else _ROUNDS):
        shift = _expected_motion(earlier, later, pairs) if turn or is_settled else _figure_shift(earlier, later)
        score = (
            _IOU * _iou(earlier, later, shift)
            + _SIMILARITY * similarity
            + _CLOSENESS * _closeness(earlier, later, shift)
        )
        if turn or is_settled:
            score += _NEIGHBOURS * _neighbour_agreement(earlier, later, pairs)
        else:
            score /= 1 - _NEIGHBOURS
        pairs = settled | _pair_up(np.where(allowed, score, 0), _LEAST)
    left = allowed & ~(pairs.any(axis=1, keepdims=True) | pairs.any(axis=0, keepdims=True))
    inside = _containment(earlier, later, _expected_motion(earlier, later, pairs))
    score = np.where(left & (inside >= _INSIDE), inside + _neighbour_agreement(earlier, later, pairs), 0)
    pairs |= _pair_up(score, _INSIDE)
    pairs |= _match_off_page(earlier, later, pairs, free)
    return pairs & ~settled


def _match_off_page(earlier: AreaShapes, later: AreaShapes, pairs: Mask, free: tuple[Mask, Mask]) -> Mask:
    """Return pairs of what is left over, where one may be outside the figure and the other not, (n + 1, m + 1).

    A coat that is closed in one frame and runs off the page in another is the same coat, if it lies where it lay; the
    paper outside has its own partner by then.
    """
    left = free[0][:, None] & free[1] & (earlier.outside[:, None] != later.outside)
    left &= ~(pairs.any(axis=1, keepdims=True) | pairs.any(axis=0, keepdims=True))
    if not left.any():
        return np.zeros_like(pairs)
    shift = _expected_motion(earlier, later, pairs)
    iou, inside = _iou(earlier, later, shift), _containment(earlier, later, shift)
    return _pair_up(np.where(left & (iou >= _OFF_PAGE) & (inside >= _INSIDE), iou, 0), _OFF_PAGE)


def show_same_figure(earlier: AreaShapes, later: AreaShapes, pairs: Mask) -> bool:
    """Tell whether two frames with these areas in common, (n + 1, m + 1), show the same figure.

    They do where overlap, likeness and agreement of neighbours, on average over the areas of the figure, come to 0.17;
    of walking monsters 95 in 100 pairs reach 0.25, of different monsters 95 in 100 do not reach 0.13.
    """
    inside = ~later.outside & (later.size > 0)
    matched = np.nonzero(pairs & inside)
    measures = (
        _iou(earlier, later, _expected_motion(earlier, later, pairs)),
        _similarity(earlier, later),
        _neighbour_agreement(earlier, later, pairs),
    )
    total = sum(float(measure[matched].sum()) for measure in measures)
    return total >= _AKIN * len(measures) * max(int(inside.sum()), 1) or not inside.any()


def _figure_shift(earlier: AreaShapes, later: AreaShapes) -> F64:
    """Return how far the figure moved, (n + 1, 2): not at all, or with its middle, whichever fits better."""
    shifts = np.array([(0.0, 0.0), later.figure_centre - earlier.figure_centre])
    inside = ~later.outside & (later.size > 0)
    overlaps = [
        _moved_intersections(earlier, later, np.broadcast_to(shift, earlier.centre.shape))[~earlier.outside][:, inside]
        for shift in shifts
    ]
    best = int(np.argmax([float((counts**2).sum()) for counts in overlaps]))
    return np.broadcast_to(shifts[best], earlier.centre.shape)


def _moved_intersections(earlier: AreaShapes, later: AreaShapes, shift: F64) -> F64:
    """Return how many px of each area of earlier, moved by its shift, (n + 1, 2), lie on each of the later."""
    (height, width), unit = earlier.labels.shape, max(earlier.labels.shape)
    px = np.rint(shift * unit).astype(np.intp)
    labels = earlier.labels.reshape(-1)
    rows, columns = np.divmod(np.arange(height * width), width)
    scale = max(later.labels.shape) / unit
    x, y = columns + px[labels, 0], rows + px[labels, 1]
    if scale != 1:
        x, y = np.floor(x * scale).astype(np.intp), np.floor(y * scale).astype(np.intp)
    lands = (x >= 0) & (y >= 0) & (x < later.labels.shape[1]) & (y < later.labels.shape[0])
    count = len(later.size)
    key = labels[lands].astype(np.intp) * count + later.labels[y[lands], x[lands]]
    return np.bincount(key, minlength=len(earlier.size) * count).reshape(-1, count).astype(np.float64)


def _iou(earlier: AreaShapes, later: AreaShapes, shift: F64) -> F64:
    """Return the overlap over the union of each area of earlier, moved, and each of the later, (n + 1, m + 1), 0..1."""
    counts = _moved_intersections(earlier, later, shift)
    union = earlier.size[:, None] + later.size - counts
    return np.asarray(counts / np.maximum(union, 1))


def _containment(earlier: AreaShapes, later: AreaShapes, shift: F64) -> F64:
    """Return which share of the smaller of two areas lies in the later, (n + 1, m + 1), 0..1."""
    smaller = np.minimum(earlier.size[:, None], later.size)
    return np.asarray(_moved_intersections(earlier, later, shift) / np.maximum(smaller, 1))


def _similarity(earlier: AreaShapes, later: AreaShapes) -> F64:
    """Return how alike areas are in size and shape, (n + 1, m + 1), 0..1."""
    dissimilarity = np.abs(_logarithm(earlier.size)[:, None] - _logarithm(later.size))
    for side in (0, 1):
        dissimilarity += 0.5 * np.abs(
            _logarithm(earlier.box_size[:, side])[:, None] - _logarithm(later.box_size[:, side])
        )
    dissimilarity += np.abs(_slant(earlier)[:, None] - _slant(later))
    return np.asarray(np.exp(-dissimilarity))


def _logarithm(values: F64) -> F64:
    return np.log(np.maximum(values, 1e-6))


def _slant(shapes: AreaShapes) -> F64:
    """The correlation of x and y over each area, (n + 1,), -1..1."""
    deviation = np.sqrt(np.maximum(shapes.moments[:, 0] * shapes.moments[:, 1], 1e-12))
    return np.asarray(np.clip(shapes.moments[:, 2] / deviation, -1, 1))


def _closeness(earlier: AreaShapes, later: AreaShapes, shift: F64) -> F64:
    """Return how near areas are to where they are expected, (n + 1, m + 1), 0..1."""
    expected = earlier.centre + shift
    square = ((expected[:, None] - later.centre) ** 2).sum(axis=2)
    radius = 0.5 * np.sqrt(np.maximum(earlier.moments[:, :2].sum(axis=1), 0)) + _STRAY * earlier.figure_radius
    return np.asarray(np.exp(-square / radius[:, None] ** 2))


def _expected_motion(earlier: AreaShapes, later: AreaShapes, pairs: Mask) -> F64:
    """Return how far each area is expected to move, (n + 1, 2): as the pairs around it do, and a little as all do."""
    matched, partners = np.nonzero(pairs)
    if not len(matched):
        return _figure_shift(earlier, later)
    moves = later.centre[partners] - earlier.centre[matched]
    inside = ~earlier.outside[matched]
    size_weight = np.sqrt(earlier.size[matched]) * np.where(inside, 1.0, 1e-6)
    squared = ((earlier.centre[:, None] - earlier.centre[matched]) ** 2).sum(axis=2) / (
        _AROUND * earlier.figure_radius
    ) ** 2
    weight = size_weight * (np.exp(-squared / 2) + 1e-3)
    weight[matched, np.arange(len(matched))] *= 0.5  # others tell more of whether a match is right than itself
    return np.asarray(weight @ moves / weight.sum(axis=1, keepdims=True))


def _neighbour_agreement(earlier: AreaShapes, later: AreaShapes, pairs: Mask) -> F64:
    """Return the share of the neighbours of i that are matched to neighbours of j, (n + 1, m + 1), 0..1."""
    here, there = earlier.adjacent.astype(np.float64), later.adjacent.astype(np.float64)
    agreeing = here @ pairs.astype(np.float64) @ there
    neighbours = np.maximum(here.sum(axis=1)[:, None], there.sum(axis=1))
    return np.asarray(agreeing / np.maximum(neighbours, 1))


def _pair_up(score: F64, least: float) -> Mask:
    """Return pairs, best first, each row and column once, of those that score enough; of equals the first."""
    rows, columns = np.nonzero(score >= least)
    chosen = np.zeros(score.shape, bool)
    used_rows, used_columns = np.zeros(score.shape[0], bool), np.zeros(score.shape[1], bool)
    for pair in np.lexsort((columns, rows, -score[rows, columns])):
        row, column = rows[pair], columns[pair]
        if not used_rows[row] and not used_columns[column]:
            chosen[row, column] = used_rows[row] = used_columns[column] = True
    return chosen
