"""Holds what is known of one frame while the frames of its sequence are compared: small, whatever the picture's size.

A frame is kept as a map of its areas with a longer side of 384 px at most and the hints that lie in them, a few
kilobytes as JSON. Shapes, places and neighbours are measured on the map; lengths are shares of its longer side.
"""

import base64
import json
import zlib
from typing import NamedTuple

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F64, U8, Index, Labels, Mask
from pipelines.core.imaging.picture import HINT_ALPHA
from pipelines.flatting.areas import AreaMap
from pipelines.flatting.hint_spots import read_hints
from pipelines.segmentation.label_maps import runs_of
from pipelines.segmentation.line_mask import line_mask_of, shrunk_shape

_MAP_SIZE = 256  # px, the longer side at most
_MOST_AREAS = 600  # the largest areas, which alone are compared


class FrameHint(NamedTuple):
    """A hint in an area."""

    area: int
    colour: tuple[int, int, int]
    weight: float  # share of the picture
    x: float  # 0..1, across the box of the area
    y: float


class FrameInfo(NamedTuple):
    """What is remembered of a frame."""

    size: F64  # (n + 1,), px of the map; 0 for areas that are not compared
    outside: Mask  # (n + 1,), which may be paper outside the figure
    open: Index  # (pairs, 2), areas that meet over paper, where lines have a gap
    spots: tuple[FrameHint, ...]
    by_hand: bool  # whether the hints are a person's, which decide where they lie


class Frame(NamedTuple):
    """One frame."""

    labels: Labels  # (h, w), the areas' numbers, those of the picture at full size
    about: FrameInfo


class AreaShapes(NamedTuple):
    """What the areas 1..n of a frame look like; size is 0 for areas that are not compared."""

    labels: Labels  # (h, w)
    outside: Mask  # (n + 1,)
    size: F64  # (n + 1,), px of the map
    centre: F64  # (n + 1, 2), x and y
    sides: F64  # (n + 1, 2), of the upright box
    spread: F64  # (n + 1, 3), variances of x and y, covariance
    touching: Mask  # (n + 1, n + 1), which areas share a border
    middle: F64  # (2,), of the figure
    reach: float  # of the figure: root mean square distance from its middle


def survey(lines: U8, areas: AreaMap, hints: U8, *, by_hand: bool = True) -> Frame:
    """Note down a drawing's areas, and hints, uint8 RGBA (H, W, 4), on it; lines: uint8 (H, W), 0 = ink."""
    height, width = shrunk_shape(lines.shape, _MAP_SIZE)
    small = cv2.resize(areas.labels, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    spots = _spots(lines, areas.labels, hints) if (hints[..., 3] >= HINT_ALPHA).any() else ()
    labels = np.asarray(small, np.int32)
    return Frame(labels, FrameInfo(_sizes(labels, len(areas.outside)), areas.outside, areas.open, spots, by_hand))


def _sizes(labels: Labels, count: int) -> F64:
    size = np.bincount(labels.reshape(-1), minlength=count).astype(np.float64)
    size[0] = 0
    size[np.argsort(-size, kind="stable")[_MOST_AREAS:]] = 0  # of equals the first are kept
    return size


def _spots(lines: U8, labels: Labels, hints: U8) -> tuple[FrameHint, ...]:
    found = read_hints(hints, lines, labels, line_mask_of(lines))
    boxes = boxes_of(labels)
    spots = []
    for colour, area, px, x, y in zip(found.colour, found.region, found.area, found.x, found.y, strict=True):
        left, top, right, bottom = boxes[area].tolist()
        place = (x - left + 0.5) / (right - left + 1), (y - top + 0.5) / (bottom - top + 1)
        red, green, blue = found.colours[colour].tolist()
        spots.append(
            FrameHint(int(area), (red, green, blue), float(px) / labels.size, float(place[0]), float(place[1]))
        )
    return tuple(spots)


def boxes_of(labels: Labels) -> Index:
    """Return the box of each label, (n + 1, 4): left, top, right, bottom, the last ones included."""
    row, first, last, label = runs_of(labels)
    boxes = np.zeros((int(labels.max(initial=0)) + 1, 4), np.intp)
    boxes[:, :2] = max(labels.shape)
    for side, places in ((0, first), (1, row)):
        np.minimum.at(boxes[:, side], label, places)
    for side, places in ((2, last), (3, row)):
        np.maximum.at(boxes[:, side], label, places)
    return boxes


def encode(frame: Frame) -> bytes:
    """Turn a frame into JSON, the same bytes for the same frame."""
    packed = zlib.compress(np.ascontiguousarray(frame.labels, "<i4").tobytes(), 6)
    content = {
        "shape": frame.labels.shape,
        "labels": base64.b64encode(packed).decode("ascii"),
        "areas": len(frame.about.outside),
        "outside": np.flatnonzero(frame.about.outside).tolist(),
        "open": frame.about.open.tolist(),
        "by_hand": frame.about.by_hand,
        "spots": [[spot.area, list(spot.colour), *(round(v, 6) for v in spot[2:])] for spot in frame.about.spots],
    }
    return json.dumps(content).encode("ascii")


def decode(data: bytes) -> Frame:
    """Turn JSON that `encode` wrote into the frame."""
    content = json.loads(data)
    raw = zlib.decompress(base64.b64decode(content["labels"]))
    outside = np.zeros(content["areas"], bool)
    outside[content["outside"]] = True
    labels = np.frombuffer(raw, "<i4").reshape(content["shape"]).astype(np.int32)
    spots = tuple(FrameHint(area, tuple(colour), *rest) for area, colour, *rest in content["spots"])
    pairs = np.array(content["open"], np.intp).reshape(-1, 2)
    return Frame(labels, FrameInfo(_sizes(labels, len(outside)), outside, pairs, spots, content["by_hand"]))


def compared_areas(frame: FrameInfo) -> Index:
    """Return the numbers of the areas to compare, (k + 1,), ascending, after 0: all, or the largest of very many."""
    count = len(frame.size)
    return np.arange(count) if count <= _MOST_AREAS + 1 else np.append(0, np.flatnonzero(frame.size))


def select_areas(frame: Frame, numbers: Index) -> Frame:
    """Return a frame's areas with these numbers, (k + 1,), alone, numbered 0..k in their order; the others become 0.

    Hints and open borders are left out.
    """
    labels, about = frame.labels, frame.about
    table = np.zeros(len(about.size), np.int32)
    table[numbers] = np.arange(len(numbers))
    nothing = np.zeros((0, 2), np.intp)
    return Frame(table[labels], FrameInfo(about.size[numbers], about.outside[numbers], nothing, (), about.by_hand))


def measure_shapes(frame: Frame) -> AreaShapes:
    """Measure the areas of a frame; what it holds grows with the square of their number."""
    labels, (size, outside, *_) = frame.labels, frame.about
    unit, count = max(labels.shape), len(size)
    flat = labels.reshape(-1)
    rows, columns = np.indices(labels.shape).reshape(2, -1) / unit
    whole = np.maximum(np.bincount(flat, minlength=count), 1)
    moments = [
        np.bincount(flat, values, count) / whole
        for values in (columns, rows, columns * columns, rows * rows, columns * rows)
    ]
    x, y = moments[:2]
    spread = np.column_stack([moments[2] - x * x, moments[3] - y * y, moments[4] - x * y])
    boxes = boxes_of(labels)
    sides = np.zeros((count, 2))
    sides[: len(boxes)] = np.maximum(boxes[:, 2:] - boxes[:, :2] + 1, 1) / unit
    middle, reach = _figure(outside, (size, np.column_stack([x, y]), spread))
    touching = _touching(labels, count)
    return AreaShapes(
        labels, outside, size, np.column_stack([x, y]), sides, np.maximum(spread, -1), touching, middle, reach
    )


def _figure(outside: Mask, known: tuple[F64, F64, F64]) -> tuple[F64, float]:
    """Return the middle, (2,), and the reach of what is not outside, or of everything where nothing is inside."""
    size, centre, spread = known
    weight = np.where(outside, 0, size)
    weight = weight if weight.any() else np.maximum(size, 1e-9)
    middle = np.average(centre, axis=0, weights=weight)
    square = np.average(((centre - middle) ** 2).sum(axis=1) + spread[:, :2].sum(axis=1), weights=weight)
    return middle, float(max(square, 1e-6) ** 0.5)


def _touching(labels: Labels, count: int) -> Mask:
    touching = np.zeros((count, count), bool)
    for one, other in ((labels[:, 1:], labels[:, :-1]), (labels[1:], labels[:-1])):
        apart = one != other
        touching[one[apart], other[apart]] = True
    touching |= touching.T
    return touching
