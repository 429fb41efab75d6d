"""How fillnet learns: a smooth distance to the true picture, and two cross-entropies over areas without a hint."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.models.fillnet import Params, build_network
from pipelines.models.fillnet.colour_sampling import LEVELS
from pipelines.models.fillnet.inputs import AREAS
from pipelines.models.fillnet.network import NEVER, FillNet, area_ranks, over_ink
from pipelines.training.task import Batch, Losses, Outputs, TrainingTask, Update

_NEARLY = 0.1  # of a colour in [-1, 1]: smaller errors count by their square
_ALIKE = 0.12  # of a colour in [-1, 1]: colours that differ less in every channel are one
_CLEAN = 0.9  # of line art in [-1, 1]: from there on it is paper


class Task(TrainingTask):
    """One update: the network against the true picture."""

    generator = "generator"

    def __init__(self, params: Params) -> None:
        self._params = params
        self.networks = nn.ModuleDict({"generator": build_network(params)})
        self.updates = (Update("generator", ("generator",), self._loss),)

    def forward(self, batch: Batch) -> Outputs:
        """Colour for a batch; targets (B, 4, S, S) are the true picture and its line art before it was varied."""
        network = self.networks["generator"]
        assert isinstance(network, FillNet)
        parts = network.tensors(batch.inputs)
        fake = over_ink(parts.fill, parts.ink, batch.targets[:, 3:])
        return {"inputs": batch.inputs, "targets": batch.targets, "fake": fake} | {
            "colour_logits": parts.colour_logits,
            "copy_logits": parts.copy_logits,
        }

    def _loss(self, outputs: Outputs) -> Losses:
        distance = functional.smooth_l1_loss(outputs["fake"], outputs["targets"][:, :3], beta=_NEARLY)
        areas = _true_areas(outputs["inputs"], outputs["targets"])
        return {
            "distance": distance,
            "guess": self._params.guess_weight * _guess_loss(outputs["colour_logits"], areas),
            "share": self._params.share_weight * _share_loss(outputs["copy_logits"], areas),
        }


class TrueAreas(NamedTuple):
    """What is true of areas."""

    colours: Tensor  # (B, AREAS + 1, 3): means over clean paper of the true picture
    fills: Tensor  # (B, AREAS + 1, 3): of the flat colour
    weight: Tensor  # (B, AREAS + 1): the root of the size of those without a hint, 0 of the others


def _true_areas(inputs: Tensor, targets: Tensor) -> TrueAreas:
    ranks = area_ranks(inputs).flatten(1)  # (B, pixels)
    clean = (targets[:, 3:] > _CLEAN).to(inputs.dtype)
    hinted = (inputs[:, 4:5] > 0.5).to(inputs.dtype)
    seen = torch.cat([targets[:, :3], inputs[:, 1:4], hinted, torch.ones_like(clean)], 1) * clean
    sums = seen.new_zeros(len(inputs), AREAS + 1, 8)
    sums.scatter_add_(1, ranks.unsqueeze(2).expand(-1, -1, 8), seen.flatten(2).transpose(1, 2))
    size = sums[..., 7]
    means = sums / size.clamp(min=1).unsqueeze(2)
    weight = size.sqrt() * (means[..., 6] < 0.5)
    weight[:, 0] = 0
    return TrueAreas(means[..., :3], means[..., 3:6], weight)


def _guess_loss(colour_logits: Tensor, areas: TrueAreas) -> Tensor:
    """Cross-entropy of the colours of areas without a hint."""
    levels = ((areas.colours + 1) * (LEVELS - 1) / 2).round().long().clamp(0, LEVELS - 1)
    wanted = (levels[..., 0] * LEVELS + levels[..., 1]) * LEVELS + levels[..., 2]
    errors = functional.cross_entropy(colour_logits.transpose(1, 2).float(), wanted, reduction="none")
    return (errors * areas.weight).sum() / areas.weight.sum().clamp(min=1)


def _share_loss(copy_logits: Tensor, areas: TrueAreas) -> Tensor:
    """Minus the logarithm of the odds of all that have an area's colour; of none where nobody has."""
    white = torch.ones_like(areas.fills[:, :1])
    offered = torch.cat([areas.fills, white], 1)  # (B, AREAS + 2, 3)
    alike = (areas.colours.unsqueeze(2) - offered.unsqueeze(1)).abs().amax(3) < _ALIKE
    alike = alike & (copy_logits[..., :-1] > NEVER)
    right = torch.cat([alike, ~alike.any(2, keepdim=True)], 2)
    errors = copy_logits.logsumexp(2) - copy_logits.masked_fill(~right, NEVER).logsumexp(2)
    return (errors * areas.weight).sum() / areas.weight.sum().clamp(min=1)
