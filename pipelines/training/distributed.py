"""Several processes that learn as one: equal weights at the start, gradients averaged in every update.

Launching, devices and nodes are Lightning Fabric's; the networks are not wrapped, since adversarial training freezes
some of them in turn and goes through others twice, which wrappers that watch forward and backward do not carry.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from pipelines.core.errors import MissingPackageError, UsageError

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class ProcessGroup:
    """One process among those that train together; alone without Fabric."""

    def __init__(self, fabric: "Fabric | None" = None) -> None:
        self._device = fabric.device if fabric else torch.device("cpu")
        self.rank: int = fabric.global_rank if fabric else 0
        self.world_size: int = fabric.world_size if fabric else 1

    def broadcast(self, tensors: Mapping[str, Tensor]) -> None:
        """Give all processes the first one's tensors, in place."""
        if self.world_size > 1:
            for tensor in tensors.values():
                torch.distributed.broadcast(tensor, 0)

    def all_reduce_mean(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors by their means over all processes, in place and in one message."""
        if self.world_size > 1 and tensors:
            flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
            torch.distributed.all_reduce(flat)
            flat /= self.world_size
            for tensor, part in zip(tensors, torch.split(flat, [tensor.numel() for tensor in tensors]), strict=True):
                tensor.copy_(part.view_as(tensor))

    def reduce_metrics(self, values: Mapping[str, float]) -> dict[str, float]:
        """Figures averaged over all processes."""
        if self.world_size == 1:
            return dict(values)
        flat = torch.tensor(list(values.values()), dtype=torch.float64, device=self._device)
        torch.distributed.all_reduce(flat)
        return dict(zip(values, (flat / self.world_size).tolist(), strict=True))

    def all_reduce_max(self, value: int) -> int:
        """The largest of the processes' numbers: all stop when one was asked to."""
        if self.world_size == 1:
            return value
        number = torch.tensor(value, device=self._device)
        torch.distributed.all_reduce(number, torch.distributed.ReduceOp.MAX)
        return int(number)

    def gather(self, tensors: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
        """What all processes have, on the CPU, in the order of their ranks: in the first one; none in the others."""
        own = {name: tensor.detach().cpu() for name, tensor in tensors.items()}
        if self.world_size == 1:
            return [own]
        whole = {name: tensor.clone() for name, tensor in own.items()}  # of a view all that it is seen in would go
        gathered: list[Any] | None = [None] * self.world_size if self.rank == 0 else None
        torch.distributed.gather_object(whole, gathered, 0)
        return gathered or []

    def number_of_first(self, value: int) -> int:
        """The first process's number, where each has one of its own."""
        if self.world_size == 1:
            return value
        number = torch.tensor(value, device=self._device)
        torch.distributed.broadcast(number, 0)
        return int(number)

    def barrier(self) -> None:
        """Wait until all are here."""
        if self.world_size > 1:
            torch.distributed.barrier()


def launch(device: torch.device, *, devices: int, nodes: int) -> tuple[ProcessGroup, torch.device]:
    """Start the other processes and join them: the same command runs again in each; returns this one's device."""
    if devices == 1 and nodes == 1:
        return ProcessGroup(), device
    available = {"cuda": torch.cuda.device_count(), "mps": 1}.get(device.type, devices)
    if devices > available:
        raise UsageError(f"here are {available} devices of the kind {device.type}, not {devices}", hint="Use fewer")
    try:
        from lightning_fabric import Fabric
    except ImportError as error:
        raise MissingPackageError(
            "training on several devices needs Lightning Fabric", hint="pip install 'colorize-cli[devices]'"
        ) from error
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # who joined whom is no news, least of all with -q
    strategy: Any = "ddp"
    fabric = Fabric(accelerator=device.type, devices=devices, num_nodes=nodes, strategy=strategy)
    fabric.launch()
    return ProcessGroup(fabric), fabric.device
