"""Kinds of values in a settings file."""

import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer

from colorize_cli.setting_kinds import check_kinds
from pipelines.core.errors import SettingsError


def command(
    output: Annotated[str | None, typer.Option(metavar="FOLDER")] = None,
    root: Annotated[Path | None, typer.Option()] = None,
    size: Annotated[str, typer.Option(metavar="N|WxH")] = "256",
    include: Annotated[list[str] | None, typer.Option()] = None,
    compare: Annotated[tuple[str, str] | None, typer.Option()] = None,
    milestones: Annotated[str | None, typer.Option(parser=str)] = None,
    mode: Annotated[Literal["a", "b"], typer.Option(parser=str)] = "a",
    jobs: Annotated[int | None, typer.Option()] = None,
    rate: Annotated[float, typer.Option()] = 0.5,
    lock: Annotated[bool | None, typer.Option("--lock/--no-lock")] = None,
) -> None:
    """A command with an option of every kind."""


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("output", "a b", "a b"),
        ("root", "art", "art"),
        ("size", 512, "512"),
        ("size", "512x256", "512x256"),
        ("include", ["*.png", "a/*"], ["*.png", "a/*"]),
        ("include", "*.png", ["*.png"]),
        ("compare", ["flat", "mine"], ["flat", "mine"]),
        ("milestones", [0.25, 0.75], "0.25,0.75"),
        ("milestones", 0.5, "0.5"),
        ("jobs", 3, 3),
        ("jobs", "3", "3"),
        ("rate", 1, 1),
        ("rate", 0.25, 0.25),
        ("lock", False, False),
        ("unknown", [1], [1]),  # which somebody else refuses
    ],
)
def test_what_fits_is_taken(name: str, value: Any, taken: Any) -> None:
    assert check_kinds(command, {name: value}, "s.toml") == {name: taken}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("output", ["a", "b"], "s.toml: output is a list; it takes a text"),
        ("output", True, "s.toml: output is true; it takes a text"),
        ("output", 5, "s.toml: output is a whole number, 5; it takes a text"),
        ("output", datetime.date(2026, 1, 2), "s.toml: output is a date or time, 2026-01-02; it takes a text"),
        ("root", {"a": 1}, "s.toml: root is a table; it takes a text"),
        ("size", True, "s.toml: size is true; it takes a text"),
        ("include", 5, "s.toml: include is a whole number, 5; it takes a text"),
        ("include", [[1]], "s.toml: include is a list; it takes a text"),
        ("compare", ["flat"], "s.toml: compare is a list; it takes a list of 2"),
        ("milestones", [[1]], "s.toml: milestones is a list; it takes a text"),
        ("mode", False, "s.toml: mode is false; it takes a text"),
        ("jobs", 2.5, "s.toml: jobs is a number, 2.5; it takes a whole number"),
        ("jobs", True, "s.toml: jobs is true; it takes a whole number"),
        ("rate", [1.0], "s.toml: rate is a list; it takes a number"),
        ("lock", "yes", "s.toml: lock is a text, yes; it takes true or false"),
        ("lock", 1, "s.toml: lock is a whole number, 1; it takes true or false"),
    ],
)
def test_what_does_not_fit_is_named(name: str, value: Any, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        check_kinds(command, {name: value}, "s.toml")
    assert caught.value.message == words


def test_a_long_value_is_shown_short_and_visible() -> None:
    with pytest.raises(SettingsError) as caught:
        check_kinds(command, {"lock": "\x1b[31m" + "x" * 500}, "s\x1b.toml")
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 120
