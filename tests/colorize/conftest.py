"""Networks and drawings that tests of the stage share."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

from pipelines.inference.checkpoint import write_checkpoint
from pipelines.inference.checkpoint_info import CheckpointInfo
from pipelines.inference.network import load_network
from pipelines.models import cyclegan, fillnet, pix2pix
from tests import drawings
from tests.colorize.frames import frame, hints
from tests.drawings import GREEN, RED


def checkpoint(folder: Path, module: Any, params: Any, *, seed: int = 0) -> Path:
    """A checkpoint with random weights, strong enough that its pictures are not all grey."""
    torch.manual_seed(seed)
    network = module.build_network(params)
    weights = {name: value * 3 if value.ndim == 4 else value for name, value in network.state_dict().items()}
    write_checkpoint(folder, CheckpointInfo(module.__name__.rsplit(".", 1)[-1], asdict(params)), weights)
    return folder


@pytest.fixture(scope="session")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny untrained checkpoint of each kind."""
    place = tmp_path_factory.mktemp("networks")
    unet = pix2pix.Params(generator="unet_128", ngf=4, ndf=4, input="layers")
    checkpoint(place / "p2p", pix2pix, unet)
    checkpoint(place / "other", pix2pix, unet, seed=1)
    resnet = cyclegan.Params(generator="resnet_6blocks", ngf=4, ndf=4, size=128)
    checkpoint(place / "run" / "best", cyclegan, resnet)
    return place


@pytest.fixture
def art(tmp_path: Path) -> Path:
    """Line art of odd sizes with hints and colour."""
    for name, size in (("a", 96), ("deep/b", 133)):
        drawings.write(tmp_path / "lines" / f"{name}.png", drawings.two_circles(size)[:, : size - 7])
        drawings.write(tmp_path / "colour" / f"{name}.png", drawings.two_circles_coloured(size)[:, : size - 7])
        drawings.write(tmp_path / "hints" / f"{name}.png", drawings.two_hints(size)[:, : size - 7])
    return tmp_path


@pytest.fixture
def three_drawings(tmp_path: Path) -> Path:
    """Three drawings of odd sizes with their hints."""
    for name, size in (("a", 96), ("b", 64), ("deep/c", 133)):
        drawings.write(tmp_path / "lines" / f"{name}.png", drawings.two_circles(size)[:, : size - 7])
        drawings.write(tmp_path / "hints" / f"{name}.png", drawings.two_hints(size)[:, : size - 7])
    return tmp_path


TINY = fillnet.Params(size=64, width=8, tokens=16)


@pytest.fixture(scope="session")
def fresh_fillnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of a fresh network: it changes nothing of the flat fill."""
    folder = tmp_path_factory.mktemp("network") / "fresh"
    torch.manual_seed(0)
    write_checkpoint(folder, CheckpointInfo("fillnet", asdict(TINY)), fillnet.build_network(TINY).state_dict())
    return folder


@pytest.fixture
def networks_are_loaded_anew() -> Iterator[None]:
    yield
    load_network.cache_clear()


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    """Four frames, in the third of which the hand is hidden; hints for the first."""
    for turn in range(4):
        drawings.write(tmp_path / "lines" / f"walk_{turn}.png", frame(turn, missing=turn == 2))
    drawings.write(tmp_path / "hints" / "walk_0.png", hints(0, head=GREEN, hand=RED))
    return tmp_path
