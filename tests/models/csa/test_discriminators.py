"""Three sizes by hand, what their layers give, and feature matching by hand."""

import pytest
import torch
from torch import nn

from pipelines.models.csa.discriminators import MultiScaleDiscriminator, feature_matching, halve, logits_of
from tests.nn.generators import noise


def test_pictures_are_halved_without_counting_what_lies_outside() -> None:
    torch.testing.assert_close(halve(torch.ones(1, 1, 4, 4)), torch.ones(1, 1, 2, 2))  # counted: 4/9 in the corner
    ramp = torch.arange(16.0).view(1, 1, 4, 4)
    torch.testing.assert_close(halve(ramp)[0, 0], torch.tensor([[2.5, 4.0], [8.5, 10.0]]))


def test_published_parameter_counts() -> None:
    with torch.device("meta"):
        discriminator = MultiScaleDiscriminator(4)
    assert [sum(weight.numel() for weight in scale.parameters()) for scale in discriminator.scales] == [2_765_761] * 3


def test_each_scale_has_its_own_weights_and_size() -> None:
    discriminator = MultiScaleDiscriminator(4, width=2, layers=3)
    activations = discriminator(noise(2, 4, 128, 128))
    assert [tuple(one.shape[2:]) for one in logits_of(activations)] == [(14, 14), (6, 6), (2, 2)]
    assert [[one.shape[1] for one in scale] for scale in activations] == [[2, 4, 8, 16, 1]] * 3
    assert [one.shape[-1] for one in activations[0]] == [64, 32, 16, 15, 14]
    first = [next(scale.parameters()) for scale in discriminator.scales]
    assert not torch.equal(first[0], first[1])


def test_a_scale_sees_the_picture_that_was_halved_before() -> None:
    discriminator = MultiScaleDiscriminator(4, width=2, layers=1)
    pictures = noise(1, 4, 64, 64)
    quarter = discriminator.scales[2]
    assert isinstance(quarter, nn.Module)
    torch.testing.assert_close(discriminator(pictures)[2][-1], quarter(halve(halve(pictures))))


@pytest.mark.parametrize(("scales", "expected"), [(3, 2.0), (1, 2.0)])
def test_feature_matching_is_the_mean_over_scales_of_the_sum_over_layers_of_means(scales: int, expected: float) -> None:
    """Two layers of 4 and 16 numbers that differ by 1: each scale 2, three of them 6 or in the mean 2, never 60."""
    real = [[torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 1, 1)]] * scales
    fake = [[torch.ones(1, 1, 2, 2), torch.ones(1, 1, 4, 4), torch.full((1, 1, 1, 1), 9.0)]] * scales
    assert feature_matching(real, fake).item() == pytest.approx(expected)
    assert feature_matching(real, fake).item() * scales == pytest.approx(expected * scales)
