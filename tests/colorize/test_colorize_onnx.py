"""`colorize` with networks that onnxruntime runs: the same pictures, any number of workers, no torch, refusals."""

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pipelines.core.imaging.picture import decode_picture
from pipelines.inference.checkpoint import load_checkpoint, write_checkpoint
from pipelines.inference.checkpoint_info import CheckpointInfo
from pipelines.inference.onnx_export import to_onnx
from pipelines.models import fillnet
from tests import drawings
from tests.conftest import Cli

pytest.importorskip("onnx", reason="the package onnx is not installed: pip install 'colorize-cli[onnx]'")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: pip install 'colorize-cli[onnx]'")

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def art(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Line art of several sizes, hints, and a network as a checkpoint and as an ONNX file."""
    place = tmp_path_factory.mktemp("art")
    for name, size in (("a", 64), ("b", 81), ("c", 64)):
        drawings.write(place / "lines" / f"{name}.png", drawings.two_circles(size))
        drawings.write(place / "hints" / f"{name}.png", drawings.two_hints(size))
    params = fillnet.Params(size=64, width=8, tokens=16)
    torch.manual_seed(3)
    network = fillnet.build_network(params).eval()
    with torch.no_grad():
        for weight in network.parameters():
            weight += 0.05 * torch.randn_like(weight)
    write_checkpoint(place / "net", CheckpointInfo("fillnet", asdict(params)), network.state_dict())
    (place / "net.onnx").write_bytes(to_onnx(*load_checkpoint(place / "net")))
    return place


def colorize(cli: Cli, art: Path, output: Path, *options: object) -> list[bytes]:
    ran = cli("colorize", art / "lines", "-o", output, "--hints", art / "hints", *options)
    assert ran.code == 0, ran.err
    return [path.read_bytes() for path in sorted(output.glob("*.png"))]


def levels(content: bytes) -> NDArray[np.int16]:
    return decode_picture(content).rgb.astype(np.int16)


def test_pictures_are_those_of_torch_from_a_checkpoint_and_from_a_file(cli: Cli, art: Path, tmp_path: Path) -> None:
    by_torch = colorize(cli, art, tmp_path / "torch", "--model", art / "net")
    exported = colorize(cli, art, tmp_path / "onnx", "--model", art / "net", "--engine", "onnx")
    by_file = colorize(cli, art, tmp_path / "file", "--model", art / "net.onnx")
    assert len(by_torch) == 3
    assert exported == by_file
    for one, other in zip(by_torch, by_file, strict=True):
        assert np.abs(levels(one) - levels(other)).max() <= 1
    again = colorize(cli, art, tmp_path / "torch", "--model", art / "net", "--engine", "onnx")
    assert again == by_torch, "what is there already is not done again for another engine"


def test_results_do_not_depend_on_the_number_of_workers(cli: Cli, art: Path, tmp_path: Path) -> None:
    one = colorize(cli, art, tmp_path / "one", "--model", art / "net.onnx", "--jobs", 1, "--batch-size", 1)
    two = colorize(cli, art, tmp_path / "two", "--model", art / "net.onnx", "--jobs", 2, "--batch-size", 1)
    assert one == two


def test_an_onnx_file_paints_without_torch(art: Path, tmp_path: Path) -> None:
    arguments = ["colorize", str(art / "lines" / "a.png"), "-o", str(tmp_path / "a.png"), "--engine", "onnx"]
    code = (
        "import sys\nfrom colorize_cli.app import main\n"
        f"try:\n    main({[*arguments, '--model', str(art / 'net.onnx')]!r})\n"
        "except SystemExit as left:\n    assert not left.code, left.code\n"
        "assert 'onnxruntime' in sys.modules\nassert not {'torch', 'onnx'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.png").is_file()


def test_other_devices_are_refused(cli: Cli, art: Path, tmp_path: Path) -> None:
    ran = cli("colorize", art / "lines", "-o", tmp_path, "--model", art / "net.onnx", "--device", "cuda")
    assert (ran.code, "onnxruntime runs networks on the CPU" in ran.err) == (2, True)
    ran = cli("colorize", art / "lines", "-o", tmp_path, "--model", art / "net", "--engine", "tensorflow")
    assert (ran.code, "not one of torch, onnx" in ran.err) == (2, True)
