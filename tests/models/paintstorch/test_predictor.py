"""How PaintsTorch colours drawings: its steps, hints as they are read, other sides than squares, ONNX."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.inference.checkpoint import load_checkpoint, write_checkpoint
from pipelines.inference.checkpoint_info import CheckpointInfo
from pipelines.inference.encoding import LAYERS
from pipelines.inference.letterbox import Letterboxed
from pipelines.inference.network import Network
from pipelines.inference.onnx_engine import OnnxEngine
from pipelines.inference.torch_engine import TorchEngine
from pipelines.models import paintstorch
from pipelines.models.paintstorch.network import hint_map
from pipelines.models.paintstorch.predictor import predict, show_hints
from tests import drawings
from tests.inference.onnx_networks import canvas

KEPT = paintstorch.Params(size=64, width=8, blocks=2, features_width=2, keep_sketcher=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of fresh networks, both generators and features of the lines among them."""
    place = tmp_path_factory.mktemp("paintstorch") / "fresh"
    torch.manual_seed(0)
    weights = paintstorch.build_network(KEPT).state_dict()
    write_checkpoint(place, CheckpointInfo("paintstorch", dataclasses.asdict(KEPT)), weights)
    return place


@pytest.fixture(scope="module")
def network(folder: Path) -> Network:
    module, _ = load_checkpoint(folder)
    return Network(TorchEngine(module, "cpu"), paintstorch.network_spec(KEPT))


def test_a_checkpoint_rebuilds_alone_with_the_features_in_it(folder: Path) -> None:
    """`features` names no file here: none is needed."""
    module, info = load_checkpoint(folder)
    assert info.params["features"] == ""
    assert any(name.startswith("features.") for name in module.state_dict())


def test_its_steps_are_those_that_it_says(network: Network) -> None:
    for drawing in (canvas(64), canvas(97, hinted=False)):
        (result,) = predict(network, [drawing])
        assert result.colour.shape == (*drawing.lines.shape, 3)
        assert set(result.steps) == set(network.spec.steps) == {"input", "hints", "raw", "sketch"}
        assert all(result.steps[name].shape == (64, 64, 3) for name in result.steps)
        sketch = result.steps["sketch"]
        assert (sketch == sketch[..., :1]).all()
        assert not np.array_equal(sketch, result.steps["raw"])


def test_the_shown_hints_are_those_that_the_network_reads() -> None:
    hints = np.array(drawings.two_hints(64))
    hints[1, 1], hints[2, 2] = (255, 0, 0, 255), (0, 0, 255, 255)
    lines = drawings.two_circles(64)
    cells = hint_map(torch.from_numpy(LAYERS.encode(lines, hints))[None])[0].numpy()
    share = cells[3:]
    wanted = (cells[:3] * 127.5 + 127.5) * share + 255 * (1 - share)  # on white, the fainter the fewer
    shown = show_hints(Letterboxed(lines, hints, (slice(0, 64), slice(0, 64))))
    assert shown.shape == (64, 64, 3)
    np.testing.assert_allclose(np.moveaxis(shown[::4, ::4], 2, 0), wanted, atol=0.51)
    assert (shown[:4, :4] == shown[0, 0]).all()
    assert (shown != 255).any()


def test_onnx_colours_alike(folder: Path, network: Network) -> None:
    pytest.importorskip("onnx", reason="the package onnx is not installed")
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    from pipelines.inference.onnx_export import to_onnx

    other = Network(OnnxEngine(to_onnx(*load_checkpoint(folder))), network.spec)
    for one, twin in zip(predict(network, [canvas(64)]), predict(other, [canvas(64)]), strict=True):
        assert np.abs(one.colour.astype(int) - twin.colour).max() <= 1
        for name in one.steps:
            assert np.abs(one.steps[name].astype(int) - twin.steps[name]).max() <= 1, name
