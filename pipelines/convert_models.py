"""Stage: model files of the public reference implementation -> model folders, and back; models -> ONNX files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipelines.core import registry
from pipelines.core.errors import ColorizeError, OutputExistsError, UsageError
from pipelines.core.files import replace_file, show_path
from pipelines.core.settings import resolve
from pipelines.inference.checkpoint import load_checkpoint, load_weights, write_checkpoint
from pipelines.inference.checkpoint_info import INFO, CheckpointInfo, find_checkpoint, params_of, spec_of
from pipelines.inference.onnx_engine import SUFFIX, is_onnx, open_file
from pipelines.inference.onnx_export import to_onnx
from pipelines.inference.reference_files import (
    architectures,
    describe_params,
    normalise_weights,
    read_layout,
    read_weights,
    write_weights,
)
from pipelines.inference.types import NetworkSpec

Format = Literal["pth", "onnx"]


@dataclass(frozen=True)
class Description:
    """A model as it is shown to people."""

    folder: Path
    info: CheckpointInfo
    parameters: int  # numbers that are learnt, of the network that colours


@dataclass(frozen=True)
class Exported(Description):
    """A model that was written to a file."""

    format: Format
    spec: NetworkSpec  # what the network reads and gives


def import_model(
    file: str,
    output: str,
    *,
    architecture: str | None = None,
    dropout: bool = True,
    size: int | None = None,
    overwrite: bool = False,
) -> Description:
    """Turn a `*_net_G.pth` of the reference implementation into the model folder `output`.

    architecture: what the file should hold, one of `architectures()`; None: any. dropout: whether a U-Net is
    to have dropout when it is trained on (its file does not tell). size: px at which a ResNet is to work (None: 256).
    Raises UsageError for a file that is damaged, foreign, of another architecture or holds code, and OutputExistsError
    where something is in the way.
    """
    if architecture is not None and architecture not in architectures():
        hint = registry.suggestion(architecture, tuple(architectures()))
        raise UsageError(f"there is no architecture '{architecture}'", hint=hint)
    folder, source = Path(output), show_path(Path(file))
    _check_folder(folder, overwrite=overwrite)
    weights = read_weights(Path(file))
    layout = read_layout(weights, source=source)
    model, params = describe_params(layout, architecture, source=source, dropout=dropout, size=size)
    info = CheckpointInfo(model, params, note=f"from {Path(file).name}")
    method = registry.load("models", model)
    network = method.build_network(resolve(method, params))
    load_weights(network, normalise_weights(weights, layout.norm), source=source)
    write_checkpoint(folder, info, network.state_dict())
    return Description(folder, info, sum(weight.numel() for weight in network.parameters()))


def export_model(
    model: str, output: str, *, format: Format | Literal["auto"] = "auto", overwrite: bool = False
) -> Exported:
    """Write the network that colours, of a run or checkpoint, to the file `output`.

    format: "pth" as the reference implementation reads it, "onnx" for `colorize --model` and other programs, "auto": as
    the file's name ends. Raises UsageError for what is no checkpoint or a model that the reference does not know,
    OutputExistsError where a file is in the way, MissingPackageError where the package onnx is missing.
    """
    path = Path(output)
    by_name: Format = "onnx" if is_onnx(output) else "pth"
    wanted = by_name if format == "auto" else format
    _check_file(path, wanted, overwrite=overwrite)
    folder = find_checkpoint(model)
    network, info = load_checkpoint(folder)
    if wanted == "onnx":
        _write(path, to_onnx(network, info, licence=_licence(folder)))
    elif architectures().get(info.params.get("generator", "")) == info.model:
        _check_reference(info)
        write_weights(path, network)
    else:
        raise UsageError(
            f"the reference implementation has no model '{info.model}'",
            hint=f"It has {' and '.join(sorted(set(architectures().values())))}. Use --format onnx",
        )
    parameters = sum(weight.numel() for weight in network.parameters())
    return Exported(folder, info, parameters, wanted, spec_of(info))


def describe_model(model: str) -> Description:
    """What is known of a run's best model, a checkpoint, whose weights are checked, or an ONNX file; UsageError."""
    if is_onnx(model):
        file = open_file(model)
        return Description(Path(model), file.info, file.parameters)
    folder = find_checkpoint(model)
    network, info = load_checkpoint(folder)
    return Description(folder, info, sum(weight.numel() for weight in network.parameters()))


def _check_reference(info: CheckpointInfo) -> None:
    """Refuse a generator with parts that those of the reference implementation do not have."""
    strange = getattr(registry.load("models", info.model), "strange_to_reference", lambda _: "")(params_of(info))
    if strange:
        raise UsageError(
            f"generators of the reference implementation have no {strange}", hint="Use --format onnx, or keep the run"
        )


def _check_file(path: Path, format: Format, *, overwrite: bool) -> None:
    """Refuse a name under which no file can be written, or is not to be."""
    if path.is_dir():
        raise UsageError(f"{show_path(path)} is a folder", hint="Give a file after -o, such as latest_net_G.pth")
    if format == "onnx" and not is_onnx(path.name):
        raise UsageError(f"{show_path(path)} is no name for an ONNX file", hint=f"Use one that ends in {SUFFIX}")
    if path.exists() and not overwrite:
        raise OutputExistsError(f"{show_path(path)} exists", hint="Use --overwrite or another name after -o")


def _licence(folder: Path) -> str:
    """The licence that lies beside the weights, if any."""
    files = sorted(file for file in folder.glob("LICEN[CS]E*") if file.is_file())
    return files[0].read_text(encoding="utf-8") if files else ""


def _write(path: Path, content: bytes) -> None:
    """Put a file in its place; ColorizeError where the disk does not take it."""
    try:
        replace_file(path, content)
    except OSError as error:
        raise ColorizeError(
            f"{show_path(path)} cannot be written: {error.strerror}", hint="Check -o and the space"
        ) from error


def _check_folder(folder: Path, *, overwrite: bool) -> None:
    """Refuse a place where something else would be lost: only a model may be replaced, and only on request."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / INFO).is_file():
        raise OutputExistsError(f"{show_path(folder)} is in the way", hint="Give another folder after -o")
    if not overwrite:
        raise OutputExistsError(f"{show_path(folder)} holds a model", hint="Use --overwrite or another folder")
