"""Takes a finished colouring apart into layers that together look exactly like it.

From bottom to top, always under the same names:

background   paper; hidden where the result has transparency
flats        the flat colours of the figure; on request a group with a layer for each colour or each region
shading      multiply: colour / flat in each channel where the colouring is darker, transparent where nothing is
highlights   screen: 1 - (1 - colour) / (1 - flat) where it is lighter
line-art     the ink as it is laid over the colour: multiplied where it is soft or grey
hints        the hints that were given, hidden; only where there are some

A channel of 8 bits has a factor for every darker and for every lighter level, so the colours come out exactly. Where
the result is half transparent, at the soft edge of a cut-out figure, one layer alone holds the finished pixel, since
layers that lie on each other there would be more opaque together: the line art where there is ink, else the flats.
"""

from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np

from pipelines.core.imaging.arrays import U8, Index, Labels, Mask
from pipelines.core.imaging.colours import as_rgb, pack_rgb
from pipelines.core.imaging.compositing import bleed_colour, join_alpha
from pipelines.core.imaging.layers import Document, Layer, cropped
from pipelines.core.imaging.metadata.picture_metadata import PictureMetadata
from pipelines.segmentation.label_maps import grow_within, label_boxes, number_by_size, row_runs

Flats = Literal["one", "colour", "region"]

FLATS = "flats"
HINTS = "hints"
NAMES = ("background", FLATS, "shading", "highlights", "line-art")
"""The layers that are always there, from bottom to top; `HINTS` may lie on top."""

_LEAST_REGION = 16  # px of paper: what is smaller belongs to the next region of its colour


@dataclass(frozen=True, eq=False)
class FinishedPicture:
    """A finished colouring and what it was laid together from, all of one size."""

    flattened: U8  # RGB (H, W, 3) or RGBA (H, W, 4), the result
    colour: U8  # RGB (H, W, 3), under the lines too
    flats: U8  # RGB (H, W, 3), the same without light and shadow
    background: Mask  # (H, W), the paper outside the figure
    line_art: U8  # RGBA (H, W, 4), laid over the colour
    hints: U8 | None = None  # RGBA (H, W, 4); None: there is no layer of hints
    areas: Labels | None = None  # (H, W), the drawing's areas on its paper, 0 on ink; needed for flats by region
    is_multiplied: bool = False  # whether the line art multiplies what it lies on
    metadata: PictureMetadata | None = None  # of the drawing

    @property
    def opacity(self) -> U8:
        """The result's alpha, uint8 (H, W)."""
        if self.flattened.shape[2] == 4:
            return self.flattened[..., 3]
        return np.full(self.flattened.shape[:2], 255, np.uint8)


def decompose(finished: FinishedPicture, *, flats: Flats = "one") -> Document:
    """Return the layers of a finished colouring; `flats` is in one layer, in one for each colour or for each region."""
    height, width = finished.background.shape
    figure = _figure(finished)
    bottom = _flats(finished, figure)
    layers = [_background(finished), cropped(FLATS, bottom)]
    if flats != "one":
        labels = _by_colour(finished, bottom) if flats == "colour" else _by_region(finished, bottom)
        layers[1:] = _divided(bottom, finished.flats, labels, name=flats)
    mode = "multiply" if finished.is_multiplied else "normal"
    layers += [_shading(finished, figure), _highlights(finished, figure)]
    layers.append(cropped("line-art", _line_art(finished), mode=mode))
    if finished.hints is not None:
        layers.append(cropped(HINTS, finished.hints, visible=False))
    return Document(width, height, tuple(map(_bled, layers)), finished.flattened, finished.metadata)


def _bled(layer: Layer) -> Layer:
    """Return a layer whose transparent pixels have the colour of visible ones beside them."""
    return layer if layer.is_empty else replace(layer, picture=bleed_colour(layer.picture))


def _figure(finished: FinishedPicture) -> Mask:
    """Return where flat colour is opaque: in the figure, and on paper that the result keeps beside transparency."""
    if finished.flattened.shape[2] == 3:
        return ~finished.background
    kept = ~finished.background | (finished.line_art[..., 3] < 255)
    return np.asarray(kept & (finished.opacity == 255))


def _background(finished: FinishedPicture) -> Layer:
    """Return the paper: what the colouring has outside the figure, white below the figure."""
    is_opaque = finished.flattened.shape[2] == 3
    white = np.full(finished.flats.shape, 255, np.uint8)
    paper = np.where(finished.background[..., None], finished.colour, white) if is_opaque else white
    return Layer(NAMES[0], join_alpha(paper, None), visible=is_opaque)


def _soft_edge(finished: FinishedPicture) -> Mask:
    return np.asarray((finished.opacity > 0) & (finished.opacity < 255))


def _flats(finished: FinishedPicture, figure: Mask) -> U8:
    """Return RGBA (H, W, 4): the flat colours in the figure, finished pixels at a soft edge without ink."""
    layer = join_alpha(finished.flats, figure.astype(np.uint8) * 255)
    if finished.flattened.shape[2] == 4:
        edge = _soft_edge(finished) & (finished.line_art[..., 3] == 0)
        layer[edge] = finished.flattened[edge]
    return layer


def _line_art(finished: FinishedPicture) -> U8:
    """Return RGBA (H, W, 4): the ink, finished pixels at a soft edge with ink."""
    if finished.flattened.shape[2] == 3:
        return finished.line_art
    layer = finished.line_art.copy()
    edge = _soft_edge(finished) & (layer[..., 3] > 0)
    layer[edge] = finished.flattened[edge]
    layer[..., 3][finished.opacity == 0] = 0
    return layer


# light and shadow


def _shading(finished: FinishedPicture, figure: Mask) -> Layer:
    """Return the factor colour / flat where the colouring is darker, else 1."""
    colour, flat = finished.colour, finished.flats
    factor = np.where(colour < flat, cv2.divide(colour, flat, scale=255), np.uint8(255))
    return _layer_of_changes(factor, figure, neutral=255, name="shading", mode="multiply")


def _highlights(finished: FinishedPicture, figure: Mask) -> Layer:
    """Return the factor 1 - (1 - colour) / (1 - flat) where the colouring is lighter, else 0."""
    colour, flat = cv2.bitwise_not(finished.colour), cv2.bitwise_not(finished.flats)
    factor = np.where(colour < flat, cv2.bitwise_not(cv2.divide(colour, flat, scale=255)), np.uint8(0))
    return _layer_of_changes(factor, figure, neutral=0, name="highlights", mode="screen")


def _layer_of_changes(factor: U8, figure: Mask, *, neutral: int, name: str, mode: str) -> Layer:
    """Return the layer of a factor, opaque where it changes anything in the figure."""
    level = np.full(3, neutral)
    changes = np.logical_and(cv2.inRange(factor, level, level) == 0, figure)
    return cropped(name, join_alpha(factor, changes.astype(np.uint8) * 255), mode=mode)


# flats in several layers


def _by_colour(finished: FinishedPicture, bottom: U8) -> Labels:
    """Number the colours of the flats, int32 (H, W); 0 where there are none."""
    return number_by_size(_colour_keys(finished, bottom))


def _by_region(finished: FinishedPicture, bottom: U8) -> Labels:
    """Number the regions of the flats, int32 (H, W): of one colour within one of the drawing's areas.

    They are found on paper. What lies under the ink, and specks, go to a region of their colour that they touch.
    """
    if finished.areas is None:
        raise ValueError("flats by region need the drawing's areas")
    colours = _colour_keys(finished, bottom)
    on_paper = (finished.areas > 0) & (colours > 0)
    regions = number_by_size(((finished.areas.astype(np.int64) << 25) + colours) * on_paper)
    regions[np.bincount(regions.reshape(-1))[regions] < _LEAST_REGION] = 0
    grow_within(regions, colours)
    left = (regions == 0) & (colours > 0)
    if left.any():
        regions[left] = _homes(colours, regions, colours[left])
    return number_by_size(regions)


def _colour_keys(finished: FinishedPicture, bottom: U8) -> Labels:
    """Return the flat colours as numbers >= 1, int32 (H, W); 0 where there is no flat colour."""
    return (pack_rgb(finished.flats) + np.int32(1)) * (bottom[..., 3] > 0)


def _homes(colours: Labels, regions: Labels, left: Labels) -> Index:
    """Return the largest region of each colour that is `left`, (n,), a new one for a colour without any."""
    homes = _largest_of(colours, regions)
    distinct, which = np.unique(left, return_inverse=True)
    for colour in distinct.tolist():
        homes.setdefault(colour, int(regions.max()) + 1 + len(homes))
    return np.array([homes[colour] for colour in distinct.tolist()], np.intp)[which]


def _largest_of(colours: Labels, regions: Labels) -> dict[int, int]:
    """Return the largest region of each colour."""
    runs = row_runs(regions)
    region, colour_of_run = runs.labels(regions), runs.labels(colours)
    size = np.bincount(region, runs.length)
    pairs = np.unique(np.column_stack([colour_of_run, region])[region > 0], axis=0)
    return {int(colour): int(region) for colour, region in pairs[np.argsort(size[pairs[:, 1]], kind="stable")]}


def _divided(bottom: U8, flat: U8, labels: Labels, *, name: str) -> list[Layer]:
    """Return a layer for each number, the largest below; all in the group of flats. Without any, one empty layer."""
    layers = []
    boxes = label_boxes(labels)
    for number in range(1, len(boxes.top)):
        box = boxes.window(number)
        inside = labels[box] == number
        picture = bottom[box] * inside[..., None]
        row, column = np.unravel_index(int(inside.argmax()), inside.shape)
        colour = bytes(as_rgb(flat[box][row, column])).hex()
        title = f"{name}-{colour}" if name == "colour" else f"{name}-{number:03}-{colour}"
        layers.append(Layer(title, picture, box[1].start, box[0].start, group=FLATS))
    return layers or [replace(cropped(FLATS, bottom), group=None)]
