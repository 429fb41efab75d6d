"""Reads JSON objects of unknown origin: whatever is wrong with one, there is one kind of error."""

import json
import math
from typing import Any


def parse_object(data: bytes | str) -> dict[str, Any]:
    """The JSON object that a text holds, in UTF-8 (with a byte order mark or not), UTF-16 or UTF-32.

    Raises ValueError where it is no JSON, no object, or nested too deeply to be read.
    """
    try:
        value = json.loads(data)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")
    return value


def is_finite(value: object) -> bool:
    """Whether a value can be written as JSON: Python reads NaN, Infinity and 1e999, but no strict reader does."""
    return not isinstance(value, float) or math.isfinite(value)
