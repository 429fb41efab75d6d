"""Facts about `python -m colorize_cli`: it is the command, with its output and its exit codes."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def ran_as_module(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "colorize_cli", *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )


def test_it_says_its_version() -> None:
    done = ran_as_module("--version")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("colorize-cli ")


def test_a_wrong_use_has_its_exit_code() -> None:
    done = ran_as_module("colorise")
    assert done.returncode == 2
    assert "colorise" in done.stderr
