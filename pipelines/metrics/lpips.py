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
from pipelines.metrics._case import Case
from pipelines.metrics._metric import PictureMetric
from pipelines.metrics._networks import (
    as_batch,
    fits_vgg,
    normalised,
    read_state,
    torchmetrics_file,
    vgg_features,
)

if TYPE_CHECKING:
    from torch import Tensor

UNIT = ""
HIGHER_IS_BETTER = False
NEEDS = ("weights",)

_HEADS = "functional/image/lpips_models/vgg.pth"
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Metric(PictureMetric):
    """LPIPS over white paper."""

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
            features = vgg_features(self._weights, pictures)
            heads = _heads(self._weights)
            if len(heads) != len(features) or any(
                len(head) != one.shape[1] for head, one in zip(heads, features, strict=True)
            ):
                raise UsageError("the heads of lpips do not fit its network", hint="Give VGG16 after --weights lpips=")
            return float(sum(_distance(one, head) for one, head in zip(features, heads, strict=True)))


@cache
def _heads(path: str) -> "tuple[Tensor, ...]":
    """Weights of the channels of each block, (C,) each."""
    state = read_state(path)
    if "lin0.model.1.weight" not in state:
        state = read_state(torchmetrics_file(_HEADS))
    names = sorted(name for name in state if name.startswith("lin") and name.endswith("model.1.weight"))
    return tuple(state[name].float().flatten() for name in names)


def _distance(features: "Tensor", head: "Tensor") -> float:
    """Distance of the two pictures in features (2, C, H, W)."""
    unit = features / (features.square().sum(1, keepdim=True).sqrt() + 1e-10)
    return float(((unit[0] - unit[1]).square() * head[:, None, None]).sum(0).mean())
