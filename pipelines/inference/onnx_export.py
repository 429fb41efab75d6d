"""Writes networks as ONNX models, for `--engine onnx` and for programs without Python.

    drawing  float32 (batch, channels, height, width) in [-1, 1]; what the channels are, the metadata says
    picture  float32 (batch, 3, height, width) in [-1, 1]
    fill, ink, guesses, shares   of networks that paint on flat colour, as `fillnet.Parts` tells

Batch, height and width are free; both sides are multiples of the metadata's `sides_multiple_of` px.

The exporter is torch's older one, by tracing: the newer one (torch.export) takes ten times as long, and the `fillnet`
that it writes runs at the size of its example alone.
"""

import io
import json
import re
import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from pipelines.core import registry
from pipelines.core.errors import ColorizeError, MissingPackageError
from pipelines.inference.checkpoint_info import CheckpointInfo, params_of
from pipelines.inference.encoding import InputKind, input_channels
from pipelines.inference.onnx_engine import INPUT, KIND, OUTPUTS, VERSION

OPSET = 17
"""Of the models: the first that has layer normalisation."""

CHANNELS: Mapping[InputKind, str] = {
    "composite": "red, green, blue of the line art with the hints painted on it",
    "layers": "line art (1 paper); red, green, blue of the hints, 0 where there is none; 1 where a hint lies, else -1",
    "filled": "line art (1 paper); red, green, blue of the drawing filled with flat colour, 1 where nothing is known; "
    "whether the colour of a pixel is unknown (-1), guessed (0) or hinted (1); 1 where a hint lies, else -1; "
    "the rank of a pixel's area by size, 1..95, 0 for ink, divided by 127.5, less 1",
}


_EXAMPLE = 64  # px, the side of the picture that a network is traced with


class Sides(NamedTuple):
    """Which sides of a picture, px, a network takes."""

    multiple: int  # they are multiples of it
    least: int


def sides_of(model: str, params: Any) -> Sides:
    """The sides that the network of a model with `Params` takes, in torch as in ONNX."""
    if model == "fillnet":
        return Sides(32, 32)
    generator = str(params.generator)
    unet = re.fullmatch(r"unet_(\d+)", generator)
    if unet is not None:
        return Sides(int(unet[1]), int(unet[1]))
    return Sides(4, 8)  # at a quarter of the size the padding by reflection needs two pixels


def to_onnx(painter: nn.Module, card: CheckpointInfo, *, licence: str = "") -> bytes:
    """Write the network of a checkpoint, in eval mode on the CPU, as an ONNX model: same bytes for the same weights.

    licence: of the weights, for the metadata. Raises MissingPackageError without the package onnx and ColorizeError
    where torch cannot write the network.
    """
    onnx = _onnx()
    params: Any = params_of(card)
    kind: InputKind = registry.load("models", card.model).input_kind(params)
    sides = sides_of(card.model, params)
    model = onnx.load_model_from_string(_traced(painter, kind, sides))
    model.doc_string = f"{card.model} of colorize-cli"
    model.graph.name = card.model
    about = {
        "kind": KIND,
        "version": VERSION,
        "model": card.model,
        "params": json.dumps(dict(card.params), sort_keys=True),
        "size": str(params.size),
        "input": kind,
        "channels": CHANNELS[kind],
        "sides_multiple_of": str(sides.multiple),
        "sides_at_least": str(sides.least),
        "opset": str(OPSET),
        "parameters": str(sum(weight.numel() for weight in painter.parameters())),
        "step": str(card.step),
        "weights_sha256": card.weights_sha256,
        "note": card.note,
        "licence": licence,
    }
    onnx.helper.set_model_props(model, {name: value for name, value in about.items() if value})
    onnx.checker.check_model(model)
    written: bytes = model.SerializeToString(deterministic=True)
    return written


class _Given(nn.Module):
    """A network as it is run: what it gives is a tuple of tensors."""

    def __init__(self, painter: nn.Module, kind: InputKind) -> None:
        super().__init__()
        self.painter: Any = painter
        self._kind = kind

    def forward(self, drawing: Tensor) -> tuple[Tensor, ...]:
        if self._kind != "filled":
            return (self.painter(drawing),)
        parts = self.painter.parts(drawing)
        return tuple(getattr(parts, name) for name in OUTPUTS[self._kind])


def _traced(painter: nn.Module, kind: InputKind, sides: Sides) -> bytes:
    """The network as torch writes it, from a small example."""
    side = max(sides.least, _EXAMPLE)
    example = torch.zeros(2, input_channels(kind), side, side)
    names = OUTPUTS[kind]
    pictures = [name for name in (INPUT, *names) if name in (INPUT, "picture", "fill")]
    axes = {name: {0: "batch", 2: "height", 3: "width"} for name in pictures}
    axes |= {name: {0: "batch"} for name in names if name not in pictures}
    written = io.BytesIO()
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # about the older exporter, and what it leaves unfolded
            torch.onnx.export(
                _Given(painter, kind).eval(),
                (example,),
                written,  # type: ignore[arg-type]  # torch tells of files alone
                input_names=[INPUT],
                output_names=list(names),
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
