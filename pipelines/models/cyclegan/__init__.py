"""Learns colour without pairs: one network paints, another draws, and what goes there and back must come out alike.

L = L_GAN(A, D_a) + L_GAN(B, D_b) + cycle_weight * (|B(A(a)) - a|_1 + |A(B(b)) - b|_1)
  + cycle_weight * identity_weight * (|A(b) - b|_1 + |B(a) - a|_1),
a line art with its hints painted on, b a colour picture of something else, A the painter, B its opposite.

Source: J.-Y. Zhu, T. Park, P. Isola, A. A. Efros, "Unpaired Image-to-Image Translation using Cycle-Consistent
Adversarial Networks", ICCV 2017, equations 1 to 3 and section 5.2 (identity).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pipelines.core.errors import SettingsError
from pipelines.core.settings import check_number
from pipelines.inference.encoding import ENCODINGS
from pipelines.inference.types import NetworkSpec

if TYPE_CHECKING:
    from pipelines.inference.reference_files import GeneratorLayout
    from pipelines.nn.resnet import ResNet
    from pipelines.training.task import TrainingTask

_BLOCKS = {"resnet_6blocks": 6, "resnet_9blocks": 9}
_COLOURS = 3  # channels of a colour picture


@dataclass(frozen=True)
class Params:
    """Settings of CycleGAN."""

    generator: Annotated[
        Literal["resnet_6blocks", "resnet_9blocks"],
        "residual blocks in both generators",
    ] = "resnet_9blocks"
    ngf: Annotated[int, "channels of the generators at full size"] = 64
    ndf: Annotated[int, "channels of the discriminators at their first scale"] = 64
    layers_d: Annotated[int, "halvings in the discriminators: 3 judge patches of 70 px"] = 3
    norm: Annotated[Literal["batch", "instance", "none"], "normalisation in all networks"] = "instance"
    dropout: Annotated[
        bool,
        "half of the features in the residual blocks are left out at random while training",
    ] = False
    input: Annotated[
        Literal["composite", "lines", "hinted", "layers"],
        "what the painter is given: hints painted on lines (3 channels), lines alone (1), line and hint (4), or line, "
        "hint and mask apart (5); the identity loss needs 3",
    ] = "composite"
    gan: Annotated[Literal["vanilla", "lsgan"], "the adversarial loss: cross-entropy or least squares"] = "lsgan"
    cycle_weight: Annotated[float, "of the difference after going there and back, against the adversarial loss"] = 10.0
    identity_weight: Annotated[float, "of keeping what is finished already, times cycle_weight; 0 leaves it out"] = 0.5
    pool: Annotated[int, "made pictures that each discriminator is shown again"] = 50
    size: Annotated[int, "px, the longer side at which pictures are worked out; a multiple of 4"] = 256

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        check_number("ngf", self.ngf, 1, 1024)
        check_number("ndf", self.ndf, 1, 1024)
        check_number("layers_d", self.layers_d, 1, 6)
        check_number("cycle_weight", self.cycle_weight, 0)
        check_number("identity_weight", self.identity_weight, 0)
        check_number("pool", self.pool, 0, 10_000)
        check_number("size", self.size, 32, 4096)
        if self.input != "composite" and self.identity_weight:
            raise SettingsError(
                f"a painter of {self.input} has no identity loss: a colour picture has other channels",
                hint="Add --set identity_weight=0",
            )
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


REFERENCE_GENERATORS = tuple(_BLOCKS)
"""The generators of the public reference implementation whose files this model takes."""

REFERENCE_INPUTS = {1: "lines", 3: "composite", 4: "hinted", 5: "layers"}
"""What such a generator is given, by its channels."""


def reference_params(layout: "GeneratorLayout", *, size: int | None) -> dict[str, object]:
    """Beside those of every generator, the `Params` of a reference file's one; `size`, px, where it is given."""
    params: dict[str, object] = {} if size is None else {"size": size}
    if layout.inputs != _COLOURS:
        params |= {"input": REFERENCE_INPUTS[layout.inputs], "identity_weight": 0.0}
    return params


def network_spec(params: Params) -> NetworkSpec:
    """What the painter reads and gives; at a quarter of the size the padding by reflection needs two pixels."""
    return NetworkSpec(encoding=ENCODINGS[params.input], size=params.size, size_multiple=4, least_size=8)


def build_network(params: Params) -> "ResNet":
    """The painter alone, with initial weights, in training mode."""
    return build_generator(params, ENCODINGS[params.input].channels, _COLOURS)


def build_opposite(params: Params) -> "ResNet":
    """What makes the painter's input of its pictures, with initial weights, in training mode."""
    return build_generator(params, _COLOURS, ENCODINGS[params.input].channels)


def build_generator(params: Params, inputs: int, outputs: int) -> "ResNet":
    """A generator from so many channels to so many."""
    from pipelines.nn.blocks import initialise
    from pipelines.nn.resnet import ResNet

    network = ResNet(
        inputs, outputs, blocks=_BLOCKS[params.generator], width=params.ngf, norm=params.norm, dropout=params.dropout
    )
    initialise(network)
    return network


def build_task(params: Params) -> "TrainingTask":
    """How it learns."""
    from pipelines.models.cyclegan.task import Task

    return Task(params)
