"""Values as JSON can hold them: a number that it has no word for is a text, "inf" or "-inf"; what is NaN is null."""

import math
from typing import Any


def json_values(value: Any) -> Any:
    """Replace what JSON has no word for: infinities by texts, NaN by null."""
    if isinstance(value, dict):
        return {name: json_values(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_values(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value
