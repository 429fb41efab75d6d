"""Chooses the optimizer of an update: which rule, how fast, with how much memory of earlier gradients."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from pipelines.core.errors import SettingsError
from pipelines.core.settings import check_number


@dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """How weights follow their gradients; the defaults are Pix2Pix's (Isola et al., CVPR 2017, section 3.3)."""

    kind: Literal["adam", "adamw", "rmsprop", "sgd"] = "adam"
    lr: float = 2e-4  # learning rate, before the run's schedule
    betas: tuple[float, float] = (
        0.5,
        0.999,
    )  # adam, adamw: what stays in a step of the averages of gradient and square
    alpha: float = 0.99  # rmsprop: what stays in a step of the average of squares
    momentum: float = 0.0  # rmsprop, sgd: what stays in a step of the last move
    weight_decay: float = 0.0  # adamw: share of the weights that is lost, times lr; others: added to the gradient

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        if self.kind not in _BUILDERS:
            raise SettingsError(
                f"there is no optimizer '{self.kind}'", hint=f"Choose from: {', '.join(sorted(_BUILDERS))}"
            )
        check_number("lr", self.lr, 0)
        check_number("weight_decay", self.weight_decay, 0)
        for name, shares in {"betas": self.betas, "alpha": (self.alpha,), "momentum": (self.momentum,)}.items():
            for share in shares:
                if not 0 <= share < 1:
                    raise SettingsError(f"{name} = {share} is out of range", hint="Use a number from 0 to below 1")


class Adam(torch.optim.Adam):
    """Adam that is shown weights as they lie in memory.

    With channels last torch's fused kind on a CPU copies each of them, and pairs weights and gradients of different
    layouts wrongly.
    """

    def _init_group(self, group: dict[str, Any], *tensors: list[Tensor]) -> bool:
        has_complex = bool(super()._init_group(group, *tensors))  # type: ignore[no-untyped-call]
        weights, gradients, averages, squares = tensors[:4]
        for index, weight in enumerate(weights):
            if _is_channels_last(weight) and _is_channels_last(averages[index]) and _is_channels_last(squares[index]):
                gradients[index] = gradients[index].contiguous(memory_format=torch.channels_last)
                for kind in (weights, gradients, averages, squares):
                    kind[index] = kind[index].permute(0, 2, 3, 1)
        return has_complex


class AdamW(Adam, torch.optim.AdamW):
    """The same with weight decay apart from gradients."""


def _is_channels_last(tensor: Tensor) -> bool:
    """Whether a tensor (A, B, C, D) lies in memory in the order A, C, D, B alone."""
    last = tensor.dim() == 4 and tensor.is_contiguous(memory_format=torch.channels_last)
    return last and not tensor.is_contiguous()


def build_optimizer(
    config: OptimizerConfig, weights: Sequence[nn.Parameter], device: torch.device
) -> torch.optim.Optimizer:
    """An optimizer of weights that lie on a device; the fused kind where torch has one."""
    return _BUILDERS[config.kind](config, weights, device.type in ("cpu", "cuda"))


def _adam(config: OptimizerConfig, weights: Sequence[nn.Parameter], fused: bool) -> torch.optim.Optimizer:
    """D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015."""
    return Adam(weights, lr=config.lr, betas=config.betas, weight_decay=config.weight_decay, fused=fused)


def _adamw(config: OptimizerConfig, weights: Sequence[nn.Parameter], fused: bool) -> torch.optim.Optimizer:
    """I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019."""
    return AdamW(weights, lr=config.lr, betas=config.betas, weight_decay=config.weight_decay, fused=fused)


def _rmsprop(config: OptimizerConfig, weights: Sequence[nn.Parameter], fused: bool) -> torch.optim.Optimizer:
    """T. Tieleman, G. Hinton, Coursera: Neural Networks for Machine Learning, lecture 6.5, 2012."""
    return torch.optim.RMSprop(
        weights, lr=config.lr, alpha=config.alpha, momentum=config.momentum, weight_decay=config.weight_decay
    )


def _sgd(config: OptimizerConfig, weights: Sequence[nn.Parameter], fused: bool) -> torch.optim.Optimizer:
    """Gradient descent, with B. T. Polyak's momentum where there is one."""
    return torch.optim.SGD(
        weights, lr=config.lr, momentum=config.momentum, weight_decay=config.weight_decay, fused=fused
    )


_BUILDERS = {"adam": _adam, "adamw": _adamw, "rmsprop": _rmsprop, "sgd": _sgd}
