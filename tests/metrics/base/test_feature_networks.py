"""Networks as files give what their layers give."""

import math

import numpy as np
import torch

from pipelines.metrics import fid
from pipelines.metrics.base.feature_networks import decode_features, encode_features, vgg_features, vgg_layers
from tests.metrics.networks import BLOCKS, VGG16, ChannelStatistics, noise_case


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
