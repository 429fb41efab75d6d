"""Settings that are a number or a range to draw from."""

import numpy as np

Range = float | tuple[float, float]


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
