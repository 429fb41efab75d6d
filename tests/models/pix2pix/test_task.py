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


# switches ---------------------------------------------------------------------------------------------------

SMALL = {"generator": "unet_128", "ngf": 1, "ndf": 1}


def task_of(generator: Linear, discriminator: Fixed, **params: object) -> pix2pix_task.Task:
    task = pix2pix_task.Task(pix2pix.Params(**SMALL, **params))  # type: ignore[arg-type]
    task.networks["generator"], task.networks["discriminator"] = generator, discriminator
    return task


def test_the_generator_of_maps_lowers_cross_entropy_against_a_wasserstein_critic() -> None:
    settings = {"norm": "instance", "gan": "wgan-gp", "generator_gan": "bce", "l1_weight": 10.0}
    task = task_of(Linear(1.0, 0.2), Fixed(-1.0), **settings)
    outputs = task.forward(Batch(torch.zeros(2, 3, 8, 8), torch.zeros(2, 3, 8, 8)))
    terms = plain(task.updates[1].loss(outputs))
    assert terms == pytest.approx({"generator_gan": 1.31326, "generator_l1": 2.0}, abs=1e-5)
    same = task_of(Linear(1.0, 0.2), Fixed(-1.0), **settings | {"generator_gan": "same"})
    assert plain(same.updates[1].loss(same.forward(Batch(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8)))))[
        "generator_gan"
    ] == pytest.approx(1)


class Slope(torch.nn.Module):
    """A critic of four patches, each half of its own pixel in one channel of the picture, and of its input."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return 0.5 * pictures[:, 3:4] + 100 * pictures[:, :1]


def test_a_critic_is_penalised_for_its_slope_by_the_picture_alone_summed_over_patches() -> None:
    task = pix2pix_task.Task(pix2pix.Params(**SMALL, norm="instance", gan="wgan-gp"))  # type: ignore[arg-type]
    task.networks["generator"], task.networks["discriminator"] = Linear(0.5, 0.0), Slope()
    outputs = task.forward(Batch(torch.full((1, 3, 2, 2), 0.4), torch.full((1, 3, 2, 2), 0.6)))
    terms = plain(task.updates[0].loss(outputs))
    assert terms["discriminator_penalty"] == pytest.approx(
        0, abs=1e-9
    )  # of the mean of patches 5.625; of the input too
    assert terms["discriminator_fake"] == pytest.approx(0.5 * 0.2 + 40)  # whole, not halved
    assert terms["discriminator_real"] == pytest.approx(-(0.5 * 0.6 + 40))


def test_l1_is_weighted_by_the_domain_of_each_picture() -> None:
    task = task_of(Linear(1.0, 0.1), Fixed(0.0), domains="anime,maps", l1_weights="anime=100,maps=10")
    batch = Batch(torch.zeros(2, 3, 8, 8), torch.zeros(2, 3, 8, 8), {"domain": torch.tensor([0, 1])})
    task.networks["generator"].forward = lambda pictures, _domains: pictures + 0.1  # type: ignore[method-assign]
    terms = plain(task.updates[1].loss(task.forward(batch)))
    assert terms["generator_l1"] == pytest.approx(5.5)  # (10 + 1) / 2; summed 11


def test_the_generator_moves_after_so_many_steps_of_the_critic() -> None:
    task = pix2pix_task.Task(pix2pix.Params(**SMALL, critic_steps=3))  # type: ignore[arg-type]
    discriminator, generator = task.updates
    assert [discriminator.is_due(step) for step in range(6)] == [True] * 6
    assert [generator.is_due(step) for step in range(6)] == [False, False, True, False, False, True]
    assert task.makers == ("generator",)


def test_networks_under_a_second_derivative_are_named() -> None:
    critic = pix2pix.Params(**SMALL, norm="instance", gan="wgan-gp")  # type: ignore[arg-type]
    assert pix2pix_task.Task(critic).twice_derived == ("discriminator",)
    assert pix2pix_task.Task(pix2pix.Params(**SMALL)).twice_derived == ()  # type: ignore[arg-type]


@pytest.mark.parametrize(("switch", "normalised"), [("none", set()), ("discriminator", {1}), ("both", {0, 1})])
def test_spectral_norm_is_in_the_networks_that_it_names(switch: str, normalised: set[int]) -> None:
    task = pix2pix_task.Task(pix2pix.Params(**SMALL, spectral_norm=switch))  # type: ignore[arg-type]
    for number, name in enumerate(("generator", "discriminator")):
        names = task.networks[name].state_dict()
        assert any("parametrizations" in key for key in names) == (number in normalised), name


def test_the_gradient_of_the_penalty_reaches_every_filter_of_the_critic() -> None:
    torch.manual_seed(0)
    settings = {"norm": "instance", "gan": "wgan-gp", "spectral_norm": "discriminator", "attention": "discriminator"}
    task = pix2pix_task.Task(pix2pix.Params(generator="unet_128", ngf=1, ndf=2, **settings))  # type: ignore[arg-type]
    outputs = task.forward(Batch(torch.rand(1, 3, 128, 128), torch.rand(1, 3, 128, 128)))
    task.updates[0].loss(outputs)["discriminator_penalty"].backward()  # type: ignore[no-untyped-call]
    filters = {name: weight for name, weight in task.networks["discriminator"].named_parameters() if weight.ndim == 4}
    attention = [name for name in filters if any(part in name for part in ("query", "key", "value", "out"))]
    assert len(attention) == 4  # behind a gamma of 0
    for name, weight in filters.items():
        assert weight.grad is not None
        assert bool(weight.grad.any()) == (name not in attention), name


def test_defaults_learn_as_before() -> None:
    """The networks, their names, and the order in which weights are drawn."""
    torch.manual_seed(0)
    task = pix2pix_task.Task(pix2pix.Params(**SMALL))  # type: ignore[arg-type]
    digest = sum(weight.detach().double().abs().sum().item() for weight in task.networks.parameters())
    assert digest == pytest.approx(254.0822475271251)
    assert not any(part in name for name in task.networks.state_dict() for part in ("fusion", "styles", "gamma"))
