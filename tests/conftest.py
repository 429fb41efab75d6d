"""Runs the command line in the tests' own process, and what it is run on."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from colorize_cli.app import main
from tests import drawings, plugins


class Ran(NamedTuple):
    """What came of a command."""

    code: int
    out: str
    err: str


Cli = Callable[..., Ran]


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run a command: exit code and what it said. Our variables are gone from the environment, signals as before."""
    for name in [name for name in os.environ if name.startswith("COLORIZE_CLI_")]:
        monkeypatch.delenv(name)

    def run(*arguments: object) -> Ran:
        handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        hook = threading.excepthook
        capfd.readouterr()
        code = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as left:
            code = int(left.code or 0)
        finally:
            threading.excepthook = hook
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return Ran(code, *capfd.readouterr())

    return run


@pytest.fixture
def art(tmp_path: Path) -> Path:
    """Folders of line art, of hints for it and of coloured originals, all of the same names."""
    for name in ("a", "deep/b", "deep/c"):
        drawings.write(tmp_path / "lines" / f"{name}.png", drawings.two_circles())
        drawings.write(tmp_path / "hints" / f"{name}.png", drawings.two_hints())
        drawings.write(tmp_path / "colour" / f"{name}.png", drawings.two_circles_coloured())
    return tmp_path


def files_in(folder: Path) -> list[str]:
    """Names of all files in a folder and below that are not hidden."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in paths if not any(part.startswith(".") for part in path.parts))


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Compute on one thread of torch."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[plugins.Installed]:
    """Installs a package with a model, as long as the test runs."""

    def install(name: str, source: str = plugins.FLAT, **entry: str) -> None:
        plugins.write_package(tmp_path, name, source, **entry)
        plugins.install(tmp_path, monkeypatch)

    yield install
    for module in [module for module in sys.modules if module.split(".")[0].startswith("plugged")]:
        del sys.modules[module]
    plugins.forget()


@pytest.fixture(scope="session")
def train_pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Datasets of the sizes of tiny models (`runs.py`), six pictures and two for validation; not to be changed."""
    from tests.pairs import build_pairs
    from tests.runs import LEARNING, tiny

    sizes = {model: tiny(model).size for model in LEARNING}
    folders = {
        size: build_pairs(tmp_path_factory.mktemp(f"pairs{size}"), size=size, train=6, val=2)
        for size in set(sizes.values())
    }
    return {model: folders[size] for model, size in sizes.items()}
