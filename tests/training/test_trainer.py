"""One step of any model: who moves, by how much, and that accumulation, averaging and saving are what they say."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pipelines.models import cyclegan, pix2pix
from pipelines.models.cyclegan import task as cyclegan_task
from pipelines.models.pix2pix import task as pix2pix_task
from pipelines.nn.adversarial import gradient_penalty
from pipelines.training.task import Batch, Losses, Outputs, TrainingError, Update
from pipelines.training.trainer import OptimConfig, Trainer, check_finite

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


def paired_game(rules: OptimConfig | None = None, **params: Any) -> Trainer:
    torch.manual_seed(7)
    return Trainer(pix2pix_task.Task(replace(PIX2PIX, **params)), rules or OptimConfig(), device=CPU)


def unpaired_game(rules: OptimConfig | None = None, **params: Any) -> Trainer:
    torch.manual_seed(7)
    return Trainer(cyclegan_task.Task(replace(CYCLEGAN, **params)), rules or OptimConfig(), device=CPU)


def weights(network: nn.Module) -> list[Tensor]:
    return [weight.detach().clone() for weight in network.parameters()]


def same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def gradients(game: Trainer) -> dict[str, Tensor]:
    """Adam's first moments after one step: the gradients times 1 - beta1."""
    return {name: tensor for name, tensor in game.state().items() if name.endswith(".exp_avg")}


# gradients --------------------------------------------------------------------------------------------------


def test_two_batches_of_one_accumulated_give_the_gradients_of_one_batch_of_two() -> None:
    """At rate 0: in later batches of a step the generator meets the discriminator as it was before it moved."""
    batch, one, other = batch_of(2, 128), paired_game(), paired_game()
    together, apart = one.step([batch], 0, rate=0.0), other.step(split(batch), 0, rate=0.0)
    for name in together:
        torch.testing.assert_close(together[name], apart[name])
    expected, found = gradients(one), gradients(other)
    assert len(expected) == 20
    for name, gradient in expected.items():
        scale = gradient.abs().max().item()
        assert scale > 0
        torch.testing.assert_close(found[name], gradient, rtol=2e-2, atol=1e-3 * scale)


def test_accumulation_of_cyclegan_gives_the_same_move() -> None:
    batch, one, other = batch_of(2, 32), unpaired_game(), unpaired_game()
    one.step([batch], 0)
    other.step(split(batch), 0)
    found = gradients(other)
    for name, gradient in gradients(one).items():
        noise = max(1e-3 * gradient.abs().max().item(), 1e-6)  # a bias before instance norm has no gradient but noise
        torch.testing.assert_close(found[name], gradient, rtol=1e-2, atol=noise)


def test_gradient_checkpointing_gives_equal_losses_and_weights() -> None:
    for make, size in ((paired_game, 128), (unpaired_game, 32)):
        kept, again = make(OptimConfig()), make(OptimConfig(gradient_checkpointing=True))
        for number in range(2):
            batch = batch_of(2, size, number)
            one, other = kept.step([batch], number), again.step([batch], number)
            assert same(one, other)
        assert same(kept.state(), again.state())


def test_gradient_checkpointing_repeats_dropout_and_moves_statistics_once() -> None:
    kept, again = (
        paired_game(OptimConfig(gradient_checkpointing=on), norm="batch", dropout=True) for on in (False, True)
    )
    for number in range(2):
        batch = batch_of(2, 128, number)
        assert same(kept.step([batch], number), again.step([batch], number))
    assert same(kept.state(), again.state())


def test_memory_layout_changes_losses_only_by_rounding() -> None:
    one, other = paired_game(OptimConfig(channels_last=True)), paired_game(OptimConfig(channels_last=False))
    batch = batch_of(2, 128)
    first, second = one.step([batch], 0), other.step([batch], 0)
    for name in first:
        torch.testing.assert_close(first[name], second[name], rtol=1e-3, atol=1e-5)


def test_the_rate_scales_the_first_move() -> None:
    """Adam's first step is about learning_rate * sign(gradient)."""
    for rate in (1.0, 0.25, 0.0):
        game = paired_game(OptimConfig(learning_rate=1e-3))
        before = weights(game.learner.networks["discriminator"])
        game.step([batch_of(1, 128)], 0, rate=rate)
        after = weights(game.learner.networks["discriminator"])
        most = max(float((a - b).abs().max()) for a, b in zip(after, before, strict=True))
        assert most == pytest.approx(1e-3 * rate, rel=1e-2)


def test_a_seed_and_a_step_decide_on_dropout() -> None:
    def losses(seed: int, number: int) -> dict[str, Tensor]:
        return paired_game(OptimConfig(seed=seed), dropout=True, norm="batch").step([batch_of(1, 128)], number)

    assert same(losses(0, 5), losses(0, 5))
    assert not same(losses(0, 5), losses(0, 6))
    assert not same(losses(0, 5), losses(1, 5))


# average ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "keep"), [(0, 1 / 10), (8, 9 / 18), (90, 0.9), (10_000, 0.9)])
def test_the_average_follows_its_formula(number: int, keep: float) -> None:
    game = paired_game(OptimConfig(ema=0.9, learning_rate=1e-2))
    before = weights(game.painter)
    game.step([batch_of(1, 128)], number)
    fresh = weights(game.learner.networks["generator"])
    for mine, old, new in zip(weights(game.painter), before, fresh, strict=True):
        torch.testing.assert_close(mine, keep * old + (1 - keep) * new)
    assert any(not torch.equal(old, new) for old, new in zip(before, fresh, strict=True))


def test_without_average_the_painter_is_the_network_itself() -> None:
    game = paired_game(OptimConfig(ema=0.0), norm="batch")
    game.step([batch_of(2, 128)], 50)
    assert same(game.painter.state_dict(), game.learner.networks["generator"].state_dict())
    assert not game.painter.training
    assert not any(weight.requires_grad for weight in game.painter.parameters())


# a state that goes on ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [paired_game, unpaired_game])
def test_a_state_taken_back_goes_on_to_the_last_bit(make: Any) -> None:
    size = 128 if make is paired_game else 32
    straight, first = make(), make()
    for number in range(5):
        straight.step([batch_of(1, size, number)], number)
        if number < 3:
            first.step([batch_of(1, size, number)], number)
    state = {name: tensor.clone() for name, tensor in first.state().items()}
    second = make(OptimConfig())
    second.step([batch_of(1, size, 99)], 99)  # what it was before is forgotten
    second.load_state(state, {name: tensor.clone() for name, tensor in first.painter.state_dict().items()})
    for number in (3, 4):
        second.step([batch_of(1, size, number)], number)
    assert same(second.state(), straight.state())
    assert same(second.painter.state_dict(), straight.painter.state_dict())
    if make is unpaired_game:
        assert straight.state()["memory.fake_a"].shape == (2, 3, 32, 32)


# three sides, double backward -------------------------------------------------------------------------------


class Wasserstein:
    """WGAN-GP: a critic that moves on every step, a generator on every third from the third on."""

    painter = "generator"
    unpaired = False

    def __init__(self) -> None:
        self.penalties: list[float] = []
        self.frozen: list[tuple[str, bool, bool]] = []
        self.networks = nn.ModuleDict(
            {
                "generator": nn.Conv2d(3, 3, 3, 1, 1),
                "critic": nn.Sequential(nn.Conv2d(3, 4, 4, 2, 1), nn.SiLU(), nn.Conv2d(4, 1, 4, 2, 1)),
            }
        )
        self.players = (
            Update("critic", ("critic",), self._critic_loss),
            Update("generator", ("generator",), self._generator_loss, every=3, start=2),
        )

    def play(self, batch: Batch) -> Outputs:
        return {"targets": batch.targets, "fake": self.networks["generator"](batch.inputs)}

    def memory(self) -> dict[str, Tensor]:
        return {}

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        pass

    def _note(self, player: str) -> None:
        learns = [all(weight.requires_grad for weight in network.parameters()) for network in self.networks.values()]
        self.frozen.append((player, *learns))  # type: ignore[arg-type]

    def _critic_loss(self, scene: Outputs) -> Losses:
        self._note("critic")
        critic, fake = self.networks["critic"], scene["fake"].detach()
        penalty = gradient_penalty(critic, scene["targets"], fake)
        self.penalties.append(penalty.item())
        return {"critic": critic(fake).mean() - critic(scene["targets"]).mean(), "penalty": penalty}

    def _generator_loss(self, scene: Outputs) -> Losses:
        self._note("generator")
        return {"generator": -self.networks["critic"](scene["fake"]).mean()}


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_critic_with_gradient_penalty_moves_every_step_and_its_generator_every_third(precision: Any) -> None:
    torch.manual_seed(0)
    learner = Wasserstein()
    game = Trainer(learner, OptimConfig(learning_rate=2e-3, precision=precision), device=CPU)
    moved = []
    for number in range(9):
        before = {name: weights(network) for name, network in learner.networks.items()}
        terms = game.step([batch_of(2, 16, number)], number)
        moved.append(
            tuple(
                any(not torch.equal(a, b) for a, b in zip(before[name], weights(network), strict=True))
                for name, network in learner.networks.items()
            )
        )
        assert ("generator" in terms) == (number in (2, 5, 8))
        assert {"critic", "penalty"} <= terms.keys()
    assert moved == [(number in (2, 5, 8), True) for number in range(9)]
    assert {(name, *learns) for name, *learns in learner.frozen} == {
        ("critic", False, True),
        ("generator", True, False),
    }
    assert learner.penalties[-1] < learner.penalties[0]  # double backward reached the critic's weights


def test_a_player_leaves_no_gradient_for_the_next() -> None:
    learner = Wasserstein()
    game = Trainer(learner, OptimConfig(), device=CPU)
    game.step([batch_of(2, 16)] * 2, 2)
    assert all(weight.grad is None for weight in learner.networks.parameters())


def test_players_say_when_they_move() -> None:
    player = Update("late", (), lambda scene: {}, every=3, start=2)
    assert [step for step in range(12) if player.moves(step)] == [2, 5, 8, 11]


# breakdowns -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_losses_that_are_no_numbers_stop_with_their_name_and_step(value: float) -> None:
    check_finite({"fine": 1e30}, 3)
    with pytest.raises(TrainingError, match=r"the loss broken became -?(nan|inf) in step 17") as raised:
        check_finite({"fine": 0.0, "broken": value}, 17)
    assert "--learning-rate" in raised.value.hint
    assert raised.value.exit_code == 1


@pytest.mark.parametrize("name", ["generator", "discriminator", "average"])
def test_weights_that_are_no_numbers_are_found_before_they_are_saved(name: str) -> None:
    game = paired_game()
    game.check_weights(4)
    network = game.painter if name == "average" else game.learner.networks[name]
    with torch.no_grad():
        list(network.parameters())[-1].view(-1)[0] = float("nan")
    with pytest.raises(TrainingError, match=f"weights of {name} are no numbers after step 5"):
        game.check_weights(5)
