"""Networks run by onnxruntime: the same pictures as torch's, and what is refused."""

import builtins
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.core.errors import MissingPackageError, UsageError
from pipelines.inference.checkpoint_info import read_info
from pipelines.inference.model_source import find_models
from pipelines.inference.onnx_export import OPSET
from tests.conftest import Cli
from tests.inference.onnx_networks import painted

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed: pip install 'colorize-cli[onnx]'")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: pip install 'colorize-cli[onnx]'")

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("kind", ["fillnet", "layers", "resnet"])
def test_pictures_are_those_of_torch_to_a_level(kind: str, checkpoints: Path, file: Callable[[str], str]) -> None:
    (ours,) = find_models([str(checkpoints / kind)])
    (exported,) = find_models([file(kind)])
    assert (ours.engine, exported.engine) == ("torch", "onnx")
    assert (exported.label, exported.model, exported.params) == (ours.label, ours.model, ours.params)
    assert exported.traits == ours.traits
    for count, size in ((1, 60), (2, 97)):
        for truth, made in zip(painted(ours, count, size), painted(exported, count, size), strict=True):
            assert np.abs(truth - made).max() <= 1


def test_a_checkpoint_is_run_by_onnx_without_a_file(checkpoints: Path, file: Callable[[str], str]) -> None:
    (ours,) = find_models([str(checkpoints / "layers")], engine="onnx")
    assert ours.weights == read_info(checkpoints / "layers").weights_sha256
    (exported,) = find_models([file("layers")])
    assert (painted(ours, 1, 64)[0] == painted(exported, 1, 64)[0]).all()


def test_damaged_and_missing_files_are_refused(file: Callable[[str], str], tmp_path: Path) -> None:
    path = Path(file("resnet"))
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"no network at all"):
        path.write_bytes(content)
        with pytest.raises(UsageError, match=r"resnet\.onnx is damaged or no ONNX file"):
            find_models([str(path)])
    with pytest.raises(UsageError, match=r"gone\.onnx cannot be read: No such file"):
        find_models([str(tmp_path / "gone.onnx")])


def foreign(about: dict[str, str]) -> bytes:
    """A whole ONNX model that adds a picture to itself."""
    helper = onnx.helper
    given, made = (helper.make_tensor_value_info(name, 1, ["n", 3, "h", "w"]) for name in ("drawing", "twice"))
    graph = helper.make_graph([helper.make_node("Add", ["drawing", "drawing"], ["twice"])], "sum", [given], [made])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    helper.set_model_props(model, about)
    content: bytes = model.SerializeToString()
    return content


OURS = {"kind": "colorize-cli network", "version": "1"}


@pytest.mark.parametrize(
    ("about", "problem"),
    [
        ({}, "of another program"),
        (OURS | {"version": "99"}, "another version of colorize-cli \\(99\\)"),
        (OURS | {"version": "\x1b[31m"}, r"another version of colorize-cli \(\\x1b\[31m\)"),
        (OURS, "does not say how it is to be run"),
        (OURS | {"model": "fillnet", "params": "[1]", "size": "64"}, "does not say how"),
        (OURS | {"model": "fillnet", "params": "[" * 100_000, "size": "64"}, "does not say how"),
        (OURS | {"model": "fillnet", "params": "{}", "size": "64", "parameters": "some"}, "does not say how"),
        (OURS | {"model": "fillnet", "params": "{}", "size": "big", "input": "filled"}, "does not say how"),
        (
            OURS | {"model": "fillnet", "params": "{}", "size": "64", "input": "filled"},
            "gives twice, where fillnet",
        ),
        (
            OURS | {"model": "fillnet", "params": "{}", "size": "64", "input": "sound"},
            "gives twice, where fillnet",
        ),
    ],
)
def test_foreign_files_are_refused(tmp_path: Path, about: dict[str, str], problem: str) -> None:
    (tmp_path / "net.onnx").write_bytes(foreign(about))
    with pytest.raises(UsageError, match=f"net.onnx .*{problem}") as caught:
        find_models([str(tmp_path / "net.onnx")])
    assert "models export" in caught.value.hint


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_a_missing_package_is_one_line(
    package: str, cli: Cli, checkpoints: Path, file: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(file("layers"))
    before = builtins.__import__

    def without(name: str, *arguments: Any) -> Any:
        if name.split(".")[0] == package:
            raise ModuleNotFoundError(name)
        return before(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without)
    if package == "onnx":
        ran = cli("models", "export", checkpoints / "layers", "-o", path, "--overwrite")
        assert ran.code == 2
        assert ran.err.strip().count("\n") <= 1
        assert "colorize-cli[onnx]" in ran.err
    else:
        with pytest.raises(MissingPackageError, match=r"onnxruntime, which is not installed.*colorize-cli\[onnx\]"):
            find_models([str(path)])
