"""CycleGAN as published: parameter counts, settings, presets."""

import pytest
import torch
from torch import nn

from pipelines.core.errors import SettingsError
from pipelines.models import cyclegan
from pipelines.models.cyclegan import task as cyclegan_task


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_published_parameter_counts() -> None:
    with torch.device("meta"):
        networks = cyclegan_task.Task(cyclegan.Params()).networks
    assert count(networks["generator_a"]) == count(networks["generator_b"]) == 11_378_179  # "11.378 M"
    assert count(networks["discriminator_a"]) == 2_764_737  # "2.765 M", 3 channels


def test_settings_out_of_range_say_what_is_allowed() -> None:
    with pytest.raises(SettingsError, match="Use 100"):
        cyclegan.Params(size=102)
    with pytest.raises(SettingsError, match="at least 0"):
        cyclegan.Params(identity_weight=-1.0)


def test_presets_have_recipes_and_fakemon_is_150_wide() -> None:
    assert set(cyclegan.PRESETS) == set(cyclegan.RECIPES) == {"standard", "fakemon", "small"}
    fakemon = cyclegan.PRESETS["fakemon"]
    assert (fakemon.ngf, fakemon.ndf, fakemon.size) == (150, 150, 256)


def test_other_inputs_than_a_picture_have_no_identity_loss() -> None:
    with pytest.raises(SettingsError, match="a painter of lines has no identity loss") as raised:
        cyclegan.Params(input="lines")
    assert raised.value.hint == "Add --set identity_weight=0"
    assert cyclegan.network_spec(cyclegan.Params(input="lines", identity_weight=0)).encoding.channels == 1
