"""JSON that every program takes, and faults of fields that are named."""

import json
import math

import pytest

from pipelines.core.json_text import FieldError, field, from_json, is_finite, json_values, parse_object, to_json


def test_infinities_are_texts_and_nan_is_null_however_deep() -> None:
    values = {"a": [math.inf, (-math.inf, 1.5)], "b": {"c": math.nan, "d": 3}, "e": "inf", "f": None, "g": True}
    plain = json_values(values)
    assert plain == {"a": ["inf", ["-inf", 1.5]], "b": {"c": None, "d": 3}, "e": "inf", "f": None, "g": True}
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


def test_what_is_written_never_holds_nan_and_is_ascii() -> None:
    assert to_json({"a": 1.5, "b": "é"}) == '{"a": 1.5, "b": "\\u00e9"}'
    assert to_json({"a": [math.nan, math.inf]}) == '{"a": [null, "inf"]}'
    assert to_json({"a": 1}, indent=2) == '{\n  "a": 1\n}'


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5000],
    ids=["empty", "cut", "no text", "deep list", "deep object", "long number"],
)
def test_every_kind_of_damage_is_one_error(data: bytes) -> None:
    with pytest.raises(ValueError):
        from_json(data)


def test_marks_of_unicode_are_read_over() -> None:
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-32"):
        assert from_json('{"a": "é"}'.encode(encoding)) == {"a": "é"}


CONTENT = {"pairs": [{"left": "flat", "n": 3, "p": 0.5, "yes": True}, 7], "low": "-inf", "none": None, "large": 10**400}


def test_fields_are_taken_by_their_kind() -> None:
    assert field(CONTENT, ["pairs", 0, "left"], str) == "flat"
    assert field(CONTENT, ["pairs", 0, "n"], int) == 3
    assert field(CONTENT, ["pairs", 0, "n"], float) == 3.0
    assert field(CONTENT, ["pairs", 0, "yes"], bool) is True
    assert field(CONTENT, ["low"], float) == -math.inf


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        (["pairs", 0, "left"], float, r'pairs\[0\].left is "flat", not a number'),
        (["pairs", 0, "yes"], int, r"pairs\[0\].yes is true, not a whole number"),
        (["pairs", 0, "yes"], float, "is true, not a number"),
        (["pairs", 0, "p"], int, "is 0.5, not a whole number"),
        (["pairs", 0, "right"], str, r"pairs\[0\].right is missing"),
        (["pairs", 5], dict, r"pairs\[5\] is missing"),
        (["pairs", 1, "left"], str, r"pairs\[1\] is 7, not an object"),
        (["pairs", "left"], str, "pairs is a list, not an object"),
        (["large"], float, r"large is 1000000000.*, not a number"),
        (["none"], str, "none is null, not a text"),
        ([], list, "the whole is an object, not a list"),
    ],
)
def test_what_is_missing_or_of_another_kind_is_named(path: list[str | int], kind: type, words: str) -> None:
    with pytest.raises(FieldError, match=words):
        field(CONTENT, path, kind)


def test_values_are_shown_short_and_visible() -> None:
    with pytest.raises(FieldError) as caught:
        field({"a\x1b": "\x1b" + "x" * 100}, ["a\x1b"], int)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 100


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
