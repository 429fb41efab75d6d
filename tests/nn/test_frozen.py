"""Networks that never learn: always in eval mode, never with gradients of their own, told apart by name."""

import torch
from torch import nn

from pipelines.nn.frozen import FrozenNetwork, freeze, frozen_names, is_frozen


class Features(FrozenNetwork):
    """A frozen network with weights, statistics and dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout(0.5))
        freeze(self)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.layers(values)
        return result


class Painter(nn.Module):
    """A network with a frozen one inside."""

    def __init__(self) -> None:
        super().__init__()
        self.own = nn.Linear(2, 2)
        self.features = Features()


def test_neither_training_mode_nor_gradients_reach_a_frozen_network() -> None:
    painter = Painter().train().requires_grad_(True)
    freeze(painter)
    assert painter.training
    assert not any(part.training for part in painter.features.modules())
    assert [weight.requires_grad for weight in painter.own.parameters()] == [True, True]
    assert not any(weight.requires_grad for weight in painter.features.parameters())
    assert not any(weight.requires_grad for weight in painter.features.requires_grad_().parameters())
    painter.train()
    values = torch.randn(4, 2)
    before = painter.features.layers[1].running_mean.clone()
    assert torch.equal(painter.features(values), painter.features(values))  # neither dropout nor batch statistics
    assert torch.equal(painter.features.layers[1].running_mean, before)


def test_gradients_go_through_it_to_what_it_is_shown() -> None:
    values = torch.ones(1, 2, requires_grad=True)
    Features()(values).sum().backward()
    assert values.grad is not None
    assert values.grad.abs().sum() > 0


def test_its_weights_and_statistics_are_named_as_in_the_state_of_the_network_around_it() -> None:
    painter = Painter()
    names = set(frozen_names(painter))
    assert names == {name for name in painter.state_dict() if name.startswith("features.")}
    assert len(names) == 7
    assert set(frozen_names(painter.features)) == set(painter.features.state_dict())
    assert not list(frozen_names(painter.own))
    assert (is_frozen(painter), is_frozen(painter.features)) == (False, True)
