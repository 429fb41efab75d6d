"""The U-Net of dilated ResNeXt blocks: published numbers of weights, sizes, what its pictures depend on."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.nn.dilated_unet import DilatedUNet
from pipelines.nn.resnext import ResNeXtBlock
from tests.nn.generators import check_checkpointing, noise


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_published_weights() -> None:
    with torch.device("meta"):
        painter = DilatedUNet(1, 3, features=512)
        assert count(painter) == 21_936_003
        assert count(DilatedUNet(1, 3)) == 19_576_707  # without features
        assert count(DilatedUNet(3, 1, features=512)) == 21_935_425  # the second generator
    parts = {name: count(part) for name, part in painter.named_children()}
    assert parts == {
        "hint": 12_608,
        "down0": 320,
        "down1": 32_832,
        "down2": 131_200,
        "down3": 786_688,
        "down4": 2_097_664,
        "up4": 15_050_240,
        "up3": 2_921_216,
        "up2": 730_496,
        "up1": 171_008,
        "picture": 1_731,
    }


def tiny(**settings: int) -> DilatedUNet:
    torch.manual_seed(0)
    return DilatedUNet(1, 3, **{"width": 8, "blocks": 2, **settings})


def by_the_table(network: DilatedUNet, lines: Tensor, hints: Tensor, features: Tensor) -> Tensor:
    """The generator written down again: in which order features are joined, where they are activated."""

    def activated(layer: nn.Module, given: Tensor) -> Tensor:
        assert isinstance(layer, nn.Conv2d)
        convolved = functional.conv2d(given, layer.weight, layer.bias, layer.stride, layer.padding)
        return functional.leaky_relu(convolved, 0.2)

    def risen(rise: nn.Sequential, dilations: tuple[int, ...], *given: Tensor) -> Tensor:
        first, *blocks, last, _, _ = rise
        assert isinstance(first, nn.Sequential)
        below = activated(first[0], torch.cat(given, 1))
        for block, dilation in zip(blocks, dilations, strict=True):
            assert isinstance(block, ResNeXtBlock)
            inner = activated(block.reduce, below)
            groups, weight = block.grouped.groups, block.grouped.weight
            inner = functional.conv2d(inner, weight, padding=dilation, dilation=dilation, groups=groups)
            below = below + functional.conv2d(functional.leaky_relu(inner, 0.2), block.expand.weight)
        assert isinstance(last, nn.Conv2d)
        widened = functional.conv2d(below, last.weight, last.bias, padding=1)
        return functional.leaky_relu(functional.pixel_shuffle(widened, 2), 0.2)

    full = activated(network.down0[0], lines)
    half = activated(network.down1[0], full)
    quarter = activated(network.down2[0], half)
    eighth = activated(network.down3[0], torch.cat([quarter, activated(network.hint[0], hints)], 1))
    sixteenth = activated(network.down4[0], eighth)
    below = risen(network.up4, (1, 1), sixteenth, features)
    below = risen(network.up3, (1, 1, 2, 2, 4, 4, 2, 1), below, eighth)
    below = risen(network.up2, (1, 1, 2, 2, 4, 4, 2, 1), below, quarter)
    below = risen(network.up1, (1, 2, 4, 2, 1), below, half)
    return torch.tanh(network.picture(torch.cat([below, full], 1)))


def test_it_is_the_network_of_the_table() -> None:
    network = tiny(width=16, features=24)
    given = noise(1, 1, 48, 32), noise(1, 4, 12, 8), noise(1, 24, 3, 2)
    with torch.no_grad():
        torch.testing.assert_close(network(*given), by_the_table(network, *given))
    groups = {
        name: {layer.groups for layer in part.modules() if isinstance(layer, nn.Conv2d)} - {1}
        for name, part in network.named_children()
        if name.startswith("up")
    }
    assert groups == {"up4": {8}, "up3": {8}, "up2": {8}, "up1": {4}}  # half and a quarter of the width


@pytest.mark.parametrize(("height", "width"), [(16, 16), (48, 80), (64, 64)])
def test_any_sides_of_multiples_of_16(height: int, width: int) -> None:
    hints = noise(2, 4, height // 4, width // 4)
    painted = tiny(features=3)(noise(2, 1, height, width), hints, noise(2, 3, height // 16, width // 16))
    assert painted.shape == (2, 3, height, width)
    assert painted.abs().max() <= 1


def test_other_sides_are_refused() -> None:
    with pytest.raises(RuntimeError):
        tiny()(noise(1, 1, 40, 40), noise(1, 4, 10, 10))


def changes(network: DilatedUNet, one: tuple[Tensor, ...], other: tuple[Tensor, ...]) -> float:
    with torch.no_grad():
        return float((network(*one) - network(*other)).abs().max())


def test_pictures_depend_on_lines_hints_and_features() -> None:
    network = tiny(features=3)
    given = noise(1, 1, 32, 32), noise(1, 4, 8, 8), noise(1, 3, 2, 2)
    for index in range(3):
        other = [part.clone() for part in given]
        other[index][0, 0, 1, 1] += 1
        assert changes(network, given, tuple(other)) > 1e-6  # little at first: what lies deep is faint


def test_it_begins_with_something_to_pass_on() -> None:
    """Forty blocks without normalisation: initial weights that are too small would leave one colour everywhere."""
    network = tiny(width=16, blocks=20)
    given = noise(1, 1, 64, 64), noise(1, 4, 16, 16)
    with torch.no_grad():
        below = network.down4(network.down3(torch.cat([noise(1, 32, 16, 16), network.hint(given[1])], 1)))
        risen = network.up4(below)
    assert risen.std() > 0.1 * below.std()


def test_checkpointing_changes_memory_and_nothing_else() -> None:
    class Hinted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = tiny()

        @property
        def checkpointing(self) -> bool:
            return self.network.checkpointing

        @checkpointing.setter
        def checkpointing(self, wanted: bool) -> None:
            self.network.checkpointing = wanted

        def forward(self, pictures: Tensor) -> Tensor:
            painted: Tensor = self.network(pictures[:, :1], pictures.new_ones(2, 4, 16, 16))
            return painted

    check_checkpointing(Hinted())
