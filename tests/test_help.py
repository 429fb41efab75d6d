"""Help in plain text: every option once, under its heading, in one column."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from colorize_cli.app import COMMANDS
from colorize_cli.help import Command
from tests.conftest import Cli

ROOT = Path(__file__).resolve().parent.parent
NAMES = [command.__name__.rpartition(".")[2].replace("_", "-") for command in COMMANDS]
FLAT = [name for name in NAMES if name != "models"]  # a group of commands of its own


def sections(text: str) -> dict[str, list[str]]:
    """The lines under each heading of a help."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        heading = re.fullmatch(r"(\S.*):", line)
        if heading:
            found[heading[1]] = []
        elif found:
            found[next(reversed(found))].append(line)
    return found


def options_of(lines: list[str]) -> list[str]:
    return [match[1] for line in lines if (match := re.match(r"  (?:-\w, )?(--[\w-]+)", line))]


def test_options_stand_under_their_headings_in_the_order_of_declaration(cli: Cli) -> None:
    shown = sections(cli("build-dataset", "--help").out)
    assert list(shown)[:9] == [
        "Arguments",
        "Options",
        "What is read",
        "What is made",
        "What is left out",
        "How it is split",
        "How it is stored",
        "Which pictures",
        "How it runs",
    ]
    assert options_of(shown["Options"]) == ["--output", "--help"]
    assert options_of(shown["What is left out"]) == [
        "--drop-duplicates",
        "--duplicate-bits",
        "--drop-dull",
        "--least-colourfulness",
    ]


@pytest.mark.parametrize("name", FLAT)
def test_every_option_is_shown_once(cli: Cli, name: str) -> None:
    text = cli(name, "--help").out
    shown = [option for lines in sections(text).values() for option in options_of(lines)]
    assert len(shown) == len(set(shown))
    assert "--help" in shown
    assert "Examples:" in text


def test_the_texts_of_all_sections_stand_in_one_column_with_nothing_behind(cli: Cli) -> None:
    lines = [line for part in sections(cli("colorize", "--help").out).values() for line in part]
    columns = {len(match[0]) for line in lines if (match := re.match(r"  --?\w[^ ]* [^ ]+ {2,}(?=\S)", line))}
    assert len(columns) == 1
    assert not [line for line in lines if line != line.rstrip()]


def test_a_heading_without_options_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    app = typer.Typer(add_completion=False, rich_markup_mode=None)

    @app.command(cls=Command)
    def bare(number: int = typer.Option(3, rich_help_panel="Numbers", help="How many.")) -> None:
        pass

    with pytest.raises(SystemExit):
        app(["--help"])
    shown = sections(capsys.readouterr().out)
    assert {heading: options_of(lines) for heading, lines in shown.items()} == {
        "Options": ["--help"],
        "Numbers": ["--number"],
    }


@pytest.mark.parametrize("name", NAMES)
def test_help_loads_nothing_heavy(name: str) -> None:
    code = (
        "import sys\nfrom colorize_cli.app import main\n"
        f"try:\n    main(['{name}', '--help'])\nexcept SystemExit as left:\n    assert not left.code, left.code\n"
        "heavy = {'torch', 'numpy', 'cv2', 'PIL', 'joblib', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
