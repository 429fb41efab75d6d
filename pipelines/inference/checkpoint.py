"""Keeps a model in a folder that rebuilds it alone: a readable card and weights, never a pickle.

    FOLDER/model.json            which model with which params, after how many steps, how good, digest of the weights
    FOLDER/weights.safetensors   the network that colours
    FOLDER/training.json         in runs: where training stands
    FOLDER/training.safetensors  in runs: all networks, optimizers and memories

A folder is written aside and renamed. Where a process died between the two renames of a replacement, the next one that
looks finishes it, so that there is always a whole checkpoint.
"""

import errno
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from pipelines.core import registry
from pipelines.core.errors import ColorizeError, UsageError
from pipelines.core.files import replace_folder, sha256_of_file, show_path
from pipelines.core.json_text import to_json
from pipelines.core.settings import plain
from pipelines.inference.checkpoint_info import (
    INFO,
    KIND,
    VERSION,
    WEIGHTS,
    CheckpointInfo,
    check_weights,
    damaged,
    find_checkpoint,
    params_of,
    read_info,
    read_json,
)

_KINDS = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
TRAINING, TRAINING_TENSORS = "training.json", "training.safetensors"


class Training(NamedTuple):
    """Where a run stands, beyond the weights."""

    about: Mapping[str, Any]
    tensors: Mapping[str, Tensor]


def write_checkpoint(
    folder: Path, info: CheckpointInfo, weights: Mapping[str, Tensor], training: Training | None = None
) -> None:
    """Put a checkpoint in the place of `folder`, whole or not at all; ColorizeError where the disk does not take it."""

    def fill(unfinished: Path) -> None:
        write_tensors(weights, unfinished / WEIGHTS)
        if training is not None:
            write_tensors(training.tensors, unfinished / TRAINING_TENSORS)
            (unfinished / TRAINING).write_text(json.dumps(training.about), encoding="utf-8")
        digest = sha256_of_file(unfinished / WEIGHTS)
        about = {"kind": KIND, "version": VERSION, **plain(info), "weights_sha256": digest}
        (unfinished / INFO).write_text(to_json(about, indent=2) + "\n", encoding="utf-8")

    try:
        replace_folder(folder, fill, last=INFO)
    except OSError as error:
        raise ColorizeError(
            f"the checkpoint {show_path(folder)} cannot be written: {_reason(error)}",
            hint="Free some space, then run the same command again: it goes on from the last checkpoint",
        ) from error


def load_checkpoint(path: str | os.PathLike[str], *, domain: str = "") -> tuple[nn.Module, CheckpointInfo]:
    """Rebuild the network that colours, in eval mode on the CPU; raises UsageError for damaged or foreign weights.

    domain: in which it paints, of those that it learned; empty: its own.
    """
    folder = find_checkpoint(path)
    info = read_info(folder)
    if domain:
        info = replace(info, params={**info.params, "domain": domain})
    module = registry.load("models", info.model)
    if not hasattr(module, "build_network"):
        raise UsageError(f"the model '{info.model}' has no weights", hint=f"Use --model {info.model}")
    with _Undrawn(), torch.random.fork_rng(devices=[]):
        network: nn.Module = module.build_network(params_of(info))
    check_weights(folder)
    weights = read_tensors(folder / WEIGHTS)
    load_weights(network, weights, source=show_path(folder / WEIGHTS))
    return network.eval(), info


class _Undrawn(TorchFunctionMode):
    """Initial weights are not drawn: they are about to be replaced, and drawing takes longer than reading."""

    def __torch_function__(
        self, function: Any, types: object, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        keywords = kwargs or {}
        if str(getattr(function, "__name__", "")).endswith(_DRAWING):  # of tensors, and of `nn.init`
            return args[0] if args else keywords["tensor"]
        return function(*args, **keywords)


_DRAWING = ("uniform_", "normal_")


def load_weights(network: nn.Module, weights: Mapping[str, Tensor], *, source: str) -> None:
    """Load weights that must fit exactly; raises UsageError that names the first that does not."""
    expected = network.state_dict()
    problem = _misfit(expected, weights)
    if problem is not None:
        raise UsageError(f"{source} does not fit its network: {problem}", hint="Give the checkpoint of this model")
    cast = {name: tensor.to(expected[name].dtype) for name, tensor in weights.items()}
    network.load_state_dict(cast, assign=True)


def read_training(folder: Path) -> Training:
    """Where the run of a checkpoint stood; raises UsageError where that was left out or is damaged."""
    if not (folder / TRAINING).is_file():
        raise UsageError(f"{show_path(folder)} has no training state", hint="Give another output folder")
    return Training(read_json(folder / TRAINING), read_tensors(folder / TRAINING_TENSORS))


def write_tensors(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Write tensors as the package safetensors does, byte by byte, but one after the other.

    It wants all of them contiguous at once, and networks keep theirs with channels last: copies of all weights and of
    what optimizers remember would be the most memory that a run ever holds. Raises OSError.
    """
    ordered = sorted(tensors, key=lambda name: _rank(tensors[name], name))
    header: dict[str, Any] = {}
    offset = 0
    for name in ordered:
        tensor = tensors[name]
        after = offset + tensor.numel() * tensor.element_size()
        kind, shape = _KINDS[tensor.dtype], list(tensor.shape)
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [offset, after]}
        offset = after
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in ordered:
            contiguous = tensors[name].detach().cpu().contiguous()
            file.write(contiguous.reshape(-1).view(torch.uint8).numpy().data)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file by name, on the CPU; raises UsageError for one that is missing or damaged."""
    try:
        return load_file(path)
    except FileNotFoundError as error:
        raise UsageError(f"{show_path(path)} is missing", hint="Give a whole checkpoint folder") from error
    except (OSError, SafetensorError) as error:
        raise damaged(path) from error


def _rank(tensor: Tensor, name: str) -> tuple[int, bool, str]:
    """Where a tensor comes in a file: large numbers first, so that each is aligned."""
    return -tensor.element_size(), tensor.dtype == torch.bool, name


def _misfit(expected: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> str | None:
    missing = [name for name in expected if name not in weights]
    if missing:
        return f"{missing[0]} is missing"
    extra = [name for name in weights if name not in expected]
    if extra:
        return f"{show_path(extra[0])} is not part of it"
    for name, tensor in expected.items():
        if tensor.shape != weights[name].shape:
            return f"{name} is {tuple(weights[name].shape)} instead of {tuple(tensor.shape)}"
    return None


def _reason(error: OSError) -> str:
    return "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else str(error.strerror or error)
