"""Checks the files of weights that a model is given beside its data, and tells one file from another by its digest.

A model module names them by `weight_files(params) -> dict[str, str]`: the setting, and its path ("": it is needed, but
was not given). By `WEIGHT_FILES` it may say whose weights each holds, and what to set to do without.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from pipelines.core.errors import UsageError
from pipelines.core.files import sha256_of_file, show_path


def weight_file_digests(module: ModuleType, params: Any) -> dict[str, str]:
    """SHA-256 of each file, by its setting; one UsageError for all that are not given, missing or unreadable."""
    files: dict[str, str] = getattr(module, "weight_files", lambda _: {})(params)
    digests: dict[str, str] = {}
    not_given = [setting for setting, path in files.items() if not path]
    problems = [_need(module, not_given)] if not_given else []
    for setting, path in files.items():
        if path:
            try:
                digests[setting] = _digest(Path(path))
            except OSError as error:
                problems.append(f"{setting}: {show_path(Path(path))} {_reason(error)}")
    if problems:
        raise UsageError("; ".join(problems), hint=_hint(module, [name for name in files if name not in digests]))
    return digests


def _labels(module: ModuleType) -> Mapping[str, tuple[str, str]]:
    """Of each file, as far as the model says so: whose weights it holds, and what to set to do without."""
    labels: Mapping[str, tuple[str, str]] = getattr(module, "WEIGHT_FILES", {})
    return labels


def describe_files(digests: Mapping[str, str], params: dict[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What a run says of its files of weights.

    Where a file of the run `before` only lies elsewhere now, it is the same file: `params` keep its old place.
    """
    known = before.get("weight_files", {})
    for setting, digest in digests.items():
        if known.get(setting) == digest and setting in before.get("params", {}):
            params[setting] = before["params"][setting]
    return {"weight_files": dict(digests)} if digests else {}


def _digest(path: Path) -> str:
    """SHA-256 of a file; raises OSError, FileNotFoundError for what is no file."""
    if not path.is_file():
        raise FileNotFoundError(path)
    return sha256_of_file(path)


def _reason(error: OSError) -> str:
    missing = isinstance(error, FileNotFoundError)
    return "is no file" if missing else f"cannot be read: {(error.strerror or str(error)).lower()}"


def _need(module: ModuleType, settings: Sequence[str]) -> str:
    """What is missing, by the names of the networks where the model gives them."""
    labels = _labels(module)
    if not set(settings) <= labels.keys():
        listed = "' and '".join(settings)
        return f"the weights '{listed}' are needed"
    model = module.__name__.rpartition(".")[2]
    return f"{model} needs the weights of {' and of '.join(labels[setting][0] for setting in settings)}"


def _hint(module: ModuleType, settings: Sequence[str]) -> str:
    """What to type: the files, what the model does without them, a preset that needs none."""
    labels = _labels(module)
    files = " ".join(f"--set {setting}=FILE" for setting in settings)
    hint = f"Give the file{'s' if len(settings) > 1 else ''}: {files}"
    without = " ".join(f"--set {labels[setting][1]}" for setting in settings if setting in labels)
    presets = getattr(module, "PRESETS", {})
    free = next((name for name, preset in presets.items() if not module.weight_files(preset)), None)
    return hint + (f"; or do without: {without}" if without else "") + (f"; or use --preset {free}" if free else "")
