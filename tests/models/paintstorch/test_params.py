"""PaintsTorch as published: numbers of weights, settings, presets, which files it asks for."""

import dataclasses

import pytest
import torch
from torch import nn

from pipelines.core.errors import SettingsError, UsageError
from pipelines.models import paintstorch
from pipelines.models.paintstorch.network import build_generator, build_painter
from pipelines.models.paintstorch.task import Task
from pipelines.train.weight_files import weight_file_digests

SMALL = paintstorch.PRESETS["small"]


def count(network: nn.Module | None) -> int:
    assert network is not None
    return sum(parameter.numel() for parameter in network.parameters())


def test_published_weights_of_the_generators() -> None:
    with torch.device("meta"):
        painter = build_painter(paintstorch.Params(keep_sketcher=True))
        assert count(build_generator(paintstorch.Params(), 3, 1)) == count(painter.sketcher) == 21_935_425
        assert count(build_painter(paintstorch.Params(features="none"))) == 19_576_707
    assert count(painter.colours) == 21_936_003
    assert count(painter.features) == 4_500_864


def test_published_weights_of_the_critic() -> None:
    bare = {"features": "none", "content": "pixels", "double": False}
    with torch.device("meta"):
        critic = Task(paintstorch.Params(**bare)).networks["critic"]  # type: ignore[arg-type]
    assert count(critic) == 10_612_033 - 512 * 512 * 9  # without features


def test_the_small_preset_is_small() -> None:
    with torch.device("meta"):
        networks = Task(SMALL).networks
    assert {name: count(network) for name, network in networks.items()} == {"painter": 1_053_411, "critic": 491_345}


def test_the_adversarial_weight_is_tied_to_the_penalty() -> None:
    """0.0001 was chosen with slopes of 1 a pixel, which are about as many times larger a picture as it is px wide."""
    presets = paintstorch.PRESETS
    assert presets["paintstorch"].adversarial_factor == pytest.approx(1e-4)
    assert presets["standard"].adversarial_factor == pytest.approx(1e-4 * 512)
    assert presets["small"].adversarial_factor == pytest.approx(0.00128)


def test_the_recipes_are_the_papers() -> None:
    """Section 3.5, table 3."""
    for recipe in paintstorch.RECIPES.values():
        assert (recipe["beta1"], recipe["beta2"], recipe["schedule"]) == (0.5, 0.9, "constant")
        assert recipe["redraw_hints"] == "strokes"
    for name in ("standard", "paintstorch"):
        recipe = paintstorch.RECIPES[name]
        assert recipe["learning_rate"] == 1e-4
        assert recipe["batch_size"] * recipe["accumulate"] == 32  # type: ignore[operator]
    assert paintstorch.RECIPES["paintstorch"]["hintless"] == 0


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ({"size": 100}, "Use 96"),
        ({"size": 48}, "from 64"),
        ({"width": 12}, "Use 8"),
        ({"blocks": 0}, "from 1"),
        ({"adversarial_weight": -1.0}, "at least 0"),
        ({"double": False, "keep_sketcher": True}, "double=true"),
        ({"content": "pixels", "vgg": "vgg16.pth"}, "content=vgg"),
    ],
)
def test_settings_out_of_range_say_what_is_allowed(wrong: dict[str, object], hint: str) -> None:
    with pytest.raises(SettingsError, match=hint):
        paintstorch.Params(**wrong)  # type: ignore[arg-type]


def test_files_of_weights_by_their_settings() -> None:
    assert paintstorch.weight_files(SMALL) == {}
    both = dataclasses.replace(paintstorch.Params(), features="a.pth", vgg="b.pth")
    assert paintstorch.weight_files(both) == {"features": "a.pth", "vgg": "b.pth"}
    assert paintstorch.weight_files(dataclasses.replace(both, content="pixels", vgg="")) == {"features": "a.pth"}


@pytest.mark.parametrize("preset", ["standard", "paintstorch"])
def test_without_its_files_it_says_how_to_give_them(preset: str) -> None:
    params = paintstorch.PRESETS[preset]
    with pytest.raises(
        UsageError, match=r"paintstorch needs the weights of Illustration2Vec and of VGG16[.] Give the files"
    ) as refusal:
        weight_file_digests(paintstorch, params)
    assert "--set features=FILE --set vgg=FILE" in str(refusal.value.hint)
    assert "--preset small" in str(refusal.value.hint)
    with pytest.raises(UsageError, match=r"needs the weights of VGG16[.] Give the file: ") as refusal:
        weight_file_digests(paintstorch, dataclasses.replace(params, features="none"))
    assert "--set content=pixels" in str(refusal.value.hint)
    with pytest.raises(UsageError, match=r"Illustration2Vec; vgg: no\.pth is no file"):
        weight_file_digests(paintstorch, dataclasses.replace(params, vgg="no.pth"))


def test_what_it_says_of_its_network() -> None:
    spec = paintstorch.network_spec(SMALL)
    assert (spec.size, spec.size_multiple) == (128, 16)
    assert spec.steps == ("input", "hints", "raw")
    kept = paintstorch.network_spec(paintstorch.Params(keep_sketcher=True))
    assert kept.steps == ("input", "hints", "raw", "sketch")
    assert [output.name for output in kept.outputs] == ["picture", "sketch"]


def test_frames_that_are_no_squares_are_refused_as_the_critic_takes_none() -> None:
    assert paintstorch.network_spec(paintstorch.Params(features="none", content="pixels")).square_only
