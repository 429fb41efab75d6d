"""The ResNet of CycleGAN: sizes, the published layout, gradients, memory."""

import pytest
import torch

from tests.inference.reference_layout import ReferenceResNet
from tests.nn.generators import check_checkpointing, check_gradients, check_reference_layout, noise, tiny_resnet

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("shape", [(8, 8), (32, 20), (64, 48)])
def test_resnet_keeps_the_size_of_any_multiple_of_four(shape: tuple[int, int]) -> None:
    with torch.no_grad():
        result = tiny_resnet()(noise(2, 3, *shape))
    assert result.shape == (2, 3, *shape)
    assert result.abs().max() <= 1


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize("dropout", [True, False])
def test_the_reference_layout_loads_in_order_and_gives_the_same_pictures(norm: str, dropout: bool) -> None:
    settings = {"norm": norm, "dropout": dropout}
    check_reference_layout(tiny_resnet(**settings), ReferenceResNet(3, 2, 2, **settings), 32)


def test_gradients_are_those_of_layers_that_write_nothing_in_place() -> None:
    check_gradients(tiny_resnet(), ReferenceResNet(3, 2, 2))


def test_checkpointing_changes_memory_and_nothing_else() -> None:
    check_checkpointing(tiny_resnet(norm="batch", dropout=True))
