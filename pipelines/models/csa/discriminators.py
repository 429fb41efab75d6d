"""Builds the discriminators of CSA: PatchGANs at three sizes, and the losses by what their layers give.

Source: T.-C. Wang et al., "High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs", CVPR 2018,
section 3.2 and its public code (pooling, what is summed and what is averaged).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.nn.adversarial import PatchGan
from pipelines.nn.blocks import initialise

SCALES = 3

Activations = list[list[Tensor]]
"""Of each discriminator what its hidden layers give, from the first to the last, then its logits."""


class MultiScaleDiscriminator(nn.Module):
    """Three PatchGANs with weights of their own, at the full size, half and a quarter."""

    def __init__(self, inputs: int, *, width: int = 64, layers: int = 3) -> None:
        super().__init__()
        self.scales = nn.ModuleList(
            PatchGan(inputs, width=width, layers=layers, norm="instance") for _ in range(SCALES)
        )
        initialise(self)

    def forward(self, pictures: Tensor) -> Activations:
        """Of pictures (B, inputs, H, W): the activations of each discriminator, the largest size first."""
        activations = []
        for number, scale in enumerate(self.scales):
            assert isinstance(scale, PatchGan)
            pictures = halve(pictures) if number else pictures
            activations.append(scale.activations(pictures))
        return activations


def halve(pictures: Tensor) -> Tensor:
    """Pictures (B, C, H, W) at half the size: averages over 3x3 pixels, of those alone that lie in the picture."""
    return functional.avg_pool2d(pictures, 3, stride=2, padding=1, count_include_pad=False)


def feature_matching(real: Activations, fake: Activations) -> Tensor:
    """Equation 2: per discriminator the sum over its hidden layers of the mean absolute difference; their mean.

    The logits are left out. A scalar.
    """
    distances = [
        functional.l1_loss(of_fake.float(), of_real.float())
        for real_scale, fake_scale in zip(real, fake, strict=True)
        for of_real, of_fake in zip(real_scale[:-1], fake_scale[:-1], strict=True)
    ]
    return torch.stack(distances).sum() / len(real)


def logits_of(activations: Activations) -> Sequence[Tensor]:
    """The logits of each discriminator, (B, 1, H', W')."""
    return [scale[-1] for scale in activations]
