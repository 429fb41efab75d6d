"""What LPIPS and the Gram distance share: VGG's features of result and truth, a distance of both."""

from abc import abstractmethod
from typing import TYPE_CHECKING

from pipelines.metrics.base.case import Case
from pipelines.metrics.base.feature_networks import fits_vgg, normalise, to_batch, vgg_features
from pipelines.metrics.base.metric import PictureMetric

if TYPE_CHECKING:
    from torch import Tensor


class VggMetric(PictureMetric):
    """A metric of the features of a VGG whose weights are given by path, over white paper."""

    def __init__(self, weights: str | None = None) -> None:
        super().__init__()
        self._weights = weights

    def measure(self, case: Case) -> float | None:
        """Return the distance; None for a picture that is smaller than what is pooled."""
        import torch

        from pipelines.nn.pretrained.feature_networks import IMAGENET_DEVIATION, IMAGENET_MEAN

        assert self._weights is not None
        if not fits_vgg(self._weights, case.truth):
            return None
        with torch.no_grad():
            pictures = normalise(to_batch(case.result, case.truth), IMAGENET_MEAN, IMAGENET_DEVIATION)
            return self.distance(vgg_features(self._weights, pictures), self._weights)

    @abstractmethod
    def distance(self, blocks: "list[Tensor]", weights: str) -> float:
        """Return the distance of result and truth in the features of each block, (2, C, H, W) each."""
