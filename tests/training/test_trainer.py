"""One step of any model: who moves, by how much, and that accumulation, averaging and saving are what they say."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pipelines.models import cyclegan, pix2pix
from pipelines.models.cyclegan import task as cyclegan_task
from pipelines.models.pix2pix import task as pix2pix_task
from pipelines.nn.adversarial import gradient_penalty
from pipelines.training.distributed import ProcessGroup
from pipelines.training.optimizers import OptimizerConfig
from pipelines.training.task import Batch, Losses, Outputs, TrainingError, TrainingTask, Update
from pipelines.training.trainer import Trainer, TrainerConfig, check_finite

CPU = torch.device("cpu")
PIX2PIX = pix2pix.Params(generator="unet_128", ngf=4, ndf=4, layers_d=1, norm="none", dropout=False)
CYCLEGAN = cyclegan.Params(generator="resnet_6blocks", ngf=4, ndf=4, layers_d=1, size=32, pool=2)


pytestmark = pytest.mark.usefixtures("one_thread")


def batch_of(count: int, size: int, seed: int = 0, channels: int = 3) -> Batch:
    random = torch.Generator().manual_seed(seed)
    return Batch(
        torch.rand(count, channels, size, size, generator=random) * 2 - 1,
        torch.rand(count, 3, size, size, generator=random) * 2 - 1,
    )


def split(batch: Batch) -> list[Batch]:
    return [Batch(batch.inputs[row : row + 1], batch.targets[row : row + 1]) for row in range(len(batch.inputs))]


def paired_trainer(config: TrainerConfig | None = None, **params: Any) -> Trainer:
    torch.manual_seed(7)
    return Trainer(pix2pix_task.Task(replace(PIX2PIX, **params)), config or TrainerConfig(), device=CPU)


def unpaired_trainer(config: TrainerConfig | None = None, **params: Any) -> Trainer:
    torch.manual_seed(7)
    return Trainer(cyclegan_task.Task(replace(CYCLEGAN, **params)), config or TrainerConfig(), device=CPU)


def weights(network: nn.Module) -> list[Tensor]:
    return [weight.detach().clone() for weight in network.parameters()]


def same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def gradients(trainer: Trainer) -> dict[str, Tensor]:
    """Adam's first moments after one step: the gradients times 1 - beta1."""
    return {name: tensor for name, tensor in trainer.state().items() if name.endswith(".exp_avg")}


# gradients --------------------------------------------------------------------------------------------------


def test_two_batches_of_one_accumulated_give_the_gradients_of_one_batch_of_two() -> None:
    """At rate 0: in later batches of a step the generator meets the discriminator as it was before it moved."""
    batch, one, other = batch_of(2, 128), paired_trainer(), paired_trainer()
    together, apart = one.train_step([batch], 0, lr_factor=0.0), other.train_step(split(batch), 0, lr_factor=0.0)
    for name in together:
        torch.testing.assert_close(together[name], apart[name])
    expected, found = gradients(one), gradients(other)
    assert len(expected) == 20
    for name, gradient in expected.items():
        scale = gradient.abs().max().item()
        assert scale > 0
        torch.testing.assert_close(found[name], gradient, rtol=2e-2, atol=1e-3 * scale)


def test_accumulation_of_cyclegan_gives_the_same_move() -> None:
    batch, one, other = batch_of(2, 32), unpaired_trainer(), unpaired_trainer()
    one.train_step([batch], 0)
    other.train_step(split(batch), 0)
    found = gradients(other)
    for name, gradient in gradients(one).items():
        noise = max(1e-3 * gradient.abs().max().item(), 1e-6)  # a bias before instance norm has no gradient but noise
        torch.testing.assert_close(found[name], gradient, rtol=1e-2, atol=noise)


def test_gradient_checkpointing_gives_equal_losses_and_weights() -> None:
    for make, size in ((paired_trainer, 128), (unpaired_trainer, 32)):
        kept, again = make(TrainerConfig()), make(TrainerConfig(gradient_checkpointing=True))
        for number in range(2):
            batch = batch_of(2, size, number)
            one, other = kept.train_step([batch], number), again.train_step([batch], number)
            assert same(one, other)
        assert same(kept.state(), again.state())


def test_gradient_checkpointing_repeats_dropout_and_moves_statistics_once() -> None:
    kept, again = (
        paired_trainer(TrainerConfig(gradient_checkpointing=on), norm="batch", dropout=True) for on in (False, True)
    )
    for number in range(2):
        batch = batch_of(2, 128, number)
        assert same(kept.train_step([batch], number), again.train_step([batch], number))
    assert same(kept.state(), again.state())


def test_memory_layout_changes_losses_only_by_rounding() -> None:
    one, other = paired_trainer(TrainerConfig(channels_last=True)), paired_trainer(TrainerConfig(channels_last=False))
    batch = batch_of(2, 128)
    first, second = one.train_step([batch], 0), other.train_step([batch], 0)
    for name in first:
        torch.testing.assert_close(first[name], second[name], rtol=1e-3, atol=1e-5)


def test_gradients_of_pictures_lie_in_memory_as_the_pictures_do() -> None:
    """The L1 distance gives its gradient contiguous; the way back through the generator is far slower then."""
    trainer = paired_trainer(TrainerConfig(channels_last=True))
    strides: list[tuple[int, ...]] = []

    def watch(_: nn.Module, __: object, gradients: tuple[Tensor, ...]) -> None:
        strides.append(gradients[0].stride())

    handle = trainer.task.networks["generator"].model.model[-1].register_full_backward_hook(watch)
    trainer.train_step([batch_of(2, 128)], 0)
    handle.remove()
    assert strides
    assert all(stride[1] == 1 for stride in strides)


def test_the_rate_scales_the_first_move() -> None:
    """Adam's first step is about learning_rate * sign(gradient)."""
    for rate in (1.0, 0.25, 0.0):
        trainer = paired_trainer(TrainerConfig(optimizer=OptimizerConfig(lr=1e-3)))
        before = weights(trainer.task.networks["discriminator"])
        trainer.train_step([batch_of(1, 128)], 0, lr_factor=rate)
        after = weights(trainer.task.networks["discriminator"])
        most = max(float((a - b).abs().max()) for a, b in zip(after, before, strict=True))
        assert most == pytest.approx(1e-3 * rate, rel=1e-2)


def test_a_seed_and_a_step_decide_on_dropout() -> None:
    def losses(seed: int, number: int) -> dict[str, Tensor]:
        return paired_trainer(TrainerConfig(seed=seed), dropout=True, norm="batch").train_step(
            [batch_of(1, 128)], number
        )

    assert same(losses(0, 5), losses(0, 5))
    assert not same(losses(0, 5), losses(0, 6))
    assert not same(losses(0, 5), losses(1, 5))


# average ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "keep"), [(0, 1 / 10), (8, 9 / 18), (90, 0.9), (10_000, 0.9)])
def test_the_average_follows_its_formula(number: int, keep: float) -> None:
    trainer = paired_trainer(TrainerConfig(ema=0.9, optimizer=OptimizerConfig(lr=1e-2)))
    before = weights(trainer.ema_generator)
    trainer.train_step([batch_of(1, 128)], number)
    fresh = weights(trainer.task.networks["generator"])
    for mine, old, new in zip(weights(trainer.ema_generator), before, fresh, strict=True):
        torch.testing.assert_close(mine, keep * old + (1 - keep) * new)
    assert any(not torch.equal(old, new) for old, new in zip(before, fresh, strict=True))


def test_without_average_the_ema_generator_is_the_network_itself() -> None:
    trainer = paired_trainer(TrainerConfig(ema=0.0), norm="batch")
    trainer.train_step([batch_of(2, 128)], 50)
    assert same(trainer.ema_generator.state_dict(), trainer.task.networks["generator"].state_dict())
    assert not trainer.ema_generator.training
    assert not any(weight.requires_grad for weight in trainer.ema_generator.parameters())


# a state that goes on ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [paired_trainer, unpaired_trainer])
def test_a_state_taken_back_goes_on_to_the_last_bit(make: Any) -> None:
    size = 128 if make is paired_trainer else 32
    straight, first = make(), make()
    for number in range(5):
        straight.train_step([batch_of(1, size, number)], number)
        if number < 3:
            first.train_step([batch_of(1, size, number)], number)
    state = {name: tensor.clone() for name, tensor in first.state().items()}
    second = make(TrainerConfig())
    second.train_step([batch_of(1, size, 99)], 99)  # what it was before is forgotten
    second.load_state(state, {name: tensor.clone() for name, tensor in first.ema_generator.state_dict().items()})
    for number in (3, 4):
        second.train_step([batch_of(1, size, number)], number)
    assert same(second.state(), straight.state())
    assert same(second.ema_generator.state_dict(), straight.ema_generator.state_dict())
    if make is unpaired_trainer:
        assert straight.state()["extra.fake_a"].shape == (2, 3, 32, 32)


# three sides, double backward -------------------------------------------------------------------------------


class Wasserstein(TrainingTask):
    """WGAN-GP: a critic that moves on every step, a generator on every third from the third on."""

    generator = "generator"

    def __init__(self) -> None:
        self.penalties: list[float] = []
        self.frozen: list[tuple[str, bool, bool]] = []
        self.networks = nn.ModuleDict(
            {
                "generator": nn.Conv2d(3, 3, 3, 1, 1),
                "critic": nn.Sequential(nn.Conv2d(3, 4, 4, 2, 1), nn.SiLU(), nn.Conv2d(4, 1, 4, 2, 1)),
            }
        )
        self.updates = (
            Update("critic", ("critic",), self._critic_loss),
            Update("generator", ("generator",), self._generator_loss, every=3, start=2),
        )

    def forward(self, batch: Batch) -> Outputs:
        return {"targets": batch.targets, "fake": self.networks["generator"](batch.inputs)}

    def _note(self, update: str) -> None:
        learns = [all(weight.requires_grad for weight in network.parameters()) for network in self.networks.values()]
        self.frozen.append((update, *learns))  # type: ignore[arg-type]

    def _critic_loss(self, outputs: Outputs) -> Losses:
        self._note("critic")
        critic, fake = self.networks["critic"], outputs["fake"].detach()
        penalty = gradient_penalty(critic, outputs["targets"], fake)
        self.penalties.append(penalty.item())
        return {"critic": critic(fake).mean() - critic(outputs["targets"]).mean(), "penalty": penalty}

    def _generator_loss(self, outputs: Outputs) -> Losses:
        self._note("generator")
        return {"generator": -self.networks["critic"](outputs["fake"]).mean()}


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_critic_with_gradient_penalty_moves_every_step_and_its_generator_every_third(precision: Any) -> None:
    torch.manual_seed(0)
    task = Wasserstein()
    trainer = Trainer(task, TrainerConfig(optimizer=OptimizerConfig(lr=2e-3), precision=precision), device=CPU)
    moved = []
    for number in range(9):
        before = {name: weights(network) for name, network in task.networks.items()}
        terms = trainer.train_step([batch_of(2, 16, number)], number)
        moved.append(
            tuple(
                any(not torch.equal(a, b) for a, b in zip(before[name], weights(network), strict=True))
                for name, network in task.networks.items()
            )
        )
        assert ("generator" in terms) == (number in (2, 5, 8))
        assert {"critic", "penalty"} <= terms.keys()
    assert moved == [(number in (2, 5, 8), True) for number in range(9)]
    assert {(name, *learns) for name, *learns in task.frozen} == {
        ("critic", False, True),
        ("generator", True, False),
    }
    assert task.penalties[-1] < task.penalties[0]  # double backward reached the critic's weights


def test_an_update_leaves_no_gradient_for_the_next() -> None:
    task = Wasserstein()
    trainer = Trainer(task, TrainerConfig(), device=CPU)
    trainer.train_step([batch_of(2, 16)] * 2, 2)
    assert all(weight.grad is None for weight in task.networks.parameters())


# updates with optimizers of their own -----------------------------------------------------------------------


class Toy(TrainingTask):
    """Two linear networks: one by RMSprop from the second step on, on every second; one by the run's Adam."""

    generator = "first"

    def __init__(self) -> None:
        self.networks = nn.ModuleDict({"first": nn.Linear(2, 2, bias=False), "second": nn.Linear(2, 2, bias=False)})
        own = OptimizerConfig(kind="rmsprop", lr=1e-2, alpha=0.75, momentum=0.5)
        self.updates = (
            Update("late", ("second",), self._loss, every=2, start=1, optimizer=own),
            Update("early", ("first",), self._loss),
        )

    def forward(self, batch: Batch) -> Outputs:
        values = batch.inputs.mean((2, 3))[:, :2]
        return {"made": self.networks["second"](self.networks["first"](values)), "values": values}

    def _loss(self, outputs: Outputs) -> Losses:
        made = self.networks["second"](self.networks["first"](outputs["values"]))  # of weights as they are by now
        return {"distance": (made - 1).square().mean()}


def toy_trainer() -> Trainer:
    torch.manual_seed(5)
    return Trainer(Toy(), TrainerConfig(optimizer=OptimizerConfig(lr=1e-3, betas=(0.5, 0.9))), device=CPU)


def toy_steps(trainer: Trainer, steps: range) -> list[tuple[bool, bool]]:
    """Which of the two networks moved in each step."""
    moved = []
    for number in steps:
        before = {name: weights(network) for name, network in trainer.task.networks.items()}
        trainer.train_step([batch_of(3, 4, number)], number, lr_factor=1 / (1 + number))
        moved.append(
            tuple(not torch.equal(weights(trainer.task.networks[name])[0], before[name][0]) for name in before)
        )
    return moved


def test_updates_have_optimizers_and_turns_of_their_own() -> None:
    trainer = toy_trainer()
    assert toy_steps(trainer, range(6)) == [(True, number % 2 == 1) for number in range(6)]
    kinds = {name: type(optimizer).__name__ for name, optimizer in trainer._optimizers.items()}
    assert kinds == {"late": "RMSprop", "early": "Adam"}
    names = {name for name in trainer.state() if name.startswith("optimizers.")}
    assert names == {f"optimizers.late.0.{key}" for key in ("step", "square_avg", "momentum_buffer")} | {
        f"optimizers.early.0.{key}" for key in ("step", "exp_avg", "exp_avg_sq")
    }
    assert trainer.state()["optimizers.late.0.step"].item() == 3
    assert trainer.state()["optimizers.early.0.step"].item() == 6


@pytest.mark.parametrize("factor", [1.0, 0.25])
def test_each_update_moves_at_its_own_rate_times_the_factor(factor: float) -> None:
    """First steps by hand: Adam lr * sign(g); RMSprop lr * sign(g) / sqrt(1 - alpha)."""
    trainer = toy_trainer()
    before = {name: weights(network)[0] for name, network in trainer.task.networks.items()}
    trainer.train_step([batch_of(3, 4)], 1, lr_factor=factor)
    off = {name: (weights(network)[0] - before[name]).abs() for name, network in trainer.task.networks.items()}
    torch.testing.assert_close(off["first"], torch.full((2, 2), 1e-3 * factor), rtol=1e-3, atol=1e-7)
    torch.testing.assert_close(off["second"], torch.full((2, 2), 2e-2 * factor), rtol=1e-3, atol=1e-7)


def test_the_runs_own_settings_and_the_same_said_by_the_update_are_one() -> None:
    config = OptimizerConfig(lr=3e-3, betas=(0.3, 0.9))
    torch.manual_seed(5)
    ours, theirs = Toy(), Toy()
    theirs.networks.load_state_dict(ours.networks.state_dict())
    theirs.updates = tuple(replace(update, optimizer=update.optimizer or config) for update in theirs.updates)
    one = Trainer(ours, TrainerConfig(optimizer=config), device=CPU)
    other = Trainer(theirs, TrainerConfig(), device=CPU)
    for trainer in (one, other):
        toy_steps(trainer, range(4))
    assert same(one.state(), other.state())


@pytest.mark.parametrize("stop", [1, 2, 5])
def test_optimizers_of_different_kinds_go_on_to_the_last_bit(stop: int) -> None:
    straight, first, second = toy_trainer(), toy_trainer(), toy_trainer()
    toy_steps(straight, range(8))
    toy_steps(first, range(stop))
    toy_steps(second, range(90, 93))  # what it was before is forgotten
    state = {name: tensor.clone() for name, tensor in first.state().items()}
    second.load_state(state, {name: tensor.clone() for name, tensor in first.ema_generator.state_dict().items()})
    toy_steps(second, range(stop, 8))
    assert same(second.state(), straight.state())
    assert same(second.ema_generator.state_dict(), straight.ema_generator.state_dict())


# half precision ---------------------------------------------------------------------------------------------


def half_trainer() -> Trainer:
    torch.manual_seed(5)
    return Trainer(Toy(), TrainerConfig(optimizer=OptimizerConfig(lr=1e-3), precision="fp16"), device=CPU)


def test_a_step_whose_scaled_gradients_overflow_is_left_out_and_the_scale_halves() -> None:
    trainer = half_trainer()
    scale = trainer.state()["scaler.scale"].item()
    before = weights(trainer.task.networks)
    with torch.no_grad():  # gradients beyond half precision's 65504 / scale
        trainer.task.networks["first"].weight *= 1e3
        trainer.task.networks["second"].weight *= 1e3
    large = weights(trainer.task.networks)
    trainer.train_step([batch_of(3, 4)], 1)
    assert all(torch.equal(old, new) for old, new in zip(large, weights(trainer.task.networks), strict=True))
    assert trainer.state()["scaler.scale"].item() == scale / 2
    with torch.no_grad():
        for weight, small in zip(trainer.task.networks.parameters(), before, strict=True):
            weight.copy_(small / 1e3)
    small = weights(trainer.task.networks)
    trainer.train_step([batch_of(3, 4)], 1)
    assert all(not torch.equal(old, new) for old, new in zip(small, weights(trainer.task.networks), strict=True))
    assert trainer.state()["scaler.scale"].item() == scale / 2


@pytest.mark.parametrize("stop", [1, 3])
def test_half_precision_goes_on_with_its_scale_to_the_last_bit(stop: int) -> None:
    straight, first, second = half_trainer(), half_trainer(), half_trainer()
    toy_steps(straight, range(6))
    toy_steps(first, range(stop))
    state = {name: tensor.clone() for name, tensor in first.state().items()}
    second.load_state(state, {name: tensor.clone() for name, tensor in first.ema_generator.state_dict().items()})
    toy_steps(second, range(stop, 6))
    assert same(second.state(), straight.state())
    assert straight.state()["scaler._growth_tracker"].item() > 0


# several processes ------------------------------------------------------------------------------------------


class Others(ProcessGroup):
    """Processes whose weights were 0.5 at the start, and whose gradients are thrice this one's."""

    def __init__(self, rank: int = 0, world_size: int = 2) -> None:
        super().__init__()
        self.rank, self.world_size = rank, world_size
        self.counts: list[int] = []  # of the gradients in each message

    def broadcast(self, tensors: Mapping[str, Tensor]) -> None:
        for tensor in tensors.values():
            tensor.fill_(0.5)

    def all_reduce_mean(self, tensors: Sequence[Tensor]) -> None:
        self.counts.append(len(tensors))
        for tensor in tensors:
            tensor.mul_(2)


def follower(group: ProcessGroup | None = None) -> Trainer:
    torch.manual_seed(6)
    sgd = OptimizerConfig(kind="sgd", lr=0.1)
    task = Toy()
    task.updates = (Update("both", ("first", "second"), task._loss, optimizer=sgd),)
    return Trainer(task, TrainerConfig(), device=CPU, group=group)


def test_all_processes_start_with_the_weights_of_the_first() -> None:
    trainer = follower(Others())
    for weight in (*trainer.task.networks.parameters(), *trainer.ema_generator.parameters()):
        assert weight.unique().tolist() == [0.5]


def test_weights_move_by_the_mean_gradient_of_all_processes_once_a_step() -> None:
    group = Others()
    alone, together = follower(), follower(group)
    alone.task.networks.load_state_dict(together.task.networks.state_dict())
    for trainer in (alone, together):
        trainer.train_step([batch_of(3, 4, 0), batch_of(3, 4, 1)], 0)
    assert group.counts == [2]  # both networks' in one message, after the last batch
    for mine, ours in zip(weights(alone.task.networks), weights(together.task.networks), strict=True):
        assert (mine - 0.5).abs().min() > 0
        torch.testing.assert_close(ours - 0.5, 2 * (mine - 0.5))


def test_processes_draw_chance_of_their_own_in_every_step() -> None:
    draws = []
    for rank in (0, 1):
        trainer = follower(Others(rank))
        for step in (0, 1, 2):
            trainer.train_step([batch_of(1, 4)], step)
            draws.append(torch.rand(()).item())
    assert len(set(draws)) == 6


# breakdowns -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_losses_that_are_no_numbers_stop_with_their_name_and_step(value: float) -> None:
    check_finite({"fine": 1e30}, 3)
    with pytest.raises(TrainingError, match=r"the loss broken became -?(nan|inf) in step 17") as raised:
        check_finite({"fine": 0.0, "broken": value}, 17)
    assert "--learning-rate" in raised.value.hint
    assert raised.value.exit_code == 1


@pytest.mark.parametrize("name", ["generator", "discriminator", "ema_generator"])
def test_weights_that_are_no_numbers_are_found_before_they_are_saved(name: str) -> None:
    trainer = paired_trainer()
    trainer.check_weights(4)
    network = trainer.ema_generator if name == "ema_generator" else trainer.task.networks[name]
    with torch.no_grad():
        list(network.parameters())[-1].view(-1)[0] = float("nan")
    with pytest.raises(TrainingError, match=f"weights of {name} are no numbers after step 5"):
        trainer.check_weights(5)
