"""Learned perceptual image patch similarity: weighted distances of VGG16's features, LPIPS-VGG version 0.1.

    d = sum_l mean_hw sum_c w_lc (f_lc(result) / |f_l(result)| - f_lc(truth) / |f_l(truth)|)^2

over the last activation of each of the five blocks. Range 0 upwards, lower is better; 0 for identical pictures. The
weights are a VGG16 state dict with torchvision's names (`--weights lpips=vgg16.pth`); the heads w, lin0.model.1.weight
to lin4, are taken from the same file where it has them, else from the package torchmetrics.
Source: R. Zhang, P. Isola, A. A. Efros, E. Shechtman, O. Wang, "The Unreasonable Effectiveness of Deep Features as a
Perceptual Metric", CVPR 2018; agrees with torchmetrics' `LearnedPerceptualImagePatchSimilarity(net_type="vgg")`.
"""

from functools import cache
from typing import TYPE_CHECKING

from pipelines.core.errors import UsageError
from pipelines.metrics.base.feature_networks import read_state_dict, torchmetrics_file
from pipelines.metrics.base.vgg import VggMetric

if TYPE_CHECKING:
    from torch import Tensor

UNIT = ""
HIGHER_IS_BETTER = False
NEEDS = ("weights",)

_HEADS = "functional/image/lpips_models/vgg.pth"


class Metric(VggMetric):
    """LPIPS."""

    def distance(self, blocks: "list[Tensor]", weights: str) -> float:
        """Return the distance of result and truth in the features of each block, (2, C, H, W) each."""
        heads = _heads(weights)
        fits = len(heads) == len(blocks)
        if not fits or any(len(head) != features.shape[1] for head, features in zip(heads, blocks, strict=True)):
            raise UsageError("the heads of lpips do not fit its network", hint="Give VGG16 after --weights lpips=")
        return float(sum(_distance(features, head) for features, head in zip(blocks, heads, strict=True)))


@cache
def _heads(path: str) -> "tuple[Tensor, ...]":
    """Weights of the channels of each block, (C,) each."""
    state = read_state_dict(path)
    if "lin0.model.1.weight" not in state:
        state = read_state_dict(torchmetrics_file(_HEADS))
    names = sorted(name for name in state if name.startswith("lin") and name.endswith("model.1.weight"))
    return tuple(state[name].float().flatten() for name in names)


def _distance(features: "Tensor", head: "Tensor") -> float:
    """Distance of the two pictures in features (2, C, H, W)."""
    unit = features / (features.square().sum(1, keepdim=True).sqrt() + 1e-10)
    return float(((unit[0] - unit[1]).square() * head[:, None, None]).sum(0).mean())
