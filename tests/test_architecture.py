"""The rules of the house (CONTRIBUTING.md, "Layout"), read off the source; each is shown to notice an offence."""

import ast
import dataclasses
import inspect
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pipelines.core import families, registry
from pipelines.inference.types import ColorModel, ModelTraits, NetworkSpec
from pipelines.metrics.base.metric import Metric
from pipelines.training.config import TrainConfig

ROOT = Path(__file__).resolve().parent.parent
FAMILIES = ("lines", "hints", "regions", "models", "metrics", "reports", "exports")

FLOORS = [  # an import may only go to an earlier line, or stay within its own folder
    ("pipelines",),
    ("pipelines.core",),
    ("pipelines.core.imaging", "pipelines.nn"),
    ("pipelines.core.batch", "pipelines.core.families", "pipelines.segmentation"),
    (
        "pipelines.regions",
        "pipelines.structure",
        "pipelines.core.data",
        "pipelines.metrics.base",
        "pipelines.exports.base",
    ),
    ("pipelines.hints", "pipelines.metrics", "pipelines.exports"),
    ("pipelines.flatting", "pipelines.reports"),
    ("pipelines.inference",),
    ("pipelines.training", "pipelines.tracking", "pipelines.lines"),
    ("pipelines.models",),
    ("a stage",),
    ("colorize_cli",),
]
RANKS = {room: rank for rank, rooms in enumerate(FLOORS) for room in rooms}

TORCH = ("pipelines.nn", "pipelines.training", "pipelines.models", "pipelines.train")
TORCH_IN_INFERENCE = {
    "checkpoint",
    "torch_engine",
    "onnx_export",
    "reference_files",
    "torchscript",
    "encoding",
}  # encoding: a type
MAY_TOUCH_FILES = {"checkpoint_info", "checkpoint", "onnx_engine", "onnx_export", "reference_files", "network_files"}
MOST_MODULES, MOST_LINES, MOST_FUNCTION_LINES = 15, 400, 60
LOOP = ("pipelines.train", "fit")  # one visible story, which may be longer
NARROW = {"ngf": 2, "ndf": 2, "width": 4, "tokens": 4}  # params by which networks become small, where they have them
NARROW |= {"features": "none", "content": "pixels"}  # and need no files of weights
NARROW |= {"hint_features": "learned", "perceptual": "off"}


class Module(NamedTuple):
    """One module as its source shows it."""

    name: str
    tree: ast.Module
    lines: int = 0

    @property
    def room(self) -> str:
        """The folder or module of the list of floors that it belongs to; a stage is a file or package at the top."""
        parts = self.name.split(".")
        for length in range(len(parts), 0, -1):
            if ".".join(parts[:length]) in RANKS and (length > 1 or len(parts) == 1 or parts[0] == "colorize_cli"):
                return ".".join(parts[:length])
        return f"the stage {parts[1]}"

    @property
    def folder(self) -> str:
        return self.name.rpartition(".")[0]


def rank_of(room: str) -> int:
    return RANKS["a stage"] if room.startswith("the stage") else RANKS[room]


def module(name: str, source: str) -> Module:
    return Module(name, ast.parse(source), source.count("\n") + 1)


def read(path: Path) -> Module:
    parts = path.relative_to(ROOT).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return module(name, path.read_text(encoding="utf-8"))


PATHS = sorted([*ROOT.glob("pipelines/**/*.py"), *ROOT.glob("colorize_cli/**/*.py")])
SOURCES = [read(path) for path in PATHS]
NAMES = {one.name for one in SOURCES}


class Import(NamedTuple):
    """A module that is imported, and what of it."""

    module: str
    name: str  # empty: the module itself


def imports_of(tree: ast.AST, *, at_run_time: bool = False, known: Iterable[str] = NAMES) -> Iterator[Import]:
    """The imports of our own modules; at_run_time: those alone that are carried out when the module is imported."""
    for node in _statements(tree) if at_run_time else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield Import(inner, "") if inner in known else Import(node.module, alias.name)


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """What is carried out on import: not what stands in functions, nor what is for type checkers."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _statements(node)


def is_ours(name: str) -> bool:
    return name.split(".")[0] in ("pipelines", "colorize_cli")


# the rules, each from modules to offences ---------------------------------------------------------------------


def imports_that_go_up(modules: Iterable[Module]) -> list[str]:
    offences = []
    for one in modules:
        for imported in imports_of(one.tree):
            if not is_ours(imported.module):
                continue
            other = Module(imported.module, one.tree).room
            if other != one.room and rank_of(other) >= rank_of(one.room):
                offences.append(f"{one.name} ({one.room}) imports {imported.module} ({other})")
    return offences


def private_imports(modules: Iterable[Module]) -> list[str]:
    offences = []
    for one in modules:
        for imported in imports_of(one.tree):
            parts = [*imported.module.split("."), *([imported.name] if imported.name else [])]
            private = next((at for at, part in enumerate(parts) if part.startswith("_") and part[1:2] != "_"), None)
            if private is None or not is_ours(imported.module):
                continue
            home = ".".join(parts[:private])
            if home not in (one.name, one.folder) and not (imported.name and home.rpartition(".")[0] == one.folder):
                offences.append(f"{one.name} imports {'.'.join(parts)}")
    return offences


def names_of_models(modules: Iterable[Module]) -> list[str]:
    """Places outside of the models that name one: nobody asks which model it is. Presets may be called like one."""
    models = set(registry.names("models"))
    return [
        f"{one.name}:{node.lineno} says {node.value!r}"
        for one in modules
        if not one.name.startswith(("pipelines.models", "colorize_cli.commands"))
        for statement in one.tree.body
        if not (isinstance(statement, ast.AnnAssign) and ast.unparse(statement.target) == "PRESETS")
        for node in ast.walk(statement)
        if isinstance(node, ast.Constant) and node.value in models and isinstance(node.value, str)
    ]


def classes_of_one_name(modules: Iterable[Module]) -> list[str]:
    places: dict[str, list[str]] = defaultdict(list)
    for one in modules:
        for node in one.tree.body:
            if isinstance(node, ast.ClassDef) and node.name not in ("Params", "Task", "Metric"):
                places[node.name].append(one.name)
    return [f"{name}: {', '.join(homes)}" for name, homes in places.items() if len(homes) > 1]


def array_aliases(modules: Iterable[Module]) -> list[str]:
    return [
        f"{one.name}: {ast.unparse(node)}"
        for one in modules
        if one.name != "pipelines.core.imaging.arrays"
        for node in one.tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("NDArray[")
    ]


def crowded_folders(modules: Iterable[Module]) -> list[str]:
    packages = {one.folder for one in modules}
    counts = Counter(one.folder for one in modules if one.name not in packages)
    exempt = {f"pipelines.{family}" for family in FAMILIES}
    return [f"{folder}: {count}" for folder, count in counts.items() if count > MOST_MODULES and folder not in exempt]


def long_modules(modules: Iterable[Module]) -> list[str]:
    return [f"{one.name}: {one.lines}" for one in modules if one.lines > MOST_LINES]


def long_functions(modules: Iterable[Module]) -> list[str]:
    offences = []
    for one in modules:
        is_command = one.name.startswith("colorize_cli.commands.")
        for node in ast.walk(one.tree):
            if isinstance(node, ast.FunctionDef) and (one.name, node.name) != LOOP:
                length = _lines_of(node, without_signature=is_command)
                if length > MOST_FUNCTION_LINES:
                    offences.append(f"{one.name}.{node.name}: {length}")
    return offences


def _lines_of(node: ast.FunctionDef, *, without_signature: bool) -> int:
    start = node.body[0].lineno if without_signature else node.lineno
    documented = node.body[0] if ast.get_docstring(node) else None
    end = node.end_lineno or start
    return end - start + 1 - (documented.end_lineno - documented.lineno + 1 if documented else 0)  # type: ignore[operator]


def files_moved_elsewhere(modules: Iterable[Module]) -> list[str]:
    """Files are put in place by core/files.py alone. A method `replace` of one argument is that of a path."""
    offences = []
    for one in modules:
        for node in ast.walk(one.tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            moves = node.func.attr in ("rename", "renames") or (
                node.func.attr == "replace" and (ast.unparse(node.func.value) == "os" or len(node.args) == 1)
            )
            is_dataclass = node.func.attr == "replace" and ast.unparse(node.func.value) == "dataclasses"
            if moves and not is_dataclass and one.name != "pipelines.core.files":
                offences.append(f"{one.name}:{node.lineno}")
    return offences


def torch_where_no_tensors_are(modules: Iterable[Module]) -> list[str]:
    offences = []
    for one in modules:
        allowed = one.name.startswith(TORCH) or (
            one.name.startswith("pipelines.inference.") and one.name.rpartition(".")[2] in TORCH_IN_INFERENCE
        )
        if not allowed and any(
            imported.module.split(".")[0] == "torch" for imported in imports_of(one.tree, at_run_time=True)
        ):
            offences.append(one.name)
    return offences


def circles(modules: Iterable[Module]) -> list[str]:
    """Modules whose imports, carried out one after the other, come back to themselves."""
    all_modules = list(modules)
    known = {one.name for one in all_modules}
    leads = {
        one.name: {
            imported.module
            for imported in imports_of(one.tree, at_run_time=True, known=known)
            if imported.module in known and not one.name.startswith(f"{imported.module}.")
        }
        for one in all_modules
    }
    offences, done = [], set[str]()

    def walk(name: str, way: tuple[str, ...]) -> None:
        if name in way:
            offences.append(" -> ".join([*way[way.index(name) :], name]))
        elif name not in done:
            for other in sorted(leads[name]):
                walk(other, (*way, name))
            done.add(name)

    for name in sorted(leads):
        walk(name, ())
    return offences


def printing(modules: Iterable[Module]) -> list[str]:
    offences = []
    for one in modules:
        prints = any(isinstance(node, ast.Name) and node.id == "print" for node in ast.walk(one.tree))
        if prints and not one.name.startswith("colorize_cli"):
            offences.append(f"{one.name} prints")
        uses_rich = any(imported.module.split(".")[0] == "rich" for imported in imports_of(one.tree))
        if uses_rich and one.name != "colorize_cli.console":
            offences.append(f"{one.name} imports rich")
    return offences


def methods_that_touch_files(modules: Iterable[Module]) -> list[str]:
    rooms = (*(f"pipelines.{family}" for family in FAMILIES), "pipelines.flatting", "pipelines.segmentation")
    offences = []
    for one in modules:
        is_pure = one.name.startswith((*rooms, "pipelines.nn", "pipelines.tracking", "pipelines.inference"))
        if not is_pure or one.name.rpartition(".")[2] in MAY_TOUCH_FILES:
            continue
        banned = {
            Import("os", ""),
            Import("pathlib", "Path"),
            Import("io", ""),
            Import("shutil", ""),
            Import("tempfile", ""),
        }
        opens = any(
            isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"
            for node in ast.walk(one.tree)
        )
        if opens or banned & set(imports_of(one.tree)):
            offences.append(one.name)
    return offences


RULES: dict[Callable[[Iterable[Module]], list[str]], list[Module]] = {  # each with an offence against it
    imports_that_go_up: [module("pipelines.core.batch.runner", "from pipelines.inference import types")],
    private_imports: [module("pipelines.colorize.task", "from pipelines.hints._fills import find_fills")],
    names_of_models: [module("pipelines.inference.network", "if model == 'fillnet':\n    pass")],
    classes_of_one_name: [module("pipelines.a", "class Sheet: pass"), module("pipelines.b", "class Sheet: pass")],
    array_aliases: [module("pipelines.lines.xdog", "Floats = NDArray[np.float32]")],
    crowded_folders: [module(f"pipelines.flatting.part{number}", "") for number in range(16)],
    long_modules: [module("pipelines.flatting.areas", "\n" * 400)],
    long_functions: [module("pipelines.flatting.areas", "def find():\n" + "    x = 1\n" * 60)],
    files_moved_elsewhere: [module("pipelines.convert_models", "def write(path, aside):\n    aside.replace(path)")],
    torch_where_no_tensors_are: [module("pipelines.inference.letterbox", "import torch")],
    circles: [module("pipelines.a", "from pipelines.b import f"), module("pipelines.b", "import pipelines.a")],
    printing: [module("pipelines.blend", "print(1)")],
    methods_that_touch_files: [module("pipelines.lines.xdog", "from pathlib import Path")],
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rules(rule: Callable[[Iterable[Module]], list[str]]) -> None:
    assert rule(SOURCES) == []


@pytest.mark.parametrize(("rule", "offenders"), RULES.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_each_rule_notices_an_offence(rule: Callable[[Iterable[Module]], list[str]], offenders: list[Module]) -> None:
    assert rule(offenders)


def test_what_is_for_type_checkers_or_in_a_function_makes_no_circle() -> None:
    quiet = module("pipelines.b", "if TYPE_CHECKING:\n    import pipelines.a\ndef f():\n    import pipelines.a")
    assert circles([module("pipelines.a", "import pipelines.b"), quiet]) == []


def test_a_replace_of_texts_and_of_dataclasses_moves_no_file() -> None:
    quiet = module("pipelines.blend", "text.replace('a', 'b')\nreplace(job, relative=1)\ndataclasses.replace(job)")
    assert files_moved_elsewhere([quiet]) == []


# tests mirror the tree -----------------------------------------------------------------------------------------

CONTRACTS = {  # modules whose facts the contract of their family or the test of their whole holds
    "pipelines.core.imaging.arrays",
    "pipelines.core.families",
}


def untested(modules: Iterable[Module], tests: Iterable[str]) -> list[str]:
    """Modules of folders without a test file of their name in the mirrored folder; packages' own modules count too."""
    present = set(tests)
    offences = []
    for one in modules:
        parts = one.name.split(".")[1:]
        if not parts or one.name in CONTRACTS or (ROOT / Path(*one.name.split("."))).is_dir():
            continue
        name = parts[-1].strip("_")
        expected = "/".join([*parts[:-1], f"test_{name}.py"])
        if expected not in present:
            offences.append(f"{one.name}: tests/{expected}")
    return offences


def test_tests_mirror_the_tree() -> None:
    tests = [path.relative_to(ROOT / "tests").as_posix() for path in ROOT.glob("tests/**/test_*.py")]
    assert untested(SOURCES, tests) == []


def test_a_module_without_its_test_is_noticed() -> None:
    assert untested([module("pipelines.flatting.newcomer", "")], ["flatting/test_areas.py"])


# families ------------------------------------------------------------------------------------------------------

PROTOCOLS: Mapping[str, type] = {
    "lines": families.LineExtractor,
    "hints": families.HintMethod,
    "regions": families.RegionMethod,
    "exports": families.LayerFormat,
}


def unlike(method: Any, protocol: type) -> list[str]:
    """What of a family's protocol a method lacks: names, and the parameters of functions."""
    offences = [name for name in protocol.__annotations__ if not hasattr(method, name)]
    for name, function in vars(protocol).items():
        if name.startswith("_") or not inspect.isfunction(function):
            continue
        own = getattr(method, name, None)
        wanted = list(inspect.signature(function).parameters)[1:]
        if not callable(own) or list(inspect.signature(own).parameters) != wanted:
            offences.append(f"{name}({', '.join(wanted)})")
    return offences


@pytest.mark.parametrize("family", PROTOCOLS)
def test_every_method_is_what_its_family_says(family: str) -> None:
    assert registry.names(family)
    for name in registry.names(family):
        method = registry.load(family, name)
        assert unlike(method, PROTOCOLS[family]) == [], name
        if hasattr(method, "Params"):
            assert method.Params.__dataclass_params__.frozen, f"{name}.Params is not frozen"


def test_a_method_that_lacks_its_function_is_noticed() -> None:
    class Half:
        Params = object

        @staticmethod
        def extract(image: object) -> object:
            return image

    assert unlike(Half, families.LineExtractor) == ["extract(image, params, rng)"]


@pytest.mark.parametrize("name", registry.names("metrics"))
def test_every_metric_is_what_its_family_says(name: str) -> None:
    method = registry.load("metrics", name)
    assert isinstance(method.UNIT, str)
    assert isinstance(method.HIGHER_IS_BETTER, bool)
    assert unlike(method.Metric(), Metric) == []


@pytest.mark.parametrize("name", registry.names("models"))
def test_every_model_keeps_the_contract(name: str) -> None:
    model: Any = registry.load("models", name)
    assert model.Params.__dataclass_params__.frozen
    if name not in registry.names_with("models", "build_task"):
        assert isinstance(model.TRAITS, ModelTraits)
        assert unlike(model, ColorModel) == [] or list(inspect.signature(model.predict).parameters) == [
            "params",
            "drawings",
        ]
        return
    assert set(model.PRESETS) == set(model.RECIPES), "each preset has its recipe for training"
    fields = {field.name for field in dataclasses.fields(TrainConfig)}
    assert all(set(recipe) <= fields for recipe in model.RECIPES.values())
    params = model.PRESETS["standard"]
    spec = model.network_spec(params)
    assert isinstance(spec, NetworkSpec)
    assert spec.size % spec.size_multiple == 0
    assert spec.size >= spec.least_size
    narrow = {field: value for field, value in NARROW.items() if hasattr(params, field)}
    task = model.build_task(dataclasses.replace(params, **narrow))
    assert task.generator in task.networks
    learning = [network for update in task.updates for network in update.networks]
    assert sorted(learning) == sorted(task.networks), "each network learns in one update"


# what is loaded ------------------------------------------------------------------------------------------------


def run(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


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
    run(
        "import sys\nfrom colorize_cli.app import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit as left:\n    assert not left.code, left.code\n"
        "heavy = {'torch', 'numpy', 'cv2', 'PIL', 'joblib', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )


def test_no_stage_but_training_loads_torch() -> None:
    run(
        "import sys\nimport pipelines.extract_lines, pipelines.make_hints, pipelines.blend, pipelines.segment_regions\n"
        "import pipelines.colorize, pipelines.build_dataset, pipelines.contact_sheet, pipelines.evaluate\n"
        "from pipelines.core import registry\n"
        "for name in registry.names('models'):\n    registry.load('models', name)\n"
        "assert 'torch' not in sys.modules\n"
    )
