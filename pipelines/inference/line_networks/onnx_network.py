"""Runs networks in ONNX files of other programs: whatever their input is called, channels first or last."""

from typing import Any

import numpy as np

from pipelines.core.errors import MissingPackageError, UsageError
from pipelines.core.imaging.arrays import F32
from pipelines.inference.onnx_engine import OnnxEngine

_KINDS = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64}
_COLOURS = (1, 3)


class OnnxNetwork:
    """A network of one input, a picture of 1 or 3 channels, on one thread of the CPU.

    Raises UsageError, naming the `source`, for bytes that are no ONNX model, for operations that onnxruntime does not
    have, and for inputs that are no picture; MissingPackageError without onnxruntime.
    """

    def __init__(self, model: bytes, *, source: str) -> None:
        try:
            self._engine = OnnxEngine(model)
        except MissingPackageError:
            raise
        except Exception as error:  # onnxruntime's errors have no common class
            raise _cannot_open(source, str(error)) from error
        if len(self._engine.inputs) != 1:
            raise UsageError(
                f"{source} reads {len(self._engine.inputs)} inputs, where a line network reads a picture alone",
                hint="Give a network that finds lines",
            )
        _, kind, shape = self._engine.inputs[0]
        if kind not in _KINDS or len(shape) != 4:
            raise UsageError(f"{source} reads {kind} {_shown(shape)}, no picture in floats", hint="Export it anew")
        self._dtype = _KINDS[kind]
        self._channels_last = shape[3] in _COLOURS and shape[1] not in _COLOURS
        height, width, channels = shape[1:] if self._channels_last else (*shape[2:], shape[1])
        self.channels = channels if isinstance(channels, int) else None
        self.size = (height, width) if isinstance(height, int) and isinstance(width, int) else None

    def __call__(self, inputs: F32) -> list[F32]:
        """Run it on float32 (1, C, H, W); MethodError where it cannot run on such inputs."""
        fed = inputs.transpose(0, 2, 3, 1) if self._channels_last else inputs
        outputs = self._engine(np.ascontiguousarray(fed, self._dtype))
        return [self._channels_first(np.asarray(output, np.float32)) for output in outputs]

    def _channels_first(self, output: F32) -> F32:
        return output.transpose(0, 3, 1, 2) if self._channels_last and output.ndim == 4 else output


def _cannot_open(source: str, reason: str) -> UsageError:
    """The error that says why a model cannot be opened."""
    line = reason.splitlines()[0]
    if "is not a registered function/op" in reason or "No Op registered" in reason:
        message = f"{source} needs an operation that onnxruntime does not have: {line}"
        return UsageError(message, hint="Export the network without it")
    if "external" in reason.lower():
        return UsageError(f"{source} keeps its weights in other files", hint="Export it with all weights in one file")
    return UsageError(f"{source} is neither TorchScript nor ONNX, or damaged", hint="Give the file of a network")


def _shown(shape: list[Any]) -> str:
    return "x".join(str(length) for length in shape)
