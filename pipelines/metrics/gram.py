"""Distance of style: mean squared difference of Gram matrices of VGG's features, summed over its blocks.

    sum_l mean_ij (G_l(result) - G_l(truth))_ij^2,   G_l = F F^T / (C H W),   F the features (C, H W) of block l

Range 0 upwards, lower is better. Which textures and colours occur together counts, not where. The weights are a state
dict of any VGG with torchvision's names (`--weights gram=vgg19.pth`).
Source: L. A. Gatys, A. S. Ecker, M. Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016,
equations 3-4 (with the mean in place of its constant).
"""

from pipelines.metrics._case import Case
from pipelines.metrics._metric import PictureMetric
from pipelines.metrics._networks import as_batch, fits_vgg, normalised, vgg_features

UNIT = ""
HIGHER_IS_BETTER = False
NEEDS = ("weights",)

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Metric(PictureMetric):
    """Gram-matrix distance over white paper."""

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
            pictures = normalised(as_batch(case.result, case.truth), _MEAN, _DEVIATION)
            total = 0.0
            for features in vgg_features(self._weights, pictures):  # (2, C, H, W)
                flat = features.flatten(2)
                grams = flat @ flat.transpose(1, 2) / flat[0].numel()  # (2, C, C)
                total += float((grams[0] - grams[1]).square().mean())
            return total
