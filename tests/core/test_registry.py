"""Facts about how methods are found: by their files, without importing them, and models of installed packages too."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.core import registry
from pipelines.core.errors import UsageError
from pipelines.models import pix2pix
from tests import plugins
from tests.plugins import Installed

FAMILIES = ("lines", "hints", "regions", "models", "metrics", "exports")
LEARNING = {"cyclegan", "fillnet", "pix2pix"}  # at least: whoever adds a model edits no test

# what there is ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_every_public_file_and_package_of_a_family_is_a_method_and_its_toolbox_is_none(family: str) -> None:
    folder = Path(registry.__file__).parent.parent / family
    files = {path.stem for path in folder.glob("*.py")}
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    names = registry.names(family)
    assert set(names) == {name for name in files | packages if not name.startswith("_")} - {"base"}
    assert list(names) == sorted(names)


def test_files_packages_and_toolboxes_are_all_among_what_was_looked_at() -> None:
    """Else the test above says nothing."""
    assert {"flat", "fillnet"} <= set(registry.names("models"))
    folders = [Path(registry.__file__).parent.parent / family / "base" for family in FAMILIES]
    assert any(folder.is_dir() for folder in folders)


def test_methods_are_told_by_the_functions_that_they_define_or_import() -> None:
    assert set(registry.names_with("models", "build_task")) >= LEARNING
    assert "flat" not in registry.names_with("models", "build_task")
    assert registry.names_with("models", "reference_params") == ("cyclegan", "pix2pix")
    assert "fillnet" in registry.names_with("models", "predict"), "a package that imports it has it"
    assert set(registry.names_with("models", "PRESETS")) >= LEARNING, "assigned names count"
    assert registry.names_with("models", "nothing_of_this_name") == ()


def test_methods_are_found_without_being_imported() -> None:
    code = (
        "import sys\nfrom pipelines.core import registry\n"
        "for family in ('lines', 'hints', 'regions', 'models', 'metrics', 'exports'):\n"
        "    assert registry.names(family)\n"
        "registry.names_with('models', 'build_task')\n"
        "assert not [name for name in sys.modules if name.startswith('pipelines.models')], 'imported'\n"
        "assert 'numpy' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr


ROOT = Path(registry.__file__).parent.parent.parent


def test_a_method_is_loaded_by_its_name() -> None:
    assert registry.load("models", "pix2pix") is pix2pix


@pytest.mark.parametrize("name", ["base", "_discs", "../core/errors", "", "pix2pix.task"])
def test_what_is_no_method_is_not_loaded(name: str) -> None:
    with pytest.raises(UsageError, match="there is no method"):
        registry.load("hints", name)


def test_a_name_that_is_nearly_right_is_suggested() -> None:
    with pytest.raises(UsageError, match="no method 'pix2pics' among models") as raised:
        registry.load("models", "pix2pics")
    assert raised.value.hint == f"Did you mean 'pix2pix'? Choose from: {', '.join(registry.names('models'))}"
    assert registry.suggestion("zzz", ("one", "two")) == "Choose from: one, two"


def test_code_is_not_run_by_its_path(tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text("raise SystemExit('it was run')")
    with pytest.raises(UsageError, match=r"mine\.py is Python code, which is not run by its path") as raised:
        registry.load("models", str(mine))
    assert raised.value.hint == registry.PLUGIN_HINT
    assert "colorize_cli.models" in raised.value.hint


# models of installed packages -------------------------------------------------------------------------------


def test_an_installed_package_adds_its_model(installed: Installed) -> None:
    before = registry.names("models")
    installed("plugged-flat")
    assert registry.names("models") == tuple(sorted([*before, "plugged_flat"]))
    assert registry.load("models", "plugged_flat").Params().level == 77
    assert "plugged_flat" not in registry.names_with("models", "build_task")
    assert "plugged_flat" in registry.names_with("models", "predict")


def test_a_model_may_be_called_otherwise_than_its_package(installed: Installed) -> None:
    installed("plugged-one", model="manga")
    assert "manga" in registry.names("models") and "plugged_one" not in registry.names("models")
    assert registry.load("models", "manga").__name__ == "plugged_one.painter"


def test_packages_add_models_alone(installed: Installed, tmp_path: Path) -> None:
    before = {family: registry.names(family) for family in FAMILIES}
    installed("plugged-lines")
    (tmp_path / "plugged_lines-1.0.dist-info" / "entry_points.txt").write_text(
        "[colorize_cli.lines]\nmine = plugged_lines.painter\n"
    )
    plugins.forget()
    assert {family: registry.names(family) for family in FAMILIES} == before


def test_a_package_is_looked_at_without_importing_its_model(installed: Installed) -> None:
    installed("plugged-shy", "raise RuntimeError('imported')\n\ndef build_task(params):\n    pass\n")
    assert "plugged_shy" in registry.names("models")
    assert "plugged_shy" in registry.names_with("models", "build_task")
    assert "plugged_shy.painter" not in sys.modules


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import a_package_that_nobody_has\n", "ModuleNotFoundError: No module named 'a_package_that_nobody_has'"),
        ("1 / 0\n", "ZeroDivisionError: division by zero"),
        ("def (:\n", "SyntaxError: invalid syntax"),
        ("from pipelines.inference.types import NoSuchThing\n", "ImportError: cannot import name 'NoSuchThing'"),
    ],
)
def test_a_model_that_cannot_be_imported_is_one_error_that_names_its_package(
    installed: Installed, source: str, reason: str
) -> None:
    installed("plugged-torn", source)
    with pytest.raises(UsageError) as raised:
        registry.load("models", "plugged_torn")
    assert f"'plugged_torn' of the package plugged-torn cannot be loaded: {reason}" in raised.value.message
    assert "\n" not in raised.value.message
    assert "uninstall" in raised.value.hint
    assert set(registry.names_with("models", "build_task")) >= LEARNING, "nor does it keep others from being found"
    assert registry.load("models", "pix2pix") is pix2pix, "the others work"


@pytest.mark.parametrize(
    ("source", "lacking"),
    [
        ('"""Mine."""\n', "Params, TRAITS, predict"),
        ('"""Mine."""\nParams = TRAITS = int\n', "predict"),
        ('"""Mine."""\nParams = int\ndef build_task(params):\n    pass\n', "network_spec, build_network"),
        ("Params = TRAITS = predict = int\n", "a docstring"),
    ],
)
def test_what_a_model_lacks_is_named(installed: Installed, source: str, lacking: str) -> None:
    installed("plugged-part", source)
    with pytest.raises(UsageError) as raised:
        registry.load("models", "plugged_part")
    assert raised.value.message.endswith(f"it lacks {lacking}")


def test_a_model_that_leaves_python_fails_alone(installed: Installed) -> None:
    installed("plugged-leaver", "raise SystemExit(3)\n")
    with pytest.raises(UsageError, match="SystemExit: 3"):
        registry.load("models", "plugged_leaver")


def test_looking_for_models_imports_no_package(installed: Installed) -> None:
    installed("plugged-heavy", "def build_task(params):\n    pass\n")
    assert "plugged_heavy" in registry.names_with("models", "build_task")
    assert "plugged_heavy" not in sys.modules


def test_a_package_without_the_module_that_it_names_says_so(installed: Installed) -> None:
    installed("plugged-empty", module="plugged_empty.gone")
    with pytest.raises(UsageError, match="of the package plugged-empty cannot be loaded") as raised:
        registry.load("models", "plugged_empty")
    assert "plugged_empty.gone" in raised.value.message


@pytest.mark.parametrize("name", ["flat", "pix2pix"])
def test_two_models_of_one_name_are_refused(installed: Installed, name: str) -> None:
    installed("plugged-clash", model=name)
    with pytest.raises(UsageError, match=f"both have models called '{name}'") as raised:
        registry.load("models", name)
    assert "another name" in raised.value.hint
