"""`colorize-cli doctor`: all is well here; a planted fault is exit 1 with what to type."""

import json
import shutil
from pathlib import Path

import pytest

from colorize_cli.diagnosis import packages, weights
from tests.conftest import Cli
from tests.schemas.checking import problems


def test_this_installation_is_well(cli: Cli) -> None:
    ran = cli("doctor")
    assert ran.code == 0, ran.out
    assert ran.out.splitlines()[-1] == "all is well"
    for name in ("versions", "numpy", "torch", "OpenCV", "devices", "threads", "weights of fillnet", "locale"):
        assert f": {name}" in ran.out or f"  {name}: " in ran.out


def test_json_fits_its_schema(cli: Cli) -> None:
    content = json.loads(cli("doctor", "--json").out)
    assert problems("doctor", content) == []
    assert content["exit_code"] == 0
    assert problems("doctor", {**content, "checks": [{"name": "x"}]})


def plant_two_opencvs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "opencv_python-4.9.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: opencv-python\nVersion: 4.9.0\n")
    monkeypatch.syspath_prepend(tmp_path)


def plant_damaged_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(weights.SHIPPED, tmp_path / "shipped")
    (tmp_path / "shipped" / "fillnet" / "weights.safetensors").write_bytes(b"cut")
    monkeypatch.setattr(weights, "SHIPPED", tmp_path / "shipped")


def plant_missing_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = {name: versions for name, versions in packages.installed().items() if name != "safetensors"}
    monkeypatch.setattr(packages, "installed", lambda: there)


def plant_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORIZE_CLI_DEVICE", "cuda:77")


def plant_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))


def plant_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "many")


def plant_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORIZE_CLI_MODLE", "flat")


@pytest.mark.parametrize(
    ("plant", "remedy"),
    [
        (plant_two_opencvs, "pip uninstall -y opencv-python-headless opencv-python"),
        (plant_damaged_weights, "pip install --force-reinstall --no-deps colorize-cli"),
        (plant_missing_package, "pip install --upgrade 'safetensors>=0.5'"),
        (plant_device, "unset COLORIZE_CLI_DEVICE"),
        (plant_folder, "export TMPDIR="),
        (plant_threads, "unset OMP_NUM_THREADS"),
        (plant_variable, "unset COLORIZE_CLI_MODLE"),
    ],
)
def test_a_planted_fault_is_exit_1_with_what_to_type(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plant: object, remedy: str
) -> None:
    plant(tmp_path, monkeypatch)  # type: ignore[operator]
    ran = cli("doctor")
    assert ran.code == 1
    lines = ran.out.splitlines()
    bad = [number for number, line in enumerate(lines) if line.startswith("problem ")]
    assert next(lines[number + 1].strip() for number in bad).startswith(f"-> {remedy}")
    assert lines[-1] == "1 problem: type what stands behind ->"
