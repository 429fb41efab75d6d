"""Turns drawings into what networks read, float32 in [-1, 1], and their pictures back.

An *encoding* joins a line drawing and its hints to the channels that a network learned from. Those here serve any
network that paints pictures; a model with an encoding of its own declares it beside itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from pipelines.core.imaging.arrays import F32, U8
from pipelines.core.imaging.compositing import composite
from pipelines.core.imaging.picture import HINT_ALPHA

if TYPE_CHECKING:
    from torch import Tensor

_FLOATS = (np.arange(256, dtype=np.float32) / np.float32(127.5) - np.float32(1)).astype(np.float32)
"""What each level is to a network."""


@dataclass(frozen=True)
class Encoding:
    """How a drawing becomes the input of a network."""

    name: str  # as files of networks name it
    channels: int
    description: str  # what the channels are, for whoever runs the network outside of this toolkit
    encode: Callable[[U8, U8], F32]  # line drawing (H, W) and hints RGBA (H, W, 4) to (channels, H, W) in [-1, 1]
    reads_hints: bool = True  # no: hints change nothing
    reads_picture: bool = False  # in the place of the line drawing it reads an RGB picture (H, W, 3), no line art


def _encode_lines(lines: U8, hints: U8) -> F32:
    return to_floats(lines[..., None])


def _encode_composite(lines: U8, hints: U8) -> F32:
    return to_floats(composite(hints, cv2.cvtColor(lines, cv2.COLOR_GRAY2RGB)))


def _encode_layers(lines: U8, hints: U8) -> F32:
    hinted = hints[..., 3] >= HINT_ALPHA
    layers = np.empty((5, *lines.shape), np.float32)
    _to_plane(lines, layers[0])
    for channel in range(3):
        _to_plane(hints[..., channel], layers[1 + channel])
    layers[1:4] *= hinted
    layers[4] = np.where(hinted, np.float32(1), np.float32(-1))
    return layers


def _encode_hinted(lines: U8, hints: U8) -> F32:
    return _encode_layers(lines, hints)[:4]


def _encode_picture(picture: U8, hints: U8) -> F32:
    return to_floats(picture)


COMPOSITE = Encoding("composite", 3, "red, green, blue of the line art with the hints painted on it", _encode_composite)
"""One RGB picture, the hints painted on the line art: the input of the Fakemon paper (F3)."""

LAYERS = Encoding(
    "layers",
    5,
    "line art (1 paper); red, green, blue of the hints, 0 where there is none; 1 where a hint lies, else -1",
    _encode_layers,
)
"""Line, hint colour and hint mask apart, so that white hints are seen on white paper."""

LINES = Encoding("lines", 1, "line art (1 paper)", _encode_lines, reads_hints=False)
"""The line art alone, for networks without hints."""

HINTED = Encoding(
    "hinted",
    4,
    "line art (1 paper); red, green, blue of the hints, 0 (middle grey) where there is none",
    _encode_hinted,
)
"""`LAYERS` without the mask, as files of four channels have it: a hint of middle grey (128) is not seen."""

PICTURE = Encoding(
    "picture",
    3,
    "red, green, blue of a picture that is no line art, such as a map",
    _encode_picture,
    reads_hints=False,
    reads_picture=True,
)
"""An RGB picture to be turned into another: what `build-dataset --input picture` makes pairs of."""

ENCODINGS = {encoding.name: encoding for encoding in (COMPOSITE, LAYERS, LINES, HINTED, PICTURE)}


def to_floats(picture: U8) -> F32:
    """Bring a picture of any channels, uint8 (H, W, C), to float32 (C, H, W) in [-1, 1]."""
    floats = np.empty((picture.shape[2], *picture.shape[:2]), np.float32)
    for channel in range(picture.shape[2]):
        _to_plane(picture[..., channel], floats[channel])
    return floats


def _to_plane(levels: U8, plane: F32) -> None:
    """Write levels, uint8 (H, W), as floats in [-1, 1] into a plane: by OpenCV, which lets other threads work."""
    cv2.LUT(np.ascontiguousarray(levels), _FLOATS, dst=plane)


def to_levels(pictures: F32) -> F32:
    """Bring pictures (B, 3, S, S) in [-1, 1] to float32 (B, S, S, 3), 0..255."""
    return np.moveaxis(np.clip(pictures * np.float32(127.5) + np.float32(127.5), 0, 255), 1, 3)


def to_picture(colour: "Tensor") -> U8:
    """Bring a network's colour, (3, H, W) in [-1, 1], to an RGB picture, uint8 (H, W, 3), to the nearest level."""
    levels = (colour.detach().float() * 127.5 + 127.5).round_().clamp_(0, 255).byte()
    return np.ascontiguousarray(levels.permute(1, 2, 0).cpu().numpy())
