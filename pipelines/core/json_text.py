"""JSON as any program takes it: written without NaN, read with every kind of damage as one error, fields by type."""

import json
import math
from collections.abc import Sequence
from typing import Any, TypeVar

from pipelines.core.files import show_path

T = TypeVar("T")

_WORDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a whole number"}
_SHOWN = 40  # characters of a wrong value


class FieldError(ValueError):
    """A field of a file is missing or holds something else; the message names it: "pairs[3].left is 5, not a text"."""


def json_values(value: Any) -> Any:
    """Replace what JSON has no word for: infinities by the texts "inf" and "-inf", NaN by null."""
    if isinstance(value, dict):
        return {name: json_values(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_values(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value


def to_json(value: Any, *, indent: int | None = None) -> str:
    """Write plain values as JSON, ASCII only, so that any file name survives; numbers as `json_values` says."""
    try:
        return json.dumps(value, indent=indent, allow_nan=False)  # the common case, in one go
    except ValueError:
        return json.dumps(json_values(value), indent=indent, allow_nan=False)


def from_json(data: bytes) -> Any:
    """Read JSON in UTF-8 (with or without its mark), UTF-16 or UTF-32; raises ValueError for any kind of damage."""
    try:
        return json.loads(data)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def parse_object(data: bytes) -> dict[str, Any]:
    """Read a JSON object as `from_json` does; raises ValueError for any kind of damage, and for what is no object."""
    value = from_json(data)
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")
    return value


def is_finite(value: object) -> bool:
    """Whether a value can be written as JSON: Python reads NaN, Infinity and 1e999, but no strict reader does."""
    return not isinstance(value, float) or math.isfinite(value)


def field(holder: Any, path: Sequence[str | int], kind: type[T]) -> T:
    """Return the value at `path`, keys and places in lists, of what `from_json` read; raises FieldError.

    A number (float) may be written as a whole one, or as "inf" and "-inf"; NaN is none, and true is no number.
    """
    value: Any = holder
    for depth, key in enumerate(path):
        above: type = list if isinstance(key, int) else dict
        fits = isinstance(value, above)
        if not fits:
            raise wrong_field(path[:depth], value, _WORDS[above])
        if key not in (range(len(value)) if above is list else value):
            raise FieldError(f"{_name(path[: depth + 1])} is missing")
        value = value[key]
    return _of_kind(path, value, kind)


def _of_kind(path: Sequence[str | int], value: Any, kind: type[T]) -> T:
    if kind is float:
        try:
            number = float(value) if value in ("inf", "-inf") or type(value) in (int, float) else math.nan
        except OverflowError:  # a whole number of hundreds of digits
            number = math.nan
        if math.isnan(number):
            raise wrong_field(path, value, "a number")
        return number  # type: ignore[return-value]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise wrong_field(path, value, _WORDS[kind])
    return value


def wrong_field(path: Sequence[str | int], value: object, wanted: str) -> FieldError:
    """The error of a field that holds `value` and should hold what `wanted` says."""
    shown = {dict: "an object", list: "a list", type(None): "null"}.get(type(value))
    if shown is None:
        text = to_json(value)
        shown = show_path(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
    return FieldError(f"{_name(path)} is {shown}, not {wanted}")


def _name(path: Sequence[str | int]) -> str:
    """A path as people write it: pairs[3].left."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{show_path(key)}" for key in path)
    return text.removeprefix(".") or "the whole"
