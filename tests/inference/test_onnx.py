"""Networks in ONNX: the same numbers as torch's, the same pictures, what a file says of itself, what is refused."""

import builtins
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pipelines.core.errors import MethodError, MissingPackageError, UsageError
from pipelines.flatting.reading import LineReading
from pipelines.inference.checkpoint import load_checkpoint, write_checkpoint
from pipelines.inference.checkpoint_info import CheckpointInfo, read_info, spec_of
from pipelines.inference.model_source import ModelSource, find_models
from pipelines.inference.onnx_engine import OnnxEngine, open_file
from pipelines.inference.onnx_export import OPSET, to_onnx
from pipelines.inference.types import ColorGuide, Drawing
from pipelines.models import cyclegan, fillnet, pix2pix
from pipelines.models.fillnet.inputs import AREAS
from tests import drawings
from tests.conftest import Cli

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed: pip install 'colorize-cli[onnx]'")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: pip install 'colorize-cli[onnx]'")

Floats = NDArray[np.float32]

KINDS: dict[str, tuple[ModuleType, Any]] = {
    "fillnet": (fillnet, fillnet.Params(size=64, width=8, tokens=16)),
    "layers": (pix2pix, pix2pix.Params(generator="unet_128", ngf=2, ndf=2, input="layers")),
    "composite": (pix2pix, pix2pix.Params(generator="unet_128", ngf=2, ndf=2, input="composite", norm="instance")),
    "resnet": (cyclegan, cyclegan.Params(generator="resnet_6blocks", ngf=2, ndf=2, size=64)),
}


def lived_in(module: ModuleType, params: Any) -> torch.nn.Module:
    """A network with random weights in which every layer counts: those that begin at zero do so no longer."""
    torch.manual_seed(3)
    network: torch.nn.Module = module.build_network(params).eval()
    with torch.no_grad():
        for weight in network.parameters():
            weight += 0.05 * torch.randn_like(weight)
    return network


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("checkpoints")
    for name, (module, params) in KINDS.items():
        card = CheckpointInfo(module.__name__.rsplit(".", 1)[-1], asdict(params), step=7, note="random weights")
        write_checkpoint(place / name, card, lived_in(module, params).state_dict())
    return place


@pytest.fixture(scope="module")
def files(checkpoints: Path) -> dict[str, bytes]:
    """Each network as an ONNX model."""
    return {name: to_onnx(*load_checkpoint(checkpoints / name), licence="CC0") for name in KINDS}


@pytest.fixture
def file(files: dict[str, bytes], tmp_path: Path) -> Callable[[str], str]:
    """Writes a network's ONNX file."""

    def write(name: str) -> str:
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(files[name])
        return str(path)

    return write


def inputs(kind: str, *shape: int) -> Floats:
    """Random pictures in [-1, 1]; those of filled drawings have areas."""
    rng = np.random.default_rng(5)
    batch, height, width = shape
    module, params = KINDS[kind]
    made = rng.uniform(-1, 1, (batch, module.network_spec(params).encoding.channels, height, width)).astype(np.float32)
    if kind == "fillnet":
        made[:, 6] = rng.integers(0, AREAS + 1, shape) / 127.5 - 1
        made[:, 4] = rng.choice([-1, 0, 1], shape)
    return made


def by_torch(network: Any, given: Floats) -> list[Floats]:
    with torch.inference_mode():
        made = (
            network.outputs(torch.from_numpy(given)) if hasattr(network, "outputs") else [network(torch.tensor(given))]
        )
    return [one.numpy() for one in made]


# the same as torch ------------------------------------------------------------------------------------------


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


def canvas(size: int, *, hinted: bool = True) -> Drawing:
    lines = drawings.two_circles(size)
    hints = drawings.two_hints(size) if hinted else np.zeros((size, size, 4), np.uint8)
    guide = ColorGuide(hints, None)
    return Drawing(LineReading(lines), {"fills": guide, "discs": guide}, np.random.default_rng(0))


def painted(painter: ModelSource, count: int, size: int) -> list[NDArray[np.int16]]:
    made = painter.predict([canvas(size, hinted=number != 1) for number in range(count)], "cpu")
    return [one.colour.astype(np.int16) for one in made]


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


def test_a_file_tells_nothing_of_the_machine(files: dict[str, bytes]) -> None:
    root = str(Path(__file__).resolve().parent.parent).encode()
    assert not any(root in content or sys.prefix.encode() in content for content in files.values())


# what a file says -------------------------------------------------------------------------------------------


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
    assert set(shapes) == {
        "drawing",
        *(("fill", "ink", "colour_logits", "copy_logits") if kind == "fillnet" else ("picture",)),
    }


# the command ------------------------------------------------------------------------------------------------


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


# refused ----------------------------------------------------------------------------------------------------


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
        (OURS, "does not say how it is to be run"),
        (OURS | {"model": "fillnet", "params": "{}", "size": "big", "input": "filled"}, "does not say how"),
        (OURS | {"model": "fillnet", "params": "{}", "size": "64", "input": "filled"}, "gives twice, not a colouring"),
        (OURS | {"model": "fillnet", "params": "{}", "size": "64", "input": "sound"}, "gives twice, not a colouring"),
    ],
)
def test_foreign_files_are_refused(tmp_path: Path, about: dict[str, str], problem: str) -> None:
    (tmp_path / "net.onnx").write_bytes(foreign(about))
    with pytest.raises(UsageError, match=f"net.onnx .*{problem}") as caught:
        find_models([str(tmp_path / "net.onnx")])
    assert "models export" in caught.value.hint


def test_a_file_that_was_replaced_meanwhile_is_not_run(files: dict[str, bytes], file: Callable[[str], str]) -> None:
    (painter,) = find_models([file("resnet")])
    Path(painter.checkpoint).write_bytes(files["layers"])
    with pytest.raises(UsageError, match="replaced meanwhile"):
        painter.predict([canvas(60)], "cpu")


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
