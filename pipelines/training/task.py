"""Declares what a model that learns says of itself: its networks, and which of them move when to lower which loss.

A task lists its *updates* in the order in which they are made: each names the networks that learn, their loss and, if
it is not the run's own, their optimizer. `trainer.py` does the rest, once for all models: it freezes what does not
learn, goes back, steps.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from torch import Tensor, nn

from pipelines.core.errors import ColorizeError
from pipelines.training.optimizers import OptimizerConfig

Outputs = dict[str, Tensor]
"""What the generators made of a batch in this step, once for all updates."""

Losses = dict[str, Tensor]
"""Weighted terms of an update's loss, scalars; their sum is minimised."""


class TrainingError(ColorizeError):
    """Training came to nothing: losses that are no numbers, or pictures of one colour."""


@dataclass(frozen=True)
class Batch:
    """Pictures to learn from, float32 in [-1, 1]; unpaired targets come in an order of their own."""

    inputs: Tensor  # (B, Cin, H, W)
    targets: Tensor  # (B, C, H, W): RGB, and what else the model's own examples add
    named: Mapping[str, Tensor] = field(default_factory=dict)  # (B, ...) each: what the model's own examples name


@dataclass(frozen=True)
class Update:
    """One of the moves of a step: networks that learn together by one loss and one optimizer."""

    name: str
    networks: tuple[str, ...]  # names of those that learn by it, and by no other update
    loss: Callable[[Outputs], Losses]
    every: int = 1  # it is made on every n-th step
    start: int = 0  # the first step on which it is made
    optimizer: OptimizerConfig | None = None  # None: the run's own
    lazy: Callable[[Outputs], Losses] | None = None  # further terms, in every `lazy_every`-th move and times that
    lazy_every: int = 1
    rate: float = 1.0  # factor on its optimizer's learning rate

    def is_due(self, step: int) -> bool:
        """Whether it is made on a step, counted from 0."""
        return step >= self.start and (step - self.start) % self.every == 0

    def moves_before(self, step: int) -> int:
        """How many times it was made before a step on which it is due."""
        return (step - self.start) // self.every

    def is_lazy_due(self, step: int) -> bool:
        """Whether on a step on which it is due its lazy terms are added."""
        return self.lazy is not None and self.moves_before(step) % self.lazy_every == 0

    def terms(self, outputs: Outputs, step: int) -> Losses:
        """The terms of its loss on a step: its own, and where they are due `lazy_every` times the lazy ones.

        One optimizer step for both, so that the gradient is the same in the mean as with the lazy terms in every move
        (T. Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", CVPR 2020, section 3.1).
        """
        losses = self.loss(outputs)
        if self.lazy is None or not self.is_lazy_due(step):
            return losses
        return losses | {name: self.lazy_every * term for name, term in self.lazy(outputs).items()}


class TrainingTask(Protocol):
    """A model that can be trained; draws of chance in it use torch's global generator, which the trainer seeds."""

    networks: nn.ModuleDict
    updates: tuple[Update, ...]  # in the order in which they are made
    generator: str  # the network that colours: it is averaged, validated and kept as the model's weights
    unpaired: bool = False  # whether inputs and targets of a batch come from different pictures
    makers: tuple[str, ...] = ()  # networks that `forward` runs: no graph where none of them moves; (): all networks
    twice_derived: tuple[str, ...] = ()  # networks under a second derivative, such as critics with a gradient penalty
    loss_networks: Mapping[str, nn.Module] = MappingProxyType({})  # frozen ones of the losses alone: kept nowhere

    def forward(self, batch: Batch) -> Outputs:
        """The generators' results for a batch, with what they were made from."""

    def extra_state(self) -> Mapping[str, Tensor]:
        """What a run has to keep beyond networks and optimizers, such as image pools."""
        return {}

    def load_extra_state(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `extra_state` gave."""
        assert not state, "this task keeps nothing beyond networks and optimizers"
