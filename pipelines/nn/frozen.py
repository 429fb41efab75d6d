"""Marks networks that never learn, such as features that come from a file."""

from collections.abc import Iterator
from typing import ClassVar, Self

from torch import nn


class FrozenNetwork(nn.Module):
    """A network whose weights stay as they were given: it is always in eval mode, and no optimizer sees it.

    Inside of the network that colours it is part of the checkpoint, which then rebuilds alone. Where losses alone need
    it, it stands in `TrainingTask.loss_networks` and is kept nowhere. Gradients still go through it, to what it is
    shown. Whoever builds one calls `freeze` on it last (the trainer does it again for all).
    """

    frozen: ClassVar[bool] = True

    def train(self, mode: bool = True) -> Self:
        """Stay in eval mode, whatever is asked for."""
        return super().train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Keep gradients off, whatever is asked for."""
        return super().requires_grad_(False)


def freeze(network: nn.Module) -> None:
    """Put every frozen network within (or the network itself) into eval mode, and switch its gradients off."""
    for part in network.modules():
        if is_frozen(part):
            part.train(False)
            for weight in part.parameters():
                weight.requires_grad_(False)


def frozen_names(network: nn.Module) -> Iterator[str]:
    """The names in `network.state_dict()` of all that belongs to frozen networks within it, once each."""
    names = dict.fromkeys(
        f"{above}.{name}" if above else name
        for above, part in network.named_modules()
        if is_frozen(part)
        for name in part.state_dict()
    )
    return iter(names)


def is_frozen(network: nn.Module) -> bool:
    """Whether a network says of itself that it never learns."""
    return bool(getattr(network, "frozen", False))
