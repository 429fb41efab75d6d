"""Takes a finished colouring apart into layers that together look exactly like it.

From bottom to top, always under the same names:

background   paper; hidden where the result has transparency
flats        the flat colours of the figure; on request a group with a layer for each colour or each region
shading      multiply: colour / flat in each channel where the colouring is darker, transparent where nothing is
highlights   screen: 1 - (1 - colour) / (1 - flat) where it is lighter
line-art     the ink as it is laid over the colour
hints        the hints that were given, hidden; only where there are some

A channel of 8 bits has a factor for every darker and for every lighter level, so the colours come out exactly. Where
the result is half transparent, at the soft edge of a cut-out figure, one layer alone holds the finished pixel, since
layers that lie on each other there would be more opaque together: the line art where there is ink, else the flats.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.core.imaging.arrays import U8, Labels, Mask
from pipelines.core.imaging.compositing import join_alpha
from pipelines.core.imaging.layers import Document, Layer, cropped
from pipelines.segmentation.label_maps import row_runs

Flats = Literal["one", "colour", "region"]

FLATS = "flats"
HINTS = "hints"
NAMES = ("background", FLATS, "shading", "highlights", "line-art")
"""The layers that are always there, from bottom to top; `HINTS` may lie on top."""

_LEAST_REGION = 16  # px of paper: what is smaller belongs to the next region of its colour


@dataclass(frozen=True, eq=False)
class Finished:
    """A finished colouring and what it was laid together from, all of one size."""

    flattened: U8  # RGB (H, W, 3) or RGBA (H, W, 4), the result
    colour: U8  # RGB (H, W, 3), under the lines too
    flat: U8  # RGB (H, W, 3), the same without light and shadow
    background: Mask  # (H, W), the paper outside the figure
    ink: U8  # RGBA (H, W, 4), laid over the colour
    hints: U8 | None = None  # RGBA (H, W, 4); None: there is no layer of hints
    areas: Labels | None = None  # (H, W), the drawing's areas on its paper, 0 on ink; needed for flats by region

    @property
    def opacity(self) -> U8:
        """The result's alpha, uint8 (H, W)."""
        if self.flattened.shape[2] == 4:
            return self.flattened[..., 3]
        return np.full(self.flattened.shape[:2], 255, np.uint8)


def decompose(finished: Finished, *, flats: Flats = "one") -> Document:
    """Return the layers of a finished colouring; `flats` is in one layer, in one for each colour or for each region."""
    height, width = finished.background.shape
    figure = _figure(finished)
    bottom = _flats(finished, figure)
    layers = [_background(finished), cropped(FLATS, bottom)]
    if flats != "one":
        labels = _by_colour(finished, bottom) if flats == "colour" else _by_region(finished, bottom)
        layers[1:] = _divided(bottom, finished.flat, labels, name=flats)
    layers += [_shading(finished, figure), _highlights(finished, figure), cropped("line-art", _line_art(finished))]
    if finished.hints is not None:
        layers.append(cropped(HINTS, finished.hints, visible=False))
    return Document(width, height, tuple(layers), finished.flattened)


def _figure(finished: Finished) -> Mask:
    """Where colour lies in the flats, opaque: in the figure, and on paper that the result keeps beside transparency."""
    if finished.flattened.shape[2] == 3:
        return ~finished.background
    kept = ~finished.background | (finished.ink[..., 3] < 255)
    return np.asarray(kept & (finished.opacity == 255))


def _background(finished: Finished) -> Layer:
    """Paper: what the colouring has outside the figure, white below the figure."""
    is_opaque = finished.flattened.shape[2] == 3
    white = np.full(finished.flat.shape, 255, np.uint8)
    paper = np.where(finished.background[..., None], finished.colour, white) if is_opaque else white
    return Layer(NAMES[0], join_alpha(paper, None), visible=is_opaque)


def _soft(finished: Finished) -> Mask:
    return np.asarray((finished.opacity > 0) & (finished.opacity < 255))


def _flats(finished: Finished, figure: Mask) -> U8:
    """RGBA (H, W, 4): the flat colours in the figure, finished pixels at a soft edge without ink."""
    layer = join_alpha(finished.flat, figure.astype(np.uint8) * 255)
    if finished.flattened.shape[2] == 4:
        edge = _soft(finished) & (finished.ink[..., 3] == 0)
        layer[edge] = finished.flattened[edge]
    return layer


def _line_art(finished: Finished) -> U8:
    """RGBA (H, W, 4): the ink, finished pixels at a soft edge with ink."""
    if finished.flattened.shape[2] == 3:
        return finished.ink
    layer = finished.ink.copy()
    edge = _soft(finished) & (layer[..., 3] > 0)
    layer[edge] = finished.flattened[edge]
    layer[..., 3][finished.opacity == 0] = 0
    return layer


# light and shadow


def _shading(finished: Finished, figure: Mask) -> Layer:
    """The factor colour / flat where the colouring is darker, else 1."""
    colour, flat = finished.colour, finished.flat
    factor = np.where(colour < flat, cv2.divide(colour, flat, scale=255), np.uint8(255))
    return _where_any(factor, figure, neutral=255, name="shading", mode="multiply")


def _highlights(finished: Finished, figure: Mask) -> Layer:
    """The factor 1 - (1 - colour) / (1 - flat) where the colouring is lighter, else 0."""
    colour, flat = cv2.bitwise_not(finished.colour), cv2.bitwise_not(finished.flat)
    factor = np.where(colour < flat, cv2.bitwise_not(cv2.divide(colour, flat, scale=255)), np.uint8(0))
    return _where_any(factor, figure, neutral=0, name="highlights", mode="screen")


def _where_any(factor: NDArray[np.uint8], figure: Mask, *, neutral: int, name: str, mode: str) -> Layer:
    """The layer of a factor, opaque where it changes anything in the figure."""
    level = np.full(3, neutral)
    changes = np.logical_and(cv2.inRange(factor, level, level) == 0, figure)
    return cropped(name, join_alpha(factor, changes.astype(np.uint8) * 255), mode=mode)


# flats in several layers


def _colours(finished: Finished, bottom: U8) -> Labels:
    """The flat colours as numbers, int32 (H, W)."""
    red, green, blue = (finished.flat[..., number].astype(np.int32) for number in range(3))
    return ((red << 16 | green << 8 | blue) + 1) * (bottom[..., 3] > 0)


def _by_colour(finished: Finished, bottom: U8) -> Labels:
    """Number the colours of the flats, int32 (H, W); 0 where there are none."""
    return _numbered(_colours(finished, bottom))


def _by_region(finished: Finished, bottom: U8) -> Labels:
    """Number the regions of the flats, int32 (H, W): of one colour within one of the drawing's areas.

    They are found on paper. What lies under the ink, and specks, go to a region of their colour that they touch.
    """
    if finished.areas is None:
        raise ValueError("flats by region need the drawing's areas")
    colours = _colours(finished, bottom)
    on_paper = (finished.areas > 0) & (colours > 0)
    regions = _numbered(((finished.areas.astype(np.int64) << 25) + colours) * on_paper)
    regions[np.bincount(regions.reshape(-1))[regions] < _LEAST_REGION] = 0
    _grow(regions, colours)
    left = (regions == 0) & (colours > 0)
    if left.any():
        regions[left] = _homes(colours, regions, colours[left])
    return _numbered(regions)


def _homes(colours: Labels, regions: Labels, left: Labels) -> NDArray[np.intp]:
    """The largest region of each colour that is `left`, a new one for a colour without any."""
    homes = _largest_of(colours, regions)
    found, which = np.unique(left, return_inverse=True)
    for colour in found.tolist():
        homes.setdefault(colour, int(regions.max()) + 1 + len(homes))
    return np.array([homes[colour] for colour in found.tolist()])[which]


def _largest_of(colours: Labels, regions: Labels) -> dict[int, int]:
    """The largest region of each colour."""
    runs = row_runs(regions)
    of = regions.reshape(-1)[runs.start]
    size = np.bincount(of, runs.length)
    pairs = np.unique(np.column_stack([colours.reshape(-1)[runs.start], of])[of > 0], axis=0)
    return {int(colour): int(region) for colour, region in pairs[np.argsort(size[pairs[:, 1]], kind="stable")]}


def _numbered(key: NDArray[np.integer]) -> Labels:
    """Number the values of an array (H, W) other than 0, 1 the most frequent; int32."""
    runs = row_runs(key)
    values, which = np.unique(key.reshape(-1)[runs.start], return_inverse=True)
    count = np.bincount(which, runs.length)
    count[values == 0] = np.inf
    number = np.zeros(len(values), np.int32)
    number[np.argsort(-count, kind="stable")] = np.arange(len(values)) + (0 if (values == 0).any() else 1)
    return np.repeat(number[which], runs.length).reshape(key.shape)


def _grow(regions: Labels, colours: Labels) -> None:
    """Let regions grow over what has no number and their own colour, a pixel at a time, in place."""
    wide = regions.shape[1] + 2
    label = np.pad(regions, 1).reshape(-1)
    colour = np.pad(colours, 1).reshape(-1)
    pending = np.flatnonzero((label == 0) & (colour > 0))
    while pending.size:
        found = np.zeros(pending.size, np.int32)
        for step in (-wide, -1, 1, wide):
            beside = pending + step
            offered = np.where(colour[beside] == colour[pending], label[beside], 0)
            found = np.where(found == 0, offered, found)
        if not found.any():
            break
        label[pending] = found
        pending = pending[found == 0]
    regions[:] = label.reshape(-1, wide)[1:-1, 1:-1]


def _divided(bottom: U8, flat: U8, labels: Labels, *, name: str) -> list[Layer]:
    """A layer for each number, the largest below; all in the group of flats. Without any, one empty layer."""
    layers = []
    for number, box in enumerate(_boxes(labels), 1):
        inside = labels[box] == number
        picture = bottom[box] * inside[..., None]
        row, column = np.unravel_index(int(inside.argmax()), inside.shape)
        colour = bytes(flat[box][row, column]).hex()
        title = f"{name}-{colour}" if name == "colour" else f"{name}-{number:03}-{colour}"
        layers.append(Layer(title, picture, box[1].start, box[0].start, group=FLATS))
    return layers or [replace(cropped(FLATS, bottom), group=None)]


def _boxes(labels: Labels) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of the bounding box of each number 1..n."""
    runs = row_runs(labels)
    of = labels.reshape(-1)[runs.start]
    row, column = np.divmod(runs.start, labels.shape[1])
    ends = (row, column, row + 1, column + runs.length)
    corners = np.zeros((4, int(of.max()) + 1), np.intp)
    corners[:2] = labels.size
    for corner, end in zip(corners[:2], ends[:2], strict=True):
        np.minimum.at(corner, of, end)
    for corner, end in zip(corners[2:], ends[2:], strict=True):
        np.maximum.at(corner, of, end)
    for top, left, bottom, right in corners.T[1:].tolist():
        yield slice(top, bottom), slice(left, right)
