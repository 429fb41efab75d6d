"""What JSON has no word for."""

import json
import math

from pipelines.reports.base.json_values import json_values


def test_infinities_are_texts_and_nan_is_null_however_deep() -> None:
    values = {"a": [math.inf, (-math.inf, 1.5)], "b": {"c": math.nan, "d": 3}, "e": "inf", "f": None, "g": True}
    plain = json_values(values)
    assert plain == {"a": ["inf", ["-inf", 1.5]], "b": {"c": None, "d": 3}, "e": "inf", "f": None, "g": True}
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
