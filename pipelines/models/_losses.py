"""Holds the losses of adversarial training: how far a discriminator's logits are from "real" or "fake"."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

Gan = Literal["vanilla", "lsgan"]


def gan_loss(logits: Tensor, real: bool, kind: Gan) -> Tensor:
    """The mean distance of logits, any shape, from the label 1 (real) or 0 (fake); a scalar >= 0.

    "vanilla" is the cross-entropy of sigmoid(logits), in its non-saturating form for generators (I. Goodfellow et al.,
    "Generative Adversarial Nets", NIPS 2014); "lsgan" is the squared difference (X. Mao et al., "Least Squares
    Generative Adversarial Networks", ICCV 2017).
    """
    logits = logits.float()  # of half precision
    if kind == "vanilla":
        return functional.softplus(-logits if real else logits).mean()  # -log sigmoid(x) = softplus(-x)
    return (logits - 1 if real else logits).square().mean()


def gradient_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, *, weight: float = 10.0) -> Tensor:
    """How far the critic's slope is from 1 between real and fake pictures, (B, C, H, W) each; a scalar >= 0.

    weight * mean((||d critic(x) / d x|| - 1) ** 2) at x = alpha * real + (1 - alpha) * fake, one alpha per picture,
    uniform in [0, 1) from torch's global generator. A critic with many logits counts their sum. Can be derived again.
    Source: I. Gulrajani et al., "Improved Training of Wasserstein GANs", NIPS 2017, equation 3.
    """
    alpha = torch.rand(len(real)).to(real).view(-1, 1, 1, 1)  # drawn on the CPU: alike on every device
    between = (alpha * real + (1 - alpha) * fake).detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    norms = torch.linalg.vector_norm(slope.flatten(1).float(), dim=1)  # (B,)
    penalty: Tensor = weight * (norms - 1).square().mean()
    return penalty
