"""Builds the residual blocks of grouped, dilated convolutions that PaintsTorch is made of, and its critic of pictures.

Sources: S. Xie, R. Girshick, P. Dollar, Z. Tu, K. He, "Aggregated Residual Transformations for Deep Neural Networks",
CVPR 2017, figure 3c; Y. Ci, X. Ma, Z. Wang, H. Li, Z. Luo, "User-Guided Deep Anime Line Art Colorization with
Conditional Adversarial Networks", ACM Multimedia 2018, section 3 and their public code, for the sizes.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.nn.blocks import join, recomputed

SLOPE = 0.2
"""Of the leaky ReLUs: Y. Hati et al., "PaintsTorch", CVMP 2019, section 3.3."""

_LAST = 4  # px: the side that is left of a picture when the critic decides
_LEAST_SIZE = 64  # px: of a picture that comes out so small without a further halving


class ResNeXtBlock(nn.Module):
    """A grouped convolution between two 1x1 ones, whose result is added to what they were given.

    (B, C, H, W) -> the same, or (B, C, H // 2, W // 2) where `stride` is 2: the way around it is then averaged over
    2x2 px. No normalisation anywhere, no activation after the sum.
    """

    def __init__(self, channels: int, *, cardinality: int, dilation: int = 1, stride: int = 1) -> None:
        super().__init__()
        inner = channels // 2
        self.reduce = nn.Conv2d(channels, inner, 1, bias=False)
        if stride == 1:
            self.grouped = nn.Conv2d(inner, inner, 3, 1, dilation, dilation, groups=cardinality, bias=False)
        else:
            self.grouped = nn.Conv2d(inner, inner, 4, 2, 1, groups=cardinality, bias=False)
        self.expand = nn.Conv2d(inner, channels, 1, bias=False)
        self._halves = stride == 2

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W) or (B, C, H // 2, W // 2)."""
        change = functional.leaky_relu(self.reduce(features), SLOPE, inplace=True)
        change = functional.leaky_relu(self._group(change), SLOPE, inplace=True)
        around = functional.avg_pool2d(features, 2) if self._halves else features
        result: Tensor = self.expand(change) + around
        return result

    def _group(self, features: Tensor) -> Tensor:
        """The grouped convolution; a dilated one learns in float32 on a CPU, where others do in bfloat16.

        In torch 2.13 (oneDNN) its bfloat16 gradient by the weights is garbage or a crash, for channels last and sides
        of 32 px or more; contiguous features, other dilations and what goes forward are right.
        """
        learns = torch.is_grad_enabled() and (features.requires_grad or self.grouped.weight.requires_grad)
        is_half = features.device.type == "cpu" and features.dtype == torch.bfloat16
        if learns and is_half and self.grouped.dilation != (1, 1):
            with torch.autocast("cpu", enabled=False):
                whole: Tensor = self.grouped(features.to(self.grouped.weight.dtype))
            return whole
        grouped: Tensor = self.grouped(features)
        return grouped


class ResNeXtCritic(nn.Module):
    """Says how real a picture is, given features of the drawing that it was painted from.

    Pictures (B, 3, H, W) and features (B, features, H / 16, W / 16) -> (B, 1), any number, higher is more real.
    size: px, the shorter side of the pictures, at least 64. Squares of 64, 128, 256 or 512 px end in one place, as in
    the public code; of other frames the mean over the places counts. width: channels at full size, 4 or a multiple of
    8. Convolutions have no bias.
    """

    def __init__(self, *, size: int, features: int = 0, width: int = 64) -> None:
        super().__init__()
        self.checkpointing = False  # True: less memory in training, about a third more time
        cardinality = max(width // 8, 1)
        layers: list[nn.Module] = [*_activated(3, width, 7, padding=3), *_activated(width, width, 4, stride=2)]
        for channels, wider in pairwise((width, width * 2, width * 4, 0)):
            layers += [ResNeXtBlock(channels, cardinality=cardinality)]
            layers += [ResNeXtBlock(channels, cardinality=cardinality, stride=2)]
            layers += _activated(channels, wider, 1, padding=0) if wider else []
        self.look = nn.Sequential(*layers)
        channels = width * 8
        layers = _activated(width * 4 + features, channels, 3)
        for _ in range((size // _LEAST_SIZE).bit_length() - 1):
            layers += [ResNeXtBlock(channels, cardinality=cardinality)]
            layers += [ResNeXtBlock(channels, cardinality=cardinality, stride=2)]
        layers += [ResNeXtBlock(channels, cardinality=cardinality)]
        self.weigh = nn.Sequential(*layers, *_activated(channels, channels, _LAST, padding=0))
        self.decide = nn.Linear(channels, 1)

    def forward(self, pictures: Tensor, features: Tensor | None = None) -> Tensor:
        """(B, 3, H, W) and features (B, features, H / 16, W / 16), if it takes any -> (B, 1)."""
        seen = self._through(self.look, pictures)
        if features is not None:
            seen = join(seen, features.to(seen.dtype))
        weighed = self._through(self.weigh, seen).mean((2, 3))
        with torch.autocast(weighed.device.type, enabled=False):  # the drift's slope is too small for half precision
            logits: Tensor = self.decide(weighed.float())
        return logits

    def _through(self, layers: nn.Sequential, features: Tensor) -> Tensor:
        recompute = self.checkpointing and self.training and torch.is_grad_enabled()
        for layer in layers:
            again = recompute and isinstance(layer, ResNeXtBlock)
            features = recomputed(layer, features, norms=layer) if again else layer(features)
        return features


def _activated(inputs: int, outputs: int, kernel: int, *, stride: int = 1, padding: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
    return [convolution, nn.LeakyReLU(SLOPE, inplace=True)]
