"""Runs networks by torch, on any of its devices."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from pipelines.core.imaging.arrays import F32
from pipelines.inference.encoding import InputKind


class TorchEngine:
    """A network on a device: float32 (B, Cin, S, S) to a picture, or of filled drawings fill, ink, guesses, shares."""

    def __init__(self, module: nn.Module, kind: InputKind, device: str) -> None:
        frozen: Any = module.requires_grad_(False)
        self._module = frozen.to(device, memory_format=torch.channels_last)
        self._kind, self._device = kind, device

    def __call__(self, inputs: F32) -> list[F32]:
        """Run it once, in the calling thread where it runs on the CPU."""
        with torch.inference_mode(), _one_thread():
            given = torch.from_numpy(inputs).to(self._device, memory_format=torch.channels_last)
            module = self._module
            made: Sequence[Tensor] = module.parts(given)[:4] if self._kind == "filled" else [module(given)]
            return [one.float().cpu().numpy() for one in made]


@contextmanager
def _one_thread() -> Iterator[None]:
    """Convolutions on one thread, so that results are the same for any number of processors and workers."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
