"""Takes colours from a finished picture of another drawing, as of the same figure in another pose (`--reference`).

Nothing lies where it lay, but hair is still at the top and large things are large. Both figures are brought to one
frame, by their middle and their mean distance from it across and down, and an area of the drawing takes the colour c of
the picture with the greatest

    a share(c) + max over patches of c (b IoU + exp(-|log size ratio|) (c' + d exp(-(distance / r)^2)))

share: of the area that c covers; patch: connected pixels of c; distance: between middles,
or once one is mirrored. Paper outside the figure
stays paper.
"""

from typing import NamedTuple

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F64, U8, Index, Labels, Mask
from pipelines.core.imaging.colours import srgb_to_lab
from pipelines.core.imaging.compositing import fit
from pipelines.core.imaging.picture import Picture
from pipelines.flatting.dense_hints import keep_apart
from pipelines.flatting.reading import LineReading
from pipelines.flatting.references.alignment import edges_of
from pipelines.flatting.references.area_colours import fine_areas, ground_of
from pipelines.segmentation.label_maps import map_labels, resize_labels
from pipelines.segmentation.line_mask import shrunk_shape

_SIZE = 512  # px of the longer side at which figures are compared
_SHARE, _IOU, _LIKE, _CLOSE = 0.45, 0.5, 0.15, 0.5  # weights, set by hand on figures in other poses
_MIRRORED = 0.6  # of closeness: what lies as near, mirrored at the middle, such as the other hand
_REACH = 0.25  # of the figure's mean distance from its middle
_INK = 56  # levels: what is as dark is taken for ink
_PAINT = 0.001  # of the figure: colours with less are none of its own
_NEAR = 14.0  # CIELAB: colours no further apart are one, with light and shadow
_MOST_PAINTS = 24
_LEAST_PATCH = 9  # px


class _Frame(NamedTuple):
    """Where a figure is: its middle, and its mean distance from it, px."""

    x: float
    y: float
    across: float
    down: float


class _Patches(NamedTuple):
    """The picture's figure, in patches of one colour."""

    labels: Labels  # (h, w), 0 = none
    paint: Index  # (n + 1,)
    colours: U8  # (k, 3)
    frame: _Frame


class _Shape(NamedTuple):
    """What labels look like in the frame of their figure, (n + 1,) each."""

    size: F64
    x: F64
    y: F64


def hints_by_place(reading: LineReading, reference: Picture) -> U8 | None:
    """Return a colour for each area of a drawing, RGBA (H, W, 4); None where either shows no figure."""
    patches = _patches(fit(reference.over_white(), _SIZE))
    areas, outside, _ = fine_areas(reading)
    inside = ~outside
    inside[0] = False
    small = resize_labels(areas, shrunk_shape(areas.shape, _SIZE))
    if patches is None or not inside[small].any():
        return None
    figure = np.where(inside[small], small, 0).astype(np.int32)
    score = _score(figure, patches, len(outside))
    hints = np.zeros((len(outside), 4), np.uint8)
    hints[inside, :3], hints[inside, 3] = patches.colours[score.argmax(axis=1)][inside], 255
    return keep_apart(map_labels(hints, areas), areas)


def _frame(figure: Mask) -> _Frame:
    rows, columns = np.nonzero(figure)
    x, y = float(columns.mean()), float(rows.mean())
    across, down = float(np.abs(columns - x).mean()), float(np.abs(rows - y).mean())
    return _Frame(x, y, max(across, 1.0), max(down, 1.0))


def _patches(rgb: U8) -> _Patches | None:
    """Divide a picture's figure into patches of one colour each; None where it shows none."""
    figure = ~ground_of(rgb)
    coloured = figure & (rgb.max(axis=2) >= _INK)
    plain = coloured & (edges_of(rgb) == 0)
    colours = _paints(rgb[plain])
    if not len(colours):
        return None
    lab = srgb_to_lab(rgb)[:, :, None] - srgb_to_lab(colours)
    nearest = np.square(lab).sum(axis=-1).argmin(axis=-1)
    labels, paint = np.zeros(nearest.shape, np.int32), [0]
    for number in range(len(colours)):
        mask = np.asarray((nearest == number) & plain, np.uint8)
        _, parts, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4, ltype=cv2.CV_32S)
        large = stats[:, cv2.CC_STAT_AREA] >= _LEAST_PATCH
        large[0] = False
        labels += np.where(large, np.cumsum(large) + len(paint) - 1, 0).astype(np.int32)[parts]
        paint += [number] * np.count_nonzero(large)
    return _Patches(labels, np.array(paint, np.intp), colours, _frame(figure))


def _paints(pixels: U8) -> U8:
    """Return the colours of pixels, (n, 3), that much of them has, uint8 (k, 3), the commonest first."""
    values, counts = np.unique(pixels >> 3, axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:512]
    lab = srgb_to_lab((values[order] << 3) + 4)
    weights, taken = counts[order], np.zeros(len(order), bool)
    colours: list[U8] = []
    total = counts.sum()
    for place in range(len(order)):
        if taken[place] or len(colours) == _MOST_PAINTS:
            continue
        alike = ~taken & (np.sqrt(np.square(lab - lab[place]).sum(axis=1)) <= _NEAR)
        taken |= alike
        if weights[alike].sum() >= _PAINT * total:
            mine = pixels[(pixels >> 3 == values[order[place]]).all(axis=1)]
            exact, px = np.unique(mine, axis=0, return_counts=True)
            colours.append(exact[px.argmax()])
    return np.array(colours, np.uint8).reshape(-1, 3)


def _shape(labels: Labels, frame: _Frame, count: int) -> _Shape:
    flat = labels.reshape(-1)
    rows, columns = np.indices(labels.shape).reshape(2, -1)
    px = np.bincount(flat, minlength=count).astype(np.float64)
    x = (np.bincount(flat, columns, count) / np.maximum(px, 1) - frame.x) / frame.across
    y = (np.bincount(flat, rows, count) / np.maximum(px, 1) - frame.y) / frame.down
    return _Shape(px / (frame.across * frame.down), x, y)


def _laid_over(patches: _Patches, frame: _Frame, shape: tuple[int, ...]) -> Labels:
    """Bring patches to where the drawing's figure is, int32 of its shape."""
    own = patches.frame
    rows = np.rint((np.arange(shape[0]) - frame.y) / frame.down * own.down + own.y).astype(np.intp)
    columns = np.rint((np.arange(shape[1]) - frame.x) / frame.across * own.across + own.x).astype(np.intp)
    height, width = patches.labels.shape
    laid = patches.labels[np.clip(rows, 0, height - 1)[:, None], np.clip(columns, 0, width - 1)]
    lies = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))
    return np.where(lies, laid, 0).astype(np.int32)


def _score(figure: Labels, patches: _Patches, count: int) -> F64:
    """Return how well each paint suits each area of the drawing's figure, int32 (h, w): (n + 1, k)."""
    frame, columns = _frame(figure > 0), len(patches.paint)
    laid = _laid_over(patches, frame, figure.shape)
    key = figure.reshape(-1).astype(np.intp) * columns + laid.reshape(-1)
    common = np.bincount(key, minlength=count * columns).reshape(count, columns) / (frame.across * frame.down)
    area, patch = _shape(figure, frame, count), _shape(patches.labels, patches.frame, columns)
    iou = common / np.maximum(area.size[:, None] + patch.size - common, 1e-9)
    ratio = np.log(np.maximum(area.size[:, None], 1e-6)) - np.log(np.maximum(patch.size, 1e-6))
    off_level = (area.y[:, None] - patch.y) ** 2
    close, mirrored = (np.exp(-((area.x[:, None] - side * patch.x) ** 2 + off_level) / _REACH**2) for side in (1, -1))
    close = np.maximum(close, _MIRRORED * mirrored)
    of_patch = _IOU * iou + np.exp(-np.abs(ratio)) * (_LIKE + _CLOSE * close)
    covered = np.maximum(common[:, 1:].sum(axis=1), 1e-9)
    score = np.zeros((count, len(patches.colours)))
    for paint in range(len(patches.colours)):
        own = np.flatnonzero(patches.paint == paint)
        own = own[own > 0]
        if len(own):
            score[:, paint] = _SHARE * common[:, own].sum(axis=1) / covered + of_patch[:, own].max(axis=1)
    return score
