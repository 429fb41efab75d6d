"""Learns colour from pairs: a U-Net paints, a PatchGAN judges pieces of the pair, and L1 holds to the true picture.

G* = arg min_G max_D E[log D(x, y)] + E[log(1 - D(x, G(x)))] + l1_weight * E[|y - G(x)|_1], x the line art with its
hints, y the colour picture; noise comes from dropout alone.

Source: P. Isola, J.-Y. Zhu, T. Zhou, A. A. Efros, "Image-to-Image Translation with Conditional Adversarial Networks",
CVPR 2017, equation 4.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pipelines.core.errors import UsageError
from pipelines.core.settings import check_number
from pipelines.inference.encoding import ENCODINGS
from pipelines.inference.types import NetworkSpec

if TYPE_CHECKING:
    from pipelines.inference.reference_files import GeneratorLayout
    from pipelines.nn.unet import UNet
    from pipelines.training.task import TrainingTask

_DOWNS = {"unet_128": 7, "unet_256": 8, "unet_512": 9}


@dataclass(frozen=True)
class Params:
    """Settings of Pix2Pix."""

    generator: Annotated[Literal["unet_128", "unet_256", "unet_512"], "U-Net for pictures of so many px"] = "unet_256"
    ngf: Annotated[int, "channels of the generator at its first scale"] = 64
    ndf: Annotated[int, "channels of the discriminator at its first scale"] = 64
    layers_d: Annotated[int, "halvings in the discriminator: 3 judge patches of 70 px"] = 3
    norm: Annotated[Literal["batch", "instance", "none"], "normalisation in both networks"] = "batch"
    dropout: Annotated[bool, "half of the innermost features are left out at random while training"] = True
    input: Annotated[
        Literal["composite", "layers", "lines", "hinted", "picture"],
        "what the generator is given: hints painted on lines (3 channels), line, hint and mask apart (5), lines alone "
        "(1), line and hint (4), or a picture of any kind as it is (3)",
    ] = "composite"
    gan: Annotated[Literal["vanilla", "lsgan"], "the adversarial loss: cross-entropy or least squares"] = "vanilla"
    l1_weight: Annotated[float, "of the distance to the true picture, against the adversarial loss"] = 100.0

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


REFERENCE_GENERATORS = tuple(_DOWNS)
"""The generators of the public reference implementation whose files this model takes."""

REFERENCE_INPUTS = {1: "lines", 3: "composite", 4: "hinted", 5: "layers"}
"""What such a generator is given, by its channels."""


def reference_params(layout: "GeneratorLayout", *, size: int | None) -> dict[str, object]:
    """Beside those of every generator, the `Params` of a reference file's one; raises UsageError for a `size`."""
    if size is not None:
        raise UsageError(f"the size of a {layout.architecture} is fixed", hint="Leave out --size")
    return {"input": REFERENCE_INPUTS[layout.inputs]}


def network_spec(params: Params) -> NetworkSpec:
    """What the generator reads and gives: a U-Net takes pictures of multiples of its size."""
    return NetworkSpec(
        encoding=ENCODINGS[params.input], size=params.size, size_multiple=params.size, least_size=params.size
    )


def build_network(params: Params) -> "UNet":
    """The generator alone, with initial weights, in training mode."""
    from pipelines.nn.blocks import initialise
    from pipelines.nn.unet import UNet

    network = UNet(
        ENCODINGS[params.input].channels,
        downs=_DOWNS[params.generator],
        width=params.ngf,
        norm=params.norm,
        dropout=params.dropout,
    )
    initialise(network)
    return network


def build_task(params: Params) -> "TrainingTask":
    """How it learns."""
    from pipelines.models.pix2pix.task import Task

    return Task(params)
