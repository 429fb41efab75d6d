"""Self-attention by hand: how much each place looks at which, and that it begins by changing nothing."""

import math

import pytest
import torch

from pipelines.nn.adversarial import PatchGan
from pipelines.nn.attention.self_attention import SelfAttention, attention_weights
from tests.nn.generators import noise


def test_at_first_nothing_changes() -> None:
    features = noise(2, 16, 4, 5)
    assert torch.equal(SelfAttention(16)(features), features)


def test_weights_are_a_softmax_over_places() -> None:
    query = torch.tensor([[[1.0, 1.0]]])  # (B, C, places)
    key = torch.tensor([[[0.0, math.log(3)]]])
    weights = attention_weights(query, key)
    torch.testing.assert_close(weights, torch.tensor([[[0.25, 0.75], [0.25, 0.75]]]))  # over one channel: 1 everywhere


def test_each_place_gets_what_it_looks_at() -> None:
    block = SelfAttention(8)
    with torch.no_grad():
        for part in (block.query, block.key):
            part.weight.zero_()  # all places look at all places alike
        block.gamma.fill_(2.0)
    features = noise(1, 8, 3, 3)
    mean = features.mean((2, 3), keepdim=True)
    torch.testing.assert_close(block(features), features + 2 * block.out(block.value(mean)))


def test_a_place_gathers_by_its_own_weights_not_by_those_of_the_places_that_look_at_it() -> None:
    torch.manual_seed(0)
    block, features = SelfAttention(8), 3 * noise(1, 8, 1, 3)
    with torch.no_grad():
        block.gamma.fill_(1.0)
        query, key, value = (part(features)[0, :, 0].T for part in (block.query, block.key, block.value))
        for place in range(3):
            weights = torch.softmax(torch.stack([query[place].dot(other) for other in key]), 0)
            gathered = (weights[:, None] * value).sum(0)
            expected = features[0, :, 0, place] + block.out.weight[..., 0, 0] @ gathered
            torch.testing.assert_close(block(features)[0, :, 0, place], expected)


def test_256_channels_have_81_921_parameters() -> None:
    assert sum(weight.numel() for weight in SelfAttention(256).parameters()) == 81_921


@pytest.mark.parametrize("channels", [1, 3])
def test_few_channels_will_do(channels: int) -> None:
    assert SelfAttention(channels)(noise(1, channels, 2, 2)).shape == (1, channels, 2, 2)


def test_a_discriminator_attends_at_32_px_of_256() -> None:
    discriminator = PatchGan(6, width=2, attention=True)
    (block,) = (layer for layer in discriminator.modules() if isinstance(layer, SelfAttention))
    sizes = []
    block.register_forward_hook(lambda _block, given, _result: sizes.append(given[0].shape))
    assert discriminator(noise(1, 6, 256, 256)).shape == (1, 1, 30, 30)
    assert sizes == [(1, 8, 32, 32)]
