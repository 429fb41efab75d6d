"""Declares what a model that learns says of itself: its networks, and which of them move when to lower which loss.

A task lists its *updates* in the order in which they are made: each names the networks that learn, their loss and, if
it is not the run's own, their optimizer. `trainer.py` does the rest, once for all models: it freezes what does not
learn, goes back, steps.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from torch import Tensor, nn

from pipelines.core.errors import ColorizeError
from pipelines.training.optimizers import OptimizerConfig

Outputs = dict[str, Tensor]
"""What the generators made of a batch in this step, once for all updates."""

Losses = dict[str, Tensor]
"""Weighted terms of an update's loss, scalars; their sum is minimised."""


class TrainingError(ColorizeError):
    """Training came to nothing: losses that are no numbers, or pictures of one colour."""


class Batch(NamedTuple):
    """Pictures to learn from, float32 in [-1, 1]; unpaired targets come in an order of their own."""

    inputs: Tensor  # (B, Cin, H, W)
    targets: Tensor  # (B, C, H, W): RGB, and what else the model's own examples add


@dataclass(frozen=True)
class Update:
    """One of the moves of a step: networks that learn together by one loss and one optimizer."""

    name: str
    networks: tuple[str, ...]  # names of those that learn by it
    loss: Callable[[Outputs], Losses]
    every: int = 1  # it is made on every n-th step
    start: int = 0  # the first step on which it is made
    optimizer: OptimizerConfig | None = None  # None: the run's own

    def is_due(self, step: int) -> bool:
        """Whether it is made on a step, counted from 0."""
        return step >= self.start and (step - self.start) % self.every == 0


class TrainingTask(Protocol):
    """A model that can be trained; draws of chance in it use torch's global generator, which the trainer seeds."""

    networks: nn.ModuleDict
    updates: tuple[Update, ...]  # in the order in which they are made
    generator: str  # the network that colours: it is averaged, validated and kept as the model's weights
    unpaired: bool = False  # whether inputs and targets of a batch come from different pictures

    def forward(self, batch: Batch) -> Outputs:
        """The generators' results for a batch, with what they were made from."""

    def extra_state(self) -> Mapping[str, Tensor]:
        """What a run has to keep beyond networks and optimizers, such as image pools."""
        return {}

    def load_extra_state(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `extra_state` gave."""
        assert not state, "this task keeps nothing beyond networks and optimizers"
