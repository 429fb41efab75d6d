"""Inception-v3 by weights alone: its names, its resizing, and the features of the reference implementation."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
import torch

from pipelines.metrics.base.inception import FIRST, inception_features, resized
from tests.metrics.networks import inception_convolutions, inception_state

# of torch-fidelity 0.4.0 (FeatureExtractorInceptionV3, "2048") with the weights of inception_state
REFERENCE = [0.7475, 0.0, 0.0, 1.93134, 0.56475, 4.42469, 0.0, 0.50533]  # every 256th feature
REFERENCE_MEAN, REFERENCE_DEVIATION = 4.097051620483398, 5.841787338256836


class Asked(Mapping[str, Any]):
    """Weights that remember which of them were asked for."""

    def __init__(self, state: Mapping[str, torch.Tensor]) -> None:
        self.state, self.names = state, set[str]()

    def __getitem__(self, name: str) -> torch.Tensor:
        self.names.add(name)
        return self.state[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.state)

    def __len__(self) -> int:
        return len(self.state)


def test_features_are_those_of_the_reference_and_of_all_weights() -> None:
    state = Asked(inception_state())
    pictures = torch.from_numpy(np.random.default_rng(1).integers(0, 256, (1, 3, 40, 90), np.uint8))
    with torch.no_grad():
        (features,) = inception_features(state, pictures)
    assert features.shape == (2048,)
    assert features[::256].tolist() == pytest.approx(REFERENCE, abs=2e-4)
    assert float(features.mean()) == pytest.approx(REFERENCE_MEAN, rel=1e-4)
    assert float(features.std()) == pytest.approx(REFERENCE_DEVIATION, rel=1e-4)
    assert state.names == set(state), "every weight has its part, and none else is wanted"
    assert len(inception_convolutions()) == 94


def test_pictures_are_resized_from_the_corner() -> None:
    ramp = torch.arange(598, dtype=torch.float32).expand(1, 3, 4, 598)
    halved = resized(ramp)
    assert halved.shape == (1, 3, 299, 299)
    torch.testing.assert_close(halved[0, 0, 0], torch.arange(0, 598, 2, dtype=torch.float32))
    same = torch.rand(1, 3, 299, 299)
    torch.testing.assert_close(resized(same), same)
    torch.testing.assert_close(resized(torch.full((1, 3, 1, 1), 7.0)), torch.full((1, 3, 299, 299), 7.0))


def test_weights_that_are_missing_are_named() -> None:
    with pytest.raises(KeyError, match=FIRST):
        inception_features({}, torch.zeros(1, 3, 8, 8, dtype=torch.uint8))
