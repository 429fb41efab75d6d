"""Builds the U-Net generator of Pix2Pix: an encoder and a decoder with a skip connection at every scale.

Source: P. Isola, J.-Y. Zhu, T. Zhou, A. A. Efros, "Image-to-Image Translation with Conditional Adversarial Networks",
CVPR 2017, sections 3.2.1 and 6.1. Parameters have the names, shapes and order of the published PyTorch files.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from pipelines.nn.adaptive_norm import STYLE, AdaptiveInstanceNorm
from pipelines.nn.attention.self_attention import SelfAttention
from pipelines.nn.blocks import GeneratorNorm, conv_bias, join, norm_layer, recomputed
from pipelines.nn.convolutions import Conv2d, ConvTranspose2d
from pipelines.nn.skip_fusion import Skips, skip_fusion

_WIDEST = 8  # times the base width: no scale has more channels
_FULL_WIDTH = 4  # the first scale of full width above the innermost: those have dropout
_DROPOUT = 0.5
_ATTENTIVE = 5  # halvings above one pixel, 32 px: where a decoder's features attend to each other


class SkipBlock(nn.Module):
    """One scale: half the size, what lies below, twice the size; `model` is in the published files' order."""

    def __init__(
        self,
        down: Sequence[nn.Module],
        inner: "SkipBlock | None",
        up: Sequence[nn.Module],
        fusion: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.model = nn.Sequential(*down, *([inner] if inner is not None else []), *up)
        self.fusion = fusion  # None: the skip connection is laid beside what comes from below
        self._shape = (len(down), inner is not None)

    def forward(self, features: Tensor, styles: Tensor | None = None, recompute: bool = False) -> Tensor:
        """(B, C, H, W) -> (B, C', H, W), without the skip connection; `features` may be written to."""
        layers = list(self.model)
        below, has_inner = self._shape
        down, inner, up = layers[:below], layers[below] if has_inner else None, layers[below + has_inner :]
        fuse = self.fusion or join

        def descend(entered: Tensor) -> Tensor:
            return _through(down[1:] if isinstance(down[0], nn.LeakyReLU) else down, entered, styles)

        def ascend(*features: Tensor) -> Tensor:  # of this scale, and of the one below where there is one
            return _through(up, fuse(*features) if len(features) > 1 else features[0], styles)

        if isinstance(down[0], nn.LeakyReLU):
            features = down[0](features)  # in place, so the skip is activated too: the ReLU after it makes that equal
        if not recompute:
            deep = descend(features)
            return ascend(deep) if inner is None else ascend(deep, inner(deep, styles))
        deep = recomputed(descend, features, norms=self)
        if inner is None:
            return ascend(deep)  # of a few pixels: nothing to save
        return recomputed(ascend, deep, inner(deep, styles, True), norms=self)


class UNet(nn.Module):
    """U-Net of `downs` scales for pictures whose sides are multiples of 2 ** downs px: 7 for 128, 8 for 256, 9 for 512.

    (B, inputs, H, W) -> (B, outputs, H, W) in [-1, 1]. `width` is the number of channels at the first scale. attention:
    whether the decoder's features of 32 px, at the size that the network is for, attend to each other. With norm
    "adain" there are `domains` kinds of pictures, and it paints those of the number `domain` where nobody says others.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int = 3,
        *,
        downs: int = 8,
        width: int = 64,
        norm: GeneratorNorm = "batch",
        dropout: bool = True,
        attention: bool = False,
        skips: Skips = "concat",
        domains: int = 1,
        domain: int = 0,
    ) -> None:
        super().__init__()
        self.checkpointing = False  # True: less memory in training, about a third more time
        self.domain = domain
        channels = [width * min(2**scale, _WIDEST) for scale in range(downs)]
        block = _innermost(channels[-2], channels[-1], norm)
        for scale in range(downs - 2, 0, -1):
            outer, inner = channels[scale - 1], channels[scale]
            ends = _ends(outer, norm, attention and scale == downs - _ATTENTIVE, dropout and scale >= _FULL_WIDTH)
            block = _middle(outer, inner, block, norm=norm, ends=ends, skips=skips)
        down = Conv2d(inputs, width, 4, 2, 1, bias=conv_bias(norm))
        up = ConvTranspose2d(_fused(skips, width), outputs, 4, 2, 1)
        self.model = SkipBlock([down], block, [nn.ReLU(inplace=True), up, nn.Tanh()], skip_fusion(skips, width))
        self.styles = nn.Embedding(domains, STYLE) if norm == "adain" else None

    def forward(self, pictures: Tensor, domains: Tensor | None = None) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H, W) in [-1, 1]; domains: their numbers, (B,), None: the network's own."""
        styles = None
        if self.styles is not None:
            own = torch.full((1,), self.domain, dtype=torch.long, device=pictures.device)
            styles = self.styles(own if domains is None else domains)
        result: Tensor = self.model(pictures, styles, self.checkpointing and self.training)
        return result


def _innermost(outer: int, inner: int, norm: GeneratorNorm) -> SkipBlock:
    bias = conv_bias(norm)
    down = [nn.LeakyReLU(0.2, inplace=True), Conv2d(outer, inner, 4, 2, 1, bias=bias)]
    up = [nn.ReLU(inplace=True), ConvTranspose2d(inner, outer, 4, 2, 1, bias=bias), norm_layer(norm, outer)]
    return SkipBlock(down, None, up)


def _middle(
    outer: int, inner: int, below: SkipBlock, *, norm: GeneratorNorm, ends: Sequence[nn.Module], skips: Skips
) -> SkipBlock:
    bias = conv_bias(norm)
    down = [
        nn.LeakyReLU(0.2, inplace=True),
        Conv2d(outer, inner, 4, 2, 1, bias=bias),
        norm_layer(norm, inner),
    ]
    up = [nn.ReLU(inplace=True), ConvTranspose2d(_fused(skips, inner), outer, 4, 2, 1, bias=bias)]
    return SkipBlock(down, below, [*up, *ends], skip_fusion(skips, inner))


def _ends(channels: int, norm: GeneratorNorm, attention: bool, dropout: bool) -> list[nn.Module]:
    """What follows the last convolution of a scale."""
    attentive = [SelfAttention(channels)] if attention else []
    return [norm_layer(norm, channels), *attentive, *([nn.Dropout(_DROPOUT)] if dropout else [])]


def _fused(skips: Skips, channels: int) -> int:
    """Channels of fused features."""
    return channels if skips == "summed" else 2 * channels


def _through(layers: Sequence[nn.Module], features: Tensor, styles: Tensor | None) -> Tensor:
    for layer in layers:
        features = layer(features, styles) if isinstance(layer, AdaptiveInstanceNorm) else layer(features)
    return features
