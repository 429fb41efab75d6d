"""Checks of shipped weights by their digest."""

import json
import shutil
from pathlib import Path

import pytest

from colorize_cli.diagnosis.findings import Finding
from colorize_cli.diagnosis.weights import SHIPPED, check_weights
from pipelines.inference.checkpoint_info import SHIPPED as OF_MODELS
from pipelines.inference.checkpoint_info import WEIGHTS


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(SHIPPED / "fillnet", tmp_path / "fillnet")
    return tmp_path


def only(folder: Path) -> Finding:
    (finding,) = check_weights(folder)
    return finding


def test_those_that_come_with_the_program_are_whole() -> None:
    assert SHIPPED == OF_MODELS
    assert [finding.state for finding in check_weights(SHIPPED)] == ["ok"] * len(list(SHIPPED.iterdir()))


def test_one_changed_byte_is_a_problem(copy: Path) -> None:
    path = copy / "fillnet" / WEIGHTS
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    finding = only(copy)
    assert finding.state == "problem"
    assert finding.found.startswith("damaged: sha256 is ")
    assert finding.remedy == "pip install --force-reinstall --no-deps colorize-cli"


def test_missing_weights_and_damaged_cards_are_problems(copy: Path, tmp_path: Path) -> None:
    (copy / "fillnet" / WEIGHTS).unlink()
    assert only(copy).found == "they cannot be read: No such file or directory"
    (copy / "fillnet" / "model.json").write_text(json.dumps([]))
    assert only(copy).found == "the card model.json is damaged"
    assert only(tmp_path / "empty").found == "no model came with its weights"
