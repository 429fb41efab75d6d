"""Several methods of a family side by side, each with its settings, some of them drawn anew for each picture.

A method is asked for as METHOD or METHOD:PRESET. Settings are given as METHOD.NAME=value for all that METHOD is asked
for; a value LOW..HIGH is drawn at random for each picture, in whole numbers for a whole setting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipelines.core import registry
from pipelines.core.errors import SettingsError
from pipelines.core.settings import resolve

Values = Mapping[str, Mapping[str, object]]
"""Method -> setting -> value."""


@dataclass(frozen=True)
class MethodSpec:
    """A method with its settings, under the name by which its results are known."""

    label: str
    family: str
    method: str
    params: Any = None
    ranges: tuple[tuple[str, float, float], ...] = ()  # settings drawn for each picture: name, lowest, highest

    def draw_params(self, rng: np.random.Generator) -> Any:
        """The settings for one picture: uniform within the ranges, both ends included."""
        values: dict[str, float] = {}
        for name, low, high in self.ranges:
            is_whole = isinstance(getattr(self.params, name), int)
            values[name] = int(rng.integers(int(low), int(high) + 1)) if is_whole else float(rng.uniform(low, high))
        return replace(self.params, **values)


def resolve_method_specs(family: str, names: Sequence[str], values: Values) -> list[MethodSpec]:
    """The methods that `names` ask for, each once, with their settings.

    Raises UsageError for an unknown method, SettingsError for a bad setting.
    """
    specs: dict[str, MethodSpec] = {}
    for name in names:
        method, _, preset = name.partition(":")
        module = registry.load(family, method)
        fixed, ranges = _split_ranges(values.get(method, {}))
        lows, highs = ({key: ends[place] for key, ends in ranges.items()} for place in (0, 1))
        lowest = resolve(module, {**fixed, **lows}, preset=preset or None)
        highest = resolve(module, {**fixed, **highs}, preset=preset or None)
        drawn = tuple((key, *_as_range(key, getattr(lowest, key), getattr(highest, key))) for key in sorted(ranges))
        label = f"{method}-{preset}" if preset else method
        specs.setdefault(label, MethodSpec(label, family, method, lowest, drawn))
    return list(specs.values())


def group_by_method(values: Mapping[str, object], methods: Sequence[str]) -> dict[str, dict[str, object]]:
    """Settings by method, from "METHOD.NAME" or from tables; raises SettingsError for a method not in `methods`."""
    grouped: dict[str, dict[str, object]] = {}
    for name, value in values.items():
        method, dot, setting = name.partition(".")
        if method not in methods:
            raise SettingsError(
                f"'{name}' is a setting of no method that is used",
                hint=f"Write METHOD.NAME=value; {registry.suggestion(method, tuple(methods))}",
            )
        if isinstance(value, Mapping):
            grouped.setdefault(method, {}).update({str(key): item for key, item in value.items()})
        elif dot:
            grouped.setdefault(method, {})[setting] = value
        else:
            raise SettingsError(f"'{name}' says no setting", hint=f"Write {method}.NAME=value")
    return grouped


def _split_ranges(values: Mapping[str, object]) -> tuple[dict[str, object], dict[str, tuple[str, str]]]:
    """Fixed values, and the ends of those written LOW..HIGH."""
    ranges = {}
    for name, value in values.items():
        low, dots, high = value.partition("..") if isinstance(value, str) else ("", "", "")
        if dots:
            ranges[name] = (low.strip(), high.strip())
    return {name: value for name, value in values.items() if name not in ranges}, ranges


def _as_range(name: str, low: object, high: object) -> tuple[float, float]:
    if isinstance(low, bool) or not isinstance(low, int | float) or not isinstance(high, int | float) or low > high:
        raise SettingsError(f"setting '{name}' has no range {low}..{high}", hint="Write two numbers, LOW..HIGH")
    return low, high
