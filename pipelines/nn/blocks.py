"""Holds what all the networks are made of: normalisation, initial weights, and gradient checkpointing."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from pipelines.nn.adaptive_norm import AdaptiveInstanceNorm
from pipelines.nn.spectral import SpectralNorm

Norm = Literal["batch", "instance", "none"]
GeneratorNorm = Literal["batch", "instance", "none", "adain"]
"""Those of generators: adain is instance norm as the picture's domain wants it."""

_DEVIATION = 0.02  # of the initial weights: Radford et al., "DCGAN", 2016, section 3; kept by Isola et al., 6.2


def norm_layer(norm: GeneratorNorm, channels: int) -> nn.Module:
    """A normalisation of (B, channels, H, W): batch learns scale and shift, adain those of domains, others nothing."""
    if norm == "batch":
        return nn.BatchNorm2d(channels)
    if norm == "adain":
        return AdaptiveInstanceNorm(channels)
    return nn.InstanceNorm2d(channels) if norm == "instance" else nn.Identity()


def conv_bias(norm: GeneratorNorm) -> bool:
    """Whether convolutions before a normalisation have a bias: in the published networks only before instance norm."""
    return norm == "instance"


def initialise(network: nn.Module) -> None:
    """Draw the initial weights from torch's global generator: normal(0, 0.02), scales normal(1, 0.02), biases 0."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, _DEVIATION)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, _DEVIATION)
        else:
            continue
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


class _Join(torch.autograd.Function):
    """Concatenation whose gradients lie in memory as their features do.

    The gradient of `torch.cat` is a view into the whole: with channels last its pixels lie apart, and the
    normalisation and activation behind it go back about ten times slower (benchmarks/train_step.py).
    """

    @staticmethod
    def forward(context: Any, first: Tensor, second: Tensor) -> Tensor:
        context.channels = first.shape[1]
        context.layout = suggested_layout(first)
        return torch.cat([first, second], 1)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None]:
        gradient = gradients[0]
        parts = gradient[:, : context.channels], gradient[:, context.channels :]
        wanted = zip(parts, context.needs_input_grad, strict=True)
        first, second = (part.contiguous(memory_format=context.layout) if need else None for part, need in wanted)
        return first, second


def join(first: Tensor, second: Tensor) -> Tensor:
    """Concatenate features (B, C1, H, W) and (B, C2, H, W) to (B, C1 + C2, H, W)."""
    joined: Tensor = _Join.apply(first, second)  # type: ignore[no-untyped-call]
    return joined


def suggested_layout(features: Tensor) -> torch.memory_format:
    """The memory layout that features (B, C, H, W) have: channels last or contiguous."""
    last = features.is_contiguous(memory_format=torch.channels_last) and not features.is_contiguous()
    return torch.channels_last if last else torch.contiguous_format


def recomputed(part: Callable[..., Tensor], *inputs: Tensor, norms: nn.Module) -> Tensor:
    """Run a part of a network without keeping what lies inside it: every way back works it out again.

    What the batch and spectral norms within `norms` follow moves once, as it would without this, however often the part
    is worked out again: a second derivative (`adversarial.gradient_penalty`) does it twice.
    """

    def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), _StatisticsKept(norms)

    result: Tensor = checkpoint(part, *inputs, use_reentrant=False, context_fn=contexts)
    return result


class _StatisticsKept(AbstractContextManager[None]):
    """Batch and spectral norms within a network leave what they follow as it is; can be entered again and again."""

    def __init__(self, network: nn.Module) -> None:
        norms = (layer for layer in network.modules() if isinstance(layer, _BatchNorm))
        self._tracking = [layer for layer in norms if layer.track_running_stats]
        self._spectral = [layer for layer in network.modules() if isinstance(layer, SpectralNorm) and layer.training]
        self._before: list[list[tuple[float | None, Tensor | None]]] = []  # one a time that it was entered

    def __enter__(self) -> None:
        self._before.append([(layer.momentum, layer.num_batches_tracked) for layer in self._tracking])
        for layer in self._tracking:
            layer.momentum, layer.num_batches_tracked = 0.0, None
        for norm in self._spectral:
            norm.eval()

    def __exit__(self, *_: object) -> None:
        for layer, (momentum, count) in zip(self._tracking, self._before.pop(), strict=True):
            layer.momentum, layer.num_batches_tracked = momentum, count
        if not self._before:
            for norm in self._spectral:
                norm.train()
