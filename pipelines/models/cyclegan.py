"""Learns colour without pairs: one network paints, another draws, and what goes there and back must come out alike.

L = L_GAN(A, D_a) + L_GAN(B, D_b) + cycle_weight * (|B(A(a)) - a|_1 + |A(B(b)) - b|_1)
  + cycle_weight * identity_weight * (|A(b) - b|_1 + |B(a) - a|_1),
a line art with its hints painted on, b a colour picture of something else, A the painter, B its opposite.

Source: J.-Y. Zhu, T. Park, P. Isola, A. A. Efros, "Unpaired Image-to-Image Translation using Cycle-Consistent
Adversarial Networks", ICCV 2017, equations 1 to 3 and section 5.2 (identity).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipelines.core.errors import SettingsError
from pipelines.core.settings import check_number
from pipelines.models._batch import Batch, InputKind
from pipelines.models._blocks import initialise
from pipelines.models._discriminators import PatchGan
from pipelines.models._image_pool import ImagePool
from pipelines.models._losses import gan_loss
from pipelines.models._players import Losses, Player, Scene
from pipelines.models._resnet import ResNet

_BLOCKS = {"resnet_6blocks": 6, "resnet_9blocks": 9}
_CHANNELS = 3  # on both sides: a colour picture is also something to paint (identity)


@dataclass(frozen=True)
class Params:
    """Settings of CycleGAN."""

    generator: Literal["resnet_6blocks", "resnet_9blocks"] = "resnet_9blocks"  # residual blocks in both generators
    ngf: int = 64  # channels of the generators at full size
    ndf: int = 64  # channels of the discriminators at their first scale
    layers_d: int = 3  # halvings in the discriminators: 3 judge patches of 70 px
    norm: Literal["batch", "instance", "none"] = "instance"  # normalisation in all networks
    dropout: bool = False  # half of the features in the residual blocks are left out at random while training
    gan: Literal["vanilla", "lsgan"] = "lsgan"  # the adversarial loss: cross-entropy or least squares
    cycle_weight: float = 10.0  # of the difference after going there and back, against the adversarial loss
    identity_weight: float = 0.5  # of keeping what is finished already, times cycle_weight; 0 leaves it out
    pool: int = 50  # made pictures that each discriminator is shown again
    size: int = 256  # px, the longer side at which pictures are worked out; a multiple of 4

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        check_number("ngf", self.ngf, 1, 1024)
        check_number("ndf", self.ndf, 1, 1024)
        check_number("layers_d", self.layers_d, 1, 6)
        check_number("cycle_weight", self.cycle_weight, 0)
        check_number("identity_weight", self.identity_weight, 0)
        check_number("pool", self.pool, 0, 10_000)
        check_number("size", self.size, 32, 4096)
        if self.size % 4:
            raise SettingsError(f"size = {self.size} is no multiple of 4", hint=f"Use {self.size // 4 * 4}")


PRESETS = {
    "standard": Params(),
    "fakemon": Params(ngf=150, ndf=150),
    "small": Params(generator="resnet_6blocks", ngf=16, ndf=16, size=128),  # for two processor cores
}
RECIPES: dict[str, dict[str, object]] = {
    "standard": {"batch_size": 1, "learning_rate": 2e-4, "beta1": 0.5, "beta2": 0.999, "epochs": 200},
    "fakemon": {"batch_size": 1, "learning_rate": 2e-4, "beta1": 0.5, "beta2": 0.999, "epochs": 200, "ema": 0.999},
    "small": {"batch_size": 1, "learning_rate": 2e-4, "beta1": 0.5, "beta2": 0.999, "epochs": 200, "ema": 0.999},
}


def input_kind(params: Params) -> InputKind:
    """What the painter is given: always hints painted on lines, as identity needs equal channels on both sides."""
    return "composite"


def build_painter(params: Params) -> ResNet:
    """A generator alone (both are alike), with initial weights, in training mode."""
    network = ResNet(
        _CHANNELS, blocks=_BLOCKS[params.generator], width=params.ngf, norm=params.norm, dropout=params.dropout
    )
    initialise(network)
    return network


class Model:
    """CycleGAN as a game: both generators move together, then both discriminators, on fakes from image pools."""

    painter = "generator_a"
    unpaired = True

    def __init__(self, params: Params) -> None:
        self._params = params
        self.networks = nn.ModuleDict(
            {
                "generator_a": build_painter(params),  # composite -> colour
                "generator_b": build_painter(params),  # colour -> composite
                "discriminator_a": _build_discriminator(params),  # judges colours
                "discriminator_b": _build_discriminator(params),  # judges composites
            }
        )
        self._pools = {"fake_a": ImagePool(params.pool), "fake_b": ImagePool(params.pool)}
        self.players = (
            Player("generators", ("generator_a", "generator_b"), self._generators_loss),
            Player("discriminators", ("discriminator_a", "discriminator_b"), self._discriminators_loss),
        )

    def play(self, batch: Batch) -> Scene:
        """Paint the inputs ("real_a") and draw the targets ("real_b"), go back, and with identity loss stay.

        Adds "fake_b" = A(real_a), "fake_a" = B(real_b), "rec_a" = B(fake_b), "rec_b" = A(fake_a), and where there is an
        identity loss "same_b" = A(real_b), "same_a" = B(real_a); (B, 3, H, W) each.
        """
        real_a, real_b = batch
        made_b, made_a = self._make("a", real_a, real_b), self._make("b", real_b, real_a)
        scene = {"real_a": real_a, "real_b": real_b, "fake_b": made_b[0], "fake_a": made_a[0]}
        scene["rec_a"] = self.networks["generator_b"](made_b[0])
        scene["rec_b"] = self.networks["generator_a"](made_a[0])
        if self._has_identity:
            scene |= {"same_b": made_b[1], "same_a": made_a[1]}
        return scene

    def memory(self) -> dict[str, Tensor]:
        """The pictures in the pools, (n, 3, H, W) each; an empty pool is left out."""
        states = {name: pool.state() for name, pool in self._pools.items()}
        return {name: state for name, state in states.items() if state is not None}

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Fill the pools with what `memory` gave."""
        for name, pool in self._pools.items():
            pool.restore(memory.get(name))

    @property
    def _has_identity(self) -> bool:
        return self._params.cycle_weight * self._params.identity_weight > 0

    def _make(self, side: str, other: Tensor, own: Tensor) -> tuple[Tensor, ...]:
        """What a generator makes of its input, and of what is finished already where that has a loss."""
        generator = self.networks[f"generator_{side}"]
        if not self._has_identity:
            return (generator(other),)
        if self._params.norm == "batch":  # batch statistics: the two kinds of pictures stay apart
            return generator(other), generator(own)
        return generator(torch.cat([other, own])).split([len(other), len(own)])  # type: ignore[no-any-return]

    def _generators_loss(self, scene: Scene) -> Losses:
        weight, kind = self._params.cycle_weight, self._params.gan
        losses = {
            "generator_a_gan": gan_loss(self.networks["discriminator_a"](scene["fake_b"]), True, kind),
            "generator_b_gan": gan_loss(self.networks["discriminator_b"](scene["fake_a"]), True, kind),
            "cycle_a": weight * functional.l1_loss(scene["rec_a"], scene["real_a"]),
            "cycle_b": weight * functional.l1_loss(scene["rec_b"], scene["real_b"]),
        }
        if self._has_identity:
            weight *= self._params.identity_weight
            losses["identity_a"] = weight * functional.l1_loss(scene["same_b"], scene["real_b"])
            losses["identity_b"] = weight * functional.l1_loss(scene["same_a"], scene["real_a"])
        return losses

    def _discriminators_loss(self, scene: Scene) -> Losses:
        """Half the sum of each, which slows the discriminators (section 4)."""
        losses = {}
        for side, real, fake in (("a", "real_b", "fake_b"), ("b", "real_a", "fake_a")):
            judge = self.networks[f"discriminator_{side}"]
            shown = judge(self._pools[fake].swap(scene[fake]))
            losses[f"discriminator_{side}_real"] = 0.5 * gan_loss(judge(scene[real]), True, self._params.gan)
            losses[f"discriminator_{side}_fake"] = 0.5 * gan_loss(shown, False, self._params.gan)
        return losses


def _build_discriminator(params: Params) -> PatchGan:
    network = PatchGan(_CHANNELS, width=params.ndf, layers=params.layers_d, norm=params.norm)
    initialise(network)
    return network
