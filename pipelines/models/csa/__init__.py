"""Learns to colour line art after points: residual blocks weighed place by place, judged at three sizes.

L_G = sum_i L_GAN(G, D_i) + feature_weight * mean_i L_FM(G, D_i) + perceptual_weight * L_perc(G)
      + l1_weight * |y - G(x)|_1,
i: a PatchGAN of its own at the full size, half and a quarter; x the line art with its hints, y the colour picture. L_FM
compares what the discriminators' layers give for y and G(x), L_perc what VGG19's do. The blocks' attention is given
VGG19's features of the hints. The paper has no L1.

Source: M. Yuan, E. Simo-Serra, "Line Art Colorization with Concatenated Spatial Attention", CVPR Workshops 2021,
equations 1 to 4. It gives no weight lambda; ours are those of T.-C. Wang et al., "High-Resolution Image Synthesis and
Semantic Manipulation with Conditional GANs", CVPR 2018, which lambda = 10/3 of equation 4 would be.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pipelines.core.errors import SettingsError
from pipelines.core.settings import check_number
from pipelines.inference.encoding import LAYERS
from pipelines.inference.types import NetworkSpec, Output

if TYPE_CHECKING:
    from pipelines.models.csa.network import AttentionPainter
    from pipelines.training.task import TrainingTask

SIZE_MULTIPLE = 16
"""Px: the generator halves the size four times."""

_LEAST_SIZE = 2 * SIZE_MULTIPLE  # px: an instance norm needs more than one pixel
_LEAST_HINT = 2.25 / 512  # radius, a share of the side: half of the mean side of the paper's points


@dataclass(frozen=True)
class Params:
    """Settings of CSA."""

    size: Annotated[int, "px, the longer side at which pictures are worked out; a multiple of 16"] = 512
    width: Annotated[int, "channels of the generator at full size"] = 64
    blocks: Annotated[int, "residual blocks at a sixteenth of the size"] = 8
    ndf: Annotated[int, "channels of the discriminators at their first scale"] = 64
    layers_d: Annotated[int, "halvings in the discriminators: 3 judge patches of 70 px"] = 3
    attention: Annotated[bool, "the blocks' change is weighed place by place; no: plain residual blocks"] = True
    attention_channels: Annotated[Literal["all", "one"], "whether each channel is weighed for itself, or all alike"] = (
        "all"
    )
    hint_features: Annotated[
        Literal["vgg19", "learned"],
        "what attention is given of the hints: VGG19's twelfth convolution, or a small network that is trained with "
        "the rest (not the paper's)",
    ] = "vgg19"
    hint_convolutions: Annotated[
        Literal["shared", "each"], "whether all blocks share the three convolutions of the hint features"
    ] = "shared"
    perceptual: Annotated[Literal["vgg19", "off"], "the perceptual loss, by VGG19"] = "vgg19"
    vgg: Annotated[str, "the file of VGG19's weights (.pth or .safetensors), for hint_features and perceptual"] = ""
    vgg_width: Annotated[int, "channels of VGG19's first block, as its file has them"] = 64
    gan: Annotated[Literal["vanilla", "lsgan"], "the adversarial loss: cross-entropy or least squares"] = "vanilla"
    feature_weight: Annotated[float, "of the discriminators' features, against the adversarial loss"] = 10.0
    perceptual_weight: Annotated[float, "of VGG19's features, against the adversarial loss"] = 10.0
    l1_weight: Annotated[float, "of the distance to the true picture, against the adversarial loss"] = 0.0

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        check_number("width", self.width, 1, 1024)
        check_number("blocks", self.blocks, 1, 100)
        check_number("ndf", self.ndf, 1, 1024)
        check_number("layers_d", self.layers_d, 1, 6)
        check_number("vgg_width", self.vgg_width, 1, 1024)
        for weight in ("feature_weight", "perceptual_weight", "l1_weight"):
            check_number(weight, getattr(self, weight), 0)
        check_number("size", self.size, _LEAST_SIZE, 4096)
        if self.size % SIZE_MULTIPLE:
            hint = f"Use {self.size // SIZE_MULTIPLE * SIZE_MULTIPLE}"
            raise SettingsError(f"size = {self.size} is no multiple of {SIZE_MULTIPLE}", hint=hint)
        least = 16 << self.layers_d  # px: the smallest discriminator's last norm then has more than one pixel
        if self.size < least:
            raise SettingsError(
                f"size = {self.size} is too small for layers_d = {self.layers_d}",
                hint=f"Use a size of at least {least}",
            )

        self._check_idle()

    @property
    def has_vgg_hints(self) -> bool:
        """Whether the network that paints looks at VGG19's features of the hints."""
        return self.attention and self.hint_features == "vgg19"

    @property
    def has_perceptual(self) -> bool:
        """Whether the perceptual loss is worked out: at weight 0 it would say nothing."""
        return self.perceptual == "vgg19" and self.perceptual_weight > 0

    @property
    def needs_vgg(self) -> bool:
        """Whether training needs the file of VGG19."""
        return self.has_vgg_hints or self.has_perceptual

    def _check_idle(self) -> None:
        """Refuse settings that would say nothing beside the others."""
        for name, default in (("attention_channels", "all"), ("hint_convolutions", "shared")):
            if not self.attention and getattr(self, name) != default:
                raise SettingsError(f"{name} says nothing without attention", hint="Leave it out")
        if self.vgg and not self.needs_vgg:
            raise SettingsError(
                "nothing looks at the file vgg",
                hint="Leave it out, or use --set perceptual=vgg19 or hint_features=vgg19",
            )


PRESETS = {
    "standard": Params(),
    "small": Params(  # for two processor cores, without a file of weights: then L1 alone ties colours to their places
        size=128, width=16, blocks=4, ndf=16, hint_features="learned", perceptual="off", l1_weight=10.0
    ),
}
_RECIPE: dict[str, object] = {
    "beta1": 0.5,
    "beta2": 0.999,
    "schedule": "constant",
    "epochs": 100,
    "redraw_hints": "points",
    "hintless": 0.5,  # the paper always gives points; this toolkit also paints without (as Ci et al. train)
}
RECIPES: dict[str, dict[str, object]] = {
    # 8 x 4: the paper's 32, in the memory of one card
    "standard": {**_RECIPE, "batch_size": 8, "accumulate": 4, "learning_rate": 2e-4, "ema": 0.999},
    "small": {
        **_RECIPE,
        "batch_size": 8,
        "learning_rate": 4e-4,
        "ema": 0.995,
        "redraw_hints": "points:coarse",
        "hintless": 0.1,
        "hue": 0.5,  # so that hints are all that tells a colour
    },
}


def weight_files(params: Params) -> dict[str, str]:
    """The files of weights that training needs, by their settings; "" for one that is not given."""
    return {"vgg": params.vgg} if params.needs_vgg else {}


WEIGHT_FILES = {"vgg": ("VGG19", "hint_features=learned --set perceptual=off")}
"""Whose weights the file holds, and what to set to do without."""


def network_spec(params: Params) -> NetworkSpec:
    """What the generator reads and gives: a picture, and where the last block attends."""
    attention = (Output("attention", is_picture=True),) if params.attention else ()
    return NetworkSpec(
        encoding=LAYERS,
        size=params.size,
        size_multiple=SIZE_MULTIPLE,
        least_size=_LEAST_SIZE,
        least_hint=_LEAST_HINT,
        outputs=(Output("picture", is_picture=True), *attention),
        steps=("input", "raw", *(output.name for output in attention)),
    )


def build_network(params: Params) -> "AttentionPainter":
    """What paints, with initial weights, in training mode; VGG19, where it is part of it, has none of its own yet."""
    from pipelines.models.csa.network import build_painter

    return build_painter(params)


def build_task(params: Params) -> "TrainingTask":
    """How it learns; raises UsageError where the file of VGG19 is missing or holds another network."""
    from pipelines.models.csa.task import Task

    return Task(params)
