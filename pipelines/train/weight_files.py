"""Checks the files of weights that a model is given beside its data, and tells one file from another by its digest.

A model module names them by `weight_files(params) -> dict[str, str]`: the setting, and its path ("": it is needed, but
was not given).
"""

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from pipelines.core.errors import UsageError
from pipelines.core.files import sha256_of_file, show_path


def weight_file_digests(module: ModuleType, params: Any) -> dict[str, str]:
    """SHA-256 of each file, by its setting; raises UsageError for one that is not given, missing or unreadable."""
    files: dict[str, str] = getattr(module, "weight_files", lambda _: {})(params)
    return {setting: _digest(setting, path) for setting, path in files.items()}


def describe_files(digests: Mapping[str, str], params: dict[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What a run says of its files of weights.

    Where a file of the run `before` only lies elsewhere now, it is the same file: `params` keep its old place.
    """
    known = before.get("weight_files", {})
    for setting, digest in digests.items():
        if known.get(setting) == digest and setting in before.get("params", {}):
            params[setting] = before["params"][setting]
    return {"weight_files": dict(digests)} if digests else {}


def _digest(setting: str, path: str) -> str:
    hint = f"Give the file: --set {setting}=FILE"
    if not path:
        raise UsageError(f"the weights '{setting}' are needed", hint=hint)
    if not Path(path).is_file():
        raise UsageError(f"{setting}: {show_path(Path(path))} is no file", hint=hint)
    try:
        return sha256_of_file(Path(path))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"{setting}: {show_path(Path(path))} cannot be read: {reason}", hint=hint) from error
