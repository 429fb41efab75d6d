"""How PaintsTorch learns: its losses by hand, where their gradients go, what moves, and that it learns pictures."""

import dataclasses

import pytest
import torch
from torch import Tensor, nn

from pipelines.core.errors import UsageError
from pipelines.inference.encoding import LAYERS, to_floats
from pipelines.models.paintstorch import Params
from pipelines.models.paintstorch.task import Task, lighten
from pipelines.nn.pretrained.feature_networks import Illustration2Vec, Vgg16
from pipelines.training.optimizers import OptimizerConfig
from pipelines.training.task import Batch, Outputs
from pipelines.training.trainer import Trainer, TrainerConfig
from tests import pairs
from tests.models.fixed_networks import plain
from tests.models.paintstorch.test_network import blank
from tests.nn.generators import noise
from tests.nn.pretrained.feature_weights import feature_file

TINY = Params(size=64, width=8, blocks=2, features="none", content="pixels")
TWELVE = (3, 2, 2)  # the numbers of a picture in examples by hand


class Mean(nn.Module):
    """A critic that gives a picture the mean of its numbers."""

    def forward(self, pictures: Tensor, features: Tensor | None = None) -> Tensor:
        return pictures.mean((1, 2, 3))[:, None]


class HalfSum(nn.Module):
    """A critic that gives a picture half the sum of its numbers."""

    def forward(self, pictures: Tensor, features: Tensor | None = None) -> Tensor:
        return 0.5 * pictures.sum((1, 2, 3))[:, None]


class Black(nn.Module):
    """A second generator that finds ink everywhere."""

    def forward(self, pictures: Tensor, hints: Tensor, features: Tensor | None, *, bounded: bool) -> Tensor:
        return torch.full_like(pictures[:, :1], -1.0 if bounded else -20.0)


def task_with(critic: nn.Module, **settings: object) -> Task:
    task = Task(dataclasses.replace(TINY, **{"width": 4, "blocks": 1, **settings}))  # type: ignore[arg-type]
    task.networks["critic"] = critic
    return task


def outputs_of(fake: Tensor, real: Tensor) -> Outputs:
    """What losses are given, of blank paper."""
    inputs = blank(len(fake), fake.shape[-1])
    return {"fake": fake, "unbounded": torch.zeros_like(fake), "targets": real, "inputs": inputs}


def pictures_of(*means: float, size: int = 4) -> Tensor:
    return torch.tensor(means, dtype=torch.float32)[:, None, None, None].expand(-1, 3, size, size).clone()


def test_critic_and_generator_by_hand() -> None:
    """D(fake) = (2, 0), D(real) = (1, 5)."""
    outputs = outputs_of(pictures_of(2, 0), pictures_of(1, 5))
    critic, generators = (update.loss for update in task_with(Mean(), penalty="pixel", double=False).updates)
    losses = plain(critic(outputs))
    assert losses["critic_fake"] + losses["critic_real"] == pytest.approx(-2)
    assert plain(generators(outputs))["generator_gan"] == pytest.approx(-1e-4)
    by_picture = task_with(Mean(), penalty="picture", double=False).updates[1].loss
    assert plain(by_picture(outputs))["generator_gan"] == pytest.approx(-1e-4 * 64)


def test_the_drift_is_the_mean_square_of_true_logits() -> None:
    losses = task_with(Mean()).updates[0].loss(outputs_of(pictures_of(7, 7), pictures_of(3, -1)))
    assert plain(losses)["critic_drift"] == pytest.approx(0.005)


@pytest.mark.parametrize(("penalty", "value"), [("picture", 5.35898), ("pixel", 0.17949)])
def test_both_readings_of_the_penalty_by_hand(penalty: str, value: float) -> None:
    """10 (sqrt(12) / 2 - 1)^2 of a picture's twelve slopes, 10 (sqrt(3) / 2 - 1)^2 of a pixel's three."""
    losses = task_with(HalfSum(), penalty=penalty).updates[0].loss(outputs_of(noise(2, *TWELVE), noise(2, *TWELVE) + 1))
    assert plain(losses)["critic_penalty"] == pytest.approx(value, abs=1e-5)


def test_the_content_of_pixels_by_hand() -> None:
    """L1 at full size and of cells of 4x4: a checkerboard around the truth is seen by the former alone."""
    real, fake = pictures_of(0.0, size=8), pictures_of(0.0, size=8)
    fake[..., ::2] += 0.5
    fake[..., 1::2] -= 0.5
    losses = plain(task_with(Mean(), double=False).updates[1].loss(outputs_of(fake, real)))
    assert losses["generator_l1"] == pytest.approx(0.5)
    assert losses["generator_coarse_l1"] == pytest.approx(0)
    losses = plain(task_with(Mean(), double=False).updates[1].loss(outputs_of(real + 0.25, real)))
    assert losses["generator_l1"] == losses["generator_coarse_l1"] == pytest.approx(0.25)


def test_the_lines_that_are_found_again_by_hand() -> None:
    task = task_with(Mean())
    task.networks["sketcher"] = Black()
    losses = task.updates[1].loss(outputs_of(pictures_of(0.0, size=8), pictures_of(0.0, size=8)))
    assert plain(losses)["generator_sketch"] == pytest.approx(4)


def test_what_runs_beyond_the_tanh_by_hand() -> None:
    """A tenth of (5 - 3)^2 where one number of two is 5, on either side; 3 itself costs nothing."""
    task, outputs = task_with(Mean(), double=False), outputs_of(pictures_of(0.0, size=8), pictures_of(0.0, size=8))
    for value in (5.0, -5.0):
        outputs["unbounded"] = pictures_of(3.0, size=8)
        outputs["unbounded"][..., ::2] = value
        assert plain(task.updates[1].loss(outputs))["generator_overrun"] == pytest.approx(0.2)


def test_saturated_pictures_come_back() -> None:
    """A tanh of 12 is 1 in float32 and has no slope: without the overrun's nothing would ever be learned again."""
    for weight, comes_back in ((0.1, True), (0.0, False)):
        task = Task(dataclasses.replace(TINY, overrun_weight=weight, adversarial_weight=0.0, double=False))
        nn.init.constant_(task.networks["painter"].colours.picture.bias, 12)  # type: ignore[union-attr, arg-type]
        outputs = task.forward(Batch(noise(1, 5, 64, 64), noise(1, 3, 64, 64)))
        torch.stack(list(task.updates[1].loss(outputs).values())).sum().backward()  # type: ignore[no-untyped-call]
        slope = dict(task.networks["painter"].named_parameters())["colours.picture.bias"].grad
        assert slope is not None
        assert bool((slope > 0).all()) == comes_back


def test_the_tone_of_ink_by_hand() -> None:
    """Black ink keeps a share r >= 0.7 of its darkness: x' = 1 - r in [0, 1]; paper and hints stay."""
    torch.manual_seed(0)
    layers = blank(500, size=4)
    layers[:, 0, 0, 0] = -1
    lighter = lighten(layers)
    ink = lighter[:, 0, 0, 0]
    assert -1 <= ink.min() < -0.98
    assert -0.42 < ink.max() <= -0.4  # 0.3 in [0, 1]: r = 0.7
    assert (lighter[:, 0, 1:] == 1).all()
    assert torch.equal(lighter[:, 1:], layers[:, 1:])
    inked = blank()
    inked[:, 0] = -1
    for jitter in (True, False):  # what is painted from, and what lines are found again by, is the lighter ink
        task = Task(dataclasses.replace(TINY, tone_jitter=jitter))
        outputs = task.forward(Batch(inked, pictures_of(0.0, size=64)))
        assert torch.equal(outputs["inputs"], inked) != jitter
        torch.testing.assert_close(outputs["fake"], task.networks["painter"](outputs["inputs"]))


def test_the_gradient_of_found_lines_reaches_the_painter() -> None:
    torch.manual_seed(0)
    task = Task(TINY)
    outputs = task.forward(Batch(noise(1, 5, 64, 64), noise(1, 3, 64, 64)))
    task.updates[1].loss(outputs)["generator_sketch"].backward()  # type: ignore[no-untyped-call]
    for name in ("painter", "sketcher"):
        grads = [weight.grad for weight in task.networks[name].parameters()]
        assert all(grad is not None and grad.abs().sum() > 0 for grad in grads), name
    assert all(weight.grad is None for weight in task.networks["critic"].parameters())


def test_the_critic_learns_from_a_fake_that_it_cannot_change() -> None:
    task = Task(TINY)
    outputs = task.forward(Batch(noise(1, 5, 64, 64), noise(1, 3, 64, 64)))
    torch.stack(list(task.updates[0].loss(outputs).values())).sum().backward()  # type: ignore[no-untyped-call]
    assert all(weight.grad is None for weight in task.networks["painter"].parameters())
    assert all(weight.grad is not None for weight in task.networks["critic"].parameters())


@pytest.mark.parametrize(
    ("settings", "networks"),
    [
        ({}, {"painter", "sketcher", "critic"}),
        ({"double": False}, {"painter", "critic"}),
        ({"keep_sketcher": True}, {"painter", "critic"}),
    ],
)
def test_every_network_learns_in_one_update(settings: dict[str, bool], networks: set[str]) -> None:
    task = Task(dataclasses.replace(TINY, **settings))  # type: ignore[arg-type]
    assert set(task.networks) == networks
    assert sorted(name for update in task.updates for name in update.networks) == sorted(networks)
    losses = task.updates[1].loss(task.forward(Batch(noise(1, 5, 64, 64), noise(1, 3, 64, 64))))
    assert ("generator_sketch" in losses) == (settings.get("double", True))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Settings with small files of weights."""
    folder = tmp_path_factory.mktemp("weights")
    return {
        "features": feature_file(folder / "i2v.pth", Illustration2Vec, width=2),
        "vgg": feature_file(folder / "vgg16.pth", Vgg16, width=2),
    }


def with_files(files: dict[str, str], **settings: object) -> Params:
    values = {"width": 4, "blocks": 1, "content": "vgg", "features_width": 2, "vgg_width": 2, **files, **settings}
    return dataclasses.replace(TINY, **values)  # type: ignore[arg-type]


def test_networks_of_files_hold_the_files_weights_and_never_move(files: dict[str, str]) -> None:
    trainer, losses = trained(with_files(files), 2)
    assert all(set(terms) >= {"generator_content", "critic_penalty"} for terms in losses)
    task = trainer.task
    for network, path in ((task.networks["painter"].features, "features"), (task.loss_networks["vgg"], "vgg")):
        weights = torch.load(files[path])
        for name, tensor in network.state_dict().items():  # type: ignore[union-attr]
            assert torch.equal(tensor, weights[name]), name
    assert not any(name.startswith("painter.features") for name in trainer.state())


def test_the_content_of_features_by_hand(files: dict[str, str]) -> None:
    """The mean over all channels and places, of the true picture and not of the lines."""
    task = Task(with_files(files, features="none", double=False))
    task.loss_networks = {"vgg": nn.Identity()}
    task.networks["critic"] = Mean()
    fake, real = torch.zeros(2, 3, 4, 4), torch.ones(2, 3, 4, 4)
    assert plain(task.updates[1].loss(outputs_of(fake, real)))["generator_content"] == pytest.approx(1)


def test_the_content_network_ends_in_its_fourth_convolution(files: dict[str, str]) -> None:
    task = Task(with_files(files, features="none"))
    assert task.loss_networks["vgg"](noise(1, 3, 64, 64)).shape == (1, 4, 32, 32)  # twice the width, at half the size
    layers = list(task.loss_networks["vgg"].features)  # type: ignore[arg-type]
    assert sum(isinstance(layer, nn.Conv2d) for layer in layers) == 4
    assert isinstance(layers[-1], nn.ReLU)


def test_files_of_other_networks_are_refused(files: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="no Illustration2Vec"):
        Task(with_files(files, features=files["vgg"]))
    with pytest.raises(UsageError, match="no VGG16"):
        Task(with_files(files, vgg=files["features"]))
    with pytest.raises(UsageError, match="2 channels") as refusal:
        Task(with_files(files, vgg_width=64))
    assert refusal.value.hint == "--set vgg_width=2"


def four_pairs() -> Batch:
    pictures = [pairs.picture(seed, 64) for seed in range(4)]
    lines = [picture.min(axis=2) // 128 * 255 for picture in pictures]
    hints = [torch.zeros(64, 64, 4, dtype=torch.uint8).numpy() for _ in pictures]
    for picture, hint in zip(pictures, hints, strict=True):
        hint[4::8, 4::8, :3], hint[4::8, 4::8, 3] = picture[4::8, 4::8], 255
    layers = [LAYERS.encode(line, hint) for line, hint in zip(lines, hints, strict=True)]
    inputs, targets = (torch.stack(list(map(torch.from_numpy, part))) for part in (layers, map(to_floats, pictures)))
    return Batch(inputs, targets)


def trained(
    params: Params, steps: int, *, lr: float = 1e-3, **settings: object
) -> tuple[Trainer, list[dict[str, float]]]:
    torch.manual_seed(0)
    optimizer = OptimizerConfig(lr=lr, betas=(0.5, 0.9))
    config = TrainerConfig(optimizer=optimizer, ema=0.0, **settings)  # type: ignore[arg-type]
    trainer = Trainer(Task(params), config, device=torch.device("cpu"))
    batch = four_pairs()
    return trainer, [plain(trainer.train_step([batch], step)) for step in range(steps)]


def test_it_learns_four_pairs_by_heart() -> None:
    """Mostly white ones, of which it would paint white paper for good if its tanh were left to saturate."""
    params = dataclasses.replace(TINY, width=16, tone_jitter=False, double=False)
    _, losses = trained(params, 100, lr=5e-4)
    white = float((1 - four_pairs().targets).abs().mean())
    assert losses[-1]["generator_l1"] < 0.75 * white
    assert all(torch.tensor(list(terms.values())).isfinite().all() for terms in losses)


@pytest.mark.parametrize("settings", [{"gradient_checkpointing": True}, {"channels_last": False}])
def test_memory_and_its_layout_change_nothing(settings: dict[str, bool]) -> None:
    _, one = trained(TINY, 3)
    _, other = trained(TINY, 3, **settings)
    for before, after in zip(one, other, strict=True):
        assert after == pytest.approx(before, rel=1e-3, abs=1e-5)


def test_half_precision_stays_near_with_its_penalty_in_whole() -> None:
    (_, one), (_, other) = trained(TINY, 2), trained(TINY, 2, precision="bf16")
    for before, after in zip(one, other, strict=True):
        assert after == pytest.approx(before, rel=0.05, abs=0.01)
    assert other[0]["critic_penalty"] == pytest.approx(one[0]["critic_penalty"], rel=2e-3)
