"""Tiny networks whose answer is known, written as TorchScript and as ONNX."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Bytes = NDArray[np.uint8]

REACH = 2  # px that `Valleys` looks to each side


class Grey(nn.Module):
    """Gives the mean over the channels: lines are what the picture is."""

    def forward(self, picture: Tensor) -> Tensor:
        """(B, C, H, W) to (B, 1, H, W)."""
        return picture.mean(dim=1, keepdim=True)


class Valleys(nn.Module):
    """How much darker than the mean of 5 x 5 pixels each pixel is, for one channel or the mean of three."""

    def __init__(self, channels: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 1, 2 * REACH + 1, padding=REACH, bias=False, padding_mode="replicate")
        kernel = torch.full((1, channels, 5, 5), 1 / 25)
        kernel[:, :, REACH, REACH] -= 1
        self.conv.weight.data = kernel / channels

    def forward(self, picture: Tensor) -> Tensor:
        """(B, C, H, W) in [0, 1] to ink, (B, 1, H, W) in [0, 1]."""
        ink: Tensor = (4 * self.conv(picture)).clamp(0, 1)
        return ink


class Does(nn.Module):
    """Does what a function of torch does to a picture."""

    def __init__(self, function: Callable[[Tensor], object]) -> None:
        super().__init__()
        self.function = function

    def forward(self, picture: Tensor) -> object:
        """Whatever it gives."""
        return self.function(picture)


def valleys(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    """What `Valleys` gives for (H, W) in [0, 1], by numpy."""
    padded = np.pad(grey, REACH, mode="edge")
    views = np.lib.stride_tricks.sliding_window_view(padded, (5, 5))
    return np.asarray(np.clip(4 * (views.mean(axis=(2, 3)) - grey), 0, 1))


def scripted(path: Path, network: nn.Module | Callable[[Tensor], object], channels: int = 3, size: int = 64) -> str:
    """Trace a network, or a function, into a TorchScript file."""
    module = network if isinstance(network, nn.Module) else Does(network)
    example = torch.rand(1, channels, size, size)
    return _saved(path, lambda: torch.jit.trace(module.eval(), example, check_trace=False, strict=False))  # type: ignore[no-untyped-call]


def compiled(path: Path, network: nn.Module) -> str:
    """Compile a network, its code and not one run of it, into a TorchScript file."""
    return _saved(path, lambda: torch.jit.script(network.eval()))


def _saved(path: Path, build: Callable[[], Any]) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that TorchScript is deprecated
        path.parent.mkdir(parents=True, exist_ok=True)
        build().save(str(path))
    return str(path)


def onnx_file(
    path: Path,
    shape: Sequence[int | str] = (1, 1, "h", "w"),
    *,
    gain: float = -1.0,
    shift: float = 1.0,
    kind: int = 1,
    operation: str = "Mul",
    domain: str = "",
) -> str:
    """An ONNX file of any input's name that gives gain * input + shift."""
    import onnx
    from onnx import helper

    dtype = {1: np.float32, 10: np.float16, 11: np.float64, 2: np.uint8}[kind]
    read = helper.make_tensor_value_info("some picture", kind, list(shape))
    made = helper.make_tensor_value_info("some lines", kind, list(shape))
    constants = [
        onnx.numpy_helper.from_array(np.array(value, dtype), name) for name, value in (("g", gain), ("s", shift))
    ]
    nodes = [
        helper.make_node(operation, ["some picture", "g"], ["scaled"], domain=domain),
        helper.make_node("Add", ["scaled", "s"], ["some lines"]),
    ]
    graph = helper.make_graph(nodes, "lines", [read], [made], initializer=constants)
    imports = [helper.make_opsetid("", 17), *([helper.make_opsetid(domain, 1)] if domain else [])]
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=imports, ir_version=8), path)
    return str(path)
