"""`colorize-cli build-dataset`: its options reach the stage; wrong ones are refused in one line."""

import json
from pathlib import Path

import pytest

from tests import drawings
from tests.conftest import Cli, files_in


def test_it_makes_pairs_of_the_size_and_the_shares_asked_for(cli: Cli, art: Path) -> None:
    command = ("build-dataset", art / "colour", "-o", art / "set", "--size", "64", "--val", 0, "--test", 0, "-j", 1)
    ran = cli(*command, "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["done"] == 3
    pictures = [name for name in files_in(art / "set") if name.endswith(".png")]
    assert pictures
    assert all(drawings.read(art / "set" / name).shape[:2] == (64, 64) for name in pictures)
    assert not [name for name in pictures if "val" in Path(name).parts or "test" in Path(name).parts]


def test_a_layout_for_other_trainers_lays_a_beside_b(cli: Cli, art: Path) -> None:
    command = ("build-dataset", art / "colour", "-o", art / "set", "--size", "64", "--val", 0, "--test", 0, "-j", 1)
    assert cli(*command, "--layout", "aligned").code == 0
    pictures = [name for name in files_in(art / "set") if name.endswith(".png")]
    assert len(pictures) == 3
    assert all(drawings.read(art / "set" / name).shape == (64, 128, 3) for name in pictures)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--read", "ab"), "'ab' is not one of pictures, AB, BA, pairs"),
        (("--fit", "stretch"), "'stretch' is not one of pad, crop"),
        (("--centre", "left"), "'left' is not one of off, move, fill"),
        (("--layout", "tar"), "'tar' is not one of own, aligned, unaligned, webdataset"),
        (("--domain-a", "hints"), "'hints' is not one of composite, lines"),
        (("--size", "large"), "large"),
        (("--pad", "reddish"), "reddish"),
        (("--set", "kmedoid.hints=3"), "kmedoid"),
    ],
)
def test_wrong_options_are_one_line_and_exit_2(cli: Cli, art: Path, arguments: tuple[str, ...], words: str) -> None:
    ran = cli("build-dataset", art / "colour", "-o", art / "set", *arguments)
    assert ran.code == 2
    assert words in ran.err.splitlines()[-1]
    assert not (art / "set").exists()
