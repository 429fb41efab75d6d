"""Holds what is known of one frame while the frames of its sequence are compared: small, whatever the picture's size.

A frame is kept as a map of its areas with a longer side of 256 px at most and the hints that lie in them, a few
kilobytes as JSON. Shapes, places and neighbours are measured on the map; lengths are shares of its longer side.
"""

import base64
import json
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from pipelines.core.imaging.arrays import F64, U8, Index, Labels, Mask
from pipelines.core.imaging.colours import Rgb, as_rgb
from pipelines.core.imaging.picture import HINT_ALPHA
from pipelines.flatting.areas import AreaMap
from pipelines.flatting.hint_spots import read_hints
from pipelines.segmentation.label_maps import label_boxes, resize_labels
from pipelines.segmentation.line_mask import line_mask_of, shrunk_shape

_MAP_SIZE = 256  # px, the longer side at most
_MOST_AREAS = 600  # the largest areas, which alone are compared


class FrameHint(NamedTuple):
    """A hint in an area."""

    area: int
    colour: Rgb
    weight: float  # share of the picture
    place: tuple[float, float] | None  # x and y, 0..1 across the box of the area; None: where the area is widest


class FrameInfo(NamedTuple):
    """What is remembered of a frame."""

    size: F64  # (n + 1,), px of the map; 0 for areas that are not compared
    outside: Mask  # (n + 1,), which may be paper outside the figure
    open: Index  # (pairs, 2), areas that meet over paper, where lines have a gap
    hints: tuple[FrameHint, ...]
    by_hand: bool  # whether the hints are a person's, which decide where they lie


class Frame(NamedTuple):
    """One frame."""

    labels: Labels  # (h, w), the areas' numbers, those of the picture at full size
    info: FrameInfo


class AreaShapes(NamedTuple):
    """What the areas 1..n of a frame look like; size is 0 for areas that are not compared."""

    labels: Labels  # (h, w)
    outside: Mask  # (n + 1,)
    size: F64  # (n + 1,), px of the map
    centre: F64  # (n + 1, 2), x and y
    box_size: F64  # (n + 1, 2), width and height
    moments: F64  # (n + 1, 3), variances of x and y, covariance
    adjacent: Mask  # (n + 1, n + 1), which areas share a border
    figure_centre: F64  # (2,)
    figure_radius: float  # root mean square distance from its centre


def survey(lines: U8, areas: AreaMap, hints: U8, *, by_hand: bool = True) -> Frame:
    """Note down a drawing's areas, and hints, uint8 RGBA (H, W, 4), on it; lines: uint8 (H, W), 0 = ink."""
    height, width = shrunk_shape(lines.shape, _MAP_SIZE)
    labels = resize_labels(areas.labels, (height, width))
    frame_hints = _read_hints(lines, areas.labels, hints) if (hints[..., 3] >= HINT_ALPHA).any() else ()
    size = _sizes(labels, len(areas.outside))
    return Frame(labels, FrameInfo(size, areas.outside, areas.open, frame_hints, by_hand))


def _sizes(labels: Labels, count: int) -> F64:
    size = np.bincount(labels.reshape(-1), minlength=count).astype(np.float64)
    size[0] = 0
    size[np.argsort(-size, kind="stable")[_MOST_AREAS:]] = 0  # of equals the first are kept
    return size


def _read_hints(lines: U8, labels: Labels, hints: U8) -> tuple[FrameHint, ...]:
    spots, boxes = read_hints(hints, lines, labels, line_mask_of(lines)), label_boxes(labels)
    frame_hints = []
    for colour, area, px, x, y in zip(spots.colour, spots.region, spots.area, spots.x, spots.y, strict=True):
        rows, columns = boxes.window(area)
        across = (x - columns.start + 0.5) / (columns.stop - columns.start)
        down = (y - rows.start + 0.5) / (rows.stop - rows.start)
        place = float(across), float(down)
        frame_hints.append(FrameHint(int(area), as_rgb(spots.colours[colour]), float(px) / labels.size, place))
    return tuple(frame_hints)


def encode(frame: Frame) -> bytes:
    """Turn a frame into JSON, the same bytes for the same frame."""
    packed = zlib.compress(np.ascontiguousarray(frame.labels, "<i4").tobytes(), 6)
    content = {
        "shape": frame.labels.shape,
        "labels": base64.b64encode(packed).decode("ascii"),
        "areas": len(frame.info.outside),
        "outside": np.flatnonzero(frame.info.outside).tolist(),
        "open": frame.info.open.tolist(),
        "by_hand": frame.info.by_hand,
        "spots": [_listed(hint) for hint in frame.info.hints],
    }
    return json.dumps(content).encode("ascii")


def _listed(hint: FrameHint) -> list[object]:
    numbers = (hint.weight, *(hint.place or ()))
    return [hint.area, list(hint.colour), *(round(number, 6) for number in numbers)]


def _from_list(listed: Sequence[Any]) -> FrameHint:
    area, (red, green, blue), weight, *place = listed
    return FrameHint(area, (red, green, blue), weight, (place[0], place[1]) if place else None)


def decode(data: bytes) -> Frame:
    """Turn JSON that `encode` wrote into the frame."""
    content = json.loads(data)
    pixels = zlib.decompress(base64.b64decode(content["labels"]))
    outside = np.zeros(content["areas"], bool)
    outside[content["outside"]] = True
    labels = np.frombuffer(pixels, "<i4").reshape(content["shape"]).astype(np.int32)
    hints = tuple(_from_list(listed) for listed in content["spots"])
    open_pairs = np.array(content["open"], np.intp).reshape(-1, 2)
    return Frame(labels, FrameInfo(_sizes(labels, len(outside)), outside, open_pairs, hints, content["by_hand"]))


def compared_areas(frame: FrameInfo) -> Index:
    """Return the numbers of the areas to compare, (k + 1,), ascending, after 0: all, or the largest of very many."""
    count = len(frame.size)
    return np.arange(count) if count <= _MOST_AREAS + 1 else np.append(0, np.flatnonzero(frame.size))


def select_areas(frame: Frame, numbers: Index) -> Frame:
    """Return a frame's areas with these numbers, (k + 1,), alone, numbered 0..k in their order; the others become 0.

    Hints and open borders are left out.
    """
    labels, info = frame.labels, frame.info
    table = np.zeros(len(info.size), np.int32)
    table[numbers] = np.arange(len(numbers))
    no_pairs = np.zeros((0, 2), np.intp)
    return Frame(table[labels], FrameInfo(info.size[numbers], info.outside[numbers], no_pairs, (), info.by_hand))


def measure_shapes(frame: Frame) -> AreaShapes:
    """Measure the areas of a frame; what it holds grows with the square of their number."""
    labels, size, outside = frame.labels, frame.info.size, frame.info.outside
    centre, moments = _moments(labels, len(size))
    figure_centre, figure_radius = _measure_figure(outside, size, centre, moments)
    return AreaShapes(
        labels=labels,
        outside=outside,
        size=size,
        centre=centre,
        box_size=_box_sizes(labels, len(size)),
        moments=np.maximum(moments, -1),
        adjacent=_adjacent(labels, len(size)),
        figure_centre=figure_centre,
        figure_radius=figure_radius,
    )


def _moments(labels: Labels, count: int) -> tuple[F64, F64]:
    """Return the centre, (count, 2), and the variances and covariance, (count, 3), of each label's pixels."""
    flat = labels.reshape(-1)
    rows, columns = np.indices(labels.shape).reshape(2, -1) / max(labels.shape)
    pixels = np.maximum(np.bincount(flat, minlength=count), 1)
    x, y, xx, yy, xy = (
        np.bincount(flat, values, count) / pixels
        for values in (columns, rows, columns * columns, rows * rows, columns * rows)
    )
    return np.column_stack([x, y]), np.column_stack([xx - x * x, yy - y * y, xy - x * y])


def _box_sizes(labels: Labels, count: int) -> F64:
    """Return the width and height of each label's box, (count, 2); 0 for labels greater than any that is there."""
    boxes = label_boxes(labels)
    sizes = np.zeros((count, 2))
    widths, heights = boxes.right - boxes.left, boxes.bottom - boxes.top
    sizes[: len(boxes.top)] = np.maximum(np.column_stack([widths, heights]), 1) / max(labels.shape)
    return sizes


def _measure_figure(outside: Mask, size: F64, centre: F64, moments: F64) -> tuple[F64, float]:
    """Return the centre, (2,), and the radius of what is not outside, or of everything where nothing is inside."""
    weight = np.where(outside, 0, size)
    weight = weight if weight.any() else np.maximum(size, 1e-9)
    figure_centre = np.average(centre, axis=0, weights=weight)
    off = ((centre - figure_centre) ** 2).sum(axis=1)
    square = np.average(off + moments[:, :2].sum(axis=1), weights=weight)
    return figure_centre, float(max(square, 1e-6) ** 0.5)


def _adjacent(labels: Labels, count: int) -> Mask:
    adjacent = np.zeros((count, count), bool)
    for here, there in ((labels[:, 1:], labels[:, :-1]), (labels[1:], labels[:-1])):
        differs = here != there
        adjacent[here[differs], there[differs]] = True
    adjacent |= adjacent.T
    return adjacent
