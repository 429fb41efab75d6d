"""What a task may say beside losses: lazy terms, rates, who makes pictures, networks that never learn."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pipelines.core.errors import SettingsError
from pipelines.nn.frozen import FrozenNetwork
from pipelines.training.distributed import ProcessGroup
from pipelines.training.optimizers import OptimizerConfig
from pipelines.training.task import Batch, Losses, Outputs, TrainingTask, Update
from pipelines.training.trainer import Trainer, TrainerConfig

pytestmark = pytest.mark.usefixtures("one_thread")
CPU = torch.device("cpu")
SGD = OptimizerConfig(kind="sgd", lr=1.0)


def batch_of(seed: int = 0) -> Batch:
    random = torch.Generator().manual_seed(seed)
    return Batch(*(torch.rand(2, 3, 8, 8, generator=random) * 2 - 1 for _ in range(2)))


def trainer_of(task: TrainingTask, **config: Any) -> Trainer:
    return Trainer(task, TrainerConfig(**{"optimizer": SGD, **config}), device=CPU)


def copies(networks: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in networks.state_dict().items()}


def moved(before: dict[str, Tensor], networks: nn.Module) -> set[str]:
    return {name for name, tensor in networks.state_dict().items() if not torch.equal(tensor, before[name])}


# lazy terms -----------------------------------------------------------------------------------------------------


class Slope(TrainingTask):
    """One critic D(x) = w sum x over 12 numbers, w = .5, with R1 = 10 / 2 |dD/dx|^2 = 5 * 12 w^2 now and then."""

    generator = "critic"

    def __init__(self, lazy_every: int = 16, **update: Any) -> None:
        critic = nn.Linear(1, 1, bias=False)
        nn.init.constant_(critic.weight, 0.5)
        self.networks = nn.ModuleDict({"critic": critic})
        self.updates = (Update("critic", ("critic",), self._loss, lazy=self._penalty, lazy_every=lazy_every, **update),)

    def forward(self, batch: Batch) -> Outputs:
        return {"real": batch.inputs}

    def _loss(self, outputs: Outputs) -> Losses:
        return {"plain": 0.0 * self.networks["critic"].weight.sum()}

    def _penalty(self, outputs: Outputs) -> Losses:
        real = outputs["real"][:1, :, :2, :2].detach().requires_grad_()
        logits = self.networks["critic"](real.reshape(-1, 1)).sum()
        (slope,) = torch.autograd.grad(logits, real, create_graph=True)
        return {"penalty": 10 / 2 * slope.square().sum()}


def test_a_lazy_term_counts_so_often_as_it_is_left_out() -> None:
    """R1 of the hand value 15, every 16 steps: 240 on its step, nothing else (not 15)."""
    task = Slope()
    task_trainer = trainer_of(task)
    terms = [task_trainer.train_step([batch_of(step)], step, lr_factor=0.0) for step in range(33)]
    penalties = {step: term["penalty"].item() for step, term in enumerate(terms) if "penalty" in term}
    assert penalties == pytest.approx({0: 240.0, 16: 240.0, 32: 240.0})


def test_a_lazy_term_moves_weights_in_the_one_step_of_the_update() -> None:
    """d/dw 16 * 60 w^2 = 1920 w = 960 at w = .5; Adam has one state, of a step each."""
    task = Slope()
    trainer_of(task).train_step([batch_of()], 0, lr_factor=1e-4)
    assert task.networks["critic"].weight.item() == pytest.approx(0.5 - 0.096)
    adam = trainer_of(Slope(), optimizer=OptimizerConfig())
    for step in (0, 1):
        adam.train_step([batch_of()], step)
    names = {name for name in adam.state() if name.startswith("optimizers.")}
    assert names == {f"optimizers.critic.0.{key}" for key in ("step", "exp_avg", "exp_avg_sq")}
    assert adam.state()["optimizers.critic.0.step"].item() == 2


@pytest.mark.parametrize(("every", "start", "lazy_every"), [(2, 0, 4), (2, 1, 2), (3, 2, 2)])
def test_lazy_terms_come_in_so_many_of_the_moves_of_an_update_that_skips_steps(
    every: int, start: int, lazy_every: int
) -> None:
    task = Slope(lazy_every, every=every, start=start)
    task_trainer = trainer_of(task)
    terms = [
        task_trainer.train_step([batch_of()], step, lr_factor=0.0) for step in range(start + 2 * every * lazy_every)
    ]
    penalties = {step: term["penalty"].item() for step, term in enumerate(terms) if "penalty" in term}
    assert penalties == pytest.approx({start + turn * every * lazy_every: 15.0 * lazy_every for turn in range(2)})


def test_lazy_terms_are_shared_out_over_accumulated_batches() -> None:
    task = Slope()
    terms = trainer_of(task).train_step([batch_of(), batch_of(1)], 0, lr_factor=1e-4)
    assert terms["penalty"].item() == pytest.approx(240.0)
    assert task.networks["critic"].weight.item() == pytest.approx(0.5 - 0.096)


@pytest.mark.parametrize("rate", [1.0, 0.25, 4.0])
def test_an_update_moves_at_its_own_rate_times_that_of_the_run(rate: float) -> None:
    task = Slope(rate=rate)
    trainer_of(task).train_step([batch_of()], 0, lr_factor=1e-4)
    assert 0.5 - task.networks["critic"].weight.item() == pytest.approx(rate * 0.096)


# no graph -------------------------------------------------------------------------------------------------------


class Players(TrainingTask):
    """A critic that moves in every step and a painter that moves in every third; notes whether there was a graph."""

    generator = "painter"
    makers = ("painter",)

    def __init__(self, loss_networks: dict[str, nn.Module] | None = None) -> None:
        painter = nn.Sequential(nn.Conv2d(3, 4, 3, 1, 1), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.Conv2d(4, 3, 3, 1, 1))
        critic = nn.Conv2d(3, 1, 4, 2, 1)
        self.networks = nn.ModuleDict({"painter": painter, "critic": critic})
        self.loss_networks = loss_networks or {}
        self.graphs: list[bool] = []
        self.updates = (
            Update("critic", ("critic",), self._critic_loss),
            Update("painter", ("painter",), self._painter_loss, every=3),
        )

    def forward(self, batch: Batch) -> Outputs:
        fake = self.networks["painter"](batch.inputs)
        self.graphs.append(fake.requires_grad)
        return {"fake": fake, "real": batch.targets}

    def _critic_loss(self, outputs: Outputs) -> Losses:
        critic = self.networks["critic"]
        return {"critic": critic(outputs["fake"].detach()).mean() + (critic(outputs["real"]) - 1).square().mean()}

    def _painter_loss(self, outputs: Outputs) -> Losses:
        losses = {"painter": -self.networks["critic"](outputs["fake"]).mean()}
        for name, network in self.loss_networks.items():
            losses[name] = (network(outputs["fake"]) - network(outputs["real"])).square().mean()
        return losses


def test_pictures_are_made_without_a_graph_in_steps_in_which_no_maker_moves() -> None:
    task = Players()
    task_trainer = trainer_of(task)
    for step in range(7):
        task_trainer.train_step([batch_of(step)] * 2, step)
    assert task.graphs == [step % 3 == 0 for step in range(7) for _ in range(2)]


def test_a_step_without_a_graph_comes_to_the_same_to_the_last_bit() -> None:
    states = []
    for makers in (("painter",), ()):
        torch.manual_seed(3)
        task = Players()
        task.makers = makers
        task_trainer = trainer_of(task)
        for step in range(5):
            task_trainer.train_step([batch_of(step)], step, lr_factor=0.01)
        states.append(task_trainer.state())
        assert all(task.graphs) == (not makers)
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_the_average_moves_with_its_network_alone_and_counts_its_moves() -> None:
    """The painter moves in steps 2, 5 and 8: the average keeps 1/10, 2/11, 3/12, and between stays as it is."""
    task = Players()
    critic, painter = task.updates
    task.updates = (critic, replace(painter, start=2))
    task_trainer = trainer_of(task, ema=0.9)
    for step in range(9):
        before, average = copies(task.networks["painter"]), copies(task_trainer.ema_generator)
        task_trainer.train_step([batch_of(step)], step, lr_factor=0.01)
        if step % 3 != 2:
            assert moved(average, task_trainer.ema_generator) == set()
            continue
        keep = (1 + step // 3) / (10 + step // 3)
        now = task.networks["painter"].state_dict()
        assert not torch.equal(now["0.weight"], before["0.weight"])
        expected = keep * average["0.weight"] + (1 - keep) * now["0.weight"]
        torch.testing.assert_close(task_trainer.ema_generator.state_dict()["0.weight"], expected)


# what each process has of its own -------------------------------------------------------------------------------


class TwoWith(ProcessGroup):
    """One of two processes; what the second one has is given."""

    def __init__(self, rank: int, others: dict[str, Tensor]) -> None:
        super().__init__()
        self.rank, self.others = rank, others

    def gather(self, tensors: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
        return [dict(tensors), {**tensors, **self.others}] if self.rank == 0 else []


def test_a_state_of_all_holds_what_others_have_of_their_own_and_gives_each_its_own_back() -> None:
    mean = {f"{where}running_mean": torch.full((4,), 0.25) for where in ("networks.painter.1.", "ema.1.")}
    lead = Trainer(Players(), TrainerConfig(), device=CPU, group=TwoWith(0, mean))
    state = lead.state_of_all()
    assert {name for name in state if name.startswith("processes.")} == {f"processes.1.{name}" for name in mean}
    for rank, expected in ((0, 0.0), (1, 0.25)):
        other = Trainer(Players(), TrainerConfig(), device=CPU, group=TwoWith(rank, {}))
        other.load_state(state, lead.ema_generator.state_dict())
        for network in (other.task.networks["painter"], other.ema_generator):
            assert network.state_dict()["1.running_mean"].tolist() == [expected] * 4
    assert not any(name.startswith("processes.") for name in trainer_of(Players()).state_of_all())


# networks that never learn --------------------------------------------------------------------------------------


class Features(FrozenNetwork):
    """What a file would hold."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.5))

    def forward(self, pictures: Tensor) -> Tensor:
        result: Tensor = self.layers(pictures)
        return result


class Guided(nn.Module):
    """A painter that looks at frozen features."""

    def __init__(self) -> None:
        super().__init__()
        self.features, self.own = Features(), nn.Conv2d(3, 3, 3, 1, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        result: Tensor = self.own(pictures) + self.features(pictures).mean()
        return result


def guided_players() -> Players:
    torch.manual_seed(2)
    task = Players({"content": Features()})
    task.networks["painter"] = Guided()
    return task


def test_frozen_networks_are_in_no_optimizer_no_state_and_do_not_move() -> None:
    task = guided_players()
    task_trainer = trainer_of(task, optimizer=OptimizerConfig(lr=1e-2), ema=0.9)
    frozen = {**copies(task.networks["painter"].features), "content": copies(task.loss_networks["content"])}
    before = copies(task.networks)
    for step in range(4):
        terms = task_trainer.train_step([batch_of(step)], step)
        assert ("content" in terms) == (step % 3 == 0)
    names = moved(before, task.networks)
    assert {"painter.own.weight", "painter.own.bias", "critic.weight"} <= names
    assert not any(".features." in name for name in names)
    assert moved(frozen["content"], task.loss_networks["content"]) == set()
    state = task_trainer.state()
    assert not any("features" in name or "content" in name for name in state)
    assert sum(name.startswith("optimizers.painter") for name in state) == 2 * 3  # two weights, three figures each
    assert not any(part.training for part in (*task.networks["painter"].features.modules(),))
    assert not any(part.training for part in task.loss_networks["content"].modules())
    assert not any(weight.requires_grad for weight in task.loss_networks["content"].parameters())


def test_the_average_has_the_frozen_weights_and_so_rebuilds_alone() -> None:
    task = guided_players()
    task_trainer = trainer_of(task, ema=0.9)
    averaged = task_trainer.ema_generator.state_dict()
    for name, tensor in task.networks["painter"].features.state_dict().items():
        assert torch.equal(averaged[f"features.{name}"], tensor)
    other = trainer_of(guided_players(), ema=0.9)
    for step in range(3):
        task_trainer.train_step([batch_of(step)], step, lr_factor=0.01)
    state = {name: tensor.clone() for name, tensor in task_trainer.state().items()}
    other.load_state(state, {name: tensor.clone() for name, tensor in averaged.items()})
    for step in range(3, 6):
        for each in (task_trainer, other):
            each.train_step([batch_of(step)], step, lr_factor=0.01)
    assert all(torch.equal(tensor, other.state()[name]) for name, tensor in task_trainer.state().items())


# parts that are put to rest -------------------------------------------------------------------------------------


def frozen_players(*freeze: str) -> tuple[Players, Trainer]:
    torch.manual_seed(3)
    task = Players()
    return task, trainer_of(task, freeze=freeze)


@pytest.mark.parametrize(
    ("freeze", "stays"),
    [
        (("critic",), {"critic.weight", "critic.bias"}),
        (("painter.0",), {"painter.0.weight", "painter.0.bias"}),
        (("painter.1",), {f"painter.1.{name}" for name in ("weight", "bias", "running_mean", "running_var")}),
        (("painter.3.bias", "critic.bias"), {"painter.3.bias", "critic.bias"}),
    ],
)
def test_what_is_frozen_stays_with_its_statistics_and_the_rest_learns(freeze: tuple[str, ...], stays: set[str]) -> None:
    task, task_trainer = frozen_players(*freeze)
    before = copies(task.networks)
    for step in range(4):
        task_trainer.train_step([batch_of(step)], step, lr_factor=0.1)
    learning = set(before) - moved(before, task.networks) - {"painter.1.num_batches_tracked"}
    assert learning == stays
    gradients = {name for name, weight in task.networks.named_parameters() if weight.grad is not None}
    assert not gradients & stays, "nor is a gradient worked out for it and kept"


def test_an_update_none_of_whose_weights_learns_is_left_out_and_there_is_no_graph_without_a_maker_that_learns() -> None:
    task, task_trainer = frozen_players("painter")
    assert set(task_trainer.train_step([batch_of()], 0)) == {"critic"}
    assert task.graphs == [False]
    task, task_trainer = frozen_players("critic")
    assert set(task_trainer.train_step([batch_of()], 0)) == {"painter"}
    assert task.graphs == [True]


def test_a_painter_at_rest_paints_as_it_did() -> None:
    task, _ = frozen_players("painter")
    painter = task.networks["painter"]
    assert torch.equal(painter(batch_of().inputs), painter.eval()(batch_of().inputs))  # no dropout


@pytest.mark.parametrize(
    ("freeze", "message", "hint"),
    [
        (("generator",), "there is no 'generator'", "Choose from: painter, critic"),
        (("painter.9",), r"there is no 'painter\.9'", "Choose from: painter.0, painter.1, painter.3"),
        (("painter.3.bia",), r"there is no 'painter\.3\.bia'", "Choose from: painter.3.weight, painter.3.bias"),
        (("paint",), "there is no 'paint'", "Choose from: painter, critic"),
        (("painter", "critic"), "nothing would learn", "Leave something out of --freeze"),
    ],
)
def test_parts_that_there_are_not_are_refused_with_the_choices(
    freeze: tuple[str, ...], message: str, hint: str
) -> None:
    with pytest.raises(SettingsError, match=message) as raised:
        frozen_players(*freeze)
    assert raised.value.hint == hint


# compiled -------------------------------------------------------------------------------------------------------


def test_networks_under_a_second_derivative_are_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[nn.Module] = []
    monkeypatch.setattr(nn.Module, "compile", lambda self: compiled.append(self))
    task = Players()
    task.twice_derived = ("critic",)
    trainer_of(task, compile=True)
    assert compiled == [task.networks["painter"]]


# losses that are no numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", ["critic", "painter", "lazy"])
def test_a_loss_of_any_update_that_is_no_number_is_told(broken: str) -> None:
    task = Players()
    losses: dict[str, Callable[[Outputs], Losses]] = {update.name: update.loss for update in task.updates}

    def spoil(loss: Callable[[Outputs], Losses]) -> Callable[[Outputs], Losses]:
        return lambda outputs: {name: term * float("nan") for name, term in loss(outputs).items()}

    task.updates = tuple(
        Update(
            update.name,
            update.networks,
            spoil(losses[update.name]) if update.name == broken else update.loss,
            lazy=(lambda outputs: {"lazy": outputs["real"].mean() * float("nan")}) if broken == "lazy" else None,
        )
        for update in task.updates
    )
    terms = trainer_of(task).train_step([batch_of()], 0)
    assert next(name for name, value in terms.items() if value.isnan()) == broken
    assert broken == "critic" or not terms["critic"].isnan()
