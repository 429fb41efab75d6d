"""Builds the ResNet generator of CycleGAN: two scales down, residual blocks, two scales up.

Sources: J.-Y. Zhu, T. Park, P. Isola, A. A. Efros, "Unpaired Image-to-Image Translation using Cycle-Consistent
Adversarial Networks", ICCV 2017, section 7.2; J. Johnson, A. Alahi, L. Fei-Fei, "Perceptual Losses for Real-Time Style
Transfer and Super-Resolution", ECCV 2016. Parameters have the names, shapes and order of the published PyTorch files.
"""

from torch import Tensor, nn

from pipelines.nn.blocks import Norm, conv_bias, norm_layer, recomputed

_DROPOUT = 0.5


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions, whose result is added to what they were given."""

    def __init__(self, channels: int, *, norm: Norm, dropout: bool) -> None:
        super().__init__()
        bias = conv_bias(norm)
        first = [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, bias=bias), norm_layer(norm, channels)]
        second = [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, bias=bias), norm_layer(norm, channels)]
        between = [nn.ReLU(inplace=True), *([nn.Dropout(_DROPOUT)] if dropout else [])]
        self.conv_block = nn.Sequential(*first, *between, *second)

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        change: Tensor = self.conv_block(features)
        return change.add_(features)


class ResNet(nn.Module):
    """ResNet of `blocks` residual blocks for pictures whose sides are multiples of 4 px.

    (B, inputs, H, W) -> (B, outputs, H, W) in [-1, 1]. `width` is the number of channels at full size.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int = 3,
        *,
        blocks: int = 9,
        width: int = 64,
        norm: Norm = "instance",
        dropout: bool = False,
    ) -> None:
        super().__init__()
        self.checkpointing = False  # True: less memory in training, about a third more time
        bias = conv_bias(norm)
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(inputs, width, 7, bias=bias), *_activated(norm, width)]
        for channels in (width, width * 2):
            down = nn.Conv2d(channels, channels * 2, 3, 2, 1, bias=bias)
            layers += [down, *_activated(norm, channels * 2)]
        layers += [ResidualBlock(width * 4, norm=norm, dropout=dropout) for _ in range(blocks)]
        for channels in (width * 4, width * 2):
            up = nn.ConvTranspose2d(channels, channels // 2, 3, 2, 1, output_padding=1, bias=bias)
            layers += [up, *_activated(norm, channels // 2)]
        self.model = nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, outputs, 7), nn.Tanh())

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H, W) in [-1, 1]."""
        if not (self.checkpointing and self.training):
            result: Tensor = self.model(pictures)
            return result
        for layer in self.model:
            residual = isinstance(layer, ResidualBlock)
            pictures = recomputed(layer, pictures, norms=layer) if residual else layer(pictures)
        return pictures


def _activated(norm: Norm, channels: int) -> list[nn.Module]:
    return [norm_layer(norm, channels), nn.ReLU(inplace=True)]
