"""Facts about torch as an engine: its threads, what it gives, that nothing learns."""

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pipelines.inference.image_predictor import predict_pictures
from pipelines.inference.letterbox import letterbox
from pipelines.inference.torch_engine import TorchEngine, fold_norms, outputs_of
from pipelines.nn.convolutions import Conv2d, ConvTranspose2d
from pipelines.nn.devices import Precision
from pipelines.nn.unet import UNet
from tests.inference.means import Mean, network
from tests.inference.scenes import circle, no_hints

PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16")


class Several(nn.Module):
    """A network of several outputs, one of them in half precision."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(2.0))

    def forward(self, pictures: Tensor) -> Tensor:
        raise AssertionError("its outputs are asked for")

    def outputs(self, pictures: Tensor) -> tuple[Tensor, ...]:
        return self.gain * pictures, pictures.mean((2, 3)).bfloat16()


class Torn(nn.Module):
    def forward(self, pictures: Tensor) -> Tensor:
        raise RuntimeError("torn")


def test_painting_leaves_the_number_of_threads_as_it_was() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        predict_pictures(network(), [letterbox(circle(32, 32), no_hints(32, 32), 32)])
        assert torch.get_num_threads() == 2
        with pytest.raises(RuntimeError, match="torn"):
            TorchEngine(Torn(), "cpu")(np.zeros((1, 3, 4, 4), np.float32))
        assert torch.get_num_threads() == 2, "nor does one that fails"
    finally:
        torch.set_num_threads(before)


def test_a_network_gives_its_outputs_where_it_has_several_else_its_picture() -> None:
    pictures = torch.rand(2, 3, 4, 4)
    assert [tensor.shape for tensor in outputs_of(Several(), pictures)] == [(2, 3, 4, 4), (2, 3)]
    (picture,) = outputs_of(Mean(), pictures)
    torch.testing.assert_close(picture[:, :, 0, 0], pictures.mean((2, 3)))


def test_what_it_gives_is_single_precision_whatever_the_network_computes_in() -> None:
    given = np.random.default_rng(0).random((2, 3, 4, 4), np.float32)
    doubled, means = TorchEngine(Several(), "cpu")(given)
    assert doubled.dtype == means.dtype == np.float32
    assert np.array_equal(doubled, 2 * given)
    np.testing.assert_allclose(means, given.mean((2, 3)), rtol=1e-2)


def test_a_network_that_runs_learns_nothing() -> None:
    module = Several()
    TorchEngine(module, "cpu")(np.zeros((1, 3, 4, 4), np.float32))
    assert not module.gain.requires_grad
    assert module.gain.grad is None


def learned(network: nn.Module) -> nn.Module:
    """A network whose norms have statistics, scales and shifts of their own, in eval mode."""
    generator = torch.Generator().manual_seed(3)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for tensor in (layer.running_mean, layer.bias.data):
                assert tensor is not None
                tensor.copy_(torch.randn(tensor.shape, generator=generator))
            for tensor in (layer.running_var, layer.weight.data):
                assert tensor is not None
                tensor.copy_(0.5 + torch.rand(tensor.shape, generator=generator))
    return network.eval()


def count_norms(network: nn.Module) -> int:
    return sum(isinstance(layer, nn.BatchNorm2d) for layer in network.modules())


def test_norms_become_part_of_convolutions_and_pictures_stay() -> None:
    torch.manual_seed(0)
    network, pictures = learned(UNet(3, downs=5, width=4)), torch.rand(2, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        before = network(pictures)
        fold_norms(network)
        assert count_norms(network) == 0
        torch.testing.assert_close(network(pictures), before, rtol=0, atol=1e-4)


class Normalised(nn.Conv2d):
    """A convolution whose weights are not those that it multiplies with."""

    def forward(self, features: Tensor) -> Tensor:
        return nn.functional.conv2d(features, self.weight / self.weight.norm())


@pytest.mark.parametrize(
    "layers",
    [
        (Normalised(3, 4, 1), nn.BatchNorm2d(4)),
        (nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, 4, 1)), nn.BatchNorm2d(4)),
        (nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4, track_running_stats=False)),
        (nn.Conv2d(3, 4, 1), nn.ReLU(), nn.BatchNorm2d(4)),
    ],
)
def test_norms_stay_where_they_cannot_be_part_of_what_is_before(layers: tuple[nn.Module, ...]) -> None:
    network = nn.Sequential(*layers).eval()
    pictures = torch.rand(2, 3, 4, 4)
    before = network(pictures)
    fold_norms(network)
    assert count_norms(network) == 1
    assert torch.equal(network(pictures), before)


def test_norms_of_a_network_that_learns_stay() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    fold_norms(network)
    assert count_norms(network) == 1


def test_a_network_multiplies_in_the_precision_that_is_asked_and_gives_single() -> None:
    torch.manual_seed(0)
    network = learned(UNet(3, downs=5, width=4))
    given = np.random.default_rng(0).random((1, 3, 64, 64), np.float32) * 2 - 1
    seen: list[torch.dtype] = []
    for precision in PRECISIONS:
        engine = TorchEngine(copy.deepcopy(network), "cpu", precision)
        for layer in engine._module.modules():
            if isinstance(layer, Conv2d | ConvTranspose2d):
                layer.register_forward_hook(lambda _, __, made: seen.append(made.dtype))
        (picture,) = engine(given)
        assert picture.dtype == np.float32
    assert seen == [torch.float32] * 10 + [torch.bfloat16] * 10
    assert not torch.is_autocast_enabled("cpu")


def test_bf16_paints_as_float32_does_within_its_rounding() -> None:
    torch.manual_seed(0)
    network = learned(UNet(3, downs=5, width=4))
    given = np.random.default_rng(0).random((2, 3, 64, 64), np.float32) * 2 - 1
    (single,), (half,) = (TorchEngine(copy.deepcopy(network), "cpu", precision)(given) for precision in PRECISIONS)
    assert 0 < np.abs(single - half).max() < 0.1
    assert np.abs(single - half).mean() < 0.01
