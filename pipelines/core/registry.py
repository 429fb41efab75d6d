"""Finds the methods of a family by their file names, without importing them."""

import ast
import difflib
import importlib
from functools import cache
from pathlib import Path
from types import ModuleType

from pipelines.core.errors import UsageError

_PIPELINES = Path(__file__).resolve().parent.parent
_TOOLBOX = "base"  # the folder in a family that holds what its methods share


def names(family: str) -> tuple[str, ...]:
    """Names of a family's methods, sorted: every file and package of `pipelines/FAMILY/` but `base`."""
    return tuple(sorted(_sources(family)))


@cache
def names_with(family: str, function: str) -> tuple[str, ...]:
    """Names of those methods of a family whose file has a function of that name at its top."""
    return tuple(name for name in names(family) if _defines(_sources(family)[name], function))


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


@cache
def _sources(family: str) -> dict[str, Path]:
    """Each method's file; of a package, its `__init__.py`."""
    folder = _PIPELINES / family
    files = {file.stem: file for file in folder.glob("*.py")}
    files |= {file.parent.name: file for file in folder.glob("*/__init__.py")}
    return {name: file for name, file in files.items() if not name.startswith("_") and name != _TOOLBOX}


def _defines(file: Path, function: str) -> bool:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef) and node.name == function for node in tree.body)
