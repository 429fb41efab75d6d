"""What FID and KID share: features of every picture, kept as text, compared as sets."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pipelines.core.imaging.arrays import F64
from pipelines.metrics.base.case import Case
from pipelines.metrics.base.feature_networks import decode_features, encode_features, picture_features
from pipelines.metrics.base.results import Score

if TYPE_CHECKING:
    import torch


class SetMetric(ABC):
    """A metric of the features of all results against those of all truths."""

    name: ClassVar[str]
    reliable_from: ClassVar[int]  # pictures from which the value can be trusted

    def __init__(self, weights: str | None = None) -> None:
        self._weights = weights
        self._texts: dict[str, str] = {}

    def measure(self, case: Case) -> str:
        """Return the features of result and truth as a text."""
        assert self._weights is not None
        return encode_features(picture_features(self._weights, case.result, case.truth))

    def update(self, name: str, score: Score) -> None:
        """Take in the features of one picture."""
        if isinstance(score, str):
            self._texts[name] = score

    def compute(self) -> float:
        """Return the distance of the two sets; NaN for less than two pictures."""
        if len(self._texts) < 2:
            return float("nan")
        features = decode_features(list(self._texts.values()))
        return self.distance(features[:, 0], features[:, 1])

    @abstractmethod
    def distance(self, results: F64, truths: F64) -> float:
        """Return the distance of features (n, D) and (n, D)."""

    def caution(self) -> str:
        """What has to be said with the value."""
        n = len(self._texts)
        if n >= self.reliable_from:
            return ""
        few = f"too few to be trusted ({self.reliable_from:,} or more are)"
        return f"{self.name} of {n} pictures: {few}; compare only at equal n"


def identity_network(width: int) -> "torch.nn.Module":
    """A module that hands features on, so that torchmetrics takes features in place of pictures."""
    import torch

    class Identity(torch.nn.Module):
        num_features = width

        def forward(self, features: torch.Tensor) -> torch.Tensor:
            return features

    return Identity()


def tensor(features: F64) -> "torch.Tensor":
    """Features as a float64 tensor."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(features))
