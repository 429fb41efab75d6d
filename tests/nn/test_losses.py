"""Losses against values worked out by hand: adversarial, gradient penalty, and those of the two games."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.models import cyclegan, pix2pix
from pipelines.models.cyclegan import task as cyclegan_task
from pipelines.models.pix2pix import task as pix2pix_task
from pipelines.nn.adversarial import Gan, gan_loss, gradient_penalty
from pipelines.training.task import Batch

LOGITS = torch.tensor([[0.0, 2.0], [-1.0, 0.5]])


class Fixed(nn.Module):
    """A discriminator that gives every picture one logit."""

    def __init__(self, logit: float) -> None:
        super().__init__()
        self.logit, self.seen = nn.Parameter(torch.tensor(logit)), []

    def forward(self, pictures: Tensor) -> Tensor:
        self.seen.append(pictures)
        return self.logit.expand(len(pictures), 1, 2, 2)


class Linear(nn.Module):
    """A generator: gain * x + shift."""

    def __init__(self, gain: float, shift: float) -> None:
        super().__init__()
        self.gain, self.shift, self.calls = nn.Parameter(torch.tensor(gain)), shift, 0

    def forward(self, pictures: Tensor) -> Tensor:
        self.calls += 1
        return self.gain * pictures + self.shift


def plain(losses: dict[str, Tensor]) -> dict[str, float]:
    return {name: value.item() for name, value in losses.items()}


def test_vanilla_is_the_cross_entropy_of_the_sigmoid() -> None:
    real = (math.log(2) + math.log(1 + math.exp(-2)) + math.log(1 + math.e) + math.log(1 + math.exp(-0.5))) / 4
    fake = (math.log(2) + math.log(1 + math.exp(2)) + math.log(1 + 1 / math.e) + math.log(1 + math.exp(0.5))) / 4
    assert gan_loss(LOGITS, True, "vanilla").item() == pytest.approx(real)
    assert gan_loss(LOGITS, False, "vanilla").item() == pytest.approx(fake)
    library = functional.binary_cross_entropy_with_logits(LOGITS, torch.ones_like(LOGITS))
    torch.testing.assert_close(gan_loss(LOGITS, True, "vanilla"), library)


def test_lsgan_is_the_squared_distance() -> None:
    assert gan_loss(LOGITS, True, "lsgan").item() == pytest.approx((1 + 1 + 4 + 0.25) / 4)
    assert gan_loss(LOGITS, False, "lsgan").item() == pytest.approx((0 + 4 + 1 + 0.25) / 4)


@pytest.mark.parametrize("kind", ["vanilla", "lsgan"])
@pytest.mark.parametrize("real", [True, False])
def test_logits_far_out_give_finite_losses_and_gradients(kind: Gan, real: bool) -> None:
    logits = torch.tensor([-300.0, 300.0], requires_grad=True)
    loss = gan_loss(logits, real, kind)
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.isfinite()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


def test_half_precision_logits_are_summed_in_single() -> None:
    assert gan_loss(torch.full((40_000,), 3.0, dtype=torch.bfloat16), False, "lsgan").item() == pytest.approx(9)


def test_penalty_of_a_linear_critic_is_that_of_its_slope() -> None:
    weights = torch.tensor([1.0, 2.0, 2.0]).view(3, 1, 1).requires_grad_()  # a slope of 3
    real, fake = torch.rand(4, 3, 1, 1), torch.rand(4, 3, 1, 1)
    penalty = gradient_penalty(lambda pictures: (weights * pictures).sum((1, 2, 3)), real, fake)
    assert penalty.item() == pytest.approx(10 * (3 - 1) ** 2)
    penalty.backward()  # type: ignore[no-untyped-call]
    assert weights.grad is not None  # derived twice: 2 * 10 * (|w| - 1) * w / |w|
    torch.testing.assert_close(weights.grad.flatten(), torch.tensor([1.0, 2.0, 2.0]) * 40 / 3)


def test_penalty_is_taken_between_real_and_fake_at_one_alpha_per_picture() -> None:
    seen = []

    def critic(pictures: Tensor) -> Tensor:
        seen.append(pictures)
        return 0.5 * pictures.square().sum((1, 2, 3))  # its slope is the picture itself

    real, fake = torch.full((5, 2, 3, 4), 0.7), torch.full((5, 2, 3, 4), -0.2)
    torch.manual_seed(8)
    alpha = torch.rand(5)
    torch.manual_seed(8)
    penalty = gradient_penalty(critic, real, fake, weight=3)
    between = alpha * 0.7 + (1 - alpha) * -0.2
    torch.testing.assert_close(seen[0], between.view(5, 1, 1, 1).expand(5, 2, 3, 4))
    expected = 3 * (between.abs() * math.sqrt(2 * 3 * 4) - 1).square().mean()
    torch.testing.assert_close(penalty, expected)


def paired_task(gan: Gan = "lsgan") -> pix2pix_task.Task:
    task = pix2pix_task.Task(pix2pix.Params(generator="unet_128", ngf=1, ndf=1, gan=gan))
    task.networks["generator"], task.networks["discriminator"] = Linear(0.5, 0.0), Fixed(0.25)
    return task


def test_pix2pix_terms_by_hand() -> None:
    task = paired_task()
    inputs, targets = torch.full((2, 3, 8, 8), 0.4), torch.full((2, 3, 8, 8), 0.5)
    outputs = task.forward(Batch(inputs, targets))
    discriminator, generator = task.updates
    assert (discriminator.networks, generator.networks) == (("discriminator",), ("generator",))
    assert plain(discriminator.loss(outputs)) == pytest.approx(
        {"discriminator_fake": 0.5 * 0.25**2, "discriminator_real": 0.5 * 0.75**2}
    )
    assert plain(generator.loss(outputs)) == pytest.approx({"generator_gan": 0.75**2, "generator_l1": 100 * 0.3})


def test_pix2pix_vanilla_terms_by_hand() -> None:
    task = paired_task("vanilla")
    outputs = task.forward(Batch(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8)))
    real, fake = math.log(1 + math.exp(-0.25)), math.log(1 + math.exp(0.25))
    assert plain(task.updates[0].loss(outputs)) == pytest.approx(
        {"discriminator_fake": fake / 2, "discriminator_real": real / 2}
    )
    assert task.updates[1].loss(outputs)["generator_gan"].item() == pytest.approx(real)


def test_the_pix2pix_discriminator_sees_pairs_each_side_apart() -> None:
    task = paired_task()
    inputs, targets = torch.full((2, 3, 8, 8), 0.4), torch.full((2, 3, 8, 8), 0.5)
    outputs = task.forward(Batch(inputs, targets))
    task.updates[0].loss(outputs)
    judge = task.networks["discriminator"]
    shown = sorted(judge.seen, key=lambda pair: pair[0, 3, 0, 0].item())  # type: ignore[arg-type, union-attr]
    torch.testing.assert_close(shown[0], torch.cat([inputs, 0.5 * inputs], 1).detach())
    torch.testing.assert_close(shown[1], torch.cat([inputs, targets], 1))


def test_a_player_moves_only_its_own_networks() -> None:
    torch.manual_seed(0)
    task = pix2pix_task.Task(pix2pix.Params(generator="unet_128", ngf=1, ndf=1))
    outputs = task.forward(Batch(torch.rand(1, 3, 128, 128), torch.rand(1, 3, 128, 128)))
    total = torch.stack(list(task.updates[0].loss(outputs).values())).sum()
    total.backward()  # type: ignore[no-untyped-call]
    assert all(parameter.grad is None for parameter in task.networks["generator"].parameters())
    assert all(parameter.grad is not None for parameter in task.networks["discriminator"].parameters())
    task.networks["discriminator"].requires_grad_(False).zero_grad()
    torch.stack(list(task.updates[1].loss(outputs).values())).sum().backward()  # type: ignore[no-untyped-call]
    assert all(parameter.grad is not None for parameter in task.networks["generator"].parameters())
    assert all(parameter.grad is None for parameter in task.networks["discriminator"].parameters())


def unpaired_task(params: cyclegan.Params) -> cyclegan_task.Task:
    task = cyclegan_task.Task(params)
    task.networks["generator_a"], task.networks["generator_b"] = Linear(0.5, 0.0), Linear(1.0, 0.1)
    task.networks["discriminator_a"], task.networks["discriminator_b"] = Fixed(0.25), Fixed(0.5)
    return task


TINY = cyclegan.Params(generator="resnet_6blocks", ngf=1, ndf=1, size=32)


def test_cyclegan_terms_by_hand() -> None:
    task = unpaired_task(TINY)
    outputs = task.forward(Batch(torch.full((1, 3, 8, 8), 0.4), torch.full((1, 3, 8, 8), -0.6)))
    # A(a) = 0.2, B(A(a)) = 0.3; B(b) = -0.5, A(B(b)) = -0.25; A(b) = -0.3, B(a) = 0.5
    generators, discriminators = task.updates
    assert generators.networks == ("generator_a", "generator_b")
    assert plain(generators.loss(outputs)) == pytest.approx(
        {
            "generator_a_gan": 0.75**2,
            "generator_b_gan": 0.5**2,
            "cycle_a": 10 * 0.1,
            "cycle_b": 10 * 0.35,
            "identity_a": 5 * 0.3,
            "identity_b": 5 * 0.1,
        }
    )
    assert discriminators.networks == ("discriminator_a", "discriminator_b")
    assert plain(discriminators.loss(outputs)) == pytest.approx(
        {
            "discriminator_a_real": 0.5 * 0.75**2,
            "discriminator_a_fake": 0.5 * 0.25**2,
            "discriminator_b_real": 0.5 * 0.5**2,
            "discriminator_b_fake": 0.5 * 0.5**2,
        }
    )


def test_cyclegan_discriminators_judge_colours_and_composites_through_pools() -> None:
    task = unpaired_task(TINY)
    first = task.forward(Batch(torch.full((1, 3, 8, 8), 0.4), torch.full((1, 3, 8, 8), -0.6)))
    task.updates[1].loss(first)
    values = [
        sorted(round(shown.mean().item(), 4) for shown in task.networks[name].seen)  # type: ignore[union-attr]
        for name in ("discriminator_a", "discriminator_b")
    ]
    assert values == [[-0.6, 0.2], [-0.5, 0.4]]
    assert {name: round(pool.mean().item(), 4) for name, pool in task.extra_state().items()} == {
        "fake_a": -0.5,
        "fake_b": 0.2,
    }


def test_cyclegan_remembers_its_pools() -> None:
    task = unpaired_task(TINY)
    assert task.extra_state() == {}
    task.updates[1].loss(task.forward(Batch(torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8))))
    again = unpaired_task(TINY)
    again.load_extra_state({name: pool.clone() for name, pool in task.extra_state().items()})
    torch.testing.assert_close(again.extra_state(), task.extra_state())
    again.load_extra_state({})
    assert again.extra_state() == {}


def test_without_identity_its_pictures_are_not_made() -> None:
    task = unpaired_task(cyclegan.Params(generator="resnet_6blocks", ngf=1, ndf=1, identity_weight=0.0))
    outputs = task.forward(Batch(torch.full((1, 3, 8, 8), 0.4), torch.full((1, 3, 8, 8), -0.6)))
    assert set(task.updates[0].loss(outputs)) == {"generator_a_gan", "generator_b_gan", "cycle_a", "cycle_b"}
    assert task.networks["generator_a"].calls == task.networks["generator_b"].calls == 2


@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_identity_pictures_are_those_of_a_pass_of_their_own(norm: str) -> None:
    torch.manual_seed(0)
    task = cyclegan_task.Task(cyclegan.Params(generator="resnet_6blocks", ngf=2, ndf=1, norm=norm))  # type: ignore[arg-type]
    batch = Batch(torch.rand(2, 3, 16, 16) - 1, torch.rand(2, 3, 16, 16))
    with torch.no_grad():
        outputs = task.forward(batch)
        generator = task.networks["generator_a"]
        torch.testing.assert_close(outputs["fake_b"], generator(batch.inputs), rtol=0, atol=1e-6)
        torch.testing.assert_close(outputs["same_b"], generator(batch.targets), rtol=0, atol=1e-6)


def test_every_network_of_cyclegan_learns() -> None:
    torch.manual_seed(0)
    task = cyclegan_task.Task(TINY)
    outputs = task.forward(Batch(torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32)))
    for update in task.updates:
        for name, network in task.networks.items():
            network.requires_grad_(name in update.networks)
        torch.stack(list(update.loss(outputs).values())).sum().backward()  # type: ignore[no-untyped-call]
        for name in update.networks:
            assert all(parameter.grad is not None for parameter in task.networks[name].parameters()), name
