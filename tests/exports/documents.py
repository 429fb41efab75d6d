"""Finished pictures of two circles in every state, and documents of their layers."""

from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.colorize import finish
from pipelines.colorize.compositing import restyle_ink
from pipelines.core.imaging.blend_modes import blend
from pipelines.core.imaging.layers import Document, at_full_size
from pipelines.core.imaging.picture import Picture
from pipelines.exports.base.decomposition import FinishedPicture, decompose
from pipelines.segmentation.line_art import ink_layer
from tests import drawings
from tests.drawings import Bytes

SIZE = 60
MODES = ("auto", "paper", "transparent")
SHEETS = ("paper", "ink", "cut-out", "soft-body")


def sheet(kind: str) -> Picture:
    """Line art of two circles: on paper, ink alone on a transparent ground, a figure with an opaque body."""
    lines = drawings.two_circles(SIZE)
    rgb = np.dstack([lines] * 3)
    if kind == "paper":
        return Picture(rgb)
    if kind == "ink":
        return Picture(np.zeros_like(rgb), 255 - lines)
    body = np.zeros_like(lines)
    radius = SIZE // 5 + (1 if kind == "cut-out" else 5)  # beyond the ink: the soft edge is of paper
    for centre in (SIZE // 4 + 1, 3 * SIZE // 4 - 1):
        cv2.circle(body, (centre, SIZE // 2), radius, 255, -1, cv2.LINE_AA)
    return Picture(rgb, body)


def painting() -> tuple[Bytes, Bytes, NDArray[np.bool_]]:
    """Colour with light and shadow in every channel, its flat colours, and the paper outside two circles."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    near = np.minimum(np.hypot(rows - SIZE // 2, columns - SIZE // 4 - 1), np.hypot(rows - SIZE // 2, columns - 44))
    background = near > SIZE // 5
    flat = np.where((columns < SIZE // 2)[..., None], np.uint8((220, 40, 0)), np.uint8((30, 60, 255)))
    flat[background] = 255
    light = np.random.default_rng(1).integers(-90, 90, (SIZE, SIZE, 3))
    colour = np.clip(flat + light, 0, 255).astype(np.uint8)
    colour[background] = (255, 255, 250)
    return colour, flat, background


def finished(kind: str = "paper", mode: Any = "auto", lines: Any = "keep") -> FinishedPicture:
    colour, flat, background = painting()
    picture = sheet(kind)
    areas = np.ones((SIZE, SIZE), np.int32)
    areas[:, SIZE // 2 :] = 2
    areas[SIZE // 2 - 5 :, SIZE // 2 :] = 3
    areas[drawings.two_circles(SIZE) < 128] = 0
    result = finish(picture, colour, background, mode=mode, lines=lines)
    hints = drawings.two_hints(SIZE)
    layer = restyle_ink(ink_layer(picture), lines, None)
    return FinishedPicture(result, colour, flat, background, layer, hints, areas, is_multiplied=lines == "multiply")


def laid_together(document: Document) -> Bytes:
    """What the visible layers look like, RGBA, by the project's own blending."""
    below = np.zeros((document.height, document.width, 4), np.uint8)
    for layer in document.layers:
        if layer.visible:
            below = blend(below, at_full_size(layer, document), layer.mode, opacity=layer.opacity)
    return below


def apart(one: NDArray[Any], other: NDArray[Any]) -> float:
    """The greatest difference of two pictures in levels, laid over black and over white."""
    one, other = (np.dstack([p, np.full(p.shape[:2], 255)]) if p.shape[2] == 3 else p for p in (one, other))
    seen = []
    for picture in (one, other):
        share = picture[..., 3:] / 255
        seen.append(np.stack([picture[..., :3] * share, picture[..., :3] * share + 255 * (1 - share)]))
    return float(np.abs(seen[0] - seen[1]).max())


def rows() -> list[Bytes]:
    rng = np.random.default_rng(3)
    noise = rng.integers(0, 256, (5, 1000), np.uint8)
    runs = np.repeat(rng.integers(0, 3, (4, 200), np.uint8), 7, axis=1)
    pairs = np.repeat(rng.integers(0, 2, (9, 131), np.uint8), rng.integers(1, 4, 131), axis=1)
    lengths = [np.full((2, width), 7, np.uint8) for width in (1, 2, 3, 127, 128, 129, 130, 256, 257)]
    literals = [np.arange(2 * width, dtype=np.uint8).reshape(2, width) for width in (1, 127, 128, 129, 257)]
    return [noise, runs, pairs, *lengths, *literals, np.zeros((0, 0), np.uint8)]


def document(mode: str = "auto", flats: Any = "one") -> Document:
    return decompose(finished("paper", mode), flats=flats)


def ora_layers(archive: ZipFile) -> tuple[ElementTree.Element, list[tuple[dict[str, str], Bytes]]]:
    """A reader after the specification: the image's element, and attributes and pixels of its layers, bottom first."""
    image = ElementTree.fromstring(archive.read("stack.xml"))
    (stack,) = image
    assert stack.tag == "stack"
    found = [
        (dict(layer.attrib), np.asarray(drawings.read(archive.read(layer.attrib["src"]))))
        for layer in stack.iter("layer")
    ]
    return image, found[::-1]
