"""Optimizers by name: one step of each by hand, and settings out of range."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pipelines.core.errors import SettingsError
from pipelines.training.optimizers import OptimizerConfig, build_optimizer

CPU = torch.device("cpu")

pytestmark = pytest.mark.usefixtures("one_thread")

GRADIENTS = torch.tensor([0.5, -2.0])


def moved(config: OptimizerConfig, gradients: tuple[Tensor, ...]) -> Tensor:
    """Where weights of 1 end up after a step for each of the gradients."""
    weight = nn.Parameter(torch.ones(2))
    optimizer = build_optimizer(config, [weight], CPU)
    for gradient in gradients:
        weight.grad = gradient.clone()
        optimizer.step()
    return weight.detach()


def test_adam_goes_by_the_sign_at_first() -> None:
    """Both moments are corrected for their start at 0, so the first step is lr * g / |g|."""
    torch.testing.assert_close(moved(OptimizerConfig(lr=0.1), (GRADIENTS,)), 1 - 0.1 * GRADIENTS.sign())


def test_adam_weighs_earlier_gradients_by_its_betas() -> None:
    config = OptimizerConfig(lr=0.1, betas=(0.5, 0.75))
    first = (0.5 * 0.5 * GRADIENTS + 0.5 * 3 * GRADIENTS) / (1 - 0.5**2)
    second = (0.75 * 0.25 * GRADIENTS**2 + 0.25 * 9 * GRADIENTS**2) / (1 - 0.75**2)
    expected = 1 - 0.1 * GRADIENTS.sign() - 0.1 * first / second.sqrt()
    torch.testing.assert_close(moved(config, (GRADIENTS, 3 * GRADIENTS)), expected)


def test_adamw_loses_a_share_of_the_weights_apart_from_the_gradient() -> None:
    config = OptimizerConfig(kind="adamw", lr=0.1, weight_decay=0.5)
    torch.testing.assert_close(moved(config, (GRADIENTS,)), (1 - 0.1 * 0.5) - 0.1 * GRADIENTS.sign())


def test_rmsprop_divides_by_the_root_of_the_mean_square() -> None:
    config = OptimizerConfig(kind="rmsprop", lr=0.1, alpha=0.75)
    torch.testing.assert_close(moved(config, (GRADIENTS,)), 1 - 0.1 * GRADIENTS.sign() / 0.25**0.5)


def test_rmsprop_with_momentum_goes_on_by_its_last_move() -> None:
    """Moves add up before the rate: r1 = g / sqrt(g^2 / 4), v2 = v1 / 2 + g / sqrt(7 g^2 / 16)."""
    config = OptimizerConfig(kind="rmsprop", lr=0.1, alpha=0.75, momentum=0.5)
    total = 2 + (1 + 4 / 7**0.5)
    torch.testing.assert_close(moved(config, (GRADIENTS, GRADIENTS)), 1 - 0.1 * total * GRADIENTS.sign())


@pytest.mark.parametrize("kind", ["adam", "rmsprop", "sgd"])
def test_decay_of_all_but_adamw_is_a_part_of_the_gradient(kind: Any) -> None:
    """Weights of 1 add weight_decay to each gradient."""
    decaying = moved(OptimizerConfig(kind=kind, lr=0.1, weight_decay=0.75), (GRADIENTS,))
    torch.testing.assert_close(decaying, moved(OptimizerConfig(kind=kind, lr=0.1), (GRADIENTS + 0.75,)))


@pytest.mark.parametrize(("kind", "name"), [("adam", "Adam"), ("adamw", "AdamW"), ("sgd", "SGD")])
def test_the_fused_kind_is_taken_where_torch_has_one(kind: Any, name: str) -> None:
    weights = [nn.Parameter(torch.ones(2))]
    optimizer = build_optimizer(OptimizerConfig(kind=kind), weights, CPU)
    assert type(optimizer).__name__ == name
    assert optimizer.param_groups[0]["fused"] is True
    assert build_optimizer(OptimizerConfig(kind=kind), weights, torch.device("mps")).param_groups[0]["fused"] is False


def test_sgd_follows_the_gradient_and_with_momentum_its_last_move() -> None:
    plain = moved(OptimizerConfig(kind="sgd", lr=0.1), (GRADIENTS, GRADIENTS))
    torch.testing.assert_close(plain, 1 - 0.2 * GRADIENTS)
    heavy = moved(OptimizerConfig(kind="sgd", lr=0.1, momentum=0.5, weight_decay=0.0), (GRADIENTS, GRADIENTS))
    torch.testing.assert_close(heavy, 1 - 0.1 * (1 + 1.5) * GRADIENTS)
    decaying = moved(OptimizerConfig(kind="sgd", lr=0.1, weight_decay=0.5), (GRADIENTS,))
    torch.testing.assert_close(decaying, 1 - 0.1 * (GRADIENTS + 0.5))


@pytest.mark.parametrize(
    "wrong",
    [
        {"lr": -1.0},
        {"lr": float("nan")},
        {"betas": (0.5, 1.0)},
        {"betas": (-0.1, 0.9)},
        {"alpha": 1.0},
        {"momentum": -0.5},
        {"weight_decay": -1.0},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=f"^{next(iter(wrong))} = .* is out of range") as raised:
        OptimizerConfig(**wrong)
    assert raised.value.hint


def test_an_unknown_kind_says_which_there_are() -> None:
    with pytest.raises(SettingsError, match="no optimizer 'adagrad'") as raised:
        OptimizerConfig(kind="adagrad")  # type: ignore[arg-type]
    assert "adam, adamw, rmsprop, sgd" in raised.value.hint


@pytest.mark.parametrize(("kind", "plain"), [("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)])
def test_weights_with_channels_last_move_as_ever_and_are_not_copied(kind: Any, plain: Any) -> None:
    values, results = torch.randn(8, 6, 4, 4, generator=torch.Generator().manual_seed(0)), []
    config = OptimizerConfig(kind=kind, weight_decay=0.1)
    own: list[Any] = []
    for build in (
        lambda weights: build_optimizer(config, weights, CPU),
        lambda weights: plain(weights, lr=config.lr, betas=config.betas, weight_decay=0.1, fused=True),
    ):
        weight = nn.Parameter(values.clone().contiguous(memory_format=torch.channels_last))
        optimizer = build([weight])
        for seed in range(3):
            gradient = torch.randn(8, 6, 4, 4, generator=torch.Generator().manual_seed(seed))
            weight.grad = gradient.contiguous(memory_format=torch.channels_last)
            with torch.profiler.profile() as profile:
                optimizer.step()
        results.append(weight.detach())
        own.append([event.name for event in profile.events() or [] if event.name == "aten::clone"])
        assert optimizer.state[weight]["exp_avg"].shape == weight.shape  # a checkpoint holds it as it ever did
    assert torch.equal(*results)
    assert not own[0]
    assert own[1]  # where torch copies no more, `Adam` can go


def test_a_gradient_of_another_layout_moves_weights_the_same() -> None:
    results = []
    for layout in (torch.channels_last, torch.contiguous_format):
        weight = nn.Parameter(torch.ones(4, 3, 2, 2).contiguous(memory_format=torch.channels_last))
        weight.grad = torch.arange(48.0).view(4, 3, 2, 2).sub(20).contiguous(memory_format=layout)
        build_optimizer(OptimizerConfig(), [weight], CPU).step()
        results.append(weight.detach())
    assert torch.equal(*results)
