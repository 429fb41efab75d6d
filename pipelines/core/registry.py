"""Finds the methods of a family by their file names, without importing them, and models of installed packages."""

import ast
import difflib
import importlib
import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from pipelines.core.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_PIPELINES = Path(__file__).resolve().parent.parent
_TOOLBOX = "base"  # the folder in a family that holds what its methods share
_OPEN_FAMILIES = ("models",)  # to which installed packages may add methods

PLUGIN_HINT = "Make it an installed package with an entry point in the group colorize_cli.models: see CONTRIBUTING.md"
"""How somebody's own model is brought in."""


def names(family: str) -> tuple[str, ...]:
    """Names of a family's methods, sorted: every file and package of `pipelines/FAMILY/` but `base`.

    Installed packages may add models: entry points in the group colorize_cli.models, each the name of a module.
    """
    return tuple(sorted(_sources(family)))


@cache
def names_with(family: str, function: str) -> tuple[str, ...]:
    """Names of those methods of a family whose file defines or imports a function of that name."""
    return tuple(name for name in names(family) if _defines(_sources(family)[name], function))


def load(family: str, name: str) -> ModuleType:
    """Import one method of a family; raises UsageError that lists the choices for an unknown name."""
    if name in _plugins(family):
        return _load_plugin(family, name)
    if name not in names(family):
        if name.endswith(".py"):
            raise UsageError(f"{name} is Python code, which is not run by its path", hint=PLUGIN_HINT)
        raise UsageError(f"there is no method '{name}' among {family}", hint=suggestion(name, names(family)))
    return importlib.import_module(f"pipelines.{family}.{name}")


def suggestion(name: str, choices: tuple[str, ...]) -> str:
    """One sentence that says what to type instead of `name`."""
    close = difflib.get_close_matches(name, choices, n=1)
    listed = ", ".join(choices)
    return f"Did you mean '{close[0]}'? Choose from: {listed}" if close else f"Choose from: {listed}"


@cache
def _sources(family: str) -> dict[str, Path | None]:
    """Each method's file, of a package its `__init__.py`; None where a plugin's is not to be found."""
    folder = _PIPELINES / family
    files = {file.stem: file for file in folder.glob("*.py")}
    files |= {file.parent.name: file for file in folder.glob("*/__init__.py")}
    own = {name: file for name, file in files.items() if not name.startswith("_") and name != _TOOLBOX}
    return {**own, **{name: _file_of(plugin) for name, plugin in _plugins(family).items()}}


@cache
def _plugins(family: str) -> dict[str, "EntryPoint"]:
    """Methods that installed packages add, by the names of their entry points in the group colorize_cli.FAMILY."""
    if family not in _OPEN_FAMILIES:
        return {}
    from importlib import metadata  # slow to import, and most commands ask for other families

    return {plugin.name: plugin for plugin in metadata.entry_points(group=f"colorize_cli.{family}")}


def _file_of(plugin: "EntryPoint") -> Path | None:
    """Where a plugin's module stands, found without importing it or a package that it is in."""
    package, *parts = plugin.module.split(".")
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if not parts:
        return Path(spec.origin) if spec.origin else None
    places = [Path(folder, *parts) for folder in spec.submodule_search_locations or ()]
    files = [file for place in places for file in (place.with_suffix(".py"), place / "__init__.py")]
    return next((file for file in files if file.is_file()), None)


def _load_plugin(family: str, name: str) -> ModuleType:
    if (_PIPELINES / family / name).exists() or (_PIPELINES / family / f"{name}.py").exists():
        raise UsageError(
            f"an installed package and colorize-cli both have {family} called '{name}'",
            hint="Give the package's entry point another name",
        )
    plugin = _plugins(family)[name]
    try:
        module: ModuleType = plugin.load()
    except (Exception, SystemExit) as error:  # somebody else's code
        raise _broken(plugin, error) from error
    learns = hasattr(module, "build_task")
    needed = ("Params", *(("network_spec", "build_network") if learns else ("TRAITS", "predict")))
    missing = [part for part in needed if not hasattr(module, part)] + ([] if module.__doc__ else ["a docstring"])
    if missing:
        raise _broken(plugin, AttributeError(f"it lacks {', '.join(missing)}"))
    return module


def _broken(plugin: "EntryPoint", error: BaseException) -> UsageError:
    package = plugin.dist.name if plugin.dist else plugin.value
    return UsageError(
        f"'{plugin.name}' of the package {package} cannot be loaded: {type(error).__name__}: {error}",
        hint="Mend the package, or uninstall it",
    )


def _defines(file: Path | None, function: str) -> bool:
    """Whether a method's file binds a name; a file that cannot be read binds none, and `load` tells why."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8")) if file else ast.Module([], [])
    except (SyntaxError, ValueError, OSError):
        return False
    return any(function in _names_bound(node) for node in tree.body)


def _names_bound(statement: ast.stmt) -> set[str]:
    """The names that a statement defines, imports or assigns."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.ImportFrom | ast.Import):
        return {alias.asname or alias.name for alias in statement.names}
    if isinstance(statement, ast.AnnAssign):
        return {statement.target.id} if isinstance(statement.target, ast.Name) else set()
    targets = statement.targets if isinstance(statement, ast.Assign) else ()
    return {target.id for target in targets if isinstance(target, ast.Name)}
