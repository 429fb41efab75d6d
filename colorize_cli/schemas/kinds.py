"""Kinds of value of which schemas are made. Objects are closed: a name that is not listed is not written."""

from collections.abc import Mapping, Sequence
from typing import Any

Schema = dict[str, Any]


def text(meaning: str = "") -> Schema:
    """A text."""
    return _described({"type": "string"}, meaning)


def truth(meaning: str = "") -> Schema:
    """True or false."""
    return _described({"type": "boolean"}, meaning)


def number(meaning: str = "", *, least: float | None = None) -> Schema:
    """A number."""
    return _described({"type": "number"} | ({} if least is None else {"minimum": least}), meaning)


def count(meaning: str = "") -> Schema:
    """A whole number, 0 or more."""
    return _described({"type": "integer", "minimum": 0}, meaning)


def any_number(meaning: str = "") -> Schema:
    """A number as evaluate writes it: JSON has no word for infinities, and null is what was not measured."""
    return _described({"anyOf": [{"type": ["number", "null"]}, {"enum": ["inf", "-inf"]}]}, meaning)


def one_of(values: Sequence[object], meaning: str = "") -> Schema:
    """One of these values."""
    return _described({"enum": list(values)}, meaning)


def array(items: Schema, meaning: str = "", *, length: int | None = None) -> Schema:
    """A list of one kind of item."""
    bounds = {} if length is None else {"minItems": length, "maxItems": length}
    return _described({"type": "array", "items": items, **bounds}, meaning)


def mapping(values: Schema, meaning: str = "") -> Schema:
    """An object whose names are not known beforehand, such as paths, and whose values are of one kind."""
    return _described({"type": "object", "additionalProperties": values}, meaning)


def anything(meaning: str = "") -> Schema:
    """An object of which nothing is promised, such as settings of methods: `colorize-cli methods` lists them."""
    return _described({"type": "object"}, meaning)


def record(properties: Mapping[str, Schema], meaning: str = "", *, optional: Sequence[str] = ()) -> Schema:
    """An object with these names and no others, all there but the optional ones."""
    return _described(
        {
            "type": "object",
            "properties": dict(properties),
            "required": [name for name in properties if name not in optional],
            "additionalProperties": False,
        },
        meaning,
    )


def or_null(schema: Schema) -> Schema:
    """A value that may be missing."""
    described = {"description": schema["description"]} if "description" in schema else {}
    bare = {name: value for name, value in schema.items() if name != "description"}
    return {**described, "anyOf": [bare, {"type": "null"}]}


def _described(schema: Schema, meaning: str) -> Schema:
    return {"description": meaning, **schema} if meaning else schema
