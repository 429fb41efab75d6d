"""Networks as files give what their layers give."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from pipelines.core.errors import UsageError
from pipelines.metrics import fid
from pipelines.metrics.base.feature_networks import (
    decode_features,
    encode_features,
    is_program,
    picture_features,
    vgg_features,
    vgg_layers,
)
from pipelines.metrics.base.inception import inception_features
from tests.metrics.networks import BLOCKS, VGG16, ChannelStatistics, inception_state, noise_case


def test_pooling_is_read_off_the_gaps_in_the_numbers(vgg: str) -> None:
    assert [pool for _, _, pool in vgg_layers(vgg)] == [number in (5, 10, 17, 24) for number in VGG16]
    features = vgg_features(vgg, torch.rand(2, 3, 32, 32))
    assert [tuple(one.shape) for one in features] == [
        (2, width, 32 >> block, 32 >> block) for block, width in enumerate(BLOCKS)
    ]


def test_the_features_are_those_of_the_layers_one_after_the_other(vgg: str) -> None:
    state = torch.load(vgg, weights_only=True)
    layers: list[torch.nn.Module] = []
    for number, (into, out) in list(VGG16.items())[:4]:
        if number == 5:
            layers.append(torch.nn.MaxPool2d(2))
        convolution = torch.nn.Conv2d(into, out, 3, padding=1)
        convolution.load_state_dict({name: state[f"features.{number}.{name}"] for name in ("weight", "bias")})
        layers += [convolution, torch.nn.ReLU()]
    pictures = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(vgg_features(vgg, pictures)[1], torch.nn.Sequential(*layers)(pictures))


def test_features_of_a_torchscript_file_are_those_of_its_network(script: str) -> None:
    shown = noise_case(4)
    text = fid.Metric(script).measure(shown)
    metric = fid.Metric()
    metric.update("a", text)
    batch = torch.from_numpy(np.stack([shown.result, shown.truth]).transpose(0, 3, 1, 2).copy())
    np.testing.assert_allclose(decode_features([text])[0], ChannelStatistics()(batch).numpy(), rtol=1e-5)
    assert math.isnan(metric.compute()), "one picture is no distribution"


def test_features_survive_as_text() -> None:
    features = np.random.default_rng(0).normal(size=(2, 5)).astype(np.float32).astype(np.float64)
    np.testing.assert_array_equal(decode_features([encode_features(features)] * 2), np.stack([features, features]))


def test_a_torchscript_file_is_a_program_and_weights_are_not(vgg: str, script: str, tmp_path: Path) -> None:
    assert is_program(script)
    assert not is_program(vgg)
    save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors")
    (tmp_path / "text.pt").write_text("no archive")
    for name in ("a.safetensors", "text.pt", "missing.pt"):
        assert not is_program(str(tmp_path / name))


def test_weights_of_inception_give_its_features(tmp_path: Path) -> None:
    state, path = inception_state(), tmp_path / "inception.safetensors"
    save_file(state, path)
    shown = noise_case(2, 16)
    features = picture_features(str(path), shown.result)
    batch = torch.from_numpy(shown.result.transpose(2, 0, 1)[None].copy())
    with torch.no_grad():
        np.testing.assert_allclose(features, inception_features(state, batch).double().numpy(), rtol=1e-4, atol=1e-4)


def test_other_weights_are_refused_by_name(vgg: str, tmp_path: Path) -> None:
    shown = noise_case(2, 16)
    with pytest.raises(UsageError, match="neither TorchScript nor Inception-v3"):
        picture_features(vgg, shown.result)
    cut = tmp_path / "cut.safetensors"
    save_file({name: value for name, value in inception_state().items() if name.startswith("Conv2d_1a")}, cut)
    with pytest.raises(UsageError, match=r"no.* a whole Inception-v3: Conv2d_2a_3x3\.conv\.weight is missing"):
        picture_features(str(cut), shown.result)
