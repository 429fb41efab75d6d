"""action.yml and .pre-commit-hooks.yaml: their commands run, and name what is there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Cli

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.skipif(sys.platform == "win32", reason="needs bash")
def test_their_commands_run_without_the_service(tmp_path: Path) -> None:
    command = tmp_path / "bin" / "colorize-cli"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m colorize_cli "$@"\n')
    (command.parent / "python").symlink_to(sys.executable)
    command.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COLORIZE_CLI_")}
    environment |= {
        "PATH": f"{command.parent}:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
    }
    ran = subprocess.run([ROOT / ".ci" / "pipelines"], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "action.yml and .pre-commit-hooks.yaml: their commands run\n"


def test_the_action_hands_over_inputs_by_variables_alone() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    commands = re.findall(r"^ +run: (.*)$", text, re.MULTILINE)
    assert commands == ['bash "$ACTION/.ci/action" install', 'bash "$ACTION/.ci/action" run']  # no ${{ }} in a shell
    script = (ROOT / ".ci" / "action").read_text(encoding="utf-8")
    for name in re.findall(r"^        ([A-Z_]+): \$", text, re.MULTILINE):
        assert f"${{{name}" in script or f"${name}" in script, name
    inputs = re.findall(r"inputs\.([\w-]+)", text)
    declared = re.findall(r"^  ([\w-]+):$", text.partition("outputs:")[0].partition("inputs:")[2], re.MULTILINE)
    assert set(inputs) == set(declared)


def test_a_check_is_exit_1_until_all_results_are_there(cli: Cli, art: Path) -> None:
    command = ("regions", art / "lines", "-o", art / "out", "-j", 1)
    ran = cli(*command, "--check")
    assert ran.code == 1
    assert "3 results are missing or stale: run the same command without --check" in ran.err
    assert not (art / "out").exists()
    assert cli(*command).code == 0
    assert cli(*command, "--check").code == 0
    (art / "lines" / "a.png").write_bytes((art / "colour" / "a.png").read_bytes())
    ran = cli(*command, "--check", "--output-format", "junit")
    assert ran.code == 1
    assert '<failure message="1 results are missing or stale' in ran.out
