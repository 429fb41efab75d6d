"""What a model that learns says of itself."""

import pytest
import torch
from torch import nn

from pipelines.training.task import Batch, Outputs, TrainingTask, Update


def due(**when: int) -> list[int]:
    update = Update("late", (), lambda outputs: {}, **when)
    return [step for step in range(12) if update.is_due(step)]


def test_updates_are_due_on_every_step_from_their_first_on() -> None:
    assert due() == list(range(12))
    assert due(start=9) == [9, 10, 11]
    assert due(every=4) == [0, 4, 8]
    assert due(every=3, start=2) == [2, 5, 8, 11]


class Plain(TrainingTask):
    """A task that says no more than it has to."""

    generator = "network"

    def __init__(self) -> None:
        self.networks = nn.ModuleDict({"network": nn.Identity()})
        self.updates = ()

    def forward(self, batch: Batch) -> Outputs:
        return {"made": self.networks["network"](batch.inputs)}


def test_a_task_has_pairs_and_keeps_nothing_unless_it_says_so() -> None:
    task = Plain()
    assert task.unpaired is False
    assert task.extra_state() == {}
    task.load_extra_state({})
    with pytest.raises(AssertionError, match="keeps nothing"):
        task.load_extra_state({"pool": torch.zeros(1)})
