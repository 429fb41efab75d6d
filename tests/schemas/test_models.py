"""What is said of methods, models and layers is what the schemas say."""

import json
from pathlib import Path

from tests.conftest import Cli
from tests.schemas.checking import problems


def test_methods_fit(cli: Cli) -> None:
    methods = json.loads(cli("methods", "--json").out)
    assert problems("methods", methods) == []
    assert problems("methods", {"lines xdog": {"settings": []}})


def test_a_model_fits(cli: Cli) -> None:
    model = json.loads(cli("models", "show", "fillnet", "--json").out)
    assert problems("model", model) == []
    assert problems("model", {**model, "step": -1})


def test_layers_fit(cli: Cli, art: Path) -> None:
    lines = ("colorize", art / "lines" / "a.png", "-o", art / "out", "--hints", art / "hints", "--model", "flat")
    assert cli(*lines, "--layers", "png", "-j", 1).code == 0
    layers = json.loads((art / "out" / "a-layers" / "layers.json").read_text())
    assert problems("layers", layers) == []
    layers["layers"][0]["opacity"] = 2
    assert problems("layers", layers)
