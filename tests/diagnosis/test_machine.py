"""Checks of the machine: each fault is found and says what to type."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from colorize_cli.diagnosis import machine

ROOT = Path(__file__).resolve().parents[2]


def test_devices_name_the_cpu_and_a_wanted_one_that_is_missing_is_a_problem() -> None:
    first, *others = machine.check_devices({})
    assert first.found.endswith("cpu")
    assert not [finding for finding in others if finding.state == "problem"]
    (problem,) = [
        finding for finding in machine.check_devices({"COLORIZE_CLI_DEVICE": "cuda:99"}) if finding.state == "problem"
    ]
    assert (problem.found, problem.remedy) == ("cuda:99 is not there", "unset COLORIZE_CLI_DEVICE")
    assert all(finding.state != "problem" for finding in machine.check_devices({"COLORIZE_CLI_DEVICE": "cpu"}))


@pytest.mark.parametrize("value", ["x", "0", "-1", "2,y"])
def test_a_number_of_threads_that_is_none(value: str) -> None:
    finding = machine.check_threads({"OMP_NUM_THREADS": value})
    assert (finding.state, finding.remedy) == ("problem", "unset OMP_NUM_THREADS")


def test_threads_are_counted_and_limits_shown() -> None:
    finding = machine.check_threads({"OMP_NUM_THREADS": "4,2", "MKL_NUM_THREADS": ""})
    assert finding.state == "ok"
    assert finding.found.startswith(f"{os.cpu_count()} processors")
    assert finding.found.endswith(", OMP_NUM_THREADS=4,2")


def test_without_semaphores_there_are_no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.check_processes().state == "ok"

    def refuse() -> None:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(multiprocessing, "Semaphore", refuse)
    finding = machine.check_processes()
    assert finding.state == "problem"
    assert "-j 1" in finding.remedy


def test_folders_that_cannot_be_written(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere"
    working, temporary, workers = machine.check_folders(
        {"TMPDIR": str(missing), "JOBLIB_TEMP_FOLDER": str(missing)}, missing
    )
    assert (working.state, working.remedy) == ("note", "give another folder after -o")
    assert (temporary.name, temporary.state) == ("TMPDIR", "problem")
    assert temporary.remedy.startswith("export TMPDIR=")
    assert workers.remedy.startswith("export JOBLIB_TEMP_FOLDER=")
    assert not missing.exists()


def test_no_folder_for_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", refuse)
    finding = list(machine.check_folders({}, tmp_path))[-1]
    assert (finding.state, finding.found) == ("problem", "no folder can be written")


def test_little_space_is_noted_and_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [finding.state for finding in machine.check_folders({"TMPDIR": str(tmp_path)}, tmp_path)] == ["ok", "ok"]
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(machine, "_LITTLE_SPACE", 2**62)
    assert {finding.remedy for finding in machine.check_folders({}, tmp_path)} == {"make room"}


def test_a_locale_that_is_not_there_is_noted() -> None:
    finding = machine.check_locale({"LC_ALL": "xx_XX.KOI-7"})
    assert (finding.state, finding.remedy) == ("note", "export LC_ALL=C.UTF-8")
    assert machine.check_locale({"LANG": "C"}).state == "ok"


@pytest.mark.skipif(sys.platform != "linux", reason="the file system's letters are fixed elsewhere")
def test_letters_of_names_are_utf_8_or_it_is_a_problem() -> None:
    code = "from colorize_cli.diagnosis.machine import check_locale as c; print(c({}).state, c({}).remedy)"
    plain = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", code], env=plain, capture_output=True, text=True, check=True)
    assert ran.stdout == "problem export PYTHONUTF8=1\n"
