"""Settings files: which one counts, what it may hold, where its paths begin; and the origin of each value."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from pipelines.core import registry
from pipelines.core.errors import SettingsError, UsageError
from pipelines.core.files import show_path
from pipelines.core.settings import assignments, plain, read_settings_file

NAME, PROJECT = "colorize.toml", "pyproject.toml"
TABLE = "colorize-cli"
"""The table below [tool] in pyproject.toml that holds a table per command."""

_WORDS = {"True": "yes", "False": "no"}
_PLACE = re.compile(r"\b(DIR|FILE|FOLDER|INPUT|OUTPUT|DATASET|RUN|REPORT|RESULTS|MODEL)\b")  # metavars of paths
_OR_NAME = re.compile(r"\b(MODEL|NAME|RESULTS|fillnet)\b")  # of what may be a name, too, or NAME=PATH


def find_settings_file(folder: Path) -> Path | None:
    """The settings file of a folder or of the nearest one above: colorize.toml, or pyproject.toml with our table."""
    for place in (folder, *folder.parents):
        if (place / NAME).is_file():
            return place / NAME
        if _has_table(place / PROJECT):
            return place / PROJECT
    return None


def read_tables(path: Path) -> dict[str, Any]:
    """The tables of a settings file by command; raises SettingsError for a file that cannot be read."""
    content = read_settings_file(path)
    if path.name != PROJECT:
        return content
    tools = content.get("tool", {})
    tables = tools.get(TABLE, {}) if isinstance(tools, dict) else {}
    if not isinstance(tables, dict):
        raise SettingsError(f"tool.{TABLE} in {show_path(path)} is no table", hint=f"Write [tool.{TABLE}.colorize]")
    return tables


def read_command_tables(path: Path, commands: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """The tables of a settings file, by command; raises SettingsError for anything else in it."""
    tables = read_tables(path)
    for name, table in tables.items():
        if name not in commands:
            raise SettingsError(
                f"{show_path(path)} has a table for no command: '{name}'", hint=registry.suggestion(name, commands)
            )
        if not isinstance(table, dict) or not isinstance(table.get("settings", {}), dict):
            raise SettingsError(
                f"{show_path(path)}: '{name}' is no table", hint=f"Write [{name}] and [{name}.settings]"
            )
    return tables


def choose_settings_file(context: typer.Context, path: Path | None) -> tuple[Path | None, bool]:
    """The settings file that counts, and whether it was found upward instead of named by --settings or its variable.

    Raises UsageError where --isolated and --settings stand side by side.
    """
    is_isolated = check_isolated(context, bool(context.params.get("isolated")))
    if is_isolated or context.resilient_parsing:  # the latter: the shell asks for completions
        return None, False
    if path is not None:
        return path, False
    found = find_settings_file(Path.cwd())
    return found, found is not None


def check_isolated(context: typer.Context, value: bool) -> bool:
    """Refuse --isolated beside --settings on the command line, in any order; the variable gives way to it."""
    origin = context.get_parameter_source("settings")
    if value and origin is not None and origin.name == "COMMANDLINE":
        raise UsageError("--isolated and --settings contradict each other", hint="Leave one of them out")
    return value


def from_folder_of(path: Path, table: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A command's table with relative paths, which begin at the file's folder, as seen from the working folder.

    parameters: those of the command, by name; their metavars say which values are paths. What may be a name as well is
    taken for a path where there is such a file.
    """
    folder = Path(os.path.relpath(path.parent))
    return {
        name: _placed(folder, value, getattr(parameters.get(name), "metavar", None)) for name, value in table.items()
    }


def _placed(folder: Path, value: Any, metavar: str | None) -> Any:
    if isinstance(value, list):
        return [_placed(folder, item, metavar) for item in value]
    if not isinstance(value, str) or value in ("", "-") or not metavar or not _PLACE.search(metavar):
        return value
    if _OR_NAME.search(metavar):
        label, equals, place = value.rpartition("=")
        return f"{label}{equals}{folder / place}" if (folder / place).exists() else value
    return value if "=" in metavar else str(folder / value)


def _has_table(path: Path) -> bool:
    try:
        mentions = path.is_file() and TABLE.encode() in path.read_bytes()
    except OSError:
        return False
    tools = read_settings_file(path).get("tool") if mentions else None
    return isinstance(tools, dict) and TABLE in tools


@dataclass(frozen=True)
class EffectiveValue:
    """What an option or a method's setting is, and which place says so."""

    option: str  # as it is typed
    value: Any  # as JSON has it; None: not set
    origin: str  # "command line", a variable's name, a file's path, or "default"

    def as_text(self) -> str:
        """A line in columns."""
        is_set = self.value is not None and self.value != []
        items = self.value if isinstance(self.value, list) else [self.value]
        shown = " ".join(_WORDS.get(str(item), show_path(item)) for item in items) if is_set else "(not set)"
        return f"{self.option:22} {shown:28} {show_path(self.origin)}"


def effective_values(context: typer.Context) -> Iterator[EffectiveValue]:
    """Every option of the command that was parsed, then the method's settings that are not its own defaults."""
    file = context.params.get("settings")
    origins = {"COMMANDLINE": "command line", "DEFAULT_MAP": str(file), "DEFAULT": "default"}
    for parameter in context.command.params:
        name = str(parameter.name)
        if name in ("show_settings", "set_values") or name not in context.params:
            continue
        source = context.get_parameter_source(name)
        origin = str(parameter.envvar) if source is None or source.name == "ENVIRONMENT" else origins[source.name]
        if name == "settings" and file is not None and origin == "default":
            origin = "found upward"
        yield EffectiveValue(_typed(parameter), plain(context.params[name]), origin)
    for name, (value, origin) in _method_settings(context, file).items():
        yield EffectiveValue(f"--set {name}", plain(value), origin)


def _method_settings(context: typer.Context, file: Path | None) -> dict[str, tuple[Any, str]]:
    table = {} if file is None else read_tables(file).get(str(context.info_name), {}).get("settings", {})
    named = {name.replace("-", "_"): (value, str(file)) for name, value in table.items()}
    given = assignments(context.params.get("set_values") or [])
    return named | {name: (value, "command line") for name, value in given.items()}


def _typed(parameter: Any) -> str:
    """The long name of an option; of an argument its metavar."""
    long = [flag for flag in parameter.opts if flag.startswith("--")]
    return str(long[0] if long else parameter.metavar or parameter.name)
