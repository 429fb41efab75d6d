"""Files of small networks."""

import warnings
from pathlib import Path

import pytest


@pytest.fixture
def vgg(tmp_path: Path) -> str:
    """A VGG16 of few channels, with the names of torchvision and the heads of LPIPS, as a file."""
    import torch

    from tests.metrics.networks import BLOCKS, VGG16

    torch.manual_seed(0)
    state = {}
    for number, (into, out) in VGG16.items():
        state[f"features.{number}.weight"] = torch.randn(out, into, 3, 3) * 0.3
        state[f"features.{number}.bias"] = torch.randn(out) * 0.1
    for block, width in enumerate(BLOCKS):
        state[f"lin{block}.model.1.weight"] = torch.rand(1, width, 1, 1)
    state["classifier.0.weight"] = torch.zeros(2, 2)  # public files have a classifier too
    torch.save(state, tmp_path / "vgg.pth")
    return str(tmp_path / "vgg.pth")


@pytest.fixture
def script(tmp_path: Path) -> str:
    """A network of features as a TorchScript file."""
    import torch

    from tests.metrics.networks import ChannelStatistics

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(ChannelStatistics()).save(str(tmp_path / "small.pt"))
    return str(tmp_path / "small.pt")
