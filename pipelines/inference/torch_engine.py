"""Runs networks by torch, on any of its devices."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from pipelines.core.imaging.arrays import F32
from pipelines.nn import convolutions
from pipelines.nn.devices import Precision

_TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_PLAIN = (nn.Conv2d, nn.ConvTranspose2d, convolutions.Conv2d, convolutions.ConvTranspose2d)  # weights as they stand
_MULTIPLYING = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)  # layers whose weights are kept in half precision


def outputs_of(module: nn.Module, inputs: Tensor) -> tuple[Tensor, ...]:
    """The tensors that a network gives: those of its method `outputs` where it has several, else its picture alone."""
    several = getattr(module, "outputs", None)
    return (module(inputs),) if several is None else several(inputs)


class TorchEngine:
    """A network on a device: float32 (B, channels, S, S) to the tensors that it gives.

    precision: in which it multiplies; what it gives is float32 whatever that is.
    """

    def __init__(self, module: nn.Module, device: str, precision: Precision = "fp32") -> None:
        module.requires_grad_(False)
        fold_norms(module)
        if precision != "fp32":
            for layer in module.modules():
                if isinstance(layer, _MULTIPLYING):
                    layer.to(_TYPES[precision])  # once, instead of in each run
        # nn.Module.to knows no memory format in its types, though it takes one
        self._module = module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._device, self._precision = device, precision

    def __call__(self, inputs: F32) -> list[F32]:
        """Run it once, in the calling thread where it runs on the CPU."""
        kind = self._device.partition(":")[0]
        half = torch.autocast(kind, _TYPES[self._precision], enabled=self._precision != "fp32", cache_enabled=False)
        with torch.inference_mode(), _one_thread(), half:
            on_device = torch.from_numpy(inputs).to(self._device, memory_format=torch.channels_last)
            return [output.float().cpu().numpy() for output in outputs_of(self._module, on_device)]


def fold_norms(module: nn.Module) -> None:
    """Let convolutions of a network in eval mode do the work of the batch norms that follow them in an `nn.Sequential`.

    With the running mean m, variance v, scale g and shift b of the norm: W' = W g / sqrt(v + e) and
    bias' = (bias - m) g / sqrt(v + e) + b. The same network but for rounding.
    """
    for part in module.modules():
        if not isinstance(part, nn.Sequential):
            continue
        for (_, layer), (following, norm) in pairwise(list(part.named_children())):
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and _folds(layer, norm):
                _fold(layer, cast(nn.BatchNorm2d, norm))
                part.add_module(following, nn.Identity())


def _fold(layer: nn.Conv2d | nn.ConvTranspose2d, norm: nn.BatchNorm2d) -> None:
    """Give a convolution the weights and the bias with which it does the work of a norm too."""
    assert norm.running_mean is not None and norm.running_var is not None
    scale = torch.rsqrt(norm.running_var + norm.eps) * (1 if norm.weight is None else norm.weight)
    shift = 0 if norm.bias is None else norm.bias
    outputs = (1, -1, 1, 1) if isinstance(layer, nn.ConvTranspose2d) else (-1, 1, 1, 1)
    with torch.no_grad():
        weight = torch.empty_like(layer.weight, memory_format=torch.channels_last)  # as it is going to be read
        torch.mul(layer.weight, scale.view(outputs), out=weight)
        layer.weight = nn.Parameter(weight, requires_grad=False)
        bias = (0 if layer.bias is None else layer.bias) - norm.running_mean
        layer.bias = nn.Parameter(bias * scale + shift, requires_grad=False)


def _folds(layer: nn.Conv2d | nn.ConvTranspose2d, norm: nn.Module) -> bool:
    """Whether what follows a convolution is a norm in eval mode that can become part of it."""
    is_plain = type(layer) in _PLAIN and not is_parametrized(layer) and layer.groups == 1
    is_still = isinstance(norm, nn.BatchNorm2d) and norm.track_running_stats and not norm.training
    return is_plain and is_still and not layer.training


@contextmanager
def _one_thread() -> Iterator[None]:
    """Convolutions on one thread, so that results are the same for any number of processors and workers."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
