"""Methods of a family are its files; they are found without being imported."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.core import registry
from pipelines.core.errors import UsageError

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("family", ["lines", "hints", "regions", "exports", "metrics"])
def test_the_methods_of_a_family_are_its_public_files(family: str) -> None:
    folder = ROOT / "pipelines" / family
    places = [*folder.glob("*.py"), *(file.parent for file in folder.glob("*/__init__.py"))]
    public = {place.stem for place in places if not place.name.startswith("_")} - {"base"}
    assert registry.names(family) == tuple(sorted(public))
    assert public


def test_a_package_counts_as_a_method_and_a_toolbox_does_not() -> None:
    assert {"flat", "fillnet"} <= set(registry.names("models"))
    assert (ROOT / "pipelines" / "metrics" / "base").is_dir()
    assert "base" not in registry.names("metrics")


def test_names_are_found_without_importing_a_method() -> None:
    code = (
        "import sys\nfrom pipelines.core import registry\n"
        "assert registry.names('lines') and registry.names('models')\n"
        "assert not [name for name in sys.modules if name.startswith(('pipelines.lines', 'pipelines.models'))]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_method_is_its_module() -> None:
    assert registry.load("lines", "xdog").__name__ == "pipelines.lines.xdog"


@pytest.mark.parametrize("name", ["xdogg", "_strokes", "base", "", "../lines/xdog"])
def test_an_unknown_name_is_answered_with_the_choices(name: str) -> None:
    with pytest.raises(UsageError, match="Choose from: adaptive, ") as raised:
        registry.load("lines", name)
    assert raised.value.exit_code == 2


def test_a_path_to_code_is_not_run_and_says_how_to_bring_it_in() -> None:
    with pytest.raises(UsageError, match=r"not run by its path\. Make it an installed package"):
        registry.load("models", "./mine.py")


def test_a_close_name_is_suggested() -> None:
    assert registry.suggestion("xdogg", ("adaptive", "xdog")) == "Did you mean 'xdog'? Choose from: adaptive, xdog"
    assert registry.suggestion("zzz", ("adaptive", "xdog")) == "Choose from: adaptive, xdog"


def test_methods_are_told_apart_by_what_they_define() -> None:
    assert registry.names_with("lines", "extract") == registry.names("lines")
    assert registry.names_with("lines", "no_such_function") == ()
    assert "flat" not in registry.names_with("models", "build_task")
