"""CSA as published: parameter counts, presets, what it needs, settings that are refused."""

import pytest
import torch
from torch import nn

from pipelines.core.errors import SettingsError, UsageError
from pipelines.models import csa
from pipelines.train.weight_files import weight_file_digests


def count(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def test_parameter_counts_of_the_presets() -> None:
    with torch.device("meta"):
        standard, small = (csa.build_network(csa.PRESETS[name]) for name in ("standard", "small"))
        plain = csa.build_network(csa.Params(attention=False))
    assert count(standard.generator) == 103_994_179
    assert count(standard) - count(standard.generator) == 10_585_152, "VGG19 to its twelfth convolution"
    assert count(plain) == 54_440_003
    assert count(small) == 3_816_659 + 23_728


def test_presets_have_recipes_and_standard_is_the_papers() -> None:
    assert set(csa.PRESETS) == set(csa.RECIPES) == {"standard", "small"}
    standard = csa.PRESETS["standard"]
    assert (standard.size, standard.width, standard.blocks, standard.l1_weight) == (512, 64, 8, 0)
    recipe = csa.RECIPES["standard"]
    assert recipe["batch_size"] * recipe["accumulate"] == 32  # type: ignore[operator]
    assert (recipe["learning_rate"], recipe["redraw_hints"]) == (2e-4, "points")


def test_files_are_needed_where_vgg19_is() -> None:
    assert csa.weight_files(csa.PRESETS["small"]) == {}
    assert csa.weight_files(csa.Params(attention=False, perceptual="off")) == {}
    assert csa.weight_files(csa.Params(attention=False, perceptual_weight=0.0)) == {}, "a loss that says nothing"
    assert csa.weight_files(csa.Params(vgg="a.pth")) == {"vgg": "a.pth"}
    for params in (csa.Params(), csa.Params(attention=False), csa.Params(perceptual="off")):
        with pytest.raises(UsageError, match="csa needs the weights of VGG19") as raised:
            weight_file_digests(csa, params)
        assert "--set vgg=FILE" in raised.value.hint
        assert "--preset small" in raised.value.hint


def test_settings_out_of_range_say_what_is_allowed() -> None:
    with pytest.raises(SettingsError, match="Use 496"):
        csa.Params(size=500)
    with pytest.raises(SettingsError, match="at least 128"):
        csa.Params(size=112)
    with pytest.raises(SettingsError, match="at least 0"):
        csa.Params(feature_weight=-1.0)
    assert csa.Params(size=32, layers_d=1).size == 32


def test_settings_that_would_say_nothing_are_refused() -> None:
    with pytest.raises(SettingsError, match="attention_channels says nothing without attention"):
        csa.Params(attention=False, attention_channels="one")
    with pytest.raises(SettingsError, match="nothing looks at the file vgg"):
        csa.Params(attention=False, perceptual="off", vgg="vgg19.pth")
    with pytest.raises(SettingsError, match="nothing looks at the file vgg"):
        csa.Params(attention=False, perceptual_weight=0.0, vgg="vgg19.pth")


def test_attention_is_shown_where_there_is_any() -> None:
    assert csa.network_spec(csa.Params()).steps == ("input", "raw", "attention")
    plain = csa.network_spec(csa.Params(attention=False))
    assert plain.steps == ("input", "raw")
    assert len(plain.outputs) == 1
