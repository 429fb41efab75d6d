"""How cyclegan learns: its losses by hand, its pools, its pictures of identity, and that every network learns."""

from typing import Literal

import pytest
import torch

from pipelines.models import cyclegan
from pipelines.models.cyclegan import task as cyclegan_task
from pipelines.training.task import Batch
from tests.models.fixed_networks import Fixed, Linear, plain

TINY = cyclegan.Params(generator="resnet_6blocks", ngf=1, ndf=1, size=32)


def unpaired_task(params: cyclegan.Params) -> cyclegan_task.Task:
    task = cyclegan_task.Task(params)
    task.networks["generator_a"], task.networks["generator_b"] = Linear(0.5, 0.0), Linear(1.0, 0.1)
    task.networks["discriminator_a"], task.networks["discriminator_b"] = Fixed(0.25), Fixed(0.5)
    return task


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


def test_cyclegan_discriminators_discriminator_colours_and_composites_through_pools() -> None:
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


@pytest.mark.parametrize(("kind", "channels"), [("lines", 1), ("hinted", 4), ("layers", 5)])
def test_line_art_of_any_encoding_is_painted_and_drawn(
    kind: Literal["lines", "hinted", "layers"], channels: int
) -> None:
    params = cyclegan.Params(generator="resnet_6blocks", ngf=2, ndf=2, size=32, input=kind, identity_weight=0)
    task = cyclegan_task.Task(params)
    outputs = task.forward(Batch(torch.rand(2, channels, 24, 32), torch.rand(2, 3, 24, 32)))
    assert outputs["fake_b"].shape == outputs["rec_b"].shape == (2, 3, 24, 32)
    assert outputs["fake_a"].shape == outputs["rec_a"].shape == (2, channels, 24, 32)
    for update in task.updates:
        sum(update.loss(outputs).values()).backward(retain_graph=True)
        for name in update.networks:
            assert all(weight.grad is not None for weight in task.networks[name].parameters())
