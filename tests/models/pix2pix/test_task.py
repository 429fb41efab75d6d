"""How pix2pix learns: its losses by hand, what its discriminator sees, and whose weights move."""

import math

import pytest
import torch

from pipelines.models import pix2pix
from pipelines.models.pix2pix import task as pix2pix_task
from pipelines.nn.adversarial import Gan
from pipelines.training.task import Batch
from tests.models.fixed_networks import Fixed, Linear, plain


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
    discriminator = task.networks["discriminator"]
    shown = sorted(discriminator.seen, key=lambda pair: pair[0, 3, 0, 0].item())  # type: ignore[arg-type, union-attr]
    torch.testing.assert_close(shown[0], torch.cat([inputs, 0.5 * inputs], 1).detach())
    torch.testing.assert_close(shown[1], torch.cat([inputs, targets], 1))


def test_a_update_moves_only_its_own_networks() -> None:
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
