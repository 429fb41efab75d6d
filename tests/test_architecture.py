"""Who may import whom (CONTRIBUTING.md, "Layout"), read off the source."""

import ast
import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.core import registry
from pipelines.training.config import TrainConfig

ROOT = Path(__file__).resolve().parent.parent
FAMILIES = ("lines", "hints", "regions", "models", "metrics", "reports", "exports")
FUNCTIONS = {"lines": ("extract",), "hints": ("place",), "regions": ("segment",), "models": ("fill", "build_task")}
SIDEWAYS = {("hints", "regions"), ("models", "regions")}
NARROW = {"ngf": 2, "ndf": 2, "width": 4, "tokens": 4}  # params by which networks become small, where they have them
SOURCES = sorted([*ROOT.glob("pipelines/**/*.py"), *ROOT.glob("colorize_cli/*.py")])


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def layer_of(module: str) -> str:
    parts = module.split(".")
    if parts[0] == "colorize_cli":
        return "front end"
    if parts[0] != "pipelines" or len(parts) < 2:
        return "outside"
    if parts[1] == "core" or parts[1] == "__version__":
        return "core"
    return parts[1] if parts[1] in FAMILIES else "stage"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down_the_layers(path: Path) -> None:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    own = layer_of(module)
    for name in imports_of(path):
        other = layer_of(name)
        if other in ("outside", own) and not (own == other == "stage"):
            continue
        assert other != "front end", f"{module} imports the front end {name}"
        assert own == "front end" or other != "stage", f"{module} imports the stage {name}"
        assert not (own == "core" and other != "core"), f"the floor imports {name}"
        if own in FAMILIES and other in FAMILIES:
            assert (own, other) in SIDEWAYS, f"{own} may not import {other}"
        if own == "front end":
            assert other in ("stage", "core"), f"{module} reaches past the stages to {name}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_front_end_prints_and_only_console_knows_rich(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prints = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "print"]
    assert not prints or path.parent.name == "colorize_cli"
    uses_rich = any(name.split(".")[0] == "rich" for name in imports_of(path))
    assert not uses_rich or path.name == "console.py"


MAY_TOUCH_FILES = (  # models in folders and in other programs' files
    "_card.py",
    "_checkpoint.py",
    "_onnx_engine.py",
    "_onnx_export.py",
    "_reference_files.py",
)


@pytest.mark.parametrize(
    "path", [p for p in SOURCES if p.parent.name in FAMILIES and p.name not in MAY_TOUCH_FILES], ids=lambda p: p.name
)
def test_methods_touch_no_files(path: Path) -> None:
    assert not imports_of(path) & {"os", "pathlib.Path", "io", "shutil", "tempfile"}
    called = {node.func.id for node in ast.walk(ast.parse(path.read_text())) if _is_call_by_name(node)}
    assert "open" not in called


def _is_call_by_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)


@pytest.mark.parametrize("family", FUNCTIONS)
def test_every_method_has_params_and_its_function(family: str) -> None:
    functions = FUNCTIONS[family]
    assert registry.names(family)
    for name in registry.names(family):
        method = registry.load(family, name)
        assert method.Params.__dataclass_params__.frozen, f"{name}.Params is not frozen"
        found = [one for one in functions if callable(getattr(method, one, None))]
        assert found, f"{name} lacks {functions}"


@pytest.mark.parametrize(
    "name", [n for n in registry.names("models") if hasattr(registry.load("models", n), "build_task")]
)
def test_every_model_that_learns_says_how(name: str) -> None:
    model = registry.load("models", name)
    assert set(model.PRESETS) == set(model.RECIPES), "each preset has its recipe for training"
    fields = {field.name for field in dataclasses.fields(TrainConfig)}
    assert all(set(recipe) <= fields for recipe in model.RECIPES.values())
    narrow = {name: value for name, value in NARROW.items() if hasattr(model.PRESETS["standard"], name)}
    learner = model.build_task(dataclasses.replace(model.PRESETS["standard"], **narrow))
    assert learner.painter in learner.networks
    learning = [network for player in learner.players for network in player.networks]
    assert sorted(learning) == sorted(learner.networks), "each network learns with one player"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["extract-lines", "--help"],
        ["make-hints", "--help"],
        ["blend", "--help"],
        ["build-dataset", "--help"],
        ["train", "--help"],
        ["models", "--help"],
        ["models", "import", "--help"],
        ["colorize", "--help"],
        ["evaluate", "--help"],
    ],
)
def test_help_loads_neither_torch_nor_pixels(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom colorize_cli.app import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit as left:\n    assert not left.code, left.code\n"
        "heavy = {'torch', 'numpy', 'cv2', 'PIL', 'joblib', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_no_stage_but_training_loads_torch() -> None:
    code = (
        "import sys\nimport pipelines.extract_lines, pipelines.make_hints, pipelines.blend, pipelines.segment_regions\n"
        "import pipelines.colorize, pipelines.models.flat, pipelines.build_dataset, pipelines.contact_sheet\n"
        "import pipelines.evaluate\n"
        "assert 'torch' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
