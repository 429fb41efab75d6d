"""Checks of settings: our variables in the environment, of which misspelt ones do nothing, and the settings file."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from colorize_cli.diagnosis.findings import Finding
from colorize_cli.settings_files import find_settings_file, read_command_tables
from pipelines.core.errors import SettingsError
from pipelines.core.files import show_path

PREFIX = "COLORIZE_CLI_"
_OF_THE_LIBRARY = {
    "COLORIZE_CLI_MAX_PIXELS": "largest picture that is read",
    "COLORIZE_CLI_WEIGHTS": "evaluate --weights",
}
_OF_TESTS = ("COLORIZE_CLI_CORPUS", "COLORIZE_CLI_SKLEARN_EXTRA_PYTHON")


def check_variables(variables: Mapping[str, str], known: Mapping[str, str]) -> Iterator[Finding]:
    """Each of our variables: which option it stands for, and whether its value can be.

    known: those that options read, with the option of each.
    """
    meanings = {**known, **_OF_THE_LIBRARY}
    for name, value in sorted(variables.items()):
        if not name.startswith(PREFIX) or name in _OF_TESTS:
            continue
        if name not in meanings:
            close = difflib.get_close_matches(name, meanings, n=1)
            hint = f": did you mean {close[0]}?" if close else ""
            yield Finding(name, "problem", f"no option reads it{hint}", f"unset {name}")
            continue
        problem = _problem(name, value)
        if problem:
            yield Finding(name, "problem", problem, f"unset {name}")
        else:
            yield Finding(name, "ok", f"{show_path(value)} ({meanings[name]})")


def check_settings_file(folder: Path, commands: Sequence[str]) -> Finding:
    """The settings file that commands find in this folder or above it, and whether it can be read."""
    try:
        path = find_settings_file(folder.absolute())
        if path is None:
            return Finding("settings file", "ok", "none here or above; who wants one: colorize-cli init")
        tables = read_command_tables(path, tuple(commands))
    except SettingsError as error:
        return Finding("settings file", "problem", error.message, f"{error.hint}; or give --isolated")
    return Finding("settings file", "ok", f"{show_path(path)} ({', '.join(tables) or 'empty'})")


def _problem(name: str, value: str) -> str:
    """Why a value cannot be; empty where it can."""
    if name in ("COLORIZE_CLI_MAX_PIXELS", "COLORIZE_CLI_JOBS") and not (value.isdecimal() and int(value)):
        return f"{value!r} is no whole number above 0"
    if name == "COLORIZE_CLI_SEED" and not value.isdecimal():
        return f"{value!r} is no whole number"
    if name == "COLORIZE_CLI_WEIGHTS" and not Path(value).is_dir():
        return f"there is no folder {show_path(value)}"
    if name == "COLORIZE_CLI_SETTINGS" and not Path(value).is_file():
        return f"there is no file {show_path(value)}"
    return ""
