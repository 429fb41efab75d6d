"""Reads what a checkpoint (checkpoint.py) says of itself, which model with which params, without loading torch."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipelines.core import json_text, registry
from pipelines.core.errors import SettingsError, UsageError
from pipelines.core.files import recover_folder, sha256_of_file, show_path
from pipelines.core.json_text import FieldError
from pipelines.core.settings import resolve
from pipelines.inference.types import NetworkSpec

KIND, VERSION = "colorize-cli model", 1
INFO, WEIGHTS = "model.json", "weights.safetensors"
SHIPPED = Path(__file__).resolve().parent.parent / "models" / "_shipped"
"""The checkpoints that come with the toolkit, by the names of their models."""
_CHOICES = ("best", "last")  # of a run, in the order of preference


@dataclass(frozen=True)
class CheckpointInfo:
    """What is known of a model without its weights."""

    model: str  # its file in pipelines/models
    params: Mapping[str, Any]  # its Params as plain values
    step: int = 0  # training steps behind it
    figures: Mapping[str, float] = field(default_factory=dict)  # on validation pictures
    note: str = ""  # where it comes from
    weights_sha256: str = ""  # of the weights' file, once it is written: it tells a checkpoint from any other
    frame: tuple[int, int] | None = None  # px, width and height of the pictures it learned from; None: a square


def find_checkpoint(path: str | os.PathLike[str]) -> Path:
    """The checkpoint folder that a path means: itself, or the best (else the last) of a run; raises UsageError.

    The bare name of a model that comes with the toolkit means that one.
    """
    if (SHIPPED / str(path) / INFO).is_file() and Path(path).name == str(path):
        return SHIPPED / str(path)
    place = Path(path)
    for folder in (place, *(place / choice for choice in _CHOICES)):
        recover(folder)
        if (folder / INFO).is_file():
            return folder
    if place.is_file():
        raise UsageError(
            f"{show_path(place)} is a file, not a checkpoint folder",
            hint="Bring a file of the reference implementation in: colorize-cli models import FILE --arch unet_256",
        )
    what = "is no checkpoint: it has no model.json" if place.is_dir() else "does not exist"
    raise UsageError(f"{show_path(place)} {what}", hint="Give a run of colorize-cli train, or a checkpoint in one")


def read_info(path: str | os.PathLike[str]) -> CheckpointInfo:
    """Read the card of a checkpoint or of a run's best one; raises UsageError for what is no checkpoint of ours."""
    folder = find_checkpoint(path)
    about = read_json(folder / INFO)
    if about.get("kind") != KIND:
        raise UsageError(f"{show_path(folder / INFO)} is not a model's card", hint="Give a checkpoint of colorize-cli")
    if about.get("version") != VERSION:
        raise UsageError(
            f"{show_path(folder)} was made by another version of colorize-cli ({show_path(about.get('version'))})",
            hint="Use the version that made it",
        )
    try:
        return CheckpointInfo(
            model=_printable(about),
            params=json_text.field(about, ["params"], dict),
            step=json_text.field(about, ["step"], int),
            figures=_figures(about),
            note=json_text.field(about, ["note"], str),
            weights_sha256=json_text.field(about, ["weights_sha256"], str),
            frame=_frame(about.get("frame")),
        )
    except FieldError as error:
        raise damaged(folder / INFO, str(error)) from error


def params_of(info: CheckpointInfo) -> Any:
    """The model's `Params` of a checkpoint, checked as settings are."""
    try:
        module = registry.load("models", info.model)
        return resolve(module, {name: _from_json(value) for name, value in info.params.items()})
    except (UsageError, AttributeError) as error:
        reason = show_path(error.message if isinstance(error, SettingsError | UsageError) else error)
        raise UsageError(
            f"this version cannot build the model of the checkpoint: {reason}", hint="Use the version that made it"
        ) from error


def spec_of(info: CheckpointInfo) -> NetworkSpec:
    """What the network of a checkpoint reads and gives, without building it."""
    params = params_of(info)
    module = registry.load("models", info.model)
    if not hasattr(module, "network_spec"):
        raise UsageError(f"the model '{info.model}' has no weights", hint=f"Use --model {info.model}")
    spec: NetworkSpec = module.network_spec(params)
    return spec if info.frame is None else replace(spec, frame=info.frame)


def check_weights(folder: Path) -> None:
    """Raise UsageError where the weights are not those that the card of a checkpoint folder tells of."""
    path = folder / WEIGHTS
    if not path.is_file():
        raise UsageError(f"{show_path(path)} is missing", hint="Give a whole checkpoint folder")
    state = path.stat()
    if read_info(folder).weights_sha256 != _digest(path, (state.st_ino, state.st_size, state.st_mtime_ns)):
        raise damaged(path)


@lru_cache(maxsize=16)
def _digest(path: Path, _state: tuple[int, ...]) -> str:
    """The digest of a file, worked out once while it is in one state: weights are found, then loaded."""
    return sha256_of_file(path)


def recover(folder: Path) -> None:
    """Finish a replacement of `folder` that a killed process left half done."""
    recover_folder(folder, last=INFO)


def read_json(path: Path) -> dict[str, Any]:
    """Read an object from a file of a checkpoint; raises UsageError where it is damaged."""
    try:
        value = json_text.from_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise damaged(path) from error
    if not isinstance(value, dict):
        raise damaged(path)
    return value


def damaged(path: Path, reason: str = "") -> UsageError:
    """The error that says so of a file of a checkpoint."""
    message = f"{show_path(path)} is damaged" + (f": {reason}" if reason else "")
    return UsageError(message, hint="Give another checkpoint, such as last or best of the run")


def _printable(about: Mapping[str, Any]) -> str:
    """The name of the model; raises FieldError for one that steers a terminal."""
    name = json_text.field(about, ["model"], str)
    if not name.isprintable():
        raise json_text.wrong_field(["model"], name, "a name")
    return name


def _figures(about: Mapping[str, Any]) -> dict[str, float]:
    """Figures by name; null stands for what is no number."""
    figures = json_text.field(about, ["figures"], dict)
    return {
        name: math.nan if value is None else json_text.field(about, ["figures", name], float)
        for name, value in figures.items()
    }


def _frame(value: object) -> tuple[int, int] | None:
    """Width and height as a card has them; raises FieldError for anything else."""
    match value:
        case None:
            return None
        case [int(width), int(height)] if width > 0 and height > 0:
            return width, height
    raise json_text.wrong_field(["frame"], value, "width and height")


def _from_json(value: object) -> object:
    return "none" if value is None else value
