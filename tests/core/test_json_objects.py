"""JSON objects of unknown origin."""

import json

import pytest

from pipelines.core.json_objects import is_finite, parse_object


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_an_object_is_read_in_any_unicode_encoding(encoding: str) -> None:
    assert parse_object('{"author": "Åsa", "n": [1]}'.encode(encoding)) == {"author": "Åsa", "n": [1]}


@pytest.mark.parametrize(
    "damaged", [b"", b"{", b"[1]", b"5", b"null", b'{"a": "\xff"}', b'{"a":' + b"[" * 100_000, b'{"a":' * 100_000]
)
def test_whatever_is_wrong_is_one_kind_of_error(damaged: bytes) -> None:
    with pytest.raises(ValueError, match=r"Expecting|object|nested|decode|double quotes"):
        parse_object(damaged)


def test_values_that_strict_readers_refuse_are_known() -> None:
    values = json.loads('[NaN, 1e999, -Infinity, 1.5, 7, "NaN", true]')
    assert [is_finite(value) for value in values] == [False, False, False, True, True, True, True]
