"""Finds the methods of a family by their file names, without importing them."""

import difflib
import importlib
from functools import cache
from pathlib import Path
from types import ModuleType

from pipelines.core.errors import UsageError

_PIPELINES = Path(__file__).resolve().parent.parent
_TOOLBOX = "base"  # the folder in a family that holds what its methods share


@cache
def names(family: str) -> tuple[str, ...]:
    """Names of a family's methods, sorted: every file and package of `pipelines/FAMILY/` but `base`."""
    places = [
        *(_PIPELINES / family).glob("*.py"),
        *(file.parent for file in (_PIPELINES / family).glob("*/__init__.py")),
    ]
    return tuple(sorted(place.stem for place in places if not place.stem.startswith("_") and place.stem != _TOOLBOX))


def load(family: str, name: str) -> ModuleType:
    """Import one method of a family; raises UsageError that lists the choices for an unknown name."""
    if name not in names(family):
        raise UsageError(f"there is no method '{name}' among {family}", hint=suggestion(name, names(family)))
    return importlib.import_module(f"pipelines.{family}.{name}")


def suggestion(name: str, choices: tuple[str, ...]) -> str:
    """One sentence that says what to type instead of `name`."""
    close = difflib.get_close_matches(name, choices, n=1)
    listed = ", ".join(choices)
    return f"Did you mean '{close[0]}'? Choose from: {listed}" if close else f"Choose from: {listed}"
