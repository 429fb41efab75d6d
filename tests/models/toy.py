"""Learns colour from pairs as simply as can be: a small network paints, another learns every second step to judge.

min_P E[|y - P(x)|_1 + judge_weight (J(P(x)) - 1)^2],  min_J E[(J(y) - 1)^2 + J(P(x))^2]; x: six planes of its own.

It is here to show what a model in one file is; `test_own_model.py` adds it to the toolkit.
"""

from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from pipelines.core.settings import check_number
from pipelines.inference.encoding import Encoding
from pipelines.inference.types import NetworkSpec
from pipelines.training.optimizers import OptimizerConfig
from pipelines.training.task import Batch, Losses, Outputs, TrainingTask, Update

_SIZE = 48  # px, the side at which pictures are worked out
_STRIDE = 3  # px of the side of a cell: no power of two
_FAR = 12.0  # px: ink farther away than that counts as so far


@dataclass(frozen=True)
class Params:
    """Settings of the toy."""

    width: Annotated[int, "channels of both networks"] = 8
    judge_weight: Annotated[float, "of the judge's opinion, against the distance to the true picture"] = 0.1

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        check_number("width", self.width, 1, 64)
        check_number("judge_weight", self.judge_weight, 0)


PRESETS = {"standard": Params(), "narrow": Params(width=4)}
RECIPES: dict[str, dict[str, object]] = {
    "standard": {"batch_size": 2, "epochs": 5, "schedule": "constant", "ema": 0.5},
    "narrow": {"batch_size": 2, "epochs": 2},
}


def _encode(lines: NDArray[np.uint8], hints: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Six planes (6, H, W) in [-1, 1] of lines (H, W) and hints RGBA (H, W, 4)."""
    hinted = hints[..., 3] > 0
    brightness = cv2.cvtColor(hints[..., :3], cv2.COLOR_RGB2YCrCb).astype(np.float32) / 127.5 - 1
    away = cv2.distanceTransform((lines >= 128).astype(np.uint8), cv2.DIST_L2, 3)
    planes = [1 - lines / 127.5, np.where(hinted, 1.0, -1.0), np.minimum(away / _FAR, 1) * 2 - 1]
    return np.stack([*planes, *np.moveaxis(brightness * hinted[..., None], 2, 0)]).astype(np.float32)


PLANES = Encoding("toy", 6, "ink (1) or paper; 1 where a hint lies; how far ink is; Y, Cr, Cb of the hints", _encode)


def network_spec(params: Params) -> NetworkSpec:
    """What the painter reads and gives."""
    return NetworkSpec(encoding=PLANES, size=_SIZE, size_multiple=_STRIDE, least_size=_STRIDE)


class Painter(nn.Module):
    """Cells of 3x3 px, and the drawing once more beside what came of them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.cells = nn.Conv2d(PLANES.channels, width, _STRIDE, stride=_STRIDE)
        self.norm = nn.BatchNorm2d(width)
        self.pixels = nn.ConvTranspose2d(width, width, _STRIDE, stride=_STRIDE)
        self.colour = nn.Conv2d(width + PLANES.channels, 3, 3, padding=1)

    def forward(self, drawing: Tensor) -> Tensor:
        """Picture (B, 3, H, W) in [-1, 1] of planes (B, 6, H, W)."""
        details = torch.relu(self.pixels(torch.relu(self.norm(self.cells(drawing)))))
        return torch.tanh(self.colour(torch.cat([details, drawing], 1)))


def build_network(params: Params) -> Painter:
    """The painter alone, with initial weights."""
    return Painter(params.width)


def build_task(params: Params) -> TrainingTask:
    """How it learns."""
    return Task(params)


class Task(TrainingTask):
    """The painter moves in each step, by Adam, the judge in every second one, by gradient descent with momentum."""

    generator = "painter"
    makers = ("painter",)

    def __init__(self, params: Params) -> None:
        self._judge_weight = params.judge_weight
        judge = nn.Sequential(nn.Conv2d(3, params.width, 4, stride=2), nn.LeakyReLU(0.2), nn.Conv2d(params.width, 1, 3))
        self.networks = nn.ModuleDict({"painter": build_network(params), "judge": judge})
        adam, descent = OptimizerConfig(lr=1e-2), OptimizerConfig(kind="sgd", lr=1e-3, momentum=0.9)
        self.updates = (
            Update("painter", ("painter",), self._painter_loss, optimizer=adam),
            Update("judge", ("judge",), self._judge_loss, every=2, start=1, optimizer=descent),
        )

    def forward(self, batch: Batch) -> Outputs:
        """The painter's picture beside the true one."""
        return {"picture": self.networks["painter"](batch.inputs), "truth": batch.targets}

    def _painter_loss(self, outputs: Outputs) -> Losses:
        opinion = self.networks["judge"](outputs["picture"])
        distance = functional.l1_loss(outputs["picture"], outputs["truth"])
        return {"distance": distance, "opinion": self._judge_weight * (opinion - 1).square().mean()}

    def _judge_loss(self, outputs: Outputs) -> Losses:
        true, painted = (self.networks["judge"](outputs[name].detach()) for name in ("truth", "picture"))
        return {"judge": (true - 1).square().mean() + painted.square().mean()}
