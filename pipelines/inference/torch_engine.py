"""Runs networks by torch, on any of its devices."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
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
        for (place, layer), (following, norm) in pairwise(list(part.named_children())):
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and _folds(layer, norm):
                is_transposed = isinstance(layer, nn.ConvTranspose2d)
                part.add_module(place, fuse_conv_bn_eval(layer, cast(nn.BatchNorm2d, norm), is_transposed))
                part.add_module(following, nn.Identity())


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
