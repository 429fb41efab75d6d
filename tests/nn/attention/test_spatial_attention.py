"""The CSA block by hand, the generator's published count, its sizes, and that less memory changes nothing."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.nn.attention.spatial_attention import HintNetwork, SpatialAttentionBlock, SpatialAttentionNet
from tests.nn.generators import noise


def count(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def last_bias(block: SpatialAttentionBlock, value: float) -> None:
    assert block.attention is not None
    convolution = block.attention[2]
    assert isinstance(convolution, nn.Conv2d)
    assert convolution.bias is not None
    nn.init.constant_(convolution.bias, value)


def test_published_parameter_counts() -> None:
    with torch.device("meta"):
        generator, plain = SpatialAttentionNet(5), SpatialAttentionNet(5, hints=0)
        learned = HintNetwork()
    assert count(generator) == 103_994_179
    assert count(generator.blocks[0]) == 10_618_880
    assert count(plain) == 54_440_003
    assert count(learned) == 23_728


@pytest.mark.parametrize("maps", [1, 4])
def test_a_block_without_attention_gives_what_it_was_given_and_with_all_of_it_the_sum(maps: int) -> None:
    block = SpatialAttentionBlock(4, hints=2, maps=maps)
    features, hints = noise(2, 4, 6, 6), noise(2, 2, 6, 6)
    with torch.no_grad():
        last_bias(block, -1e4)
        torch.testing.assert_close(block(features, hints), features)  # and not features times 0
        last_bias(block, 1e4)
        torch.testing.assert_close(block(features, hints), features + block.residual(features))
        assert (block.residual(features) < 0).any(), "no ReLU after the second norm"


def test_attention_is_asked_of_the_change_and_the_hints_alone() -> None:
    block = SpatialAttentionBlock(4, hints=2, maps=4)
    features, hints = noise(1, 4, 6, 6), noise(1, 2, 6, 6)
    with torch.no_grad():
        changed = block(features, hints)
        assert not torch.equal(changed, block(features, hints + 1))
        assert block.attention is not None
        attended = block.attention(torch.cat([block.residual(features), hints], 1))
        torch.testing.assert_close(changed, features + block.residual(features) * attended)
        out, attention = block.attend(features, hints)
    torch.testing.assert_close(out, changed)
    torch.testing.assert_close(attention, attended.mean(1, keepdim=True))
    assert attention.shape == (1, 1, 6, 6)
    assert ((attention > 0) & (attention < 1)).all()


def test_learned_hint_features_are_an_eighth_of_the_size_with_both_signs() -> None:
    features = HintNetwork()(noise(2, 4, 64, 96))
    assert features.shape == (2, 64, 8, 12)
    assert (features < 0).any()


def by_the_table(network: SpatialAttentionNet, drawing: Tensor, hints: Tensor) -> Tensor:
    """The generator written down again: in which order features are joined, where they are normed and activated."""

    def convolved(layer: nn.Module, given: Tensor) -> Tensor:
        assert isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)
        run = functional.conv2d if isinstance(layer, nn.Conv2d) else functional.conv_transpose2d
        return run(given, layer.weight, layer.bias, layer.stride, layer.padding)  # type: ignore[arg-type]

    def normed(layer: nn.Module, given: Tensor) -> Tensor:
        return functional.instance_norm(convolved(layer, given))

    skips = [normed(network.first[0], drawing).relu()]
    for down in network.down:
        skips.append(normed(down[0], skips[-1]).relu())  # type: ignore[index]
    (reduce,) = network.hints
    for place in (0, 2, 4):
        hints = convolved(reduce[place], hints).relu()  # type: ignore[index]
    features = skips.pop()
    for block in network.blocks:
        assert isinstance(block, SpatialAttentionBlock)
        assert block.attention is not None
        change = normed(block.residual[3], normed(block.residual[0], features).relu())
        asked = convolved(block.attention[0], torch.cat([change, hints], 1)).relu()
        features = features + change * convolved(block.attention[2], asked).sigmoid()
    features = normed(network.up[0][0], features).relu()  # type: ignore[index]
    for up in network.up[1:]:
        features = normed(up[0], torch.cat([features, skips.pop()], 1)).relu()  # type: ignore[index]
    (full,) = skips
    return convolved(network.last[0], torch.cat([features, full], 1)).tanh()


def test_it_is_the_network_of_the_table() -> None:
    torch.manual_seed(0)
    network = SpatialAttentionNet(5, width=2, blocks=2, hints=3)
    given = noise(1, 5, 48, 64), noise(1, 3, 6, 8)
    with torch.no_grad():
        torch.testing.assert_close(network(*given), by_the_table(network, *given))


@pytest.mark.parametrize("shape", [(32, 32), (48, 80)])
def test_any_multiple_of_16_px_is_painted(shape: tuple[int, int]) -> None:
    network = SpatialAttentionNet(5, width=2, blocks=2, hints=3)
    hints = noise(1, 3, shape[0] // 8, shape[1] // 8)
    with torch.no_grad():
        painted = network(noise(1, 5, *shape), hints)
        again, attention = network.with_attention(noise(1, 5, *shape), hints)
    assert painted.shape == (1, 3, *shape)
    assert painted.abs().max() <= 1
    torch.testing.assert_close(again, painted)
    assert attention.shape == (1, 1, shape[0] // 16, shape[1] // 16)


def test_blocks_share_their_hint_convolutions_or_have_their_own() -> None:
    shared, own = (SpatialAttentionNet(5, width=2, blocks=3, hints=4, shared=shared) for shared in (True, False))
    assert (len(shared.hints), len(own.hints)) == (1, 3)
    stack = 4 * 8 * 9 + 8 + 2 * (8 * 8 * 9 + 8)
    assert count(own) - count(shared) == 2 * stack
    one = SpatialAttentionNet(5, width=2, blocks=3, hints=4, one_map=True)
    assert count(shared) - count(one) == 3 * 15 * (16 * 9 + 1), "the last convolution gives 1 channel instead of 16"


@pytest.mark.parametrize("hints", [0, 3])
def test_gradients_with_less_memory_are_the_same(hints: int) -> None:
    torch.manual_seed(0)
    network = SpatialAttentionNet(5, width=2, blocks=2, hints=hints, shared=False)
    features = noise(1, 3, 4, 4) if hints else None
    gradients = []
    for network.checkpointing in (False, True):
        network.zero_grad()
        network(noise(1, 5, 32, 32), features).square().mean().backward()
        gradients.append([weight.grad.clone() for weight in network.parameters() if weight.grad is not None])
    assert len(gradients[0]) == len(list(network.parameters()))
    for plain, saved in zip(*gradients, strict=True):
        torch.testing.assert_close(saved, plain)
