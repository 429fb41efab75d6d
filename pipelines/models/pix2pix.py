"""Learns colour from pairs: a U-Net paints, a PatchGAN judges pieces of the pair, and L1 holds to the true picture.

G* = arg min_G max_D E[log D(x, y)] + E[log(1 - D(x, G(x)))] + l1_weight * E[|y - G(x)|_1], x the line art with its
hints, y the colour picture; noise comes from dropout alone.

Source: P. Isola, J.-Y. Zhu, T. Zhou, A. A. Efros, "Image-to-Image Translation with Conditional Adversarial Networks",
CVPR 2017, equation 4.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

from pipelines.core.settings import check_number
from pipelines.models._batch import Batch, InputKind, input_channels
from pipelines.models._blocks import initialise, join
from pipelines.models._discriminators import PatchGan
from pipelines.models._losses import gan_loss
from pipelines.models._players import Losses, Player, Scene
from pipelines.models._unet import UNet

_DOWNS = {"unet_128": 7, "unet_256": 8, "unet_512": 9}


@dataclass(frozen=True)
class Params:
    """Settings of Pix2Pix."""

    generator: Literal["unet_128", "unet_256", "unet_512"] = "unet_256"  # U-Net for pictures of so many px
    ngf: int = 64  # channels of the generator at its first scale
    ndf: int = 64  # channels of the discriminator at its first scale
    layers_d: int = 3  # halvings in the discriminator: 3 judge patches of 70 px
    norm: Literal["batch", "instance", "none"] = "batch"  # normalisation in both networks
    dropout: bool = True  # half of the innermost features are left out at random while training
    # what the generator is given: hints painted on lines (3 channels), or line, hint and mask apart (5)
    input: Literal["composite", "layers"] = "composite"
    gan: Literal["vanilla", "lsgan"] = "vanilla"  # the adversarial loss: cross-entropy or least squares
    l1_weight: float = 100.0  # of the distance to the true picture, against the adversarial loss

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        check_number("ngf", self.ngf, 1, 1024)
        check_number("ndf", self.ndf, 1, 1024)
        check_number("layers_d", self.layers_d, 1, 6)
        check_number("l1_weight", self.l1_weight, 0)

    @property
    def size(self) -> int:
        """The longer side at which pictures are worked out, px."""
        return 1 << _DOWNS[self.generator]


PRESETS = {
    "standard": Params(),
    "fakemon": Params(ngf=150, ndf=150),
    "small": Params(generator="unet_128", ngf=32, ndf=32, input="layers"),  # for two processor cores
}
RECIPES: dict[str, dict[str, object]] = {
    "standard": {"batch_size": 1, "learning_rate": 2e-4, "beta1": 0.5, "beta2": 0.999, "epochs": 200},
    "fakemon": {"batch_size": 4, "learning_rate": 2e-4, "beta1": 0.5, "beta2": 0.999, "epochs": 200, "ema": 0.999},
    "small": {"batch_size": 8, "learning_rate": 2e-4, "beta1": 0.5, "beta2": 0.999, "epochs": 200, "ema": 0.999},
}


def input_kind(params: Params) -> InputKind:
    """What the painter is given, as `_batch.network_input` names it."""
    return params.input


def build_painter(params: Params) -> UNet:
    """The generator alone, with initial weights, in training mode."""
    network = UNet(
        input_channels(params.input),
        downs=_DOWNS[params.generator],
        width=params.ngf,
        norm=params.norm,
        dropout=params.dropout,
    )
    initialise(network)
    return network


class Model:
    """Pix2Pix as a game: the discriminator moves, then the generator, both on the one fake of the step."""

    painter = "generator"
    unpaired = False

    def __init__(self, params: Params) -> None:
        self._params = params
        seen = input_channels(params.input) + 3
        discriminator = PatchGan(seen, width=params.ndf, layers=params.layers_d, norm=params.norm)
        initialise(discriminator)
        self.networks = nn.ModuleDict({"generator": build_painter(params), "discriminator": discriminator})
        self.players: tuple[Player, ...] = (
            Player("discriminator", ("discriminator",), self._discriminator_loss),
            Player("generator", ("generator",), self._generator_loss),
        )

    def play(self, batch: Batch) -> Scene:
        """The generator's colours for a batch: "fake" (B, 3, H, W), beside "inputs" and "targets"."""
        fake = self.networks["generator"](batch.inputs)
        return {"inputs": batch.inputs, "targets": batch.targets, "fake": fake}

    def memory(self) -> dict[str, Tensor]:
        """Nothing is remembered beyond the networks."""
        return {}

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Nothing is remembered beyond the networks."""

    def _discriminator_loss(self, scene: Scene) -> Losses:
        """Half the sum, which slows the discriminator (section 3.3); each side apart, for the batch statistics."""
        fake = self._judge(scene["inputs"], scene["fake"].detach())
        real = self._judge(scene["inputs"], scene["targets"])
        return {
            "discriminator_fake": 0.5 * gan_loss(fake, False, self._params.gan),
            "discriminator_real": 0.5 * gan_loss(real, True, self._params.gan),
        }

    def _generator_loss(self, scene: Scene) -> Losses:
        logits = self._judge(scene["inputs"], scene["fake"])
        distance = functional.l1_loss(scene["fake"], scene["targets"])
        return {
            "generator_gan": gan_loss(logits, True, self._params.gan),
            "generator_l1": self._params.l1_weight * distance,
        }

    def _judge(self, inputs: Tensor, colours: Tensor) -> Tensor:
        logits: Tensor = self.networks["discriminator"](join(inputs, colours))
        return logits
