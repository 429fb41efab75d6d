"""Learns to paint line art after brush strokes, with a Wasserstein critic and a second generator that seeks the lines.

L_G = L_content + adversarial_weight * L_adv + L_sketch,
L_D = E[D(G(x))] - E[D(y)] + 10 E[(|grad D| - 1)^2] + 0.001 E[D(y)^2],
L_content = mean((F(G(x)) - F(y))^2),  L_adv = -E[D(G(x))],  L_sketch = mean((S(G(x)) - x)^2);
x: the lines, y: the colour picture, G: the painter, S: the second generator, which is to find the lines again in what
was painted, D: the critic, F: VGG16 up to its fourth convolution. G, S and D are given Illustration2Vec's features of
the lines as well.

Source: Y. Hati, G. Jouet, F. Rousseau, C. Duhart, "PaintsTorch: a User-Guided Anime Line Art Colorization Tool with
Double Generator Conditional Adversarial Network", CVMP 2019, doi:10.1145/3359998.3369401, equations 1 to 7, as they
are meant: equation 3 compares with the true picture, and the norm of equation 7 is not squared before 1 is taken off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pipelines.core.errors import SettingsError
from pipelines.core.settings import check_number
from pipelines.inference.encoding import LAYERS
from pipelines.inference.types import NetworkSpec, Output

if TYPE_CHECKING:
    from pipelines.inference.network import Network
    from pipelines.inference.types import ColorResult, Drawing
    from pipelines.models.paintstorch.network import Painter
    from pipelines.training.task import TrainingTask

SIZE_MULTIPLE = 16
"""Px: both generators halve the size four times."""

HINT_CELL = 4
"""Px: the side of the cells over which hints are averaged."""

NO_FEATURES = "none"
"""What `features` is where there are none."""

_LEAST_HINT = 1.25 / 128  # radius, a share of the side: half of the mean thickness of simulated strokes (3.2.2)
_LEAST_SIZE = 64  # px: what the critic halves down to 4


@dataclass(frozen=True)
class Params:
    """Settings of PaintsTorch."""

    size: Annotated[int, "px, the longer side at which pictures are worked out; a multiple of 16, of at least 64"] = 512
    width: Annotated[int, "channels of all networks at half the size: 4 or a multiple of 8"] = 64
    blocks: Annotated[int, "residual blocks at a sixteenth of the size"] = 20
    features: Annotated[
        str, "features of the lines: the file of Illustration2Vec's weights (.pth or .safetensors), or none"
    ] = ""
    features_width: Annotated[int, "channels of Illustration2Vec's first block, as its file has them"] = 64
    content: Annotated[
        Literal["vgg", "pixels"],
        "what ties the result to the true picture: VGG16's fourth convolution, or pixels (L1, at full size and a "
        "quarter: not the paper's)",
    ] = "vgg"
    vgg: Annotated[str, "the file of VGG16's weights (.pth or .safetensors), for content vgg"] = ""
    vgg_width: Annotated[int, "channels of VGG16's first block, as its file has them"] = 64
    double: Annotated[bool, "the second generator, which finds the lines again in what was painted"] = True
    keep_sketcher: Annotated[
        bool, "the second generator is kept with the first and shown as the step sketch; painting takes twice as long"
    ] = False
    penalty: Annotated[
        Literal["picture", "pixel"],
        "of what the critic's slope is held to 1: a picture, as the equation says, or each pixel, as the public code",
    ] = "picture"
    adversarial_weight: Annotated[
        float,
        "of the critic's opinion against the content; times the size where the penalty is per picture, whose critic is "
        "as much gentler",
    ] = 1e-4
    overrun_weight: Annotated[
        float,
        "of what the generators give their tanh beyond 3 (the level 254), squared; not in the paper: without it they "
        "run into white for good where pictures are mostly white",
    ] = 0.1
    tone_jitter: Annotated[bool, "lines of lighter ink in training, by up to 30 %"] = True

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        check_number("size", self.size, _LEAST_SIZE, 4096)
        check_number("width", self.width, 4, 1024)
        check_number("blocks", self.blocks, 1, 100)
        check_number("features_width", self.features_width, 1, 1024)
        check_number("vgg_width", self.vgg_width, 1, 1024)
        check_number("adversarial_weight", self.adversarial_weight, 0)
        check_number("overrun_weight", self.overrun_weight, 0)
        if self.size % SIZE_MULTIPLE:
            hint = f"Use {self.size // SIZE_MULTIPLE * SIZE_MULTIPLE}"
            raise SettingsError(f"size = {self.size} is no multiple of {SIZE_MULTIPLE}", hint=hint)
        if self.width != 4 and self.width % 8:
            hint = f"Use {max(self.width // 8 * 8, 4)}"
            raise SettingsError(f"width = {self.width} is neither 4 nor a multiple of 8", hint=hint)
        if self.keep_sketcher and not self.double:
            raise SettingsError("keep_sketcher = true needs the second generator", hint="Use --set double=true too")
        self._check_idle()

    @property
    def has_features(self) -> bool:
        """Whether the networks are given features of the lines."""
        return self.features != NO_FEATURES

    def _check_idle(self) -> None:
        """Refuse a file that nothing would look at; that of Illustration2Vec and `none` are one setting."""
        if self.content != "vgg" and self.vgg:
            raise SettingsError(
                f"nothing looks at the file vgg: content is {self.content}",
                hint="Leave it out, or use --set content=vgg",
            )

    @property
    def adversarial_factor(self) -> float:
        """The weight of the critic's opinion in the generators' loss.

        A critic whose slope is 1 at each pixel has a slope of about sqrt(H W) over a picture: its gradients are larger
        by the side than those of one with a slope of 1 per picture. The paper's weight was chosen with the former.
        """
        return self.adversarial_weight * (self.size if self.penalty == "picture" else 1)


PRESETS = {
    "standard": Params(),
    "paintstorch": Params(penalty="pixel"),  # as its authors ran it
    "small": Params(  # for two processor cores; content by pixels pulls less than by VGG16
        size=128, width=16, blocks=8, features=NO_FEATURES, content="pixels", double=False, adversarial_weight=1e-5
    ),
}
_ADAM = {"beta1": 0.5, "beta2": 0.9, "schedule": "constant"}  # section 3.5
RECIPES: dict[str, dict[str, object]] = {
    "standard": {
        **_ADAM,
        "batch_size": 8,  # times 4: the paper's 32, in the memory of one card
        "accumulate": 4,
        "learning_rate": 1e-4,
        "epochs": 100,
        "ema": 0.999,
        "redraw_hints": "strokes",
        "hintless": 0.5,  # this toolkit also paints without hints
    },
    "paintstorch": {
        **_ADAM,
        "batch_size": 8,
        "accumulate": 4,
        "learning_rate": 1e-4,
        "epochs": 300,
        "ema": 0.0,
        "redraw_hints": "strokes",
        "hintless": 0.0,
    },
    "small": {
        **_ADAM,
        "batch_size": 8,
        "learning_rate": 6e-4,
        "epochs": 100,
        "ema": 0.995,
        "redraw_hints": "strokes",
        "hintless": 0.1,
        "hue": 0.5,  # so that hints are all that tells a colour
    },
}


def weight_files(params: Params) -> dict[str, str]:
    """The files of weights that training needs, by their settings; "" for one that is not given."""
    files = {}
    if params.has_features:
        files["features"] = params.features
    if params.content == "vgg":
        files["vgg"] = params.vgg
    return files


WEIGHT_FILES = {"features": ("Illustration2Vec", f"features={NO_FEATURES}"), "vgg": ("VGG16", "content=pixels")}
"""Whose weights each of these files holds, and what to set to do without."""


def network_spec(params: Params) -> NetworkSpec:
    """What the painter reads and gives; the lines that were found again beside, where they are kept."""
    sketch = (Output("sketch", is_picture=True),) if params.keep_sketcher else ()
    return NetworkSpec(
        encoding=LAYERS,
        size=params.size,
        size_multiple=SIZE_MULTIPLE,
        least_size=SIZE_MULTIPLE,
        square_only=True,  # the critic ends in 4x4 places
        least_hint=_LEAST_HINT,
        outputs=(Output("picture", is_picture=True), *sketch),
        steps=("input", "hints", "raw", *(output.name for output in sketch)),
    )


def build_network(params: Params) -> "Painter":
    """What paints, with initial weights, in training mode; features of the lines have none of their own yet."""
    from pipelines.models.paintstorch.network import build_painter

    return build_painter(params)


def build_task(params: Params) -> "TrainingTask":
    """How it learns; raises UsageError where a file of weights is missing or holds another network."""
    from pipelines.models.paintstorch.task import Task

    return Task(params)


def predict(network: "Network", drawings: "Sequence[Drawing]") -> "list[ColorResult]":
    """Colour drawings, all of them together, and show the hints as they are read."""
    from pipelines.models.paintstorch.predictor import predict as predict_drawings

    return predict_drawings(network, drawings)
