"""What a user meets when something is wrong: a message, a hint, an exit code."""

import pickle
from collections.abc import Iterator

import pytest

from pipelines.core import errors
from pipelines.core.errors import (
    ColorizeError,
    MethodError,
    MissingPackageError,
    NothingMatchedError,
    OutputExistsError,
    PictureError,
    SettingsError,
    UsageError,
)


def kinds(kind: type[ColorizeError] = ColorizeError) -> Iterator[type[ColorizeError]]:
    yield kind
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from kinds(below)


def test_a_message_and_what_to_do_instead_are_one_line() -> None:
    assert str(UsageError("it is wrong", hint="Do this")) == "it is wrong. Do this"
    assert str(UsageError("it is wrong")) == "it is wrong"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ColorizeError, 1),
        (PictureError, 1),
        (MethodError, 1),
        (OutputExistsError, 1),
        (UsageError, 2),
        (SettingsError, 2),
        (MissingPackageError, 2),
        (NothingMatchedError, 3),
    ],
)
def test_the_exit_code_says_whose_turn_it_is(kind: type[ColorizeError], code: int) -> None:
    assert kind("").exit_code == code


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.__name__)
def test_an_error_comes_back_whole_from_a_worker_process(kind: type[ColorizeError]) -> None:
    back = pickle.loads(pickle.dumps(kind("it is wrong", hint="Do this")))
    assert type(back) is kind
    assert (back.message, back.hint, str(back)) == ("it is wrong", "Do this", "it is wrong. Do this")


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    names = [kind.__name__ for kind in kinds()]
    assert len(names) == len(set(names))
    assert all(f"{name} " in (errors.__doc__ or "") for name in names)


def test_the_part_at_fault_comes_back_from_a_process() -> None:
    error = PictureError("it is empty", hint="Copy it")
    error.part = "hints"
    again = pickle.loads(pickle.dumps(error))
    assert (again.part, str(again)) == ("hints", "it is empty. Copy it")
    assert pickle.loads(pickle.dumps(PictureError("it is empty"))).part == ""
