"""Runs networks in TorchScript files.

TorchScript holds the network's code in a language of its own, which calls torch's operations alone. torch has declared
it deprecated for new files, and goes on reading it; the warning is not for those who have one.
"""

import re
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.jit._fuser import optimized_execution

from pipelines.core.errors import MethodError, UsageError
from pipelines.core.files import show_path
from pipelines.core.imaging.arrays import F32
from pipelines.inference.torch_engine import TorchEngine


class ScriptedNetwork(nn.Module):
    """A network of TorchScript that gives all its outputs in a row, however they are packed."""

    def __init__(self, script: Any) -> None:
        super().__init__()
        self.script = script

    def outputs(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Run it without the optimizer, which would time the first runs and compute the later ones differently."""
        with optimized_execution(False):
            return tuple(_tensors(self.script(inputs)))


def open_torchscript(path: str, device: str) -> Callable[[F32], list[F32]]:
    """Open a file as a network in float32 on a device; raises UsageError for one that cannot be opened.

    What is returned raises MethodError where the network cannot run on its input; on a GPU, threads take turns.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that TorchScript is deprecated
            script = torch.jit.load(path, map_location="cpu").eval().float()  # type: ignore[no-untyped-call]
        engine = TorchEngine(ScriptedNetwork(script), device)
    except Exception as error:  # torch's readers raise anything
        operation = re.search(
            r"(?:Unknown builtin op: |Couldn't find an operator for |\.torch\.classes\.)([\w.:]+)", str(error)
        )
        if operation is not None:
            raise UsageError(
                f"{show_path(path)} needs {operation[1].rstrip('.:')}, an operation that torch does not have by itself",
                hint="Export the network without it, or to ONNX",
            ) from error
        raise UsageError(
            f"{show_path(path)} is a damaged TorchScript file: {_last_line(error)}", hint="Save it anew"
        ) from error
    turn = threading.Lock()

    def run(inputs: F32) -> list[F32]:
        try:
            if device == "cpu":
                return engine(inputs)
            with turn:
                return engine(inputs)
        except (RuntimeError, ValueError, NotImplementedError) as error:
            _raise_memory(error)
            raise MethodError(f"the network cannot run: {_last_line(error)}", hint=_hint(error)) from error

    return run


def _tensors(result: object) -> Iterator[Tensor]:
    """The tensors in what a network gives: one, or several in a tuple, a list or a mapping."""
    if isinstance(result, Tensor):
        yield result
    elif isinstance(result, Mapping):
        for item in result.values():
            yield from _tensors(item)
    elif isinstance(result, Sequence):
        for item in result:
            yield from _tensors(item)


def _raise_memory(error: Exception) -> None:
    if isinstance(error, torch.OutOfMemoryError) or "allocate memory" in str(error):
        raise MethodError(
            "not enough memory for the network", hint="Set a smaller tile, or use fewer --jobs"
        ) from error


def _last_line(error: Exception) -> str:
    """What an error of TorchScript says, without the code around it."""
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    return re.sub(r"^\w*(Error|Exception): ", "", lines[-1]) if lines else type(error).__name__


def _hint(error: Exception) -> str:
    if re.search(r"Half|BFloat16|float16", str(error)):
        return "It computes in 16 bits: export it in float32"
    if re.search(r"cuda|mps", str(error), re.IGNORECASE):
        return "It is tied to the device it was traced on: trace it on the CPU"
    return "See what it reads: channels, multiple, fit and size (colorize-cli methods lines network)"
