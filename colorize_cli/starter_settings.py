"""A first settings file for a folder: what looks like line art, hints and colour in it, and what else can be set."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from colorize_cli.settings_files import NAME, PROJECT, find_settings_file
from pipelines.core.errors import UsageError
from pipelines.core.files import replace_file, show_path

_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif")
_ROLES = {  # words of which one stands in a folder's name; the first role that fits is taken
    "hints": ("hint", "hints", "dabs", "scribbles"),
    "colour": ("colour", "colours", "color", "colors", "coloured", "colored", "finished", "truth", "final"),
    "lines": ("line", "lines", "lineart", "inked", "ink", "inks", "drawings", "sketches", "sketch", "art"),
}
_ENOUGH = 10_000  # pictures: counting stops there


@dataclass(frozen=True)
class StarterSettings:
    """What was written, and from which folders."""

    file: str
    lines: str | None  # folder of line art
    hints: str | None
    colour: str | None  # folder of coloured pictures
    pictures: int  # of line art

    def as_text(self) -> str:
        """What was found, and what to type next."""
        listed = [f"{role}: {show_path(place)}" for role, place in vars(self).items() if role in _ROLES and place]
        found = ", ".join(listed) or "no folder of line art, hints or colour by its name"
        return f"{show_path(self.file)}: written ({found})\nnext: colorize-cli colorize --show-settings"


def write_starter_settings(folder: str) -> StarterSettings:
    """Write a commented colorize.toml into a folder.

    Raises UsageError where there is no such folder, where it has settings already, and where it cannot be written to.
    """
    home = Path(folder)
    if not home.is_dir():
        raise UsageError(f"there is no folder {show_path(folder)}", hint="Name the folder of your project")
    path = home / NAME
    present = path if os.path.lexists(path) else find_settings_file(home.absolute())
    if present is not None and present.parent.absolute() == home.absolute():
        raise UsageError(f"{show_path(present)} has settings already", hint="Edit it, or move it away first")
    places = _find_folders(home)
    lines = places.get("lines")
    pictures = 0 if lines is None else _count_pictures(home / lines)
    try:
        replace_file(path, _content(places, pictures).encode())
    except OSError as error:
        raise UsageError(
            f"{show_path(path)} cannot be written: {error.strerror}", hint="Check the permissions of its folder"
        ) from error
    return StarterSettings(str(path), lines, places.get("hints"), places.get("colour"), pictures)


def _find_folders(home: Path) -> dict[str, str]:
    """Role -> name of the first folder, by name, that has pictures and is called so."""
    places: dict[str, str] = {}
    for entry in sorted(home.iterdir(), key=lambda entry: entry.name):
        words = entry.name.lower().replace("-", " ").replace("_", " ").replace(".", " ").split()
        role = next((role for role, names in _ROLES.items() if set(words) & set(names)), None)
        is_text = entry.name.isprintable() and not entry.name.startswith(".")
        if role is not None and role not in places and is_text and entry.is_dir() and _count_pictures(entry):
            places[role] = entry.name
    return places


def _count_pictures(folder: Path) -> int:
    """How many pictures lie in a folder and below."""
    count = 0
    for _, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        count += sum(name.lower().endswith(_SUFFIXES) for name in files)
        if count >= _ENOUGH:
            break
    return count


def _content(places: dict[str, str], pictures: int) -> str:
    """The file: what was found as settings, the rest as comments."""
    lines, hints, colour = (places.get(role) for role in ("lines", "hints", "colour"))
    counted = f"  # {pictures} pictures" if lines is not None and pictures < _ENOUGH else ""
    return f"""\
# Settings of colorize-cli for this folder and those below it. In {PROJECT} a table is [tool.colorize-cli.colorize].
# One table per command; names are those of the options (colorize-cli colorize --help). Paths begin at this folder.
# What is typed wins over COLORIZE_CLI_* variables, these over this file, the file over defaults.
# See what counts, and why: colorize-cli colorize --show-settings. Leave this file out once: --isolated

[colorize]
{_line("inputs", [lines or "lines"], known=lines is not None)}{counted}
{_line("hints", hints or "hints", known=hints is not None)}  # the same names: dabs of colour on a transparent layer
{_line("output", "coloured" if colour else "colour", known=lines is not None)}
# model = ["fillnet"]      # flat: fills alone; or a run of colorize-cli train
# background = "auto"      # paper, transparent
# lines = "auto"           # tint: lines in the colour of what they border
# layers = "ora"           # psd, png: the result in layers, too
# jobs = 2                 # worker processes

[extract-lines]
{_line("inputs", [colour or "colour"], known=colour is not None and lines is None)}
{_line("output", "lines", known=colour is not None and lines is None)}
# method = "adaptive"      # colorize-cli methods lines

# [extract-lines.settings] # what --set takes
# tolerance = 10

[build-dataset]
{_line("inputs", [colour or "colour"], known=colour is not None)}
{_line("lines", lines or "lines", known=colour is not None and lines is not None)}
# output = "dataset"
"""


def _line(name: str, value: object, *, known: bool) -> str:
    """A setting, as a comment where nothing was found for it."""
    return f"{'' if known else '# '}{name} = {json.dumps(value, ensure_ascii=False)}"
