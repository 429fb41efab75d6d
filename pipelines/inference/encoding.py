"""Turns pictures into what networks read, float32 in [-1, 1], and back: the only place where that happens."""

from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

from pipelines.core.imaging.compositing import composite
from pipelines.models.fillnet.inputs import fill_and_pack, stack_channels

if TYPE_CHECKING:
    from torch import Tensor
from pipelines.core.imaging.arrays import F32, U8

InputKind = Literal["composite", "layers", "filled"]

_CHANNELS = {"composite": 3, "layers": 5, "filled": 7}


def input_channels(kind: InputKind) -> int:
    """How many channels `network_input` gives."""
    return _CHANNELS[kind]


def network_input(lines: U8, hints: U8, kind: InputKind) -> F32:
    """Join a line drawing (H, W) and its hints RGBA (H, W, 4) to a network's input, (Cin, H, W) in [-1, 1].

    "composite" is one RGB picture, the hints painted on the line art (the paper's input, F3); "layers" keeps line, hint
    colour (0 where there is none) and hint mask (-1 none, 1 hint) apart, so that white hints are seen on white paper;
    "filled" is what `flat` makes of them (_filled.py).
    """
    if kind == "filled":
        return to_floats(stack_channels(fill_and_pack(lines, hints)))
    if kind == "composite":
        return to_floats(composite(hints, cv2.cvtColor(lines, cv2.COLOR_GRAY2RGB)))
    hinted = hints[..., 3] >= 128
    layers = np.empty((5, *lines.shape), np.float32)
    layers[0] = lines
    layers[1:4] = np.moveaxis(hints[..., :3], 2, 0)
    layers[:4] /= 127.5
    layers[:4] -= 1
    layers[1:4] *= hinted
    layers[4] = np.where(hinted, 1, -1)
    return layers


def to_floats(picture: U8) -> F32:
    """Bring a picture of any channels, uint8 (H, W, C), to float32 (C, H, W) in [-1, 1]."""
    floats = np.ascontiguousarray(np.moveaxis(picture, 2, 0), np.float32)
    floats /= 127.5
    floats -= 1
    return floats


def to_picture(colour: "Tensor") -> U8:
    """Bring a network's colour, (3, H, W) in [-1, 1], to an RGB picture, uint8 (H, W, 3), to the nearest level."""
    levels = (colour.detach().float() * 127.5 + 127.5).round_().clamp_(0, 255).byte()
    return np.ascontiguousarray(levels.permute(1, 2, 0).cpu().numpy())
