"""Fuses what a U-Net's encoder saw of a scale with what its decoder made of those below, otherwise than side by side.

Sources: O. Oktay et al., "Attention U-Net: Learning Where to Look for the Pancreas", MIDL 2018, equations 1 and 2, for
the gate; the sum is a 1x1 convolution. "Feature fusion in skip connections" is named in SketchSause's text, undefined.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from pipelines.nn.blocks import join

Skips = Literal["concat", "gated", "summed"]
"""How skip connections are fused: side by side, gated by what lies below and then side by side, or mixed into one."""


class GatedSkip(nn.Module):
    """a = sigmoid(psi ReLU(W_e e + W_d d)), one number a place; the decoder is given a e beside d."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = max(channels // 2, 1)
        self.encoded = nn.Conv2d(channels, half, 1, bias=False)
        self.decoded = nn.Conv2d(channels, half, 1)
        self.psi = nn.Conv2d(half, 1, 1)

    def forward(self, encoded: Tensor, decoded: Tensor) -> Tensor:
        """(B, C, H, W) twice -> (B, 2 C, H, W)."""
        gate = torch.sigmoid(self.psi(torch.relu(self.encoded(encoded) + self.decoded(decoded))))
        return join(gate * encoded, decoded)


class SummedSkip(nn.Module):
    """A 1x1 convolution of both, of as many channels as one; the decoder's ReLU follows."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, encoded: Tensor, decoded: Tensor) -> Tensor:
        """(B, C, H, W) twice -> (B, C, H, W)."""
        mixed: Tensor = self.mix(join(encoded, decoded))
        return mixed


def skip_fusion(skips: Skips, channels: int) -> nn.Module | None:
    """What fuses features of `channels` each; None: they are laid side by side."""
    if skips == "concat":
        return None
    return GatedSkip(channels) if skips == "gated" else SummedSkip(channels)
