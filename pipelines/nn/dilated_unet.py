"""Builds the U-Net of dilated ResNeXt blocks that paints drawings after hints: both generators of PaintsTorch.

Hints come in at a quarter of the size, features of the drawing at a sixteenth. The way up is `blocks` residual blocks
and a pixel shuffle (W. Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel
Convolutional Neural Network", CVPR 2016) at each scale. Sources: Y. Ci et al., "User-Guided Deep Anime Line Art
Colorization with Conditional Adversarial Networks", ACM Multimedia 2018, figure 3 and their public code; Y. Hati et
al., "PaintsTorch", CVMP 2019, section 3.3. Weights begin as torch's layers do, as in that code: the small numbers of
`blocks.initialise` would leave forty blocks without normalisation with next to nothing to pass on.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from pipelines.nn.blocks import join, recomputed
from pipelines.nn.resnext import SLOPE, ResNeXtBlock

_HINTS = 4  # channels: red, green, blue, and how much of a place is hinted
_MIDDLE = (1, 1, 2, 2, 4, 4, 2, 1)  # dilations of the blocks at an eighth and a quarter of the size
_FINE = (1, 2, 4, 2, 1)  # and at half of it


class DilatedUNet(nn.Module):
    """U-Net of dilated ResNeXt blocks for pictures whose sides are multiples of 16 px.

    Pictures (B, inputs, H, W), hints (B, 4, H / 4, W / 4) and features (B, features, H / 16, W / 16) ->
    (B, outputs, H, W) in [-1, 1]. width: channels at half the size, a multiple of 4. blocks: those at a sixteenth.
    """

    def __init__(self, inputs: int, outputs: int = 3, *, features: int = 0, width: int = 64, blocks: int = 20) -> None:
        super().__init__()
        self.checkpointing = False  # True: less memory in training, about a third more time
        self.hint = _activated(_HINTS, width, 7, padding=3)
        self.down0 = _activated(inputs, width // 2, 3)
        self.down1 = _activated(width // 2, width, 4, stride=2)
        self.down2 = _activated(width, width * 2, 4, stride=2)
        self.down3 = _activated(width * 3, width * 4, 4, stride=2)
        self.down4 = _activated(width * 4, width * 8, 4, stride=2)
        half = width // 2
        self.up4 = _rise(width * 8 + features, width * 8, (1,) * blocks, cardinality=half)
        self.up3 = _rise(width * 8, width * 4, _MIDDLE, cardinality=half)
        self.up2 = _rise(width * 4, width * 2, _MIDDLE, cardinality=half)
        self.up1 = _rise(width * 2, width, _FINE, cardinality=width // 4)
        self.picture = nn.Conv2d(width, outputs, 3, 1, 1)

    def forward(
        self, pictures: Tensor, hints: Tensor, features: Tensor | None = None, *, bounded: bool = True
    ) -> Tensor:
        """(B, inputs, H, W), (B, 4, H / 4, W / 4) and, if it takes any, features -> (B, outputs, H, W) in [-1, 1].

        Not `bounded`: what the tanh at its end would be given, any numbers.
        """
        full = self.down0(pictures)
        half = self.down1(full)
        quarter = self.down2(half)
        eighth = self.down3(join(quarter, self.hint(hints).to(quarter.dtype)))
        below = self.down4(eighth)
        if features is not None:
            below = join(below, features.to(below.dtype))
        for rise, beside in ((self.up4, eighth), (self.up3, quarter), (self.up2, half), (self.up1, full)):
            below = join(self._rise(rise, below), beside)
        painted: Tensor = self.picture(below)
        return painted.tanh() if bounded else painted

    def _rise(self, rise: nn.Sequential, below: Tensor) -> Tensor:
        if self.checkpointing and self.training and torch.is_grad_enabled():
            return recomputed(rise, below, norms=rise)
        risen: Tensor = rise(below)
        return risen


def _activated(inputs: int, outputs: int, kernel: int, *, stride: int = 1, padding: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding),
        nn.LeakyReLU(SLOPE, inplace=True),
    )


def _rise(inputs: int, channels: int, dilations: Sequence[int], *, cardinality: int) -> nn.Sequential:
    """(B, inputs, h, w) -> (B, channels / 2, 2 h, 2 w)."""
    blocks = [ResNeXtBlock(channels, cardinality=cardinality, dilation=dilation) for dilation in dilations]
    return nn.Sequential(
        _activated(inputs, channels, 3),
        *blocks,
        nn.Conv2d(channels, channels * 2, 3, 1, 1),
        nn.PixelShuffle(2),
        nn.LeakyReLU(SLOPE, inplace=True),
    )
