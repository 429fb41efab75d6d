"""Pix2Pix as published: parameter counts, scales, initial weights, presets."""

import pytest
import torch
from torch import nn

from pipelines.core.errors import SettingsError
from pipelines.models import pix2pix
from pipelines.models.pix2pix import task as pix2pix_task
from tests.nn.generators import noise


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_published_parameter_counts() -> None:
    with torch.device("meta"):
        networks = pix2pix_task.Task(pix2pix.Params()).networks
    assert count(networks["generator"]) == 54_413_955  # "54.414 M"
    assert count(networks["discriminator"]) == 2_768_705  # "2.769 M", 6 channels


@pytest.mark.parametrize(("generator", "scales"), [("unet_128", 7), ("unet_256", 8), ("unet_512", 9)])
def test_a_unet_of_a_size_ends_in_one_pixel(generator: str, scales: int) -> None:
    params = pix2pix.Params(generator=generator, ngf=1)  # type: ignore[arg-type]
    network = pix2pix.build_network(params).eval()
    assert params.size == 2**scales
    assert sum(isinstance(layer, nn.Dropout) for layer in network.modules()) == scales - 5
    smallest = []
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda _layer, _given, result: smallest.append(result.shape[-1]))
    with torch.no_grad():
        network(noise(1, 3, params.size, params.size))
    assert (len(smallest), smallest[-1]) == (scales, 1)


def test_initial_weights_are_drawn_as_published() -> None:
    torch.manual_seed(0)
    networks = pix2pix_task.Task(pix2pix.Params(generator="unet_128", ngf=16, ndf=16)).networks
    for network in networks.values():
        filters = torch.cat([tensor.flatten() for tensor in network.parameters() if tensor.ndim == 4])
        scales = torch.cat([layer.weight for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)])
        assert abs(filters.mean()) < 1e-4
        assert filters.std().item() == pytest.approx(0.02, rel=0.02)
        assert scales.mean().item() == pytest.approx(1, abs=0.01)
        assert scales.std().item() == pytest.approx(0.02, rel=0.2)
        biases = [tensor for name, tensor in network.named_parameters() if name.endswith("bias")]
        assert biases
        assert not any(bias.any() for bias in biases)


def test_settings_out_of_range_say_what_is_allowed() -> None:
    with pytest.raises(SettingsError, match="from 1 to 1024"):
        pix2pix.Params(ngf=0)


def test_presets_have_recipes_and_fakemon_is_150_wide() -> None:
    presets = {"standard", "fakemon", "small", "anime", "anime-small", "maps", "maps-small"}
    assert set(pix2pix.PRESETS) == set(pix2pix.RECIPES) == presets
    fakemon = pix2pix.PRESETS["fakemon"]
    assert (fakemon.ngf, fakemon.ndf, fakemon.size) == (150, 150, 256)


def test_the_recipes_of_anime_and_maps_are_those_of_their_text() -> None:
    anime, maps = pix2pix.PRESETS["anime"], pix2pix.PRESETS["maps"]
    assert anime == pix2pix.Params()
    recipe = pix2pix.RECIPES["anime"]
    assert [recipe[name] for name in ("batch_size", "epochs", "learning_rate", "beta1", "beta2")] == [
        1,
        100,
        2e-4,
        0.5,
        0.999,
    ]
    assert recipe["hintless"] == 1.0, "lines alone"
    assert (maps.gan, maps.generator_gan, maps.critic_steps, maps.penalty_weight, maps.l1_weight) == (
        "wgan-gp",
        "bce",
        3,
        10.0,
        10.0,
    )
    assert (maps.norm, maps.input, maps.size) == ("instance", "picture", 256)
    recipe = pix2pix.RECIPES["maps"]
    assert [recipe[name] for name in ("batch_size", "epochs", "learning_rate", "beta1", "beta2")] == [
        32,
        600,
        1e-4,
        0.0,
        0.9,
    ]


def test_what_a_network_reads_and_in_which_domains_it_paints_is_said() -> None:
    spec = pix2pix.network_spec(pix2pix.PRESETS["maps"])
    assert spec.encoding.reads_picture
    assert not pix2pix.network_spec(pix2pix.Params()).encoding.reads_picture
    by_domain = pix2pix.network_spec(pix2pix.Params(domains="a,b", norm="adain"))
    assert (by_domain.domains, by_domain.paints_by_domain) == (("a", "b"), True)
    by_weight = pix2pix.network_spec(pix2pix.Params(domains="a,b", l1_weights="a=1,b=2"))
    assert (by_weight.domains, by_weight.paints_by_domain) == (("a", "b"), False)


@pytest.mark.parametrize(("kind", "channels"), [("lines", 1), ("composite", 3), ("hinted", 4), ("layers", 5)])
def test_a_generator_has_the_channels_of_its_input(kind: str, channels: int) -> None:
    params = pix2pix.Params(generator="unet_128", ngf=1, input=kind)  # type: ignore[arg-type]
    network = pix2pix.build_network(params)
    assert network.model.model[0].weight.shape[1] == channels
    assert pix2pix.REFERENCE_INPUTS[channels] == kind


def test_notes_say_what_undoes_a_switch_and_whose_steps_are_counted() -> None:
    assert pix2pix.training_notes(pix2pix.Params()) == ()
    (undone,) = pix2pix.training_notes(pix2pix.Params(spectral_norm="discriminator"))
    assert "norm=instance" in undone
    assert pix2pix.training_notes(pix2pix.Params(spectral_norm="both", norm="instance")) == ()
    (counted,) = pix2pix.training_notes(pix2pix.PRESETS["maps"])
    assert "one of 3" in counted


def test_what_no_reference_file_holds_is_named() -> None:
    assert pix2pix.strange_to_reference(pix2pix.Params(spectral_norm="both", attention="discriminator")) == ""
    strange = pix2pix.Params(norm="adain", domains="a,b", attention="both", skips="gated")
    assert pix2pix.strange_to_reference(strange) == "norm=adain, attention=both, skips=gated"
