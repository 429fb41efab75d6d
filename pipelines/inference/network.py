"""A trained network ready to run, loaded once in a process and run by an engine, torch or onnxruntime."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from pipelines.core.errors import MethodError, UsageError
from pipelines.core.imaging.arrays import F32, U8
from pipelines.inference.checkpoint_info import spec_of
from pipelines.inference.letterbox import Letterboxed, letterbox
from pipelines.inference.onnx_engine import OnnxEngine, is_onnx, open_file
from pipelines.inference.types import NetworkSpec

if TYPE_CHECKING:
    from torch import nn

    from pipelines.inference.checkpoint_info import CheckpointInfo
    from pipelines.nn.devices import Precision

Engine = Callable[[F32], list[F32]]
"""What runs a network: float32 (B, channels, S, S) to the tensors that its spec names."""

EngineName = Literal["torch", "onnx"]

_KEPT = 4  # networks that a process keeps loaded


@dataclass(frozen=True)
class Network:
    """A network ready to run."""

    engine: Engine
    spec: NetworkSpec

    def letterbox(self, lines: U8, hints: U8) -> Letterboxed:
        """Lay a line drawing, uint8 (H, W), and its hints, uint8 RGBA (H, W, 4), into the network's frame."""
        return letterbox(lines, hints, self.spec.frame_size, least_hint=self.spec.least_hint)

    def run(self, inputs: F32) -> list[F32]:
        """The tensors that the spec names, for inputs (B, channels, S, S); MethodError for what is no number."""
        outputs = self.engine(inputs)
        if not all(np.isfinite(output).all() for output in outputs):
            raise MethodError("the network gives values that are no numbers", hint="Give another checkpoint")
        return outputs


@lru_cache(maxsize=_KEPT)
def load_network(
    checkpoint: str,
    weights: str,
    device: str,
    engine: EngineName = "torch",
    *,
    precision: "Precision" = "fp32",
    domain: str = "",
) -> Network:
    """Load a checkpoint folder or an ONNX file, once in a process, to be run by an engine; onnx runs on the CPU.

    precision: in which torch multiplies. domain: in which it paints, of those that it learned; empty: its own. Raises
    UsageError where its digest is not `weights` any more, MissingPackageError without the engine's packages.
    """
    network, digest = _load(checkpoint, device, engine, precision=precision, domain=domain)
    if digest != weights:
        raise UsageError(f"{checkpoint} was replaced meanwhile", hint="Run the same command again")
    return network


def _load(
    checkpoint: str, device: str, engine: EngineName, *, precision: "Precision", domain: str
) -> tuple[Network, str]:
    """The network, and the digest of its weights or of the whole file."""
    if is_onnx(checkpoint):
        file = open_file(checkpoint)
        return Network(file.engine, file.spec), file.digest
    from pipelines.inference.checkpoint import load_checkpoint

    module, info = load_checkpoint(checkpoint, domain=domain)
    if engine == "onnx":
        return Network(_export(module, info), spec_of(info)), info.weights_sha256
    from pipelines.inference.torch_engine import TorchEngine

    return Network(TorchEngine(module, device, precision), spec_of(info)), info.weights_sha256


def _export(module: "nn.Module", info: "CheckpointInfo") -> OnnxEngine:
    from pipelines.inference.onnx_export import to_onnx

    return OnnxEngine(to_onnx(module, info))
