"""Builds the U-Net generator of Pix2Pix: an encoder and a decoder with a skip connection at every scale.

Source: P. Isola, J.-Y. Zhu, T. Zhou, A. A. Efros, "Image-to-Image Translation with Conditional Adversarial Networks",
CVPR 2017, sections 3.2.1 and 6.1. Parameters have the names, shapes and order of the published PyTorch files.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from pipelines.nn.blocks import Norm, conv_bias, join, norm_layer, recomputed
from pipelines.nn.convolutions import Conv2d, ConvTranspose2d

_WIDEST = 8  # times the base width: no scale has more channels
_DROPOUT = 0.5


class SkipBlock(nn.Module):
    """One scale: half the size, what lies below, twice the size; `model` is in the published files' order."""

    def __init__(self, down: Sequence[nn.Module], inner: "SkipBlock | None", up: Sequence[nn.Module]) -> None:
        super().__init__()
        self.model = nn.Sequential(*down, *([inner] if inner is not None else []), *up)
        self._shape = (len(down), inner is not None)

    def forward(self, features: Tensor, recompute: bool = False) -> Tensor:
        """(B, C, H, W) -> (B, C', H, W), without the skip connection; `features` may be written to."""
        layers = list(self.model)
        below, has_inner = self._shape
        down, inner, up = layers[:below], layers[below] if has_inner else None, layers[below + has_inner :]

        def descend(entered: Tensor) -> Tensor:
            return _through(down[1:] if isinstance(down[0], nn.LeakyReLU) else down, entered)

        def ascend(*features: Tensor) -> Tensor:  # of this scale, and of the one below where there is one
            return _through(up, join(*features) if len(features) > 1 else features[0])

        if isinstance(down[0], nn.LeakyReLU):
            features = down[0](features)  # in place, so the skip is activated too: the ReLU after it makes that equal
        if not recompute:
            deep = descend(features)
            return ascend(deep) if inner is None else ascend(deep, inner(deep))
        deep = recomputed(descend, features, norms=self)
        if inner is None:
            return ascend(deep)  # of a few pixels: nothing to save
        return recomputed(ascend, deep, inner(deep, True), norms=self)


class UNet(nn.Module):
    """U-Net of `downs` scales for pictures whose sides are multiples of 2 ** downs px: 7 for 128, 8 for 256, 9 for 512.

    (B, inputs, H, W) -> (B, outputs, H, W) in [-1, 1]. `width` is the number of channels at the first scale.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int = 3,
        *,
        downs: int = 8,
        width: int = 64,
        norm: Norm = "batch",
        dropout: bool = True,
    ) -> None:
        super().__init__()
        self.checkpointing = False  # True: less memory in training, about a third more time
        channels = [width * min(2**scale, _WIDEST) for scale in range(downs)]
        block = _innermost(channels[-2], channels[-1], norm)
        for scale in range(downs - 2, 0, -1):
            dropped = dropout and scale >= 4  # the scales of full width above the innermost
            block = _middle(channels[scale - 1], channels[scale], block, norm=norm, dropout=dropped)
        down = Conv2d(inputs, width, 4, 2, 1, bias=conv_bias(norm))
        up = ConvTranspose2d(width * 2, outputs, 4, 2, 1)
        self.model = SkipBlock([down], block, [nn.ReLU(inplace=True), up, nn.Tanh()])

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H, W) in [-1, 1]."""
        result: Tensor = self.model(pictures, self.checkpointing and self.training)
        return result


def _innermost(outer: int, inner: int, norm: Norm) -> SkipBlock:
    bias = conv_bias(norm)
    down = [nn.LeakyReLU(0.2, inplace=True), Conv2d(outer, inner, 4, 2, 1, bias=bias)]
    up = [nn.ReLU(inplace=True), ConvTranspose2d(inner, outer, 4, 2, 1, bias=bias), norm_layer(norm, outer)]
    return SkipBlock(down, None, up)


def _middle(outer: int, inner: int, below: SkipBlock, *, norm: Norm, dropout: bool) -> SkipBlock:
    bias = conv_bias(norm)
    down = [
        nn.LeakyReLU(0.2, inplace=True),
        Conv2d(outer, inner, 4, 2, 1, bias=bias),
        norm_layer(norm, inner),
    ]
    up = [nn.ReLU(inplace=True), ConvTranspose2d(inner * 2, outer, 4, 2, 1, bias=bias), norm_layer(norm, outer)]
    return SkipBlock(down, below, [*up, nn.Dropout(_DROPOUT)] if dropout else up)


def _through(layers: Sequence[nn.Module], features: Tensor) -> Tensor:
    for layer in layers:
        features = layer(features)
    return features
