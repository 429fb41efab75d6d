"""Chooses where networks are computed and in which precision, and tells how much memory that took."""

import sys
import time
from functools import lru_cache
from typing import Literal

import torch

from pipelines.core.errors import SettingsError, UsageError
from pipelines.core.processor import processor_flags

Precision = Literal["fp32", "bf16", "fp16"]

DEVICES = ("auto", "cpu", "cuda", "mps")

_BF16_FLAGS = frozenset({"avx512_bf16", "bf16"})  # of processors that multiply in bf16, Intel and AMD, Arm
_AMX_FLAGS = frozenset({"amx_bf16"})  # of those that do it many times faster

_LEAST_GAIN = 1.3  # times that products are faster in bf16: less goes in bringing numbers to it and back
_PRODUCT, _PRODUCTS = 512, 9  # side of the matrices that are timed, and how often: 50 ms in all


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
    """The precision that a name means on a device: "auto" is bf16 where it is faster there, else fp32.

    On a CPU its flags say whether it could be, and without AMX a short measurement whether it is: of two processors
    with AVX512-BF16 one multiplied twice as fast in it, the other half as fast (docs/results.md). The same for as long
    as a process lives. Raises SettingsError for fp16 on a CPU.
    """
    if name == "auto":
        return "bf16" if _has_bf16(device) else "fp32"
    if name == "fp16" and device.type == "cpu":
        raise SettingsError("fp16 needs a GPU", hint="Use --precision auto")
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


@lru_cache(maxsize=1)
def bf16_gain() -> float:
    """How many times faster than in float32 a CPU multiplies matrices in bf16, on one thread, measured once."""
    single = torch.ones(_PRODUCT, _PRODUCT)
    half, threads = single.bfloat16(), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        seconds = [[_seconds_of_product(matrix) for matrix in (single, half)] for _ in range(_PRODUCTS + 1)]
    finally:
        torch.set_num_threads(threads)
    return min(pair[0] for pair in seconds[1:]) / min(pair[1] for pair in seconds[1:])


def _seconds_of_product(matrix: torch.Tensor) -> float:
    began = time.perf_counter()
    torch.mm(matrix, matrix)
    return time.perf_counter() - began


def _has_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    if device.type != "cpu" or not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return False
    flags = processor_flags()
    return bool(flags & _AMX_FLAGS) or (bool(flags & _BF16_FLAGS) and bf16_gain() >= _LEAST_GAIN)
