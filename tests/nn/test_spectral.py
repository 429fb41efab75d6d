"""Spectral norm: what a weight is divided by, when it moves, and how it is kept."""

import pytest
import torch
from torch import nn

from pipelines.nn.blocks import initialise, recomputed
from pipelines.nn.spectral import folded, plain_state, spectrally_normalised
from pipelines.nn.unet import UNet
from tests.nn.generators import noise

pytestmark = pytest.mark.usefixtures("one_thread")


def diagonal(kind: type[nn.Conv2d | nn.ConvTranspose2d] = nn.Conv2d) -> nn.Sequential:
    layer = kind(2, 2, 1, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.diag(torch.tensor([3.0, 1.0])).view(2, 2, 1, 1))
    return spectrally_normalised(nn.Sequential(layer))


@pytest.mark.parametrize("kind", [nn.Conv2d, nn.ConvTranspose2d])
def test_a_weight_is_divided_by_its_largest_singular_value(kind: type[nn.Conv2d | nn.ConvTranspose2d]) -> None:
    network = diagonal(kind)
    for _ in range(30):  # the power iteration converges
        network(noise(1, 2, 2, 2))
    expected = torch.diag(torch.tensor([1.0, 1 / 3])).view(2, 2, 1, 1)  # by the Frobenius norm (.949, .316)
    torch.testing.assert_close(network[0].weight.detach(), expected)


def test_the_output_channels_of_a_transposed_convolution_are_its_second_axis() -> None:
    torch.manual_seed(0)
    network = spectrally_normalised(nn.Sequential(nn.ConvTranspose2d(3, 5, 4)))
    for _ in range(60):
        network(noise(1, 3, 4, 4))
    rows = network[0].weight.detach().transpose(0, 1).flatten(1)
    assert torch.linalg.matrix_norm(rows, 2).item() == pytest.approx(1, abs=1e-4)


def test_the_estimate_moves_in_training_alone_once_a_pass() -> None:
    torch.manual_seed(0)
    network = spectrally_normalised(nn.Sequential(nn.Conv2d(3, 40, 4)))
    with torch.no_grad():
        network[0].parametrizations.weight.original.normal_()  # so that the estimate is of another weight

    def left() -> torch.Tensor:
        return network[0].parametrizations.weight[0].left.clone()

    before = left()
    network.eval()(noise(1, 3, 8, 8))
    plain_state(network)
    assert torch.equal(left(), before)
    network.train()(noise(1, 3, 8, 8))
    once = left()
    assert not torch.equal(once, before)
    plain_state(network)
    assert torch.equal(left(), once), "looking at the weights moves nothing"


def test_a_generator_is_kept_by_plain_names_with_the_weights_in_use() -> None:
    torch.manual_seed(0)
    network = UNet(3, downs=7, width=2)
    initialise(network)
    plain = UNet(3, downs=7, width=2)
    spectrally_normalised(network)
    kept = folded(network)
    assert set(kept.state_dict()) == set(plain.state_dict())
    state = plain_state(network)
    assert set(state) == set(plain.state_dict())
    for name, tensor in kept.state_dict().items():
        assert torch.equal(state[name], tensor), name
    plain.load_state_dict(kept.state_dict())
    picture = noise(1, 3, 128, 128)
    with torch.no_grad():
        torch.testing.assert_close(plain.eval()(picture), network.eval()(picture))


def test_what_is_not_normalised_is_kept_as_it_is() -> None:
    network = UNet(3, downs=7, width=2)
    state = plain_state(network)
    assert all(state[name].data_ptr() == tensor.data_ptr() for name, tensor in network.state_dict().items())


def test_gradients_are_the_same_whether_features_are_kept_or_worked_out_again() -> None:
    gradients = []
    for again in (False, True):
        torch.manual_seed(0)
        part = spectrally_normalised(nn.Sequential(nn.Conv2d(2, 6, 3), nn.ReLU(), nn.Conv2d(6, 2, 3)))
        picture = noise(1, 2, 9, 9).requires_grad_()
        result = recomputed(part, picture, norms=part) if again else part(picture)
        result.square().sum().backward()
        chain = part[0].parametrizations.weight
        gradients.append([picture.grad, *(weight.grad for weight in part.parameters()), chain[0].left])
        assert chain[0].training
    for kept, worked_out in zip(*gradients, strict=True):
        assert torch.equal(kept, worked_out)


def test_weights_are_divided_in_single_precision_within_autocast() -> None:
    network = diagonal()
    with torch.autocast("cpu", torch.bfloat16):
        assert network[0].weight.dtype == torch.float32
