"""Reads weights by name from files, .safetensors or torch's own, and never runs what a pickle asks for beside them."""

import re
import warnings
from collections.abc import Mapping

import torch
from safetensors.torch import load_file
from torch import Tensor

from pipelines.core.errors import UsageError
from pipelines.core.files import show_path

_PREFIXES = re.compile(r"^((module|_orig_mod)\.)+")  # of DataParallel and of torch.compile
_CODE = re.compile(r"GLOBAL ([\w.]+)")  # what weights_only says of a pickle that asks for more


def read_state_dict(path: str, *, hint: str) -> dict[str, Tensor]:
    """The tensors of a file by name, without prefixes, on the CPU, of whatever precision the file has.

    hint: which file to give instead. Raises UsageError for what is missing, damaged, no state dict of dense tensors,
    or a pickle with code in it, which is not run.
    """
    content = _load(path, hint)
    if not isinstance(content, Mapping) or not content:
        raise UsageError(f"{show_path(path)} holds no weights by name", hint=hint)
    for name, value in content.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise UsageError(
                f"{show_path(path)} is no state dict: {show_path(name)} is no tensor",
                hint=f"{hint}, or save the network's state_dict() alone",
            )
        if value.is_meta or value.layout is not torch.strided:
            what = "has no numbers" if value.is_meta else "is sparse"
            raise UsageError(f"{show_path(path)} is no file of dense weights: {show_path(name)} {what}", hint=hint)
    return {_PREFIXES.sub("", name): value for name, value in content.items()}


def _load(path: str, hint: str) -> object:
    """Whatever lies in a file; a foreign file can make its readers raise anything."""
    try:
        if path.endswith(".safetensors"):
            return load_file(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the pickle's version
            return torch.load(path, map_location="cpu", weights_only=True)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise UsageError(f"{show_path(path)} is no file", hint=hint) from error
    except Exception as error:
        code = _CODE.search(str(error))
        if code is not None:
            raise UsageError(
                f"{show_path(path)} is refused: beside weights its pickle wants to run {code[1]}, which was not done",
                hint="Save the network's state_dict() alone, or get the file from another place",
            ) from error
        raise UsageError(f"{show_path(path)} is damaged or no file of torch weights", hint=hint) from error
