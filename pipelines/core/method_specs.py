"""Several methods of a family side by side, each with its settings, some of them drawn anew for each picture.

A kind is asked for as METHOD or METHOD:PRESET. Settings are given as METHOD.NAME=value for all kinds of a method; a
value LOW..HIGH is drawn at random for each picture, in whole numbers for a whole setting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np

from pipelines.core import registry
from pipelines.core.errors import SettingsError
from pipelines.core.settings import resolve

Values = Mapping[str, Mapping[str, object]]  # method -> setting -> value


@dataclass(frozen=True)
class MethodSpec:
    """A method with its settings, under the name by which its results are known."""

    label: str
    family: str
    method: str
    params: Any = None
    ranges: tuple[tuple[str, float, float], ...] = ()  # settings drawn for each picture: name, lowest, highest

    def load(self) -> ModuleType:
        """The method's module."""
        return registry.load(self.family, self.method)

    def drawn(self, rng: np.random.Generator) -> Any:
        """The settings for one picture: uniform within the ranges, both ends included."""
        values: dict[str, float] = {}
        for name, low, high in self.ranges:
            whole = isinstance(getattr(self.params, name), int)
            values[name] = int(rng.integers(int(low), int(high) + 1)) if whole else float(rng.uniform(low, high))
        return replace(self.params, **values)


def method_specs(family: str, names: Sequence[str], values: Values) -> list[MethodSpec]:
    """The kinds that `names` ask for; raises UsageError for an unknown method, SettingsError for a bad setting."""
    found: dict[str, MethodSpec] = {}
    for name in names:
        method, _, preset = name.partition(":")
        module = registry.load(family, method)
        fixed, ranges = _told_apart(values.get(method, {}))
        lowest = resolve(module, {**fixed, **{key: low for key, (low, _) in ranges.items()}}, preset=preset or None)
        highest = resolve(module, {**fixed, **{key: high for key, (_, high) in ranges.items()}}, preset=preset or None)
        pairs = tuple((key, *_ends(key, getattr(lowest, key), getattr(highest, key))) for key in sorted(ranges))
        label = f"{method}-{preset}" if preset else method
        found.setdefault(label, MethodSpec(label, family, method, lowest, pairs))
    return list(found.values())


def by_method(values: Mapping[str, object], known: Sequence[str]) -> dict[str, dict[str, object]]:
    """Settings by method, from "METHOD.NAME" or from tables; raises SettingsError for a method that is not `known`."""
    found: dict[str, dict[str, object]] = {}
    for name, value in values.items():
        method, dot, setting = name.partition(".")
        if method not in known:
            raise SettingsError(
                f"'{name}' is a setting of no method that is used",
                hint=f"Write METHOD.NAME=value; {registry.suggestion(method, tuple(known))}",
            )
        if isinstance(value, Mapping):
            found.setdefault(method, {}).update({str(key): item for key, item in value.items()})
        elif dot:
            found.setdefault(method, {})[setting] = value
        else:
            raise SettingsError(f"'{name}' says no setting", hint=f"Write {method}.NAME=value")
    return found


def _told_apart(values: Mapping[str, object]) -> tuple[dict[str, object], dict[str, tuple[str, str]]]:
    """Fixed values, and the ends of those written LOW..HIGH."""
    ranges = {}
    for name, value in values.items():
        low, dots, high = value.partition("..") if isinstance(value, str) else ("", "", "")
        if dots:
            ranges[name] = (low.strip(), high.strip())
    return {name: value for name, value in values.items() if name not in ranges}, ranges


def _ends(name: str, low: object, high: object) -> tuple[float, float]:
    numbers = isinstance(low, int | float) and isinstance(high, int | float) and not isinstance(low, bool)
    if not numbers or low > high:  # type: ignore[operator]
        raise SettingsError(f"setting '{name}' has no range {low}..{high}", hint="Write two numbers, LOW..HIGH")
    return low, high  # type: ignore[return-value]
