"""Instance norm whose scale and shift a domain decides, by hand."""

import torch
from torch import nn

from pipelines.nn.adaptive_norm import STYLE, AdaptiveInstanceNorm
from tests.nn.generators import noise


def test_it_begins_as_plain_instance_norm() -> None:
    features = noise(2, 5, 4, 4)
    torch.testing.assert_close(AdaptiveInstanceNorm(5)(features, torch.randn(2, STYLE)), nn.InstanceNorm2d(5)(features))


def test_scale_is_added_to_one_and_the_shift_after_it() -> None:
    norm = AdaptiveInstanceNorm(1)
    with torch.no_grad():
        norm.affine.bias.copy_(torch.tensor([0.5, 0.25]))
    result = norm(torch.tensor([1.0, 3.0]).view(1, 1, 1, 2), torch.zeros(1, STYLE))
    torch.testing.assert_close(result.flatten(), torch.tensor([-1.25, 1.75]), atol=1e-4, rtol=0)  # s alone: -.25, .75


def test_each_picture_has_its_own_style() -> None:
    torch.manual_seed(0)
    norm = AdaptiveInstanceNorm(3)
    nn.init.normal_(norm.affine.weight)
    features, styles = noise(1, 3, 4, 4).repeat(2, 1, 1, 1), torch.randn(2, STYLE)
    both = norm(features, styles)
    assert not torch.allclose(both[0], both[1])
    torch.testing.assert_close(both[1:], norm(features[1:], styles[1:]))


def test_a_layer_of_c_channels_has_34_c_parameters() -> None:
    assert sum(weight.numel() for weight in AdaptiveInstanceNorm(64).parameters()) == 2 * 17 * 64
