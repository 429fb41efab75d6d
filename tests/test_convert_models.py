"""Facts about model files: what comes in, what goes out and by which name, what is refused and then leaves no trace."""

from pathlib import Path

import pytest
import torch

from pipelines.convert_models import describe_model, export_model, import_model
from pipelines.core.errors import OutputExistsError, UsageError
from pipelines.inference.checkpoint import load_checkpoint, write_checkpoint
from pipelines.inference.checkpoint_info import INFO, CheckpointInfo, read_info
from pipelines.inference.types import NetworkSpec
from pipelines.models import cyclegan
from tests.inference.reference_layout import ReferenceResNet, lived_in


@pytest.fixture(scope="module")
def reference() -> torch.nn.Module:
    """A generator of the reference implementation."""
    return lived_in(ReferenceResNet(3, 6, 2), 3, 32)


@pytest.fixture
def file(reference: torch.nn.Module, tmp_path: Path) -> str:
    """Its file."""
    path = tmp_path / "latest_net_G_A.pth"
    torch.save(reference.state_dict(), path)
    return str(path)


@pytest.fixture
def model(file: str, tmp_path: Path) -> str:
    """It as a model folder."""
    import_model(file, str(tmp_path / "model"))
    return str(tmp_path / "model")


# in ---------------------------------------------------------------------------------------------------------


def test_a_file_becomes_a_model_that_is_described(file: str, tmp_path: Path, reference: torch.nn.Module) -> None:
    made = import_model(file, str(tmp_path / "model"), architecture="resnet_6blocks", size=64)
    assert made.folder == tmp_path / "model"
    assert made.parameters == sum(weight.numel() for weight in reference.parameters())
    assert (made.info.model, made.info.params["size"]) == ("cyclegan", 64)
    assert made.info.note == "from latest_net_G_A.pth"
    described = describe_model(str(tmp_path / "model"))
    assert described.parameters == made.parameters
    assert described.info.params == made.info.params
    assert described.info.weights_sha256 and not made.info.weights_sha256, "it is known once they are written"


def test_a_model_paints_what_its_file_painted(model: str, reference: torch.nn.Module) -> None:
    picture = torch.rand((1, 3, 32, 32), generator=torch.Generator().manual_seed(1)) * 2 - 1
    with torch.no_grad():
        torch.testing.assert_close(load_checkpoint(model)[0](picture), reference(picture), rtol=0, atol=1e-5)


def test_an_architecture_that_does_not_exist_is_refused_before_the_file_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no architecture 'resnet_9block'") as raised:
        import_model("there/is/no/such.pth", str(tmp_path / "model"), architecture="resnet_9block")
    assert "Did you mean 'resnet_9blocks'?" in raised.value.hint


def test_a_file_that_is_refused_leaves_no_folder(file: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds a resnet_6blocks, not a unet_128"):
        import_model(file, str(tmp_path / "model"), architecture="unet_128")
    with pytest.raises(UsageError, match="size = 30"):
        import_model(file, str(tmp_path / "model"), size=30)
    assert not (tmp_path / "model").exists()


def test_nothing_is_replaced_but_a_model_on_request(file: str, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(OutputExistsError, match="in the way"):
            import_model(file, str(tmp_path / "mine"), overwrite=overwrite)
        with pytest.raises(OutputExistsError, match="in the way"):
            import_model(file, file, overwrite=overwrite)
    (tmp_path / "empty").mkdir()
    import_model(file, str(tmp_path / "empty"))
    with pytest.raises(OutputExistsError, match="holds a model") as raised:
        import_model(file, str(tmp_path / "empty"), size=64)
    assert "--overwrite" in raised.value.hint
    import_model(file, str(tmp_path / "empty"), size=64, overwrite=True)
    assert read_info(tmp_path / "empty").params["size"] == 64


# out --------------------------------------------------------------------------------------------------------


def test_what_comes_in_goes_out_as_it_was(model: str, tmp_path: Path, reference: torch.nn.Module) -> None:
    made = export_model(model, str(tmp_path / "deep" / "again.pth"))
    assert made.format == "pth"
    assert made.parameters == describe_model(model).parameters
    assert isinstance(made.spec, NetworkSpec) and made.spec == cyclegan.network_spec(cyclegan.Params(ngf=2))
    state = torch.load(tmp_path / "deep" / "again.pth", weights_only=True)
    wanted = reference.state_dict()
    assert list(state) == list(wanted)
    assert all(torch.equal(state[name], tensor) for name, tensor in wanted.items())


def test_a_name_says_which_file_it_is_to_be(model: str, tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="the package onnx is not installed: pip install 'colorize-cli[onnx]'")
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: pip install 'colorize-cli[onnx]'")
    made = export_model(model, str(tmp_path / "NET.ONNX"))
    assert made.format == "onnx"
    shown, described = describe_model(str(tmp_path / "NET.ONNX")), describe_model(model)
    assert (shown.info, shown.parameters) == (described.info, described.parameters)
    assert export_model(model, str(tmp_path / "net.onnx.pth")).format == "pth"


def test_a_file_is_replaced_on_request_alone_and_a_folder_never(model: str, file: str, tmp_path: Path) -> None:
    before = Path(file).read_bytes()
    with pytest.raises(OutputExistsError, match="exists"):
        export_model(model, file)
    assert Path(file).read_bytes() == before
    export_model(model, file, overwrite=True)
    assert Path(file).read_bytes() != before
    with pytest.raises(UsageError, match="is a folder"):
        export_model(model, str(tmp_path), overwrite=True)
    assert (tmp_path / "model" / INFO).is_file()


def test_an_onnx_file_is_named_so(model: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no name for an ONNX file") as raised:
        export_model(model, str(tmp_path / "net.pth"), format="onnx")
    assert ".onnx" in raised.value.hint


def test_models_that_the_reference_does_not_have_go_out_as_onnx_alone(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="reference implementation has no model 'fillnet'") as raised:
        export_model("fillnet", str(tmp_path / "net.pth"))
    assert "cyclegan and pix2pix" in raised.value.hint and "--format onnx" in raised.value.hint
    assert not list(tmp_path.iterdir())


def test_what_is_no_model_is_not_described(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no checkpoint"):
        describe_model(str(tmp_path))
    params = {"generator": "resnet_6blocks", "ngf": 1, "ndf": 1, "size": 32}
    weights = cyclegan.build_network(cyclegan.Params(**params)).state_dict()  # type: ignore[arg-type]
    write_checkpoint(tmp_path / "model", CheckpointInfo("cyclegan", params), weights)
    (tmp_path / "model" / "weights.safetensors").write_bytes(b"")
    with pytest.raises(UsageError, match="damaged"):
        describe_model(str(tmp_path / "model"))
