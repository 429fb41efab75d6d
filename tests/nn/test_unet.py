"""The U-Net of Pix2Pix: sizes, the published layout, gradients, memory, dropout."""

import pytest
import torch
from torch import nn

from pipelines.nn.attention.self_attention import SelfAttention
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


# switches ---------------------------------------------------------------------------------------------------


def count(**switches: object) -> int:
    with torch.device("meta"):
        return sum(weight.numel() for weight in UNet(3, **switches).parameters())  # type: ignore[arg-type]


def test_switches_cost_the_parameters_that_they_should() -> None:
    assert count(skips="gated") - count() == 1_137_095
    assert count(attention=True) - count() == 81_921
    down, up = (128, 256, 512, 512, 512, 512), (512, 512, 512, 512, 256, 128, 64)  # channels of the layers with a norm
    assert count(norm="adain", domains=2) - count(norm="none") == 2 * 17 * sum(down + up) + 2 * 16


def test_summed_skips_halve_what_decoders_read() -> None:
    assert count(skips="summed") < count()
    network = UNet(3, downs=5, width=2, skips="summed")
    ups = [layer for layer in network.modules() if isinstance(layer, nn.ConvTranspose2d)]
    assert [layer.weight.shape[0] for layer in ups][-1] == 2
    assert network(noise(1, 3, 32, 32)).shape == (1, 3, 32, 32)


@pytest.mark.parametrize(("downs", "channels"), [(7, 4), (8, 8), (9, 16)])
def test_a_decoder_attends_at_32_px_whatever_the_size(downs: int, channels: int) -> None:
    network = UNet(3, downs=downs, width=2, attention=True)
    (block,) = (layer for layer in network.modules() if isinstance(layer, SelfAttention))
    shapes = []
    block.register_forward_hook(lambda _block, given, _result: shapes.append(given[0].shape))
    with torch.no_grad():
        network(noise(1, 3, 2**downs, 2**downs))
    assert shapes == [(1, channels, 32, 32)]
    (around,) = (list(part) for part in network.modules() if isinstance(part, nn.Sequential) and block in list(part))
    assert isinstance(around[around.index(block) - 1], nn.BatchNorm2d), "behind the norm"


@pytest.mark.parametrize("switches", [{"skips": "gated"}, {"skips": "summed"}, {"attention": True}, {"norm": "adain"}])
def test_checkpointing_changes_nothing_with_a_switch(switches: dict[str, object]) -> None:
    check_checkpointing(tiny_unet(downs=6, **switches))


def test_a_network_paints_in_its_own_domain_where_nobody_says_another() -> None:
    torch.manual_seed(0)
    network = UNet(3, downs=5, width=2, norm="adain", dropout=False, domains=3, domain=2).eval()
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight)  # so that styles say something
    pictures = noise(1, 3, 32, 32).repeat(3, 1, 1, 1)
    with torch.no_grad():
        each = network(pictures, torch.tensor([0, 1, 2]))
        own = network(pictures)
    torch.testing.assert_close(own[0], each[2])
    assert not torch.allclose(each[0], each[1])
    assert not torch.allclose(each[1], each[2])
