"""Paints line drawings with a trained network, at the scale at which it learned.

The whole picture is laid into the network's square as `build-dataset` lays it: shrunk evenly until the longer side
fits, white around it. Two things are done to drawings that training pictures did not need: where shrinking leaves thin
lines faint they are darkened again, all alike, and hints smaller than those of training grow to about their size.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pipelines.core import registry
from pipelines.core.errors import MethodError, UsageError
from pipelines.inference.checkpoint_info import params_of
from pipelines.inference.encoding import InputKind, network_input, to_floats
from pipelines.inference.onnx_engine import OnnxEngine, is_onnx, open_file
from pipelines.models.fillnet.inputs import FillNetOutput, NetworkInput, stack_channels

if TYPE_CHECKING:
    from torch import nn

    from pipelines.inference.checkpoint_info import CheckpointInfo
from pipelines.core.imaging.arrays import F32, U8
from pipelines.inference.letterbox import LEAST_HINT, Letterboxed, letterbox

Engine = Callable[[F32], list[F32]]
"""What runs a network: float32 (B, Cin, S, S) to the picture, or for filled drawings to fill, ink, guesses, shares."""

EngineName = Literal["torch", "onnx"]
_KEPT = 4  # networks that a process keeps loaded


@dataclass(frozen=True)
class Network:
    """A network ready to paint."""

    engine: Engine
    kind: InputKind
    size: int  # px, the side of its square

    def lay_in(self, lines: U8, hints: U8) -> Letterboxed:
        """Lay a line drawing, uint8 (H, W), and its hints, uint8 RGBA (H, W, 4), into the network's square."""
        return letterbox(lines, hints, self.size, least_hint=0.0 if self.kind == "filled" else LEAST_HINT)

    def paint(self, sheets: Sequence[Letterboxed]) -> list[F32]:
        """Paint drawings together; returns RGB, float32 (h, w, 3), 0..255, of the part that each covers.

        Raises MethodError where the network gives values that are no numbers.
        """
        inputs = np.stack([network_input(sheet.lines, sheet.hints, self.kind) for sheet in sheets])  # (B, Cin, S, S)
        made = self._run(inputs)[0]  # (B, 3, S, S) in [-1, 1]
        return [
            np.ascontiguousarray(picture[sheet.place]) for picture, sheet in zip(_levels(made), sheets, strict=True)
        ]

    def find(self, filled: Sequence[NetworkInput]) -> list[FillNetOutput]:
        """What a network that works on flat colour says of drawings laid out for it; MethodError as for `paint`."""
        inputs = np.stack([to_floats(stack_channels(one)) for one in filled])  # (B, 7, S, S)
        fill, ink, guesses, shares = self._run(inputs)
        pictures, inks = _levels(fill), ink * np.float32(127.5) + np.float32(127.5)
        return [FillNetOutput(*found) for found in zip(pictures, inks, _odds(guesses), _odds(shares), strict=True)]

    def _run(self, inputs: F32) -> list[F32]:
        """What the engine gives for inputs (B, Cin, S, S)."""
        made = self.engine(inputs)
        if not all(np.isfinite(one).all() for one in made):
            raise MethodError("the network gives values that are no numbers", hint="Give another checkpoint")
        return made


@lru_cache(maxsize=_KEPT)
def load_network(checkpoint: str, weights: str, device: str, engine: EngineName = "torch") -> Network:
    """Load a checkpoint folder or an ONNX file, once in a process, to be run by an engine; onnx runs on the CPU.

    Raises UsageError where its digest is not `weights` any more, MissingPackageError without the engine's packages.
    """
    network, digest = _loaded(checkpoint, device, engine)
    if digest != weights:
        raise UsageError(f"{checkpoint} was replaced meanwhile", hint="Run the same command again")
    return network


def _loaded(checkpoint: str, device: str, engine: EngineName) -> tuple[Network, str]:
    if is_onnx(checkpoint):
        file = open_file(checkpoint)
        return Network(file.engine, file.kind, file.size), file.digest
    from pipelines.inference.checkpoint import load_checkpoint

    module, card = load_checkpoint(checkpoint)
    params: Any = params_of(card)
    kind: InputKind = registry.load("models", card.model).input_kind(params)
    if engine == "onnx":
        return Network(_exported(module, card), kind, params.size), card.weights_sha256
    from pipelines.inference.torch_engine import TorchEngine

    return Network(TorchEngine(module, kind, device), kind, params.size), card.weights_sha256


def _exported(module: "nn.Module", card: "CheckpointInfo") -> OnnxEngine:
    from pipelines.inference.onnx_export import to_onnx

    return OnnxEngine(to_onnx(module, card))


def _odds(logits: F32) -> F32:
    """Logits (B, n, k) as probabilities over the k."""
    odds = np.exp(logits - logits.max(axis=2, keepdims=True))
    return np.asarray(odds / odds.sum(axis=2, keepdims=True), np.float32)


def _levels(made: F32) -> F32:
    """Pictures (B, 3, S, S) in [-1, 1] as (B, S, S, 3), 0..255."""
    return np.moveaxis(np.clip(made * np.float32(127.5) + np.float32(127.5), 0, 255), 1, 3)
