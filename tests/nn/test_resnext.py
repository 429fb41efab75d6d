"""ResNeXt blocks and the critic made of them: published numbers of weights, what a block leaves alone, sizes."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.nn.adversarial import gradient_penalty
from pipelines.nn.resnext import ResNeXtBlock, ResNeXtCritic
from tests.nn.generators import check_checkpointing, noise


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("channels", "cardinality", "weights"), [(512, 32, 280_576), (256, 32, 70_144), (128, 32, 17_536), (64, 16, 4_672)]
)
def test_published_weights_of_blocks(channels: int, cardinality: int, weights: int) -> None:
    with torch.device("meta"):
        assert count(ResNeXtBlock(channels, cardinality=cardinality, dilation=2)) == weights


def test_a_block_that_adds_nothing_gives_what_it_was_given() -> None:
    """Also where that is negative: no activation comes after the sum."""
    features = noise(2, 8, 6, 6)
    for stride, wanted in ((1, features), (2, functional.avg_pool2d(features, 2))):
        block = ResNeXtBlock(8, cardinality=2, stride=stride)
        nn.init.zeros_(block.expand.weight)
        torch.testing.assert_close(block(features), wanted, rtol=0, atol=0)
    assert features.min() < -0.5


def test_a_block_by_its_formula() -> None:
    torch.manual_seed(0)
    features = noise(1, 8, 9, 9)
    block = ResNeXtBlock(8, cardinality=2, dilation=2)
    inner = functional.leaky_relu(functional.conv2d(features, block.reduce.weight), 0.2)
    spread = [
        functional.conv2d(part, weight, padding=2, dilation=2)
        for part, weight in zip(inner.chunk(2, 1), block.grouped.weight.chunk(2), strict=True)
    ]
    inner = functional.leaky_relu(torch.cat(spread, 1), 0.2)
    torch.testing.assert_close(block(features), features + functional.conv2d(inner, block.expand.weight))


def test_dilation_widens_what_a_pixel_depends_on() -> None:
    torch.manual_seed(0)
    features = noise(1, 4, 9, 9).requires_grad_()
    ResNeXtBlock(4, cardinality=1, dilation=4)(features)[0, :, 4, 4].sum().backward()
    assert features.grad is not None
    rows = features.grad.abs().sum((0, 1, 3)).nonzero().flatten().tolist()
    assert rows == [0, 4, 8]


@pytest.mark.parametrize("dilation", [1, 2, 4])
def test_gradients_in_half_precision_are_those_in_whole_but_for_rounding(dilation: int) -> None:
    """With channels last; oneDNN's own for dilated groups are garbage."""
    torch.manual_seed(0)
    block = ResNeXtBlock(32, cardinality=4, dilation=dilation)
    block.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    gradients = []
    for enabled in (False, True):
        features = noise(2, 32, 32, 32).contiguous(memory_format=torch.channels_last).requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            result = block(features)
        result.float().square().sum().backward()
        gradients.append([weight.grad.clone() for weight in block.parameters() if weight.grad is not None])
        block.zero_grad()
    assert len(gradients[0]) == 3
    for whole, half in zip(*gradients, strict=True):
        assert (half - whole).norm() < 0.05 * whole.norm()


def test_a_dilated_convolution_learns_alike_in_bfloat16_behind_layers_that_do_not() -> None:
    torch.manual_seed(0)
    block = ResNeXtBlock(32, cardinality=4, dilation=2)
    block.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    block.reduce.requires_grad_(False)
    gradients = []
    for enabled in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            result = block(noise(2, 32, 32, 32).contiguous(memory_format=torch.channels_last))
        result.float().square().sum().backward()
        assert block.grouped.weight.grad is not None
        gradients.append(block.grouped.weight.grad.clone())
        block.zero_grad()
    assert (gradients[1] - gradients[0]).norm() < 0.05 * gradients[0].norm()


def test_published_weights_of_the_critic() -> None:
    with torch.device("meta"):
        assert count(ResNeXtCritic(size=512, features=512)) == 10_612_033
        assert count(ResNeXtCritic(size=256, features=512)) == 9_882_945


def test_the_critic_is_that_of_the_table() -> None:
    """Written down again at 128 px: one more pair of blocks than at 64, features behind what was seen."""
    torch.manual_seed(0)
    critic = ResNeXtCritic(size=128, features=8, width=16)
    look, weigh = iter(critic.look), iter(critic.weigh)

    def through(layers: Iterator[nn.Module], given: Tensor, plan: str) -> Tensor:
        for part in plan.split():
            layer = next(layers)
            if part.startswith("conv"):
                assert isinstance(layer, nn.Conv2d)
                assert part == f"conv{layer.kernel_size[0]}/{layer.stride[0]}/{layer.padding[0]}"
                given = functional.conv2d(given, layer.weight, None, layer.stride, layer.padding)
                given = functional.leaky_relu(given, 0.2)
                assert isinstance(next(layers), nn.LeakyReLU)
            else:
                assert isinstance(layer, ResNeXtBlock)
                assert layer.grouped.groups == 2  # an eighth of the width
                assert layer.grouped.stride == ((2, 2) if part == "halved" else (1, 1))
                given = layer(given)
        assert next(layers, None) is None
        return given

    pictures, features = noise(1, 3, 128, 128), noise(1, 8, 8, 8)
    with torch.no_grad():
        seen = through(look, pictures, "conv7/1/3 conv4/2/1 " + " conv1/1/0 ".join(["block halved"] * 3))
        seen = through(weigh, torch.cat([seen, features], 1), "conv3/1/1 block halved block conv4/1/0")
        torch.testing.assert_close(critic(pictures, features), critic.decide(seen.flatten(1)))


@pytest.mark.parametrize("size", [64, 80, 128, 192, 256])
def test_the_critic_gives_one_logit_a_picture(size: int) -> None:
    critic = ResNeXtCritic(size=size, features=3, width=4)
    with torch.no_grad():
        assert critic(noise(2, 3, size, size), noise(2, 3, size // 16, size // 16)).shape == (2, 1)


@pytest.mark.parametrize("size", [64, 128, 256])
def test_a_square_of_the_critics_size_ends_in_one_place(size: int) -> None:
    """So that the mean over places changes nothing of the published critic."""
    critic = ResNeXtCritic(size=size, width=4)
    with torch.no_grad():
        assert critic.weigh(critic.look(noise(1, 3, size, size))).shape[2:] == (1, 1)


def test_the_critic_hears_of_the_drawing() -> None:
    torch.manual_seed(0)
    critic, pictures = ResNeXtCritic(size=64, features=3, width=8), noise(1, 3, 64, 64)
    one, other = (critic(pictures, torch.full((1, 3, 4, 4), value)) for value in (0.0, 1.0))
    assert (one - other).abs().item() > 1e-4


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("last", [False, True])
def test_the_penaltys_gradient_reaches_every_weight_of_the_critic(checkpointing: bool, last: bool) -> None:
    torch.manual_seed(0)
    critic = ResNeXtCritic(size=64, width=8)
    critic.checkpointing = checkpointing
    if last:
        critic.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    gradient_penalty(critic, noise(2, 3, 64, 64), noise(2, 3, 64, 64).flip(0)).backward()  # type: ignore[no-untyped-call]
    for name, weight in critic.named_parameters():
        if name != "decide.bias":  # the slope of the logit knows nothing of what is added to it
            assert weight.grad is not None, name
            assert weight.grad.abs().sum() > 0, name


def test_checkpointing_changes_memory_and_nothing_else() -> None:
    check_checkpointing(ResNeXtCritic(size=64, width=8))


def test_the_slope_of_small_logits_is_not_rounded_away_in_half_precision() -> None:
    critic = ResNeXtCritic(size=64, width=8)
    with torch.autocast("cpu", torch.bfloat16):
        logits = critic(torch.zeros(2, 3, 64, 64))
        assert logits.dtype == torch.float32
        real = -logits.mean() + 1e-3 * logits.square().mean()
    real.backward()
    assert critic.decide.bias.grad is not None
    slope = float((-1 + 2e-3 * logits.detach().mean()).item())
    assert float(critic.decide.bias.grad) == pytest.approx(slope, abs=1e-7)
