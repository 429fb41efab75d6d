"""Marks networks that never learn, such as features that come from a file, and puts parts of others to rest."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

from torch import nn

from pipelines.core.errors import SettingsError


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


def rest(networks: nn.ModuleDict, parts: Sequence[str]) -> set[str]:
    """Put whole networks ("generator") or parts of them ("generator.down.1") to rest; their names in the state.

    A part is named by the first words of its weights' names. Its layers go into eval mode, so that their statistics
    stay as well and dropout ends. Raises SettingsError for what there is not, with the choices.
    """
    names = list(networks.state_dict())
    resting: set[str] = set()
    for part in parts:
        within = {name for name in names if name == part or name.startswith(f"{part}.")}
        if not within:
            raise _unknown(part, names)
        resting |= within
    for path, layer in networks.named_modules():
        if any(path == part or path.startswith(f"{part}.") for part in parts):
            layer.eval()
    return resting


def _unknown(part: str, names: Sequence[str]) -> SettingsError:
    """The error that says what there is beside a part: where its first words are right, what may follow them."""
    words, known = part.split("."), ""
    while words and any(name.startswith(f"{known}{words[0]}.") for name in names):
        known += f"{words.pop(0)}."
    further = [name.removeprefix(known).partition(".")[0] for name in names if name.startswith(known)]
    choices = dict.fromkeys(known + word for word in further)
    return SettingsError(f"freeze: there is no '{part}'", hint=f"Choose from: {', '.join(choices)}")


def is_frozen(network: nn.Module) -> bool:
    """Whether a network says of itself that it never learns."""
    return bool(getattr(network, "frozen", False))
