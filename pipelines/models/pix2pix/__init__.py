"""Learns colour from pairs: a U-Net paints, a PatchGAN judges pieces of the pair, and L1 holds to the true picture.

G* = arg min_G max_D E[log D(x, y)] + E[log(1 - D(x, G(x)))] + l1_weight * E[|y - G(x)|_1], x the line art with its
hints, y the colour picture; noise comes from dropout alone.

Source: P. Isola, J.-Y. Zhu, T. Zhou, A. A. Efros, "Image-to-Image Translation with Conditional Adversarial Networks",
CVPR 2017, equation 4.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import UsageError
from pipelines.core.settings import check_number
from pipelines.inference.encoding import ENCODINGS
from pipelines.inference.types import NetworkSpec
from pipelines.models.pix2pix import switches

if TYPE_CHECKING:
    from pipelines.inference.reference_files import GeneratorLayout
    from pipelines.nn.blocks import Norm
    from pipelines.nn.unet import UNet
    from pipelines.training.pair_dataset import Example
    from pipelines.training.task import TrainingTask

_DOWNS = {"unet_128": 7, "unet_256": 8, "unet_512": 9}
_PENALTY_WEIGHT = 10.0  # I. Gulrajani et al., "Improved Training of Wasserstein GANs", NIPS 2017, section 4


@dataclass(frozen=True)
class Params:
    """Settings of Pix2Pix."""

    generator: Annotated[Literal["unet_128", "unet_256", "unet_512"], "U-Net for pictures of so many px"] = "unet_256"
    ngf: Annotated[int, "channels of the generator at its first scale"] = 64
    ndf: Annotated[int, "channels of the discriminator at its first scale"] = 64
    layers_d: Annotated[int, "halvings in the discriminator: 3 judge patches of 70 px"] = 3
    norm: Annotated[
        Literal["batch", "instance", "none", "adain"],
        "normalisation in both networks; adain: instance norm by domain in the generator, plain in the discriminator",
    ] = "batch"
    dropout: Annotated[bool, "half of the innermost features are left out at random while training"] = True
    input: Annotated[
        Literal["composite", "layers", "lines", "hinted", "picture"],
        "what the generator is given: hints painted on lines (3 channels), line, hint and mask apart (5), lines alone "
        "(1), line and hint (4), or a picture of any kind as it is (3)",
    ] = "composite"
    gan: Annotated[
        Literal["vanilla", "lsgan", "wgan-gp"],
        "the adversarial loss: cross-entropy, least squares, or a Wasserstein critic with a penalty on its slope",
    ] = "vanilla"
    generator_gan: Annotated[
        Literal["same", "bce"], "what the generator lowers where gan is wgan-gp: that, or cross-entropy"
    ] = "same"
    penalty_weight: Annotated[float, "of the penalty on the critic's slope where gan is wgan-gp"] = _PENALTY_WEIGHT
    critic_steps: Annotated[int, "steps of the discriminator for one of the generator"] = 1
    l1_weight: Annotated[float, "of the distance to the true picture, against the adversarial loss"] = 100.0
    spectral_norm: Annotated[
        Literal["none", "discriminator", "both"], "which networks learn with a slope that is held to 1"
    ] = "none"
    attention: Annotated[
        Literal["none", "generator", "discriminator", "both"], "in which networks places of 32 px look at all others"
    ] = "none"
    skips: Annotated[
        Literal["concat", "gated", "summed"],
        "how the generator's skips meet its decoder: beside, gated, mixed into one",
    ] = "concat"
    domains: Annotated[str, "names of the datasets, in their order, where several are learned: anime,maps"] = ""
    domain: Annotated[str, "the domain in which is painted; empty: the first"] = ""
    l1_weights: Annotated[str, "l1_weight by domain: anime=100,maps=10"] = ""

    def __post_init__(self) -> None:
        """Refuse settings out of range, and those that say nothing beside the others."""
        check_number("ngf", self.ngf, 1, 1024)
        check_number("ndf", self.ndf, 1, 1024)
        check_number("layers_d", self.layers_d, 1, 6)
        check_number("l1_weight", self.l1_weight, 0)
        check_number("penalty_weight", self.penalty_weight, 0)
        check_number("critic_steps", self.critic_steps, 1, 100)
        switches.check_critic(self)
        switches.check_domains(self)

    @property
    def size(self) -> int:
        """The longer side at which pictures are worked out, px."""
        return 1 << _DOWNS[self.generator]

    @property
    def discriminator_norm(self) -> "Norm":
        """The normalisation in the discriminator, which is told no domain."""
        return "instance" if self.norm == "adain" else self.norm

    @property
    def domain_names(self) -> tuple[str, ...]:
        """The domains by their numbers; none: there is one, without a name."""
        return switches.parse_names(self.domains)

    @property
    def domain_number(self) -> int:
        """The number of the domain in which is painted."""
        return self.domain_names.index(self.domain) if self.domain else 0

    @property
    def l1_by_domain(self) -> tuple[float, ...]:
        """`l1_weights` by the numbers of domains; none: `l1_weight` is everyone's."""
        weights = switches.parse_weights(self.l1_weights)
        return tuple(weights[name] for name in self.domain_names) if weights else ()


_MAPS: dict[str, Any] = {  # SketchSause: from one kind of picture to another, in either direction
    "norm": "instance",
    "input": "picture",
    "gan": "wgan-gp",
    "generator_gan": "bce",
    "critic_steps": 3,
    "l1_weight": 10.0,
}

PRESETS = {
    "standard": Params(),
    "fakemon": Params(ngf=150, ndf=150),
    "small": Params(generator="unet_128", ngf=32, ndf=32, input="layers"),  # for two processor cores
    "anime": Params(),  # SketchSause: what differs from `standard` is how long, and that there are no hints
    "anime-small": Params(generator="unet_128", ngf=32, ndf=32),
    "maps": Params(**_MAPS),
    "maps-small": Params(generator="unet_128", ngf=32, ndf=32, **_MAPS),
}
_ANIME_RECIPE: dict[str, object] = {  # half of the 100 epochs at the full rate, half falling
    "batch_size": 1,
    "learning_rate": 2e-4,
    "beta1": 0.5,
    "beta2": 0.999,
    "epochs": 100,
    "jitter": 0.12,
    "hintless": 1.0,
}
_MAPS_RECIPE: dict[str, object] = {"learning_rate": 1e-4, "beta1": 0.0, "beta2": 0.9, "schedule": "constant"}

RECIPES: dict[str, dict[str, object]] = {
    "standard": {"batch_size": 1, "learning_rate": 2e-4, "beta1": 0.5, "beta2": 0.999, "epochs": 200},
    "fakemon": {"batch_size": 4, "learning_rate": 2e-4, "beta1": 0.5, "beta2": 0.999, "epochs": 200, "ema": 0.999},
    "small": {"batch_size": 8, "learning_rate": 2e-4, "beta1": 0.5, "beta2": 0.999, "epochs": 200, "ema": 0.999},
    "anime": _ANIME_RECIPE,
    "anime-small": _ANIME_RECIPE | {"batch_size": 8, "ema": 0.999},
    "maps": _MAPS_RECIPE | {"batch_size": 32, "epochs": 600},  # steps of the critic: 200 epochs of the generator
    "maps-small": _MAPS_RECIPE | {"batch_size": 8, "learning_rate": 2e-4, "epochs": 600, "ema": 0.995},
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


def strange_to_reference(params: Params) -> str:
    """What the generator has that no reference file holds, by its settings; empty: nothing."""
    switches_on = {
        f"norm={params.norm}": params.norm == "adain",
        f"attention={params.attention}": params.attention in ("generator", "both"),
        f"skips={params.skips}": params.skips != "concat",
    }
    return ", ".join(name for name, is_on in switches_on.items() if is_on)


def training_notes(params: Params) -> tuple[str, ...]:
    """What people should know of a run with these settings."""
    notes = []
    if params.spectral_norm != "none" and params.discriminator_norm == "batch":
        notes.append(
            "batch norm in the discriminator undoes what spectral norm holds it to: --set norm=instance keeps it"
        )
    if params.critic_steps > 1:
        notes.append(f"steps and epochs count the discriminator's: the generator moves in one of {params.critic_steps}")
    return tuple(notes)


def network_spec(params: Params) -> NetworkSpec:
    """What the generator reads and gives: a U-Net takes pictures of multiples of its size."""
    return NetworkSpec(
        encoding=ENCODINGS[params.input],
        size=params.size,
        size_multiple=params.size,
        least_size=params.size,
        domains=params.domain_names,
        paints_by_domain=params.norm == "adain",
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
        attention=params.attention in ("generator", "both"),
        skips=params.skips,
        domains=len(params.domain_names),
        domain=params.domain_number,
    )
    initialise(network)
    return network


def prepare(example: "Example", params: Params, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
    """What a batch names of an example beside input and target: the number of its domain; `rng` is not used."""
    return {"domain": np.asarray(example.domain)} if params.domain_names else {}


def build_task(params: Params) -> "TrainingTask":
    """How it learns."""
    from pipelines.models.pix2pix.task import Task

    return Task(params)
