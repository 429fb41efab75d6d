"""Builds the PatchGAN discriminator: judges overlapping patches of a picture, not the whole.

Source: Isola et al., CVPR 2017, sections 3.2.2 and 6.1.2. Parameters have the names, shapes and order of the published
PyTorch files.
"""

from torch import Tensor, nn

from pipelines.models._blocks import Norm, conv_bias, norm_layer

_WIDEST = 8  # times the base width: no layer has more channels


class PatchGan(nn.Module):
    """PatchGAN with `layers` halvings: 3 judge patches of 70x70 px, 1 of 16x16, 5 of 286x286.

    (B, inputs, H, W) -> logits (B, 1, H', W'), H' about H / 2 ** layers; higher is more real.
    """

    def __init__(self, inputs: int, *, width: int = 64, layers: int = 3, norm: Norm = "batch") -> None:
        super().__init__()
        channels = [width * min(2**depth, _WIDEST) for depth in range(layers + 1)]
        found: list[nn.Module] = [nn.Conv2d(inputs, width, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True)]
        for depth in range(1, layers + 1):
            stride = 2 if depth < layers else 1
            found += [
                nn.Conv2d(channels[depth - 1], channels[depth], 4, stride, 1, bias=conv_bias(norm)),
                norm_layer(norm, channels[depth]),
                nn.LeakyReLU(0.2, inplace=True),
            ]
        self.model = nn.Sequential(*found, nn.Conv2d(channels[-1], 1, 4, 1, 1))

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, 1, H', W')."""
        result: Tensor = self.model(pictures)
        return result
