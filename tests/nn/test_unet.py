"""The U-Net of Pix2Pix: sizes, the published layout, gradients, memory, dropout."""

import pytest
import torch
from torch import nn

from pipelines.nn.unet import UNet
from tests.inference.reference_layout import ReferenceUNet
from tests.nn.generators import check_checkpointing, check_gradients, check_reference_layout, noise, tiny_unet

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize(("downs", "shape"), [(5, (32, 32)), (5, (64, 96)), (7, (128, 256)), (8, (256, 256))])
def test_unet_keeps_the_size_of_any_multiple(downs: int, shape: tuple[int, int]) -> None:
    with torch.no_grad():
        result = UNet(5, downs=downs, width=1)(noise(2, 5, *shape))
    assert result.shape == (2, 3, *shape)
    assert result.abs().max() <= 1


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize("dropout", [True, False])
def test_the_reference_layout_loads_in_order_and_gives_the_same_pictures(norm: str, dropout: bool) -> None:
    settings = {"norm": norm, "dropout": dropout}
    check_reference_layout(tiny_unet(downs=6, **settings), ReferenceUNet(3, 6, 2, **settings), 64)


def test_gradients_are_those_of_layers_that_write_nothing_in_place() -> None:
    """In-place activations on skip connections are where a U-Net goes wrong."""
    check_gradients(tiny_unet(), ReferenceUNet(3, 5, 2))


def test_checkpointing_changes_memory_and_nothing_else() -> None:
    check_checkpointing(tiny_unet())


def test_dropout_is_noise_in_training_only() -> None:
    network, picture = tiny_unet(downs=6), noise(2, 3, 64, 64)
    nn.init.normal_(network.model.model[-2].weight, 0, 1)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    assert not torch.equal(network(picture), network(picture))
    assert torch.equal(network.eval()(picture), network(picture))
