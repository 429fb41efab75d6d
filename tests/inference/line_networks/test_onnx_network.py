"""Networks in ONNX files of other programs."""

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.core.errors import MethodError, MissingPackageError, UsageError
from pipelines.inference.line_networks.onnx_network import OnnxNetwork
from tests.inference.line_networks.networks import onnx_file

pytest.importorskip("onnx", reason="the package onnx is not installed: pip install 'colorize-cli[onnx]'")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: pip install 'colorize-cli[onnx]'")

PICTURE = np.random.default_rng(2).random((1, 3, 40, 56)).astype(np.float32)


def opened(path: str) -> OnnxNetwork:
    return OnnxNetwork(Path(path).read_bytes(), source="lines.onnx")


def test_a_file_says_what_it_reads_and_gives_what_it_is_known_to_give(tmp_path: Path) -> None:
    network = opened(onnx_file(tmp_path / "a.onnx", (1, 3, "h", "w")))
    assert (network.channels, network.size) == (3, None)
    assert (network(PICTURE)[0] == 1 - PICTURE).all()
    assert opened(onnx_file(tmp_path / "b.onnx", ("n", 1, 512, 256))).size == (512, 256)
    assert opened(onnx_file(tmp_path / "c.onnx", ("n", "c", "h", "w"))).channels is None


def test_channels_may_come_last(tmp_path: Path) -> None:
    network = opened(onnx_file(tmp_path / "last.onnx", (1, 40, 56, 3)))
    assert (network.channels, network.size) == (3, (40, 56))
    assert (network(PICTURE)[0] == 1 - PICTURE).all()


@pytest.mark.parametrize(("kind", "error"), [(10, 1e-3), (11, 1e-6)])
def test_floats_of_16_and_64_bits_are_converted(kind: int, error: float, tmp_path: Path) -> None:
    (lines,) = opened(onnx_file(tmp_path / "a.onnx", (1, 3, "h", "w"), kind=kind))(PICTURE)
    assert lines.dtype == np.float32
    assert np.abs(lines - (1 - PICTURE)).max() < error


def test_inputs_that_are_no_picture_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"reads tensor\(uint8\) 1x3xhxw, no picture in floats"):
        opened(onnx_file(tmp_path / "a.onnx", (1, 3, "h", "w"), kind=2, gain=1, shift=0))
    with pytest.raises(UsageError, match="1x3, no picture"):
        opened(onnx_file(tmp_path / "b.onnx", (1, 3)))


def test_operations_of_others_and_what_is_no_onnx_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"needs an operation that onnxruntime does not have: .*studio"):
        opened(onnx_file(tmp_path / "a.onnx", operation="Blend", domain="studio"))
    with pytest.raises(UsageError, match=r"lines\.onnx is neither TorchScript nor ONNX"):
        OnnxNetwork(b"a picture, perhaps", source="lines.onnx")


def test_an_input_of_another_size_is_one_line(tmp_path: Path) -> None:
    network = opened(onnx_file(tmp_path / "a.onnx", (1, 3, 32, 32)))
    with pytest.raises(MethodError, match="onnxruntime cannot run the network") as caught:
        network(PICTURE)
    assert "\n" not in str(caught.value)


def test_without_onnxruntime_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "onnxruntime":
            raise ImportError(name)
        return real(name, *rest, **more)

    path = onnx_file(tmp_path / "a.onnx")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingPackageError, match="pip install"):
        opened(path)
