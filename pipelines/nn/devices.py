"""Chooses where networks are computed and in which precision, and tells how much memory that took."""

import sys
from collections.abc import Callable
from typing import Literal

import torch

from pipelines.core.errors import SettingsError, UsageError

Precision = Literal["fp32", "bf16", "fp16"]

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str) -> torch.device:
    """The device that a name means; "auto" is the fastest there is. Raises UsageError for one that is not there."""
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(device for device, is_present in present.items() if is_present))
    kind = name.partition(":")[0]
    if kind not in present:
        raise UsageError(f"there is no device '{name}'", hint=f"Choose from: {', '.join(DEVICES)}")
    if not present[kind]:
        raise UsageError(f"this machine (or this build of torch) has no {kind}", hint="Use --device auto or cpu")
    try:
        return torch.device(name)
    except RuntimeError as error:
        raise UsageError(f"there is no device '{name}'", hint=f"Choose from: {', '.join(DEVICES)}") from error


def choose_precision(name: Literal["auto"] | Precision, device: torch.device) -> Precision:
    """The precision that a name means on a device: "auto" is bf16 where the hardware computes in it, else fp32.

    Raises SettingsError for fp16 on a CPU.
    """
    if name == "auto":
        return "bf16" if _has_bf16(device) else "fp32"
    if name == "fp16" and device.type == "cpu":
        raise SettingsError("fp16 training needs a GPU", hint="Use --precision auto")
    return name


def peak_memory(device: torch.device) -> float:
    """The most memory that this process has held so far, bytes; on a GPU, of its memory."""
    if device.type == "cuda":
        return float(torch.cuda.max_memory_allocated(device))
    if sys.platform == "win32":
        return float("nan")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak if sys.platform == "darwin" else peak * 1024)


def _has_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    return device.type == "cpu" and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()) and _has_amx()


def _has_amx() -> bool:
    check: Callable[[], bool] | None = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return bool(check and check())
