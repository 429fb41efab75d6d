"""What kind of network a file holds, and files that hold none."""

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.core.errors import UsageError
from pipelines.inference.line_networks.network_files import digest_of, kind_of, open_network
from tests.inference.line_networks.networks import Grey, onnx_file, scripted


def test_the_content_says_what_it_is_not_the_name(tmp_path: Path) -> None:
    assert kind_of(scripted(tmp_path / "lines.onnx", Grey())) == "torchscript"
    pytest.importorskip("onnx")
    assert kind_of(onnx_file(tmp_path / "lines.pt")) == "onnx"


def test_the_digest_is_that_of_sha256sum(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert digest_of(str(tmp_path / "a")) == hashlib.sha256(b"abc").hexdigest()


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.pt cannot be read: No such file.* TorchScript or ONNX"):
        digest_of(str(tmp_path / "gone.pt"))
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        digest_of(str(tmp_path))


def test_weights_without_their_network_are_refused_with_how_to_export(tmp_path: Path) -> None:
    state = torch.nn.Conv2d(3, 1, 3).state_dict()
    zipped, old, safe = (tmp_path / name for name in ("zipped.pth", "old.pth", "weights.safetensors"))
    torch.save(state, zipped)
    torch.save(state, old, _use_new_zipfile_serialization=False)
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    safe.write_bytes(len(header).to_bytes(8, "little") + header + np.float32(1).tobytes())
    for path in (zipped, old, safe):
        with pytest.raises(UsageError, match=rf"{path.name} holds weights alone.*torch\.jit\.trace\(network"):
            kind_of(str(path))


def test_archives_of_torch_export_are_refused_since_opening_them_runs_pickles(tmp_path: Path) -> None:
    path = tmp_path / "lines.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("lines/archive_format", "pt2")
        archive.writestr("lines/data/weights/weight_0", b"")
    with pytest.raises(UsageError, match=r"torch\.export, which is read as a pickle"):
        kind_of(str(path))


def test_other_archives_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "book.cbz", "w") as archive:
        archive.writestr("pages/1.png", b"")
    with pytest.raises(UsageError, match="neither TorchScript nor ONNX"):
        kind_of(str(tmp_path / "book.cbz"))


def test_a_file_is_opened_once_and_only_as_that_which_was_named(tmp_path: Path) -> None:
    path = scripted(tmp_path / "lines.pt", Grey())
    digest = digest_of(path)
    assert open_network(path, digest, "cpu") is open_network(path, digest, "cpu")
    scripted(tmp_path / "other.pt", Grey(), size=32)
    with pytest.raises(UsageError, match="is another file than that with sha256 "):
        open_network(path, digest_of(str(tmp_path / "other.pt"))[::-1], "cpu")


def test_onnx_runs_on_the_cpu_alone(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    path = onnx_file(tmp_path / "lines.onnx")
    with pytest.raises(UsageError, match="onnxruntime runs networks on the CPU"):
        open_network(path, digest_of(path), "cuda")
