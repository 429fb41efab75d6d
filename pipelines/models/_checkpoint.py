"""Keeps a model in a folder that rebuilds it alone: a readable card and weights, never a pickle.

    FOLDER/model.json            which model with which params, after how many steps, how good, digest of the weights
    FOLDER/weights.safetensors   the network that colours
    FOLDER/training.json         in runs: where training stands
    FOLDER/training.safetensors  in runs: all networks, optimizers and memories

A folder is written aside and renamed. Where a process died between the two renames of a replacement, the next one that
looks finishes it, so that there is always a whole checkpoint.
"""

import contextlib
import dataclasses
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from pipelines.core import registry
from pipelines.core.errors import ColorizeError, SettingsError, UsageError
from pipelines.core.inputs import show_path
from pipelines.core.settings import plain, resolve

KIND, VERSION = "colorize-cli model", 1
CARD, WEIGHTS, TRAINING, TRAINING_TENSORS = "model.json", "weights.safetensors", "training.json", "training.safetensors"
_CHOICES = ("best", "last")  # of a run, in the order of preference


@dataclass(frozen=True)
class Card:
    """What is known of a model without its weights."""

    model: str  # its file in pipelines/models
    params: Mapping[str, Any]  # its Params as plain values
    step: int = 0  # training steps behind it
    figures: Mapping[str, float] = field(default_factory=dict)  # on validation pictures
    note: str = ""  # where it comes from
    weights_sha256: str = ""  # of the weights' file, once it is written: it tells a checkpoint from any other


class Training(NamedTuple):
    """Where a run stands, beyond the weights."""

    about: Mapping[str, Any]
    tensors: Mapping[str, Tensor]


def write_checkpoint(folder: Path, card: Card, weights: Mapping[str, Tensor], training: Training | None = None) -> None:
    """Put a checkpoint in the place of `folder`, whole or not at all; ColorizeError where the disk does not take it."""
    aside = folder.with_name(f".{folder.name}.writing")
    mend(folder)  # before anything aside is removed: it may be the only whole one
    try:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        save_file(_ready(weights), aside / WEIGHTS)
        if training is not None:
            save_file(_ready(training.tensors), aside / TRAINING_TENSORS)
            (aside / TRAINING).write_text(json.dumps(training.about), encoding="utf-8")
        about = {"kind": KIND, "version": VERSION, **plain(card), "weights_sha256": _sha256(aside / WEIGHTS)}
        (aside / CARD).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        for file in aside.iterdir():
            shutil.copymode(aside / CARD, file)  # safetensors' files are for their owner alone
            _flush(file)
        _swap(aside, folder)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(aside, ignore_errors=True)
        raise ColorizeError(
            f"the checkpoint {show_path(folder)} cannot be written: {_reason(error)}",
            hint="Free some space, then run the same command again: it goes on from the last checkpoint",
        ) from error


def find_checkpoint(path: str | os.PathLike[str]) -> Path:
    """The checkpoint folder that a path means: itself, or the best (else the last) of a run; raises UsageError."""
    place = Path(path)
    for folder in (place, *(place / choice for choice in _CHOICES)):
        mend(folder)
        if (folder / CARD).is_file():
            return folder
    if place.is_file():
        raise UsageError(
            f"{show_path(place)} is a file, not a checkpoint folder",
            hint="Bring a file of the reference implementation in: colorize-cli models import FILE --arch unet_256",
        )
    what = "is no checkpoint: it has no model.json" if place.is_dir() else "does not exist"
    raise UsageError(f"{show_path(place)} {what}", hint="Give a run of colorize-cli train, or a checkpoint in one")


def read_card(path: str | os.PathLike[str]) -> Card:
    """Read the card of a checkpoint or of a run's best one; raises UsageError for what is no checkpoint of ours."""
    folder = find_checkpoint(path)
    about = _read_json(folder / CARD)
    if about.get("kind") != KIND:
        raise UsageError(f"{show_path(folder / CARD)} is not a model's card", hint="Give a checkpoint of colorize-cli")
    if about.get("version") != VERSION:
        raise UsageError(
            f"{show_path(folder)} was made by another version of colorize-cli ({about.get('version')})",
            hint="Use the version that made it",
        )
    try:
        names = [field.name for field in dataclasses.fields(Card)]
        return Card(**{name: about[name] for name in names})
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(folder / CARD) from error


def params_of(card: Card) -> Any:
    """The model's `Params` of a card, checked as settings are."""
    try:
        module = registry.load("models", card.model)
        return resolve(module, {name: _from_json(value) for name, value in card.params.items()})
    except (UsageError, AttributeError) as error:
        reason = error.message if isinstance(error, SettingsError | UsageError) else str(error)
        raise UsageError(
            f"this version cannot build the model of the checkpoint: {reason}", hint="Use the version that made it"
        ) from error


def load_painter(path: str | os.PathLike[str]) -> tuple[nn.Module, Card]:
    """Rebuild the network that colours, in eval mode on the CPU; raises UsageError for damaged or foreign weights."""
    folder = find_checkpoint(path)
    card = read_card(folder)
    module = registry.load("models", card.model)
    if not hasattr(module, "build_painter"):
        raise UsageError(f"the model '{card.model}' has no weights", hint=f"Use --model {card.model}")
    with torch.device("meta"):  # no initial weights are drawn: they would only be replaced
        painter: nn.Module = module.build_painter(params_of(card))
    weights = _load_tensors(folder / WEIGHTS)
    if card.weights_sha256 != _sha256(folder / WEIGHTS):
        raise _damaged(folder / WEIGHTS)
    load_weights(painter, weights, source=show_path(folder / WEIGHTS))
    return painter.eval(), card


def load_weights(network: nn.Module, weights: Mapping[str, Tensor], *, source: str) -> None:
    """Load weights that must fit exactly; raises UsageError that names the first that does not."""
    wanted = network.state_dict()
    problem = _misfit(wanted, weights)
    if problem is not None:
        raise UsageError(f"{source} does not fit its network: {problem}", hint="Give the checkpoint of this model")
    cast = {name: tensor.to(wanted[name].dtype) for name, tensor in weights.items()}
    network.load_state_dict(cast, assign=True)


def read_training(folder: Path) -> Training:
    """Where the run of a checkpoint stood; raises UsageError where that was left out or is damaged."""
    if not (folder / TRAINING).is_file():
        raise UsageError(f"{show_path(folder)} has no training state", hint="Give another output folder")
    return Training(_read_json(folder / TRAINING), _load_tensors(folder / TRAINING_TENSORS))


def mend(folder: Path) -> None:
    """Finish a replacement of `folder` that a killed process left half done."""
    if not folder.name:  # "." or "/"
        return
    aside, old = folder.with_name(f".{folder.name}.writing"), folder.with_name(f".{folder.name}.old")
    with contextlib.suppress(OSError):
        if not folder.exists() and old.is_dir():  # killed between the renames: what was written aside is whole
            (aside if (aside / CARD).is_file() else old).rename(folder)
        if folder.exists() and old.is_dir():
            shutil.rmtree(old, ignore_errors=True)


def _swap(aside: Path, folder: Path) -> None:
    old = folder.with_name(f".{folder.name}.old")
    if folder.exists():
        folder.rename(old)
    try:
        aside.rename(folder)
    except FileNotFoundError:
        if not (folder / CARD).is_file():  # else somebody who reads it was faster: `mend`
            raise
    shutil.rmtree(old, ignore_errors=True)


def _ready(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors as a file takes them: on the CPU, contiguous, none sharing memory with another."""
    return {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}


def _load_tensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except FileNotFoundError as error:
        raise UsageError(f"{show_path(path)} is missing", hint="Give a whole checkpoint folder") from error
    except (OSError, SafetensorError) as error:
        raise _damaged(path) from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(path) from error
    if not isinstance(value, dict):
        raise _damaged(path)
    return value


def _damaged(path: Path) -> UsageError:
    return UsageError(f"{show_path(path)} is damaged", hint="Give another checkpoint, such as last or best of the run")


def _misfit(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> str | None:
    missing = [name for name in wanted if name not in given]
    if missing:
        return f"{missing[0]} is missing"
    extra = [name for name in given if name not in wanted]
    if extra:
        return f"{extra[0]} is not part of it"
    for name, tensor in wanted.items():
        if tensor.shape != given[name].shape:
            return f"{name} is {tuple(given[name].shape)} instead of {tuple(tensor.shape)}"
    return None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    """Have the disk take a file before its folder is renamed, so that a power cut leaves no empty checkpoint."""
    with path.open("r+b") as file:  # Windows flushes only what is open for writing
        os.fsync(file.fileno())


def _reason(error: Exception) -> str:
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or "No space left" in str(error):
        return "the disk is full"
    return str(getattr(error, "strerror", None) or error)


def _from_json(value: object) -> object:
    return "none" if value is None else value
