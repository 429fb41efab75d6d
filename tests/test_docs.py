"""What README, CONTRIBUTING and --help say is true: commands, options, links, code."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer.testing

from colorize_cli.app import app

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
DOCS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
COMMANDS = {command.name: command for command in app.registered_commands}
GROUPS = {group.name: group.typer_instance for group in app.registered_groups}
COMMANDS |= {
    f"{name} {command.name}": command for name, group in GROUPS.items() for command in group.registered_commands
}


def help_of(command: str) -> str:
    return typer.testing.CliRunner().invoke(app, [*command.split(), "--help"]).output


def calls(text: str) -> list[list[str]]:
    """Every `colorize-cli ...` in a text's indented or fenced blocks, split as a shell splits words."""
    joined = re.sub(r"\\\n\s*", " ", text)
    found = re.findall(r"(?:^ {2,}|\| )colorize-cli ([a-z][^|>&;`\n#]*)", joined, re.MULTILINE)
    return [shlex.split(line.split(" < ")[0]) for line in found]


def command_of(words: list[str]) -> str:
    return " ".join(words[:2]) if words[0] in GROUPS else words[0]


def sources() -> list[tuple[str, str]]:
    texts = [(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")) for path in DOCS]
    return texts + [(f"--help of {name}", str(command.epilog)) for name, command in COMMANDS.items()]


@pytest.mark.parametrize(("where", "text"), sources(), ids=[where for where, _ in sources()])
def test_every_command_shown_exists_with_its_options(where: str, text: str) -> None:
    for words in calls(text):
        command, options = (
            command_of(words),
            [word.partition("=")[0] for word in words[1:] if re.match(r"--?[a-z]", word)],
        )
        assert command in COMMANDS, f"{where}: there is no command {command}"
        shown = help_of(command)
        for option in options:
            assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", shown), f"{where}: {command} has no {option}"


def test_readme_shows_every_command_with_an_example() -> None:
    shown = {command_of(words) for words in calls(README.read_text(encoding="utf-8"))}
    assert shown == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(map(str, COMMANDS)))
def test_every_command_has_help_with_examples(name: str) -> None:
    shown = help_of(name)
    assert "Examples:" in shown
    assert f"colorize-cli {name}" in shown


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_files_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)|<img[^>]+src=\"([^\"]+)\"", path.read_text(encoding="utf-8")):
        link = target[0] or target[1]
        if not link.startswith("http"):
            assert (path.parent / link).exists(), f"{path.name} links to {link}"


def test_the_example_method_of_contributing_works(tmp_path: Path) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert code is not None
    (tmp_path / "threshold.py").write_text(code[1])
    test = (
        "import numpy as np, threshold\n"
        "lines = threshold.extract(np.full((4, 5, 3), 200, np.uint8), threshold.Params(), np.random.default_rng(0))\n"
        "assert lines.shape == (4, 5) and (lines == 255).all()\n"
    )
    subprocess.run([sys.executable, "-c", test], cwd=tmp_path, check=True)


def test_exit_codes_in_readme_are_those_of_the_error_tree() -> None:
    text = README.read_text(encoding="utf-8")
    for code in ("0", "1", "2", "3", "130"):
        assert re.search(rf"^\| {code} \|", text, re.MULTILINE), f"README does not explain exit code {code}"


def test_nothing_of_the_machine_it_was_written_on_is_in_the_tree() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    banned = re.compile("/" + "(work|root|home)" + "/|" + "bash" + "_jobs")
    for name in listed:
        path = ROOT / name
        if path.suffix in (".py", ".md", ".toml", ".txt", "") and path.is_file() and path.name != "LICENSE":
            assert not banned.search(path.read_text(encoding="utf-8", errors="replace")), name


def test_the_recipe_of_the_paper_is_read_by_its_commands(tmp_path: Path) -> None:
    def run(*arguments: object) -> None:
        ran = subprocess.run(
            [sys.executable, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr

    drawn, dataset, settings = tmp_path / "drawn", tmp_path / "dataset", ("--settings", "examples/fakemon.toml")
    run("examples/monsters.py", drawn, "--count", 2, "--size", 64)
    small = ("--size", 64, "--jobs", 1, "--val", 0, "--test", 0)
    run("-m", "colorize_cli", "build-dataset", drawn / "flats", "-o", dataset, *small, *settings)
    small = ("--preset", "small", "--set", "ngf=2", "--set", "ndf=2", "--steps", 1, "--dry-run")
    run("-m", "colorize_cli", "train", dataset, "-o", tmp_path / "run", *small, *settings)
    assert not (tmp_path / "run").exists()
