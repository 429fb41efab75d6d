"""Learns colour with everything that a task may ask of the loop: frozen features from a file, lazy terms, critic steps.

It is here for tests of the loop; `tests/train/everything.py` installs it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from pipelines.inference.encoding import COMPOSITE
from pipelines.inference.types import NetworkSpec
from pipelines.nn.adversarial import gradient_penalty
from pipelines.nn.frozen import FrozenNetwork, freeze
from pipelines.training.task import Batch, Losses, Outputs, TrainingTask, Update


@dataclass(frozen=True)
class Params:
    """Settings of the guided painter."""

    features: Annotated[str, "file of weights"] = ""
    width: Annotated[int, "channels"] = 4


def weight_files(params: Params) -> dict[str, str]:
    """The file that is needed."""
    return {"features": params.features}


def network_spec(params: Params) -> NetworkSpec:
    """What the painter reads and gives."""
    return NetworkSpec(encoding=COMPOSITE, size=32, size_multiple=4, least_size=4)


class Features(FrozenNetwork):
    """One convolution with statistics."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 2, 3, 1, 1), nn.BatchNorm2d(2), nn.Dropout(0.5))
        freeze(self)

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 2, H, W)."""
        result: Tensor = self.layers(pictures)
        return result


class Painter(nn.Module):
    """Paints from the drawing and its features."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.features = Features()
        self.hidden = nn.Conv2d(5, width, 3, 1, 1)
        self.norm, self.drop = nn.BatchNorm2d(width), nn.Dropout(0.2)
        self.colour = nn.Conv2d(width, 3, 3, 1, 1)

    def forward(self, drawing: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 3, H, W)."""
        seen = torch.cat([drawing, self.features(drawing)], 1)
        return torch.tanh(self.colour(self.drop(torch.relu(self.norm(self.hidden(seen))))))


def build_network(params: Params) -> Painter:
    """The painter alone; its features come with the weights of a checkpoint."""
    return Painter(params.width)


def build_task(params: Params) -> TrainingTask:
    """How it learns."""
    return Task(params)


class Task(TrainingTask):
    """A critic with a penalty in every fourth step, a painter in every second, and a loss of features."""

    generator = "painter"
    makers = ("painter",)
    twice_derived = ("critic",)

    def __init__(self, params: Params) -> None:
        painter, content = build_network(params), Features()
        for features in (painter.features, content):
            features.load_state_dict(load_file(params.features))
        critic = nn.Sequential(nn.Conv2d(3, params.width, 4, 2, 1), nn.SiLU(), nn.Conv2d(params.width, 1, 4, 2, 1))
        self.networks = nn.ModuleDict({"painter": painter, "critic": critic})
        self.loss_networks: Mapping[str, nn.Module] = {"content": content}
        self.updates = (
            Update("critic", ("critic",), self._critic_loss, lazy=self._penalty, lazy_every=4, rate=0.5),
            Update("painter", ("painter",), self._painter_loss, every=2, start=1),
        )

    def forward(self, batch: Batch) -> Outputs:
        """The painter's picture beside the true one."""
        return {"picture": self.networks["painter"](batch.inputs), "truth": batch.targets}

    def _critic_loss(self, outputs: Outputs) -> Losses:
        critic = self.networks["critic"]
        return {"critic": critic(outputs["picture"].detach()).mean() + (critic(outputs["truth"]) - 1).square().mean()}

    def _penalty(self, outputs: Outputs) -> Losses:
        return {"penalty": gradient_penalty(self.networks["critic"], outputs["truth"], outputs["picture"].detach())}

    def _painter_loss(self, outputs: Outputs) -> Losses:
        content = self.loss_networks["content"]
        return {
            "opinion": -0.1 * self.networks["critic"](outputs["picture"]).mean(),
            "distance": functional.l1_loss(outputs["picture"], outputs["truth"]),
            "content": (content(outputs["picture"]) - content(outputs["truth"])).square().mean(),
        }
