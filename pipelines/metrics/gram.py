"""Distance of style: mean squared difference of Gram matrices of VGG's features, summed over its blocks.

    sum_l mean_ij (G_l(result) - G_l(truth))_ij^2,   G_l = F F^T / (C H W),   F the features (C, H W) of block l

Range 0 upwards, lower is better. Which textures and colours occur together counts, not where. The weights are a state
dict of any VGG with torchvision's names (`--weights gram=vgg19.pth`).
Source: L. A. Gatys, A. S. Ecker, M. Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016,
equations 3-4 (with the mean in place of its constant).
"""

from typing import TYPE_CHECKING

from pipelines.metrics.base.vgg import VggMetric

if TYPE_CHECKING:
    from torch import Tensor

UNIT = ""
HIGHER_IS_BETTER = False
NEEDS = ("weights",)


class Metric(VggMetric):
    """Gram-matrix distance."""

    def distance(self, blocks: "list[Tensor]", weights: str) -> float:
        """Return the distance of result and truth in the features of each block, (2, C, H, W) each."""
        total = 0.0
        for features in blocks:
            flat = features.flatten(2)
            grams = flat @ flat.transpose(1, 2) / flat[0].numel()  # (2, C, C)
            total += float((grams[0] - grams[1]).square().mean())
        return total
