"""Writes networks as ONNX models, for `--engine onnx` and for programs without Python.

    drawing  float32 (batch, channels, height, width) in [-1, 1]; what the channels are, the metadata says
    picture  float32 (batch, 3, height, width) in [-1, 1]

A network with several outputs gives those that its model names (`network_spec`) in the place of the picture.

Batch, height and width are free; both sides are multiples of the metadata's `sides_multiple_of` px.

The exporter is torch's older one, by tracing: the newer one (torch.export) takes ten times as long, and the `fillnet`
that it writes runs at the size of its example alone.
"""

import io
import json
import warnings
from typing import Any

import torch
from torch import Tensor, nn

from pipelines.core.errors import ColorizeError, MissingPackageError
from pipelines.inference.checkpoint_info import CheckpointInfo, spec_of
from pipelines.inference.onnx_engine import INPUT, KIND, VERSION
from pipelines.inference.torch_engine import outputs_of
from pipelines.inference.types import NetworkSpec

OPSET = 17
"""Of the models: the first that has layer normalisation."""

_EXAMPLE = 64  # px, about the side of the picture that a network is traced with


def to_onnx(network: nn.Module, info: CheckpointInfo, *, licence: str = "") -> bytes:
    """Write the network of a checkpoint, in eval mode on the CPU, as an ONNX model: same bytes for the same weights.

    licence: of the weights, for the metadata. Raises MissingPackageError without the package onnx and ColorizeError
    where torch cannot write the network.
    """
    onnx = _onnx()
    spec = spec_of(info)
    model = onnx.load_model_from_string(_traced(network, spec))
    model.doc_string = f"{info.model} of colorize-cli"
    model.graph.name = info.model
    about = {
        "kind": KIND,
        "version": VERSION,
        "model": info.model,
        "params": json.dumps(dict(info.params), sort_keys=True),
        "size": str(spec.size),
        "frame": "" if spec.frame is None else f"{spec.frame[0]}x{spec.frame[1]}",
        "input": spec.encoding.name,
        "channels": spec.encoding.description,
        "sides_multiple_of": str(spec.size_multiple),
        "sides_at_least": str(spec.least_size),
        "opset": str(OPSET),
        "parameters": str(sum(weight.numel() for weight in network.parameters())),
        "step": str(info.step),
        "weights_sha256": info.weights_sha256,
        "note": info.note,
        "licence": licence,
    }
    onnx.helper.set_model_props(model, {name: value for name, value in about.items() if value})
    onnx.checker.check_model(model)
    written: bytes = model.SerializeToString(deterministic=True)
    return written


class _AsRun(nn.Module):
    """A network as it is run: what it gives is a tuple of tensors."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, drawing: Tensor) -> tuple[Tensor, ...]:
        return outputs_of(self.network, drawing)


def _traced(network: nn.Module, spec: NetworkSpec) -> bytes:
    """The network as torch writes it, from a small example."""
    least = max(spec.least_size, _EXAMPLE)
    side = -(-least // spec.size_multiple) * spec.size_multiple
    example = torch.zeros(2, spec.encoding.channels, side, side)
    axes = {INPUT: {0: "batch", 2: "height", 3: "width"}}
    for output in spec.outputs:
        axes[output.name] = {0: "batch", 2: "height", 3: "width"} if output.is_picture else {0: "batch"}
    written = io.BytesIO()
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # about the older exporter, and what it leaves unfolded
            torch.onnx.export(
                _AsRun(network).eval(),
                (example,),
                written,  # type: ignore[arg-type]  # torch tells of files alone
                input_names=[INPUT],
                output_names=[output.name for output in spec.outputs],
                dynamic_axes=axes,
                opset_version=OPSET,
                dynamo=False,
            )
    except (RuntimeError, TypeError, ValueError) as error:
        raise ColorizeError(
            f"torch {torch.__version__} cannot write this network as ONNX: {str(error).splitlines()[0]}",
            hint="Use the version of torch in constraints.txt",
        ) from error
    return written.getvalue()


def _onnx() -> Any:
    try:
        import onnx
    except ImportError as error:
        raise MissingPackageError(
            "ONNX files are written with the package onnx, which is not installed",
            hint="pip install 'colorize-cli[onnx]'",
        ) from error
    return onnx
