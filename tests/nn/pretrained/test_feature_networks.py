"""Feature networks as published: counts, places of the layers, what they are shown, and that they never learn."""

import pytest
import torch
from torch import nn

from pipelines.nn.pretrained.feature_networks import FeatureNetwork, Illustration2Vec, Vgg16, Vgg19


@pytest.mark.parametrize(
    ("kind", "convolutions", "count"), [(Vgg16, 4, 260_160), (Vgg19, 12, 10_585_152), (Illustration2Vec, 6, 4_500_864)]
)
def test_published_parameter_counts(kind: type[FeatureNetwork], convolutions: int, count: int) -> None:
    with torch.device("meta"):
        network = kind(convolutions=convolutions)
    assert sum(weight.numel() for weight in network.parameters()) == count


def test_convolutions_stand_where_the_public_files_have_them() -> None:
    assert Vgg16.positions() == (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
    assert Vgg19.positions() == (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
    assert Illustration2Vec.positions() == (0, 3, 6, 8, 11, 13)
    network = Vgg19(convolutions=16, width=2)
    held = [number for number, layer in enumerate(network.features) if isinstance(layer, nn.Conv2d)]
    assert tuple(held) == Vgg19.positions()


def test_sizes_and_signs_are_those_of_the_layer_that_is_asked_for() -> None:
    pictures = torch.rand(2, 3, 32, 32) * 2 - 1
    before = Vgg19(convolutions=12, width=2, activated=False)
    assert isinstance(before.features[-1], nn.Conv2d)
    features = before(pictures)
    assert features.shape == (2, before.channels, 4, 4) == (2, 16, 4, 4)
    assert (features < 0).any(), "before its ReLU there are both signs"
    after = Vgg16(convolutions=4, width=2)(pictures)
    assert after.shape == (2, 4, 16, 16)
    assert (after >= 0).all()
    assert Illustration2Vec(width=2)(torch.rand(2, 1, 32, 32)).shape == (2, 16, 2, 2)


def test_activations_are_what_lies_behind_the_convolutions_that_are_named() -> None:
    network = Vgg19(convolutions=13, width=2)
    pictures = torch.rand(1, 3, 32, 32)
    activations = network.activations(pictures, (1, 3, 13))
    assert [tuple(one.shape[1:]) for one in activations] == [(2, 32, 32), (4, 16, 16), (16, 2, 2)]
    torch.testing.assert_close(activations[-1], network(pictures))
    torch.testing.assert_close(activations[0], network.features[:2](network.prepare(pictures)))


def test_pictures_are_prepared_as_the_networks_were_trained() -> None:
    level = torch.tensor([0.485, 0.456, 0.406])[:, None, None].expand(1, 3, 2, 2) * 2 - 1
    assert Vgg16(convolutions=1, width=1).prepare(level).abs().max() < 1e-6, "the mean colour becomes 0"
    white = Vgg16(convolutions=1, width=1).prepare(torch.ones(1, 3, 1, 1))
    torch.testing.assert_close(white[0, 0, 0, 0], torch.tensor((1 - 0.485) / 0.229))
    lines = torch.tensor([[-1.0, 1.0], [1.0, 1.0]])[None, None]
    prepared = Illustration2Vec(convolutions=1, width=1).prepare(lines)
    expected = torch.tensor([255 * 0.75 - mean for mean in (164.7614, 167.4786, 181.1384)])
    torch.testing.assert_close(prepared[0, :, 0, 0], expected)


def test_they_never_learn_but_let_gradients_through() -> None:
    network = nn.Sequential(Vgg16(convolutions=2, width=2)).train().requires_grad_(True)
    assert not any(weight.requires_grad for weight in network[0].requires_grad_(True).parameters())
    assert not network[0].training
    pictures = torch.rand(1, 3, 8, 8, requires_grad=True)
    network[0](pictures).sum().backward()
    assert pictures.grad is not None
    assert pictures.grad.abs().sum() > 0
