"""What LPIPS and the Gram distance share: VGG's features of result and truth, a distance of both."""

from abc import abstractmethod
from typing import TYPE_CHECKING

from pipelines.metrics.base.case import Case
from pipelines.metrics.base.feature_networks import fits_vgg, normalise, to_batch, vgg_features
from pipelines.metrics.base.metric import PictureMetric

if TYPE_CHECKING:
    from torch import Tensor

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of the pictures that VGG was trained on


class VggMetric(PictureMetric):
    """A metric of the features of a VGG whose weights are given by path, over white paper."""

    def __init__(self, weights: str | None = None) -> None:
        super().__init__()
        self._weights = weights

    def measure(self, case: Case) -> float | None:
        """Return the distance; None for a picture that is smaller than what is pooled."""
        import torch

        assert self._weights is not None
        if not fits_vgg(self._weights, case.truth):
            return None
        with torch.no_grad():
            pictures = normalise(to_batch(case.result, case.truth), _MEAN, _DEVIATION)
            return self.distance(vgg_features(self._weights, pictures), self._weights)

    @abstractmethod
    def distance(self, blocks: "list[Tensor]", weights: str) -> float:
        """Return the distance of result and truth in the features of each block, (2, C, H, W) each."""
