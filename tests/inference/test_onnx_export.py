"""Networks written as ONNX: the same numbers as torch's, what a file says of itself, the command."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipelines.core.errors import MethodError
from pipelines.inference.checkpoint import load_checkpoint
from pipelines.inference.checkpoint_info import spec_of
from pipelines.inference.onnx_engine import OnnxEngine, open_file
from pipelines.inference.onnx_export import OPSET
from tests.conftest import Cli
from tests.inference.onnx_networks import KINDS, by_torch, inputs

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed: pip install 'colorize-cli[onnx]'")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: pip install 'colorize-cli[onnx]'")

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("kind", KINDS)
def test_raw_outputs_are_those_of_torch_for_any_batch_and_size(
    kind: str, files: dict[str, bytes], checkpoints: Path
) -> None:
    network, card = load_checkpoint(checkpoints / kind)
    engine = OnnxEngine(files[kind])
    spec = spec_of(card)
    least, more = spec.least_size, spec.least_size + spec.size_multiple
    for shape in ((1, least, least), (3, more, least), (2, 2 * least, more)):
        given = inputs(kind, *shape)
        truth, made = by_torch(network, given), engine(given)
        assert [one.shape for one in made] == [one.shape for one in truth]
        for one, other in zip(truth, made, strict=True):
            assert other.dtype == np.float32
            assert one.std() > 0.01, "the comparison says nothing"
            np.testing.assert_allclose(other, one, rtol=0, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_sides_that_are_said_not_to_work_do_not(kind: str, files: dict[str, bytes], checkpoints: Path) -> None:
    """Else the files would promise less than they hold; a ResNet gives another size than it was given."""
    network, card = load_checkpoint(checkpoints / kind)
    spec = spec_of(card)
    engine = OnnxEngine(files[kind])
    odd = 2 * spec.least_size + spec.size_multiple // 2
    if kind == "resnet":
        assert engine(inputs(kind, 1, odd, odd))[0].shape[2:] != (odd, odd)
        odd = spec.least_size - spec.size_multiple
    with pytest.raises((RuntimeError, ValueError)):
        by_torch(network, inputs(kind, 1, odd, odd))
    with pytest.raises(MethodError, match="onnxruntime cannot run"):
        engine(inputs(kind, 1, odd, odd))


def test_a_file_tells_nothing_of_the_machine(files: dict[str, bytes]) -> None:
    root = str(Path(__file__).resolve().parent.parent).encode()
    assert not any(root in content or sys.prefix.encode() in content for content in files.values())


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_says_what_it_is(kind: str, files: dict[str, bytes], checkpoints: Path) -> None:
    network, card = load_checkpoint(checkpoints / kind)
    module, params = KINDS[kind]
    model = onnx.load_model_from_string(files[kind])
    about = {one.key: one.value for one in model.metadata_props}
    assert about == OnnxEngine(files[kind]).metadata
    assert about["model"] == card.model
    assert json.loads(about["params"]) == card.params
    assert about["size"] == str(params.size)
    assert about["input"] == module.network_spec(params).encoding.name
    assert about["weights_sha256"] == card.weights_sha256
    assert (about["note"], about["licence"], about["step"]) == ("random weights", "CC0", "7")
    assert int(about["opset"]) == OPSET == model.opset_import[0].version
    assert int(about["parameters"]) == sum(weight.numel() for weight in network.parameters())
    assert about["channels"].count("red, green, blue") == 1
    shapes = {
        one.name: [side.dim_param or side.dim_value for side in one.type.tensor_type.shape.dim]
        for one in (*model.graph.input, *model.graph.output)
    }
    assert shapes["drawing"] == ["batch", module.network_spec(params).encoding.channels, "height", "width"]
    assert all(shape[0] == "batch" for shape in shapes.values())
    assert set(shapes) == {"drawing", *(output.name for output in module.network_spec(params).outputs)}


def test_export_writes_onnx_by_name_or_on_request_the_same_bytes_each_time(
    cli: Cli, checkpoints: Path, files: dict[str, bytes], tmp_path: Path
) -> None:
    shutil.copytree(checkpoints / "layers", tmp_path / "net")
    (tmp_path / "net" / "LICENSE").write_text("CC0", encoding="utf-8")
    file = tmp_path / "deep" / "net.onnx"
    ran = cli("models", "export", tmp_path / "net", "-o", file)
    assert ran.code == 0, ran.err
    assert "sides multiples of 128 px" in ran.out + ran.err
    assert file.read_bytes() == files["layers"], "the licence that lies beside the weights is in it"
    ran = cli("models", "export", tmp_path / "net", "-o", file)
    assert (ran.code, "exists" in ran.err) == (1, True)
    (tmp_path / "net" / "LICENSE").write_text("CC BY 4.0", encoding="utf-8")
    ran = cli("models", "export", tmp_path / "net", "-o", file, "--format", "onnx", "--overwrite")
    assert ran.code == 0, ran.err
    assert open_file(str(file)).engine.metadata["licence"] == "CC BY 4.0"
    assert [one.name for one in file.parent.iterdir()] == ["net.onnx"]
    ran = cli("models", "export", tmp_path / "net", "-o", tmp_path / "net.bin", "--format", "onnx")
    assert (ran.code, "ends in .onnx" in ran.err) == (2, True)


def test_show_tells_of_an_onnx_file(cli: Cli, checkpoints: Path, file: Callable[[str], str]) -> None:
    ran = cli("models", "show", file("layers"), "--json")
    assert ran.code == 0, ran.err
    shown, card = json.loads(ran.out), json.loads(cli("models", "show", checkpoints / "layers", "--json").out)
    del shown["folder"], card["folder"]
    assert shown == card


def test_fillnet_goes_out_as_onnx_alone(cli: Cli, checkpoints: Path, tmp_path: Path) -> None:
    ran = cli("models", "export", checkpoints / "fillnet", "-o", tmp_path / "net.pth")
    assert (ran.code, "--format onnx" in ran.err) == (2, True)
