"""What tests of training share: a model that asks for everything that the loop can do."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import plugins
from tests.runs import VALUES

SOURCE = Path(__file__).parent.parent / "models" / "guided.py"


@pytest.fixture
def guided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The model `guided`, installed, and the file of its frozen weights, which its settings name."""
    import torch
    from safetensors.torch import save_file

    place = tmp_path / "packages"
    plugins.write_package(place, "guided", SOURCE.read_text(encoding="utf-8"))
    random = torch.Generator().manual_seed(4)
    shapes = {"0.weight": (2, 3, 3, 3), "0.bias": (2,), "1.weight": (2,), "1.bias": (2,), "1.running_mean": (2,)}
    weights = {f"layers.{name}": torch.randn(shape, generator=random) for name, shape in shapes.items()}
    weights |= {"layers.1.running_var": torch.ones(2), "layers.1.num_batches_tracked": torch.tensor(3)}
    file = tmp_path / "features.safetensors"
    save_file(weights, file)
    plugins.install(place, monkeypatch)
    monkeypatch.setitem(VALUES, "guided", {"features": str(file)})
    yield file
    for module in [module for module in sys.modules if module.split(".")[0] == "guided"]:
        del sys.modules[module]
    plugins.forget()
