"""Packages of models that tests install for themselves: an entry point in the group colorize_cli.models."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.core import registry

Installed = Callable[..., None]
"""What the fixture `installed` gives: name, source and more of `write_package`."""

FLAT = '''
"""A model of somebody else: one colour for everything."""

from dataclasses import dataclass

import numpy as np

from pipelines.inference.types import ColorResult, ModelTraits

TRAITS = ModelTraits(can_vary=True, steps=("plan",))


@dataclass(frozen=True)
class Params:
    level: int = 77


PRESETS = {"standard": Params(), "dark": Params(7)}


def predict(params, drawings):
    def painted(lines):
        colour = np.full((*lines.shape, 3), params.level, np.uint8)
        return ColorResult(colour, colour, np.zeros(lines.shape, bool), np.ones(lines.shape, np.int32))

    return [painted(drawing.lines) for drawing in drawings]
'''
"""Source of a model without weights."""


def write_package(place: Path, name: str, source: str, *, model: str = "", module: str = "") -> Path:
    """Install a package of one module into a folder, as pip does; its model is called as the package or `model`."""
    package = name.replace("-", "_")
    (place / package).mkdir(parents=True)
    (place / package / "__init__.py").write_text("")
    (place / package / "painter.py").write_text(source)
    about = place / f"{package}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    entry = f"{model or package} = {module or f'{package}.painter'}"
    (about / "entry_points.txt").write_text(f"[colorize_cli.models]\n{entry}\n")
    return place


def install(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Python find the packages in a folder, as long as the test runs."""
    monkeypatch.syspath_prepend(str(place))
    forget()


def forget() -> None:
    """Have the registry look again at what is installed."""
    for looked_up in (registry._sources, registry._plugins, registry.names_with):
        looked_up.cache_clear()
