"""Runs networks by torch, on any of its devices."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from pipelines.core.imaging.arrays import F32


def outputs_of(module: nn.Module, inputs: Tensor) -> tuple[Tensor, ...]:
    """The tensors that a network gives: those of its method `outputs` where it has several, else its picture alone."""
    several = getattr(module, "outputs", None)
    return (module(inputs),) if several is None else several(inputs)


class TorchEngine:
    """A network on a device: float32 (B, channels, S, S) to the tensors that it gives."""

    def __init__(self, module: nn.Module, device: str) -> None:
        # nn.Module.to knows no memory format in its types, though it takes one
        self._module = module.requires_grad_(False).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._device = device

    def __call__(self, inputs: F32) -> list[F32]:
        """Run it once, in the calling thread where it runs on the CPU."""
        with torch.inference_mode(), _one_thread():
            on_device = torch.from_numpy(inputs).to(self._device, memory_format=torch.channels_last)
            return [output.float().cpu().numpy() for output in outputs_of(self._module, on_device)]


@contextmanager
def _one_thread() -> Iterator[None]:
    """Convolutions on one thread, so that results are the same for any number of processors and workers."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
