"""Checks of packages: each fault is found and says what to type."""

from pathlib import Path

import pytest

from colorize_cli.diagnosis import packages
from colorize_cli.diagnosis.findings import Finding

NEEDED = ["numpy>=1.26", "opencv-python-headless>=4.10", 'onnx>=1.17; extra == "onnx"', 'ruff>=0.12; extra == "dev"']


def required(versions: dict[str, list[str]]) -> list[Finding]:
    return list(packages.check_required(NEEDED, versions))


def test_what_is_installed_here_is_enough() -> None:
    texts, versions = packages.requirements(), packages.installed()
    assert {finding.state for finding in packages.check_required(texts, versions)} == {"ok"}
    assert any(text.startswith("torch") for text in texts)
    assert packages.check_python().state == "ok"


@pytest.mark.parametrize(
    ("versions", "found", "remedy"),
    [
        ({}, "not installed", "pip install --upgrade 'numpy>=1.26'"),
        ({"numpy": ["1.24.4"]}, "1.24.4, which is not >=1.26", "pip install --upgrade 'numpy>=1.26'"),
        (
            {"numpy": ["2.0.0", "2.1.0"]},
            "installed twice: 2.0.0, 2.1.0",
            "pip uninstall -y numpy; pip install --upgrade 'numpy>=1.26'",
        ),
    ],
)
def test_a_package_that_is_missing_old_or_there_twice(versions: dict[str, list[str]], found: str, remedy: str) -> None:
    assert required(versions) == [Finding("numpy", "problem", found, remedy)]


def test_a_package_that_cannot_be_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "brokenpackage.py").write_text("raise OSError('libGL.so.1: cannot open\\nshared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    (finding,) = packages.check_required(["brokenpackage>=1"], {"brokenpackage": ["1.2"]})
    assert finding.found == "1.2 cannot be loaded: OSError: libGL.so.1: cannot open shared object file"
    assert finding.remedy == "pip install --force-reinstall 'brokenpackage>=1'"


def test_what_may_be_missing_says_what_it_is_for_and_is_checked_where_it_is_there() -> None:
    assert [*packages.check_optional(NEEDED, {})] == [
        Finding("onnx", "ok", "not installed; who wants it: pip install 'colorize-cli[onnx]'")
    ]
    (finding,) = packages.check_optional(NEEDED, {"onnx": ["1.2"]})
    assert (finding.state, finding.remedy) == ("problem", "pip install --upgrade 'onnx>=1.17'")


def test_opencv_is_there_once() -> None:
    assert packages.check_opencv(packages.installed()).state == "ok"
    finding = packages.check_opencv({"opencv-python": ["4.10"], "opencv-python-headless": ["5.0"]})
    assert finding.state == "problem"
    assert finding.found == "several: opencv-python-headless 5.0, opencv-python 4.10"
    assert finding.remedy == (
        "pip uninstall -y opencv-python-headless opencv-python && pip install opencv-python-headless"
    )


def test_a_second_opencv_on_disk_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "opencv_contrib_python-4.9.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: opencv-contrib-python\nVersion: 4.9.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert packages.installed()["opencv-contrib-python"] == ["4.9.0"]
    assert packages.check_opencv(packages.installed()).state == "problem"


def test_of_a_name_in_several_folders_the_first_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder, version in (("first", "2.0"), ("second", "1.0"), ("first", "2.1")):
        place = tmp_path / folder / f"something-{version}.dist-info"
        place.mkdir(parents=True)
        (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: Something\nVersion: {version}\n")
    monkeypatch.syspath_prepend(tmp_path / "second")
    monkeypatch.syspath_prepend(tmp_path / "first")
    assert sorted(packages.installed()["something"]) == ["2.0", "2.1"]


def test_no_opencv_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(packages.importlib.sys.modules, "cv2", None)  # type: ignore[attr-defined]
    finding = packages.check_opencv({})
    assert finding.found.startswith("none; cannot be loaded: ModuleNotFoundError")
    assert finding.remedy == "pip install --force-reinstall opencv-python-headless"
    finding = packages.check_opencv({"opencv-python": ["4.10"]})
    assert finding.remedy.startswith("pip uninstall -y opencv-python && ")


def test_a_checkout_that_is_not_installed_reads_its_own_project_file(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = packages.requirements()
    monkeypatch.setattr(packages, "PACKAGE", "no-such-package-colorize-cli")
    texts = packages.requirements()
    assert {text.split(";")[0].split(">")[0] for text in texts} >= {"numpy", "torch", "onnxruntime"}
    assert len(texts) >= len(declared)


@pytest.mark.parametrize(
    ("version", "bounds", "within"),
    [
        ("2.13.0+cpu", ">=2.6", True),
        ("2.6", ">=2.6.0", True),
        ("2.5.9", ">=2.6", False),
        ("0.30.1", ">=0.26,<1", True),
        ("1.0.0", "<1,>=0.26", False),
        ("0.100", ">=0.26", True),
        ("5.0.0.93", ">=4.10", True),
        ("3", "", True),
    ],
)
def test_versions_are_compared_as_numbers(version: str, bounds: str, within: bool) -> None:
    assert packages._is_within(version, bounds) is within
