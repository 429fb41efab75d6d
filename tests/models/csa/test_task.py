"""How CSA learns: losses by hand, what is shown to whom, whose weights move; it learns four pairs by heart."""

import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pipelines.core.errors import UsageError
from pipelines.models import csa
from pipelines.models.csa import task as csa_task
from pipelines.nn.adversarial import Gan
from pipelines.nn.pretrained.feature_networks import Vgg16, Vgg19
from pipelines.training.optimizers import OptimizerConfig
from pipelines.training.task import Batch
from pipelines.training.trainer import Trainer, TrainerConfig
from tests.models.fixed_networks import plain
from tests.nn.generators import noise
from tests.nn.pretrained.feature_weights import feature_file

TINY = csa.Params(
    size=32, width=2, blocks=2, ndf=2, layers_d=1, hint_features="learned", perceptual="off", l1_weight=10.0
)


class FixedScales(nn.Module):
    """Three discriminators that give every picture the same two hidden layers and one logit each."""

    def __init__(self, logit: float, *, hidden: float = 0.0) -> None:
        super().__init__()
        self.logit, self.hidden, self.seen = logit, hidden, []

    def forward(self, pictures: Tensor) -> list[list[Tensor]]:
        self.seen.append(pictures)
        mean = pictures[:, 1:].mean(dim=(1, 2, 3))[:, None, None, None]
        hidden = [self.hidden * mean.expand(-1, 1, side, side) for side in (2, 4)]
        return [[*hidden, torch.full((len(pictures), 1, 2, 2), self.logit) + 0 * mean] for _ in range(3)]


class Grey(nn.Module):
    """A generator of one level."""

    def __init__(self, level: float) -> None:
        super().__init__()
        self.level = nn.Parameter(torch.tensor(level))

    def forward(self, layers: Tensor) -> Tensor:
        return self.level.expand(len(layers), 3, *layers.shape[2:])


def hand_task(*, gan: Gan = "vanilla", logit: float = 0.0, hidden: float = 0.0, **settings: Any) -> csa_task.Task:
    task = csa_task.Task(dataclasses.replace(TINY, gan=gan, **settings))
    task.networks["generator"], task.networks["discriminators"] = Grey(0.0), FixedScales(logit, hidden=hidden)
    return task


def hand_batch() -> Batch:
    return Batch(noise(2, 5, 8, 8), torch.ones(2, 3, 8, 8))


def test_the_logistic_pair_at_zero_is_2_ln_2_for_each_discriminator() -> None:
    task = hand_task()
    losses = plain(task.updates[0].loss(task.forward(hand_batch())))
    assert sum(losses.values()) == pytest.approx(3 * 0.5 * 2 * math.log(2))  # half of each side, as pix2pix


@pytest.mark.parametrize(("gan", "real", "fake"), [("vanilla", 0.12692801, 2.12692801), ("lsgan", 1.0, 4.0)])
def test_adversarial_terms_by_hand_are_sums_over_three_scales(gan: Gan, real: float, fake: float) -> None:
    task = hand_task(gan=gan, logit=2.0, feature_weight=0.0, l1_weight=0.0)
    outputs = task.forward(hand_batch())
    assert plain(task.updates[0].loss(outputs)) == pytest.approx(
        {"discriminator_fake": 1.5 * fake, "discriminator_real": 1.5 * real}
    )
    assert plain(task.updates[1].loss(outputs)) == pytest.approx({"generator_gan": 3 * real}), "non-saturating"


def test_generator_terms_by_hand() -> None:
    task = hand_task(hidden=1.0)
    losses = plain(task.updates[1].loss(task.forward(hand_batch())))
    assert losses == pytest.approx(
        {"generator_gan": 3 * math.log(2), "generator_features": 10 * 2.0, "generator_l1": 10 * 1.0}
    )


def test_discriminators_see_lines_and_picture_and_no_hints() -> None:
    task = hand_task()
    batch = hand_batch()
    task.updates[0].loss(task.forward(batch))
    fake, real = task.networks["discriminators"].seen  # type: ignore[misc]
    torch.testing.assert_close(real, torch.cat([batch.inputs[:, :1], batch.targets], 1))
    assert fake.shape == (2, 4, 8, 8)
    assert not fake.requires_grad


def test_perceptual_weights_by_hand() -> None:
    real = [torch.zeros(1, channels, 4, 4) for channels in (1, 2, 3, 4, 5)]
    fake = [layer + 1 for layer in real]
    assert csa_task.perceptual_distance(real, fake).item() == pytest.approx(1.46875)  # without weights 5
    fake = [*real[:4], real[4] + 1]
    assert csa_task.perceptual_distance(real, fake).item() == pytest.approx(1), "the deepest layer counts whole"


# VGG19 from a file ------------------------------------------------------------------------------------------


def vgg_params(tmp_path: Path, kind: type[Vgg16] | type[Vgg19] = Vgg19) -> csa.Params:
    path = feature_file(tmp_path / "vgg.pth", kind, width=2)
    return dataclasses.replace(TINY, hint_features="vgg19", perceptual="vgg19", vgg=path, vgg_width=2)


def test_both_uses_of_vgg19_have_the_files_weights_and_keep_them(tmp_path: Path) -> None:
    task = csa_task.Task(vgg_params(tmp_path))
    weights = torch.load(tmp_path / "vgg.pth", weights_only=True)
    trainer = Trainer(task, TrainerConfig(optimizer=OptimizerConfig(lr=1e-2)), device=torch.device("cpu"))
    before = [weight.clone() for weight in task.networks["generator"].generator.parameters()]  # type: ignore[union-attr]
    terms = trainer.train_step([Batch(noise(1, 5, 32, 32), noise(1, 3, 32, 32))], 0)
    assert terms["generator_perceptual"] > 0
    for network in (task.networks["generator"].hint_features, task.loss_networks["vgg"]):
        assert isinstance(network, Vgg19)
        for name, tensor in network.state_dict().items():
            assert torch.equal(tensor, weights[name]), name
    moved = zip(before, task.networks["generator"].generator.parameters(), strict=True)  # type: ignore[union-attr]
    assert all(not torch.equal(one, other) for one, other in moved if one.dim() > 1)
    kept = [name for name in trainer.state() if "hint_features" in name or "vgg" in name]
    assert kept == [], "the run's state leaves out what the file has"
    assert any("hint_features" in name for name in trainer.ema_generator.state_dict()), "the checkpoint holds it"


def test_the_perceptual_loss_is_that_of_the_first_relu_of_each_block_and_of_the_true_picture(tmp_path: Path) -> None:
    task = csa_task.Task(vgg_params(tmp_path))
    vgg = task.loss_networks["vgg"]
    assert isinstance(vgg, Vgg19)
    fake, targets = noise(1, 3, 32, 32), noise(1, 3, 32, 32).flip(0) / 2
    with torch.no_grad():
        kept = []
        for pictures in (fake, targets):
            features, relus = vgg.prepare(pictures), []
            for layer in vgg.features:
                features = layer(features)
                relus += [features.clone()] if isinstance(layer, nn.ReLU) else []
            kept.append([relus[place] for place in (0, 2, 4, 8, 12)])  # 1_1, 2_1, 3_1, 4_1, 5_1
        pairs = zip((1 / 32, 1 / 16, 1 / 8, 1 / 4, 1), *kept, strict=True)
        expected = sum(weight * (one - other).abs().mean().item() for weight, one, other in pairs)
    outputs = {"inputs": noise(1, 5, 32, 32), "targets": targets, "fake": fake}
    losses = plain(task.updates[1].loss(outputs))
    assert losses["generator_perceptual"] == pytest.approx(10 * expected, rel=1e-5)


def test_perceptual_gradients_reach_the_generator(tmp_path: Path) -> None:
    task = csa_task.Task(dataclasses.replace(vgg_params(tmp_path), perceptual_weight=1.0))
    outputs = task.forward(Batch(noise(1, 5, 32, 32), noise(1, 3, 32, 32)))
    task.updates[1].loss(outputs)["generator_perceptual"].backward()
    assert all(weight.grad is not None for weight in task.networks["generator"].generator.parameters())  # type: ignore[union-attr]


def test_at_weight_0_nothing_is_perceived(tmp_path: Path) -> None:
    task = csa_task.Task(dataclasses.replace(vgg_params(tmp_path), perceptual_weight=0.0))
    assert not getattr(task, "loss_networks", {})
    outputs = task.forward(Batch(noise(1, 5, 32, 32), noise(1, 3, 32, 32)))
    assert set(task.updates[1].loss(outputs)) == {"generator_gan", "generator_features", "generator_l1"}


def test_a_file_of_another_network_or_width_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds VGG16, no VGG19"):
        csa_task.Task(vgg_params(tmp_path, Vgg16))
    with pytest.raises(UsageError, match="instead of 4"):
        csa_task.Task(dataclasses.replace(vgg_params(tmp_path), vgg_width=4))


# steps ------------------------------------------------------------------------------------------------------


def test_an_update_moves_only_its_own_networks() -> None:
    torch.manual_seed(0)
    task = csa_task.Task(TINY)
    outputs = task.forward(Batch(noise(1, 5, 32, 32), noise(1, 3, 32, 32)))
    sum(task.updates[0].loss(outputs).values()).backward()  # type: ignore[union-attr]
    assert all(weight.grad is None for weight in task.networks["generator"].parameters())
    assert all(weight.grad is not None for weight in task.networks["discriminators"].parameters())
    task.networks["discriminators"].requires_grad_(False).zero_grad()
    sum(task.updates[1].loss(outputs).values()).backward()  # type: ignore[union-attr]
    assert all(weight.grad is not None for weight in task.networks["generator"].parameters())


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("saves_memory", [False, True])
def test_a_step_works_in_any_precision_and_with_less_memory(precision: Any, saves_memory: bool) -> None:
    torch.manual_seed(0)
    config = TrainerConfig(precision=precision, gradient_checkpointing=saves_memory)
    trainer = Trainer(csa_task.Task(TINY), config, device=torch.device("cpu"))
    terms = trainer.train_step([Batch(noise(2, 5, 32, 32), noise(2, 3, 32, 32))], 0)
    assert set(terms) == {
        "discriminator_fake", "discriminator_real", "generator_gan", "generator_features", "generator_l1"
    }  # fmt: skip
    assert all(torch.isfinite(value) for value in terms.values())


def test_four_pairs_are_learned_by_heart() -> None:
    torch.manual_seed(0)
    inputs = torch.full((4, 5, 32, 32), 1.0)
    inputs[:, 1:4], inputs[:, 4] = 0, -1
    targets = torch.empty(4, 3, 32, 32)
    for number, colour in enumerate(([1, -1, -1], [-1, 1, -1], [-1, -1, 1], [0.5, 0.5, -1])):
        targets[number] = torch.tensor(colour, dtype=torch.float32)[:, None, None]
        inputs[number, 0, 4 * number : 4 * number + 4] = -1  # the line tells which
    params = dataclasses.replace(TINY, width=8)
    config = TrainerConfig(optimizer=OptimizerConfig(lr=2e-3), ema=0.0)
    trainer = Trainer(csa_task.Task(params), config, device=torch.device("cpu"))
    losses = [trainer.train_step([Batch(inputs, targets)], step)["generator_l1"].item() for step in range(120)]
    assert losses[-1] < 0.25 * losses[0], losses
