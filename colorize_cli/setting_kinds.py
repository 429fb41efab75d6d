"""What an option takes in a settings file: TOML has kinds of values, and a wrong one is named, never made a text."""

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pipelines.core.errors import SettingsError
from pipelines.core.files import show_path

_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a table",
    str: "a text",
}
_NUMBERS = {"N", "PX", "RRGGBB"}  # what the metavar of a text has in it that may be a number: "N|WxH"
_SHOWN = 40  # characters of a wrong value


def check_kinds(command: Callable[..., object], table: Mapping[str, Any], file: object) -> dict[str, Any]:
    """The values of a command's table as its options take them; raises SettingsError that names option and kind.

    One value may stand for an option that may be repeated, a number for a text that is one.
    """
    parameters = inspect.signature(command).parameters
    return {
        name: _taken(value, parameters[name].annotation, f"{show_path(file)}: {name}") if name in parameters else value
        for name, value in table.items()
    }


def _taken(value: Any, annotation: Any, place: str) -> Any:
    kind, option = _kind_of(annotation)
    parses = getattr(option, "parser", None) is not None
    if typing.get_origin(kind) is list:
        values = value if isinstance(value, list) else [value]
        return [_single(each, typing.get_args(kind)[0], place) for each in values]
    if typing.get_origin(kind) is tuple:
        kinds = typing.get_args(kind)
        if not isinstance(value, list) or len(value) != len(kinds):
            raise _wrong(value, place, f"a list of {len(kinds)}")
        return [_single(*each, place) for each in zip(value, kinds, strict=True)]
    numeric = parses or bool(_NUMBERS & set(str(getattr(option, "metavar", "")).split("|")))
    if parses and isinstance(value, list):  # of an option that takes a,b,c
        return ",".join(_single(each, str, place, numeric=True) for each in value)
    return _single(value, kind, place, numeric=numeric)


def _kind_of(annotation: Any) -> tuple[Any, Any]:
    """The kind of an option's value, and what typer knows of the option."""
    option = next(iter(getattr(annotation, "__metadata__", ())), None)
    kind = annotation.__origin__ if typing.get_origin(annotation) is Annotated else annotation
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        kind = next(each for each in typing.get_args(kind) if each is not type(None))
    return kind, option


def _single(value: Any, kind: Any, place: str, *, numeric: bool = False) -> Any:
    """A value of no parts; a text for a number is left to the option itself, which says what is wrong with it."""
    if kind not in (bool, int, float):
        kind = str  # paths and choices too
    allowed: dict[type, tuple[type, ...]] = {bool: (bool,), int: (int, str), float: (float, int, str), str: (str,)}
    fits = isinstance(value, (str, int, float) if numeric else allowed[kind])
    if not fits or (isinstance(value, bool) and kind is not bool):
        raise _wrong(value, place, _WORDS[kind])
    if isinstance(value, str) and "\0" in value:  # which nothing that is typed can hold
        raise _wrong(value, place, "a text without NUL")
    return str(value) if kind is str else value


def _wrong(value: object, place: str, wanted: str) -> SettingsError:
    shown = show_path(str(value).lower() if isinstance(value, bool) else value)
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
    words = _WORDS.get(type(value), "a date or time")
    what = {bool: shown, list: words, dict: words}.get(type(value), f"{words}, {shown}")
    return SettingsError(f"{place} is {what}; it takes {wanted}", hint="Mend the settings file")
