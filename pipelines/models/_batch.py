"""Turns pictures into what networks read, float32 in [-1, 1], and back: the only place where that happens."""

from typing import Literal, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipelines.core.images import composite

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
InputKind = Literal["composite", "layers"]

_CHANNELS = {"composite": 3, "layers": 5}


class Batch(NamedTuple):
    """Pictures to learn from, float32 in [-1, 1]; unpaired targets come in an order of their own."""

    inputs: Tensor  # (B, Cin, H, W)
    targets: Tensor  # (B, 3, H, W)


def input_channels(kind: InputKind) -> int:
    """How many channels `network_input` gives."""
    return _CHANNELS[kind]


def network_input(lines: Bytes, hints: Bytes, kind: InputKind) -> Floats:
    """Join a line drawing (H, W) and its hints RGBA (H, W, 4) to a network's input, (Cin, H, W) in [-1, 1].

    "composite" is one RGB picture, the hints painted on the line art (the paper's input, F3); "layers" keeps line, hint
    colour (0 where there is none) and hint mask (-1 none, 1 hint) apart, so that white hints are seen on white paper.
    """
    if kind == "composite":
        return to_floats(composite(hints, cv2.cvtColor(lines, cv2.COLOR_GRAY2RGB)))
    hinted = hints[..., 3] >= 128
    stacked = np.empty((5, *lines.shape), np.float32)
    stacked[0] = lines
    stacked[1:4] = np.moveaxis(hints[..., :3], 2, 0)
    stacked[:4] /= 127.5
    stacked[:4] -= 1
    stacked[1:4] *= hinted
    stacked[4] = np.where(hinted, 1, -1)
    return stacked


def to_floats(picture: Bytes) -> Floats:
    """Bring an RGB picture, uint8 (H, W, 3), to float32 (3, H, W) in [-1, 1]."""
    floats = np.ascontiguousarray(np.moveaxis(picture, 2, 0), np.float32)
    floats /= 127.5
    floats -= 1
    return floats


def to_picture(colour: Tensor) -> Bytes:
    """Bring a network's colour, (3, H, W) in [-1, 1], to an RGB picture, uint8 (H, W, 3), to the nearest level."""
    levels = (colour.detach().float() * 127.5 + 127.5).round_().clamp_(0, 255).to(torch.uint8)
    return np.ascontiguousarray(levels.permute(1, 2, 0).cpu().numpy())
