"""Several processes that learn as one: equal weights at the start, gradients averaged in every move.

Launching, devices and nodes are Lightning Fabric's; the networks are not wrapped, since adversarial training freezes
some of them in turn and goes through others twice, which wrappers that watch forward and backward do not carry.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor

from pipelines.core.errors import MissingPackageError, UsageError

if TYPE_CHECKING:
    from lightning_fabric import Fabric
from collections.abc import Callable

from pipelines.core.errors import SettingsError

Precision = Literal["fp32", "bf16", "fp16"]


class ProcessGroup:
    """One process among those that train together; alone without Fabric."""

    def __init__(self, fabric: "Fabric | None" = None) -> None:
        self._device = fabric.device if fabric else torch.device("cpu")
        self.rank: int = fabric.global_rank if fabric else 0
        self.size: int = fabric.world_size if fabric else 1

    def share(self, tensors: Mapping[str, Tensor]) -> None:
        """Give all processes the first one's tensors, in place."""
        if self.size > 1:
            for tensor in tensors.values():
                torch.distributed.broadcast(tensor, 0)

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors by their means over all processes, in place and in one message."""
        if self.size > 1 and tensors:
            flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
            torch.distributed.all_reduce(flat)
            flat /= self.size
            for tensor, part in zip(tensors, torch.split(flat, [tensor.numel() for tensor in tensors]), strict=True):
                tensor.copy_(part.view_as(tensor))

    def means(self, values: Mapping[str, float]) -> dict[str, float]:
        """Figures averaged over all processes."""
        if self.size == 1:
            return dict(values)
        flat = torch.tensor(list(values.values()), device=self._device)
        torch.distributed.all_reduce(flat)
        return dict(zip(values, (flat / self.size).tolist(), strict=True))

    def agree(self, value: int) -> int:
        """The largest of the processes' numbers: all stop when one was asked to."""
        if self.size == 1:
            return value
        number = torch.tensor(value, device=self._device)
        torch.distributed.all_reduce(number, torch.distributed.ReduceOp.MAX)
        return int(number)

    def wait(self) -> None:
        """Until all are here."""
        if self.size > 1:
            torch.distributed.barrier()


def launch(device: torch.device, *, devices: int, nodes: int) -> tuple[ProcessGroup, torch.device]:
    """Start the other processes and join them: the same command runs again in each; returns this one's device."""
    if devices == 1 and nodes == 1:
        return ProcessGroup(), device
    there = {"cuda": torch.cuda.device_count(), "mps": 1}.get(device.type, devices)
    if devices > there:
        raise UsageError(f"here are {there} devices of the kind {device.type}, not {devices}", hint="Use fewer")
    try:
        from lightning_fabric import Fabric
    except ImportError as error:
        raise MissingPackageError(
            "training on several devices needs Lightning Fabric", hint="pip install 'colorize-cli[devices]'"
        ) from error
    strategy: Any = "ddp"
    fabric = Fabric(accelerator=device.type, devices=devices, num_nodes=nodes, strategy=strategy)
    fabric.launch()
    return ProcessGroup(fabric), fabric.device


def choose_precision(name: str, device: torch.device) -> Precision:
    """The precision that a name means on a device: "auto" is bf16 where the hardware computes in it, else fp32."""
    if name == "auto":
        return "bf16" if _has_bf16(device) else "fp32"
    if name == "fp16" and device.type == "cpu":
        raise SettingsError("fp16 training needs a GPU", hint="Use --precision auto")
    return name  # type: ignore[return-value]


def _has_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    return device.type == "cpu" and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()) and _amx()


def _amx() -> bool:
    check: Callable[[], bool] | None = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return bool(check and check())
