"""Builds what adversarial training needs beside a generator, whichever that is.

`PatchGan` judges pieces of pictures; `gan_loss` is what discriminator and generator lower, `gradient_penalty` what a
Wasserstein critic lowers too. Sources: P. Isola, J.-Y. Zhu, T. Zhou, A. A. Efros, "Image-to-Image Translation with
Conditional Adversarial Networks", CVPR 2017, section 3.2.2 (patches); those of the losses stand at each.
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.nn.attention.self_attention import SelfAttention
from pipelines.nn.blocks import Norm, conv_bias, norm_layer

_WIDEST = 8  # times the base width: no layer has more channels
_ATTENTIVE = 2  # the layer, counted from 0, behind which features attend to each other

Gan = Literal["vanilla", "lsgan", "wgan-gp"]
"""The adversarial loss: cross-entropy, least squares, or the Wasserstein distance, whose critic has a penalty too."""

PenaltyNorm = Literal["picture", "pixel"]
"""Of what the slope of a penalised critic is to be 1: of a whole picture, or of each of its pixels."""


class PatchGan(nn.Module):
    """PatchGAN with `layers` halvings: 3 judge patches of 70x70 px, 1 of 16x16, 5 of 286x286.

    (B, inputs, H, W) -> logits (B, 1, H', W'), H' about H / 2 ** layers; higher is more real. attention: whether
    features behind the third leaky ReLU attend to each other, 32 px where pictures are 256.
    """

    def __init__(
        self, inputs: int, *, width: int = 64, layers: int = 3, norm: Norm = "batch", attention: bool = False
    ) -> None:
        super().__init__()
        channels = [width * min(2**depth, _WIDEST) for depth in range(layers + 1)]
        hidden: list[nn.Module] = [nn.Conv2d(inputs, width, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True)]
        for depth in range(1, layers + 1):
            stride = 2 if depth < layers else 1
            hidden += [
                nn.Conv2d(channels[depth - 1], channels[depth], 4, stride, 1, bias=conv_bias(norm)),
                norm_layer(norm, channels[depth]),
                nn.LeakyReLU(0.2, inplace=True),
            ]
            if attention and depth == _ATTENTIVE:
                hidden.append(SelfAttention(channels[depth]))
        self.model = nn.Sequential(*hidden, nn.Conv2d(channels[-1], 1, 4, 1, 1))

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, 1, H', W')."""
        result: Tensor = self.model(pictures)
        return result

    def activations(self, pictures: Tensor) -> list[Tensor]:
        """What lies behind each of the `layers` + 1 leaky ReLUs, from the first to the last, then the logits.

        For feature matching: T.-C. Wang et al., "High-Resolution Image Synthesis and Semantic Manipulation with
        Conditional GANs", CVPR 2018, equation 3.
        """
        kept = []
        for layer in self.model:
            pictures = layer(pictures)
            if isinstance(layer, nn.LeakyReLU):
                kept.append(pictures)
        return [*kept, pictures]


def gan_loss(logits: Tensor, real: bool, kind: Gan) -> Tensor:
    """The mean distance of logits, any shape, from the label 1 (real) or 0 (fake); a scalar.

    "vanilla" is the cross-entropy of sigmoid(logits), in its non-saturating form for generators (I. Goodfellow et al.,
    "Generative Adversarial Nets", NIPS 2014); "lsgan" is the squared difference (X. Mao et al., "Least Squares
    Generative Adversarial Networks", ICCV 2017). "wgan-gp" is the logits themselves, of real ones negated, so that the
    sum of both sides is minus the distance that the critic tells (I. Gulrajani et al., NIPS 2017, equation 3).
    """
    logits = logits.float()  # of half precision
    if kind == "wgan-gp":
        return (-logits if real else logits).mean()
    if kind == "vanilla":
        return functional.softplus(-logits if real else logits).mean()  # -log sigmoid(x) = softplus(-x)
    return (logits - 1 if real else logits).square().mean()


def gradient_penalty(
    critic: Callable[[Tensor], Tensor],
    real: Tensor,
    fake: Tensor,
    *,
    weight: float = 10.0,
    norm: PenaltyNorm = "picture",
) -> Tensor:
    """How far the critic's slope is from 1 between real and fake pictures, (B, C, H, W) each; a scalar >= 0.

    weight * mean((||d critic(x) / d x|| - 1) ** 2) at x = alpha * real + (1 - alpha) * fake, one alpha per picture,
    uniform in [0, 1) from torch's global generator. A critic with many logits counts their sum. norm: "picture" takes
    one norm per picture, as the equation does; "pixel" takes it over the channels of each pixel, which lets the slope
    of a picture grow to about sqrt(H W) (public codes of PaintsTorch). Worked out in float32, outside of autocast; can
    be derived again. Source: I. Gulrajani et al., "Improved Training of Wasserstein GANs", NIPS 2017, equation 3.
    """
    with torch.autocast(real.device.type, enabled=False):
        real, fake = real.float(), fake.float()
        alpha = torch.rand(len(real)).to(real).view(-1, 1, 1, 1)  # drawn on the CPU: alike on every device
        between = (alpha * real + (1 - alpha) * fake).detach().requires_grad_()
        (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
        slopes = slope.flatten(1) if norm == "picture" else slope
        norms = torch.linalg.vector_norm(slopes, dim=1)  # (B,), or (B, H, W)
        penalty: Tensor = weight * (norms - 1).square().mean()
    return penalty
