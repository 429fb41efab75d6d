"""Checks of Python and of installed packages: needed ones, those that may be there, and OpenCV, of which one."""

import importlib
import os
import platform
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path

import pipelines
from colorize_cli.diagnosis.findings import Finding

PACKAGE = "colorize-cli"
OPENCV = (
    "opencv-python-headless",
    "opencv-python",
    "opencv-contrib-python-headless",
    "opencv-contrib-python",
)
_MODULES = {"opencv-python-headless": "cv2", "pillow": "PIL", "lightning-fabric": "lightning_fabric"}
_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)\s*(?P<bounds>[^;]*?)\s*(?:;.*extra == [\"'](?P<extra>[\w-]+)[\"'])?$")
_NOT_FOR_USE = ("dev", "sklearn-extra")  # extras of those who work on the program


def installed() -> dict[str, list[str]]:
    """Versions of every installed distribution, by its name in lower case.

    Several where one folder has several of a name, which an interrupted pip leaves. Of several folders the first
    counts, as it does for imports.
    """
    versions: dict[str, list[str]] = {}
    folders: dict[str, str] = {}
    for distribution in metadata.distributions():
        name = str(distribution.metadata["Name"]).lower().replace("_", "-")
        folder = os.path.realpath(str(distribution.locate_file("")))
        if folders.setdefault(name, folder) == folder:
            versions.setdefault(name, []).append(distribution.version)
    return versions


def requirements() -> list[str]:
    """What this package needs, as it is declared; of a checkout that is not installed, its pyproject.toml."""
    try:
        return metadata.requires(PACKAGE) or []
    except metadata.PackageNotFoundError:
        path = Path(pipelines.__file__).parents[1] / "pyproject.toml"
        project = tomllib.loads(path.read_text(encoding="utf-8"))["project"] if path.is_file() else {}
        extras = project.get("optional-dependencies", {})
        return [
            *project.get("dependencies", []),
            *(f'{text}; extra == "{extra}"' for extra, texts in extras.items() for text in texts),
        ]


def check_python() -> Finding:
    """Which Python and which colorize-cli run."""
    found = f"{PACKAGE} {pipelines.__version__}, Python {platform.python_version()}, {platform.platform()}"
    return Finding("versions", "ok", found)


def check_required(texts: Sequence[str], versions: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    """Each package that must be there: whether it is, is new enough, and can be loaded."""
    for name, bounds, extra in map(_parse, texts):
        if extra is None and not name.startswith("opencv"):
            yield _check_one(name, bounds, versions, remedy=f"pip install --upgrade '{name}{bounds}'")


def check_optional(texts: Sequence[str], versions: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    """Each package that may be there: as the others where it is; what it is for where it is not."""
    for name, bounds, extra in map(_parse, texts):
        if extra is None or extra in _NOT_FOR_USE:
            continue
        remedy = f"pip install '{PACKAGE}[{extra}]'"
        if name in versions:
            yield _check_one(name, bounds, versions, remedy=f"pip install --upgrade '{name}{bounds}'")
        else:
            yield Finding(name, "ok", f"not installed; who wants it: {remedy}")


def check_opencv(versions: Mapping[str, Sequence[str]]) -> Finding:
    """Whether there is exactly one distribution of OpenCV: several overwrite each other's files."""
    present = [name for name in OPENCV if name in versions]
    shown = ", ".join(f"{name} {version}" for name in present for version in versions[name])
    if sum(len(versions[name]) for name in present) > 1:
        remove = f"pip uninstall -y {' '.join(present)}"
        return Finding("OpenCV", "problem", f"several: {shown}", f"{remove} && pip install {OPENCV[0]}")
    problem = _loading_problem("cv2")
    if problem:
        remedy = f"pip install --force-reinstall {OPENCV[0]}"
        if present and present[0] != OPENCV[0]:  # it wants libraries of a desktop
            remedy = f"pip uninstall -y {present[0]} && {remedy}"
        return Finding("OpenCV", "problem", f"{shown or 'none'}; cannot be loaded: {problem}", remedy)
    return Finding("OpenCV", "ok", shown or "one that no package manager of Python knows")


def _check_one(name: str, bounds: str, versions: Mapping[str, Sequence[str]], *, remedy: str) -> Finding:
    if name not in versions:
        return Finding(name, "problem", "not installed", remedy)
    version = versions[name][0]
    if len(versions[name]) > 1:
        found = f"installed twice: {', '.join(versions[name])}"
        return Finding(name, "problem", found, f"pip uninstall -y {name}; {remedy}")
    if not _is_within(version, bounds):
        return Finding(name, "problem", f"{version}, which is not {bounds}", remedy)
    problem = _loading_problem(_MODULES.get(name, name))
    if problem:
        again = f"pip install --force-reinstall '{name}{bounds}'"
        return Finding(name, "problem", f"{version} cannot be loaded: {problem}", again)
    return Finding(name, "ok", version)


def _loading_problem(module: str) -> str:
    """Why a module cannot be loaded, on one line; empty where it can."""
    try:
        importlib.import_module(module)
    except Exception as error:  # whatever a broken package does on import is what is looked for
        return " ".join(f"{type(error).__name__}: {error}".split())
    return ""


def _parse(text: str) -> tuple[str, str, str | None]:
    """Name, bounds and extra of a requirement."""
    match = _REQUIREMENT.match(text)
    assert match is not None, text
    return match["name"].lower().replace("_", "-"), match["bounds"].replace(" ", ""), match["extra"]


def _is_within(version: str, bounds: str) -> bool:
    """Whether a version keeps bounds such as ">=0.26,<1"."""
    number = _numbers(version)
    for bound in filter(None, bounds.split(",")):
        if bound.startswith(">=") and number < _numbers(bound[2:]):
            return False
        if bound.startswith("<") and not bound.startswith("<=") and number >= _numbers(bound[1:]):
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    """Major, minor and patch of a version, such as 2.13.0+cpu."""
    numbers = [int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:3]]
    return tuple(numbers + [0] * (3 - len(numbers)))
