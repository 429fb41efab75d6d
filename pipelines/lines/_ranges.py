"""Settings that are a number or a range to draw from, and the checks on them."""

import numpy as np

from pipelines.core.errors import SettingsError

Range = float | tuple[float, float]


def check_number(name: str, value: float, least: float, most: float) -> None:
    """Raise SettingsError unless least <= value <= most."""
    if not least <= value <= most:  # written so that NaN is refused too
        raise SettingsError(f"{name} = {value} is out of range", hint=f"Use a number from {least:g} to {most:g}")


def check_range(name: str, value: Range, least: float, most: float) -> None:
    """Raise SettingsError unless the number, or both ends of the range in order, lie from least to most."""
    low, high = ends(value)
    check_number(name, low, least, most)
    check_number(name, high, least, most)
    if low > high:
        raise SettingsError(f"{name} = {low:g},{high:g} is not in order", hint="Use two numbers LOW,HIGH")


def ends(value: Range) -> tuple[float, float]:
    """Both ends of a range; of a number, the number twice."""
    return value if isinstance(value, tuple) else (value, value)


def draw(value: Range, rng: np.random.Generator, *, step: float = 0.0) -> float:
    """Draw evenly from a range, with a step only from low, low + step, ... up to high; a number is itself."""
    low, high = ends(value)
    if low == high:
        return low
    if step <= 0:
        return float(rng.uniform(low, high))
    return low + step * int(rng.integers(int((high - low) / step + 1e-6) + 1))
