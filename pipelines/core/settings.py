"""Settings of a method: from text and TOML to a typed, frozen `Params`, and to a digest that tells stale work."""

import dataclasses
import hashlib
import json
import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal

from pipelines.core import registry
from pipelines.core.errors import SettingsError
from pipelines.core.files import read_bounded, show_path
from pipelines.core.texts import decode_text

_SHOWN = 60  # characters of a wrong value
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@dataclass(frozen=True)
class Setting:
    """One setting as it is shown to people: name, type in words, default, and what it means."""

    name: str
    kind: str
    default: object
    meaning: str


def assignments(texts: Sequence[str]) -> dict[str, str]:
    """Split `name=value` texts; raises SettingsError for a text without `=`."""
    values = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise SettingsError(f"'{text}' is not a setting", hint="Write --set name=value")
        values[name.strip().replace("-", "_")] = value.strip()
    return values


def resolve(method: ModuleType, values: Mapping[str, object], *, preset: str | None = None) -> Any:
    """The method's `Params`: defaults, then the preset, then `values` (texts or TOML values).

    Those of a method with a file of its own hold the file's digest (`families.MethodWithFile`). Raises SettingsError
    for an unknown preset, an unknown name, a wrong type, or a value out of range; UsageError for a missing file.
    """
    base = _preset(method, preset)
    hints = typing.get_type_hints(method.Params)
    for name in values:
        if name not in hints:
            raise SettingsError(
                f"{_short(method)} has no setting '{name}'", hint=registry.suggestion(name, tuple(hints))
            )
    typed = {name: convert(value, hints[name], name=name) for name, value in values.items()}
    params = dataclasses.replace(base, **typed)
    identify = getattr(method, "identify", None)
    return params if identify is None else identify(params)


def convert(value: object, kind: Any, *, name: str) -> object:
    """Turn a text or TOML value into `kind`; raises SettingsError that names the type wanted."""
    kind = _bare(kind)
    for choice in _alternatives(kind):
        try:
            return _convert_one(value, choice)
        except (ValueError, TypeError, OverflowError):
            continue
    shown = show_path(value)
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
    raise SettingsError(f"setting '{name}' cannot be '{shown}'", hint=f"It takes {kind_in_words(kind)}")


def kind_in_words(kind: Any) -> str:
    """A type as a person would say it, such as "one of own, sklearn-extra" or "two numbers: low,high"."""
    kind = _bare(kind)
    alternatives = _alternatives(kind)
    if len(alternatives) > 1:
        return " or ".join(kind_in_words(choice) for choice in alternatives)
    if typing.get_origin(kind) is Literal:
        return "one of " + ", ".join(map(str, typing.get_args(kind)))
    if typing.get_origin(kind) is tuple:
        if str in typing.get_args(kind):
            return "names: a,b,..."
        return "numbers: x,y,..." if Ellipsis in typing.get_args(kind) else "two numbers: low,high"
    return {
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        str: "a text",
        type(None): "none",
    }[kind]


def check_number(name: str, value: float, least: float, most: float | None = None) -> None:
    """Raise SettingsError unless least <= value <= most (no upper bound where `most` is None); NaN is refused too."""
    if not value >= least or (most is not None and value > most):
        raise SettingsError(f"{name} = {value} is out of range", hint=f"Use a number {_bounds(least, most)}")


def check_range(name: str, value: float | tuple[float, float], least: float, most: float | None = None) -> None:
    """Raise SettingsError unless a number, or both ends of a range in order, lie from `least` to `most`."""
    low, high = value if isinstance(value, tuple) else (value, value)
    if not least <= low <= high or (most is not None and high > most):
        raise SettingsError(
            f"{name} = {low:g},{high:g} is not a range in order and within bounds",
            hint=f"Use one number or LOW,HIGH {_bounds(least, most)}",
        )


def describe(method: ModuleType) -> list[Setting]:
    """Every setting of a method: what stands in the fields of its `Params`."""
    return describe_fields(method.Params)


def describe_fields(settings: Any) -> list[Setting]:
    """Every field of a dataclass of settings; `name: Annotated[kind, "meaning"] = default` says it all."""
    kinds = typing.get_type_hints(settings, include_extras=True)
    return [
        Setting(field.name, kind_in_words(kinds[field.name]), field.default, _meaning(kinds[field.name]))
        for field in dataclasses.fields(settings)
    ]


def read_settings_file(path: Path) -> dict[str, Any]:
    """Read a TOML file of settings: one table per command, with a table `settings` inside for `--set` values."""
    shown = show_path(path)
    try:
        content = read_bounded(path) if path.is_file() else _read_once(path)
        return tomllib.loads(decode_text(content))
    except OSError as error:
        raise SettingsError(
            f"cannot read the settings file {shown}: {error.strerror}", hint="Check --settings"
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{shown} is not UTF-8 (byte {error.start + 1})", hint="Save it as UTF-8 or leave out --settings"
        ) from error
    except (ValueError, RecursionError) as error:  # ValueError: no TOML, or a number of thousands of digits
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else show_path(error).partition(";")[0]
        raise SettingsError(f"{shown} is not a TOML file: {reason}", hint="Mend it or leave out --settings") from error


@lru_cache(maxsize=8)
def _read_once(path: Path) -> bytes:
    """What a pipe holds, which it gives once, while several parts of a command look into the settings; OSError."""
    return read_bounded(path)


def plain(value: object) -> Any:
    """A frozen dataclass and what it holds as plain JSON values."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value if isinstance(value, int | float | bool | str | None) else str(value)


def identity(value: object) -> Any:
    """What results depend on, as plain JSON values: settings without the fields that a class lists in `places`.

    Those say where a file lies, whose digest is another field, or where something is computed.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        places = getattr(value, "places", ())
        fields = (field.name for field in dataclasses.fields(value) if field.name not in places)
        return {name: identity(getattr(value, name)) for name in fields}
    if isinstance(value, Mapping):
        return {str(key): identity(item) for key, item in value.items()}
    return [identity(item) for item in value] if isinstance(value, tuple | list) else plain(value)


def digest(value: object) -> str:
    """A short digest of settings: equal settings give equal digests in any process."""
    text = json.dumps(plain(value), sort_keys=True, ensure_ascii=True)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _bounds(least: float, most: float | None) -> str:
    return f"from {least:g} to {most:g}" if most is not None else f"of at least {least:g}"


def _preset(method: ModuleType, preset: str | None) -> Any:
    if preset is None:
        return method.Params()
    presets: dict[str, Any] = getattr(method, "PRESETS", {})
    if preset not in presets:
        hint = registry.suggestion(preset, tuple(sorted(presets))) if presets else "Leave out --preset"
        raise SettingsError(f"{_short(method)} has no preset '{preset}'", hint=hint)
    return presets[preset]


def _short(method: ModuleType) -> str:
    return method.__name__.rsplit(".", 1)[-1]


def _bare(kind: Any) -> Any:
    """The type within `Annotated`."""
    return kind.__origin__ if typing.get_origin(kind) is Annotated else kind


def _meaning(kind: Any) -> str:
    """The text within `Annotated`, or none."""
    return next((note for note in getattr(kind, "__metadata__", ()) if isinstance(note, str)), "")


def _alternatives(kind: Any) -> tuple[Any, ...]:
    return typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, types.UnionType) else (kind,)


def _convert_one(value: object, kind: Any) -> object:
    if typing.get_origin(kind) is Literal:
        return _choice(value, typing.get_args(kind))
    if typing.get_origin(kind) is tuple:
        return _tuple(value, typing.get_args(kind))
    if kind is type(None) and value is not None and str(value).lower() != "none":
        raise ValueError
    if kind is type(None):
        return None
    if kind is bool:
        return _bool(value)
    if isinstance(value, bool):
        raise TypeError
    if kind is str and not isinstance(value, str):
        raise TypeError
    if kind is int and isinstance(value, float):
        raise TypeError
    return kind(value)


def _choice(value: object, choices: tuple[object, ...]) -> object:
    if value in choices:
        return value
    raise ValueError


def _tuple(value: object, kinds: tuple[Any, ...]) -> tuple[object, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        parts = [parts]
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(parts)
    if len(parts) == 1:  # one number stands for a range of no width
        parts = [parts[0]] * len(kinds)
    if len(parts) != len(kinds):
        raise ValueError
    return tuple(_convert_one(part, kind) for part, kind in zip(parts, kinds, strict=True))


def _bool(value: object) -> bool:
    text = str(value).lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError
