"""Kinds of value: what each takes and refuses."""

from typing import Any

import jsonschema
import pytest

from colorize_cli.schemas import kinds
from colorize_cli.schemas.kinds import Schema


def takes(schema: Schema, value: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(schema).is_valid(value))


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        (kinds.text(), "a", 1),
        (kinds.truth(), True, 1),
        (kinds.number(), -1.5, "1"),
        (kinds.number(least=0), 0, -0.1),
        (kinds.count(), 3, -1),
        (kinds.count(), 0, 1.5),
        (kinds.any_number(), "inf", "nan"),
        (kinds.any_number(), None, True),
        (kinds.one_of((1, "a")), "a", "b"),
        (kinds.array(kinds.count()), [1, 2], [1, "2"]),
        (kinds.array(kinds.count(), length=2), [1, 2], [1]),
        (kinds.mapping(kinds.text()), {"any name": "a"}, {"any name": 1}),
        (kinds.anything(), {"a": [None]}, []),
        (kinds.or_null(kinds.count("px")), None, "none"),
        (kinds.record({"a": kinds.count()}), {"a": 1}, {"a": 1, "b": 1}),
        (kinds.record({"a": kinds.count()}), {"a": 1}, {}),
        (kinds.record({"a": kinds.count()}, optional=("a",)), {}, {"a": "x"}),
    ],
)
def test_a_kind_takes_its_values_and_no_others(schema: Schema, good: Any, bad: Any) -> None:
    assert takes(schema, good)
    assert not takes(schema, bad)


def test_a_meaning_stands_first_and_only_where_there_is_one() -> None:
    assert next(iter(kinds.count("px"))) == "description"
    assert "description" not in kinds.count()
    assert kinds.or_null(kinds.count("px"))["description"] == "px"
