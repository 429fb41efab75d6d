"""Declares what a model that learns says of itself: its networks, and who moves when to lower which loss.

Adversarial training is a game. A *player* owns networks and a loss; the model lists its players in the order in which
they move. The loop (`_game.py`) does the rest, once for all models: it freezes what does not learn, goes back, steps.
"""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn

from pipelines.core.errors import ColorizeError


class Batch(NamedTuple):
    """Pictures to learn from, float32 in [-1, 1]; unpaired targets come in an order of their own."""

    inputs: "Tensor"  # (B, Cin, H, W)
    targets: "Tensor"  # (B, 3, H, W); (B, 4, H, W) with the line art as it was for networks that paint on flat colour


class TrainingError(ColorizeError):
    """Training came to nothing: losses that are no numbers, or pictures of one colour."""


Outputs = dict[str, Tensor]  # what the generators made of a batch in this step, once for all players
Losses = dict[str, Tensor]  # weighted terms of a player's loss, scalars; their sum is minimised


@dataclass(frozen=True)
class Update:
    """One side of the game."""

    name: str
    networks: tuple[str, ...]  # names of those that learn when it moves
    loss: Callable[[Outputs], Losses]
    every: int = 1  # it moves on every n-th step
    start: int = 0  # the first step on which it moves

    def moves(self, step: int) -> bool:
        """Whether it moves on a step, counted from 0."""
        return step >= self.start and (step - self.start) % self.every == 0


class TrainingTask(Protocol):
    """A model that can be trained; draws of chance in it use torch's global generator, which the loop seeds."""

    networks: nn.ModuleDict
    players: tuple[Update, ...]  # in the order in which they move
    painter: str  # the network that colours: it is averaged, validated and kept as the model's weights
    unpaired: bool  # whether inputs and targets of a batch come from different pictures

    def play(self, batch: Batch) -> Outputs:
        """The generators' results for a batch, with what they were made from."""

    def memory(self) -> Mapping[str, Tensor]:
        """What is remembered beyond the networks, such as image pools."""

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Take back what `memory` gave."""
