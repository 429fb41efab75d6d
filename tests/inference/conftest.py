"""Checkpoints and ONNX files that tests of inference share."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from pipelines.inference.checkpoint import (
    Training,
    load_checkpoint,
    write_checkpoint,
)
from pipelines.inference.checkpoint_info import (
    CheckpointInfo,
)
from pipelines.inference.onnx_export import to_onnx
from tests.inference.checkpoints import card_of, weights_of
from tests.inference.onnx_networks import KINDS, lived_in


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A checkpoint after step 3."""
    training = Training({"step": 3, "best": {}}, {"a.b": torch.arange(4.0), "c": torch.tensor(5)})
    write_checkpoint(tmp_path / "run" / "last", card_of(), weights_of(), training)
    return tmp_path / "run" / "last"


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("checkpoints")
    for name, (module, params) in KINDS.items():
        card = CheckpointInfo(module.__name__.rsplit(".", 1)[-1], asdict(params), step=7, note="random weights")
        write_checkpoint(place / name, card, lived_in(module, params).state_dict())
    return place


@pytest.fixture(scope="session")
def files(checkpoints: Path) -> dict[str, bytes]:
    """Each network as an ONNX model."""
    for package in ("onnx", "onnxruntime"):
        pytest.importorskip(package, reason=f"{package} is not installed: pip install 'colorize-cli[onnx]'")
    return {name: to_onnx(*load_checkpoint(checkpoints / name), licence="CC0") for name in KINDS}


@pytest.fixture
def file(files: dict[str, bytes], tmp_path: Path) -> Callable[[str], str]:
    """Writes a network's ONNX file."""

    def write(name: str) -> str:
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(files[name])
        return str(path)

    return write
