"""Feature networks from files: the weights are those of the file, and every other file is one line."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from pipelines.core.errors import UsageError
from pipelines.nn.pretrained.feature_files import load_features, read_width
from pipelines.nn.pretrained.feature_networks import FeatureNetwork, Illustration2Vec, Vgg16, Vgg19
from tests.nn.pretrained.feature_weights import feature_file, weights_of


def refused(path: Path | str, network: FeatureNetwork | None = None) -> UsageError:
    with pytest.raises(UsageError) as raised:
        load_features(str(path), network or Vgg19(convolutions=12, width=4), setting="vgg")
    assert "\n" not in raised.value.message
    return raised.value


@pytest.mark.parametrize("prefix", ["features.", "", "model.", "module.features."])
@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_weights_are_those_of_the_file(tmp_path: Path, prefix: str, suffix: str) -> None:
    weights = weights_of(Vgg19, prefix=prefix)
    path = tmp_path / f"vgg.{suffix}"
    torch.save(weights, path) if suffix == "pth" else save_file(weights, path)
    short, long = Vgg19(convolutions=12, width=4, activated=False), Vgg19(convolutions=13, width=4)
    load_features(str(path), short, long, setting="vgg")
    for network in (short, long):
        for name, tensor in network.state_dict().items():
            assert torch.equal(tensor, weights[name.replace("features.", prefix)])
    assert read_width(str(path), Vgg19, setting="vgg") == 4


def test_a_file_of_illustration2vec_may_have_more_layers_than_are_looked_at(tmp_path: Path) -> None:
    weights = weights_of(Illustration2Vec, prefix="")
    weights |= {"18.weight": torch.zeros(8, 32, 3, 3), "18.bias": torch.zeros(8)}
    torch.save(weights, tmp_path / "i2v.pth")
    network = Illustration2Vec(width=4)
    load_features(str(tmp_path / "i2v.pth"), network, setting="features")
    assert torch.equal(network.state_dict()["features.13.weight"], weights["13.weight"])


def test_weights_of_16_bits_become_float32_without_loss(tmp_path: Path) -> None:
    for kind in (torch.float16, torch.bfloat16):
        weights = {name: tensor.to(kind) for name, tensor in weights_of(Vgg16).items()}
        torch.save(weights, tmp_path / "half.pth")
        network = Vgg16(convolutions=4, width=4)
        load_features(str(tmp_path / "half.pth"), network, setting="vgg")
        state = network.state_dict()
        assert {tensor.dtype for tensor in state.values()} == {torch.float32}
        assert all(torch.equal(tensor.to(kind), weights[name]) for name, tensor in state.items())


@pytest.mark.parametrize("held", [Vgg16, Illustration2Vec])
def test_a_file_of_another_network_is_named(tmp_path: Path, held: type[FeatureNetwork]) -> None:
    error = refused(feature_file(tmp_path / "other.pth", held))
    assert error.message.endswith(f"other.pth holds {held.label}, no VGG19")
    assert error.hint == "Give a file of VGG19's weights: --set vgg=FILE"
    torch.save({f"features.{number}.weight": torch.ones(4, 3, 3, 3) for number in (0, 3, 7)}, tmp_path / "bn.pth")
    assert refused(tmp_path / "bn.pth").message.endswith("holds another network, no VGG19")
    torch.save({"conv1.weight": torch.ones(4, 3, 7, 7)}, tmp_path / "resnet.pth")
    assert "holds no VGG19: it needs features.0.weight" in refused(tmp_path / "resnet.pth").message


def test_a_file_of_another_width_says_which(tmp_path: Path) -> None:
    error = refused(feature_file(tmp_path / "vgg.pth", Vgg19, width=2))
    assert "has 2 channels in its first block instead of 4" in error.message
    assert error.hint == "--set vgg_width=2"


def changed(name: str, value: Tensor | None) -> dict[str, Tensor]:
    weights = {key: tensor for key, tensor in weights_of(Vgg19).items() if key != name}
    return weights if value is None else weights | {name: value}


FOUR = {name: tensor for name, tensor in weights_of(Vgg19).items() if name.split(".")[1] in ("0", "2", "5", "7")}


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (changed("features.5.bias", None), "features.5 does not have the shape (8, 4, 3, 3) and a bias"),
        (changed("features.5.weight", torch.ones(8, 4, 1, 1)), "features.5 does not have the shape (8, 4, 3, 3)"),
        (changed("features.2.weight", torch.full((4, 4, 3, 3), torch.nan)), "weights that are no numbers"),
        (changed("features.2.weight", torch.ones(4, 4, 3, 3).to(torch.int8)), "quantised weights: features.2 is int8"),
        (changed("features.2.weight", torch.ones(4, 4, 3, 3).to(torch.float8_e4m3fn)), "features.2 is float8_e4m3fn"),
        (FOUR, "holds 4 of the 12 convolutions of VGG19 that are needed"),
    ],
)
def test_weights_that_do_not_fit_are_named(tmp_path: Path, weights: dict[str, Tensor], message: str) -> None:
    torch.save(weights, tmp_path / "vgg.pth")
    assert message in refused(tmp_path / "vgg.pth").message


def test_a_file_that_is_missing_says_what_to_type(tmp_path: Path) -> None:
    for path, message in ((tmp_path / "gone.pth", "is no file"), ("", "the weights 'vgg' are needed")):
        error = refused(path)
        assert message in error.message
        assert error.hint == "Give a file of VGG19's weights: --set vgg=FILE"
