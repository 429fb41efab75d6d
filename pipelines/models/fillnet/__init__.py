"""Learns light, line colour and missing colours on top of flat fills; the model that comes with the toolkit.

`flat` lays the hints into the areas of the drawing. The network is given that picture and puts right what it lacks:

    c = k (f + u d_r + s) + (1 - k) e,    k = line art, 0 ink .. 1 paper

f: flat colour (white without hints), u: 1 where no hint lies in the area, d_r: a correction for area r, s: a shading
map, e: the colour of the ink, one for the picture. A smooth L1 distance holds c to the true picture: with plain L1 the
network never left s = 0, which is right in most pixels (docs/experiments.md).

1. A small U-Net sees the picture in cells of 4x4 px: encoder and decoder over 1/4, 1/8, 1/16 and 1/32 of the scale,
   attention over all of the picture at the smallest.
2. Areas are tokens: the mean of the features over each, its colour, size and place. They attend to one another, so
   that hints, twins and neighbours tell what colour an area without a hint has; what they find goes back to the cells.
3. Each token gives d_r, and points at the areas whose hinted colour its own area shares, at white, or at none of these.
   It also gives a distribution over 125 colours (the RGB cube, 5x5x5): what its colour might be, for variants and for
   pictures without hints. Both learn by cross-entropy where no hint tells.

Sources: this project; attention over regions after A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, colour
as a classification after R. Zhang, P. Isola, A. A. Efros, "Colorful Image Colorization", ECCV 2016, pointing after
O. Vinyals, M. Fortunato, N. Jaitly, "Pointer Networks", NeurIPS 2015.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pipelines.core.errors import SettingsError
from pipelines.core.settings import check_number
from pipelines.inference.types import NetworkSpec, Output
from pipelines.models.fillnet.inputs import FILLED
from pipelines.models.fillnet.predictor import predict

if TYPE_CHECKING:
    from pipelines.models.fillnet.network import FillNet
    from pipelines.training.augmentation import Augmentation
    from pipelines.training.pair_dataset import ExampleSource, PairDataset
    from pipelines.training.task import TrainingTask

DEEPEST = 32  # px of the side of a place at the smallest scale
HEADS = 4  # of attention


__all__ = [
    "OUTPUTS",
    "PRESETS",
    "RECIPES",
    "Params",
    "build_network",
    "build_task",
    "network_spec",
    "predict",
    "training_examples",
]


@dataclass(frozen=True)
class Params:
    """Settings of the network."""

    size: Annotated[int, "px: the longer side at which pictures are worked out, a multiple of 32"] = 256
    width: Annotated[int, "channels at its first scale"] = 32
    tokens: Annotated[int, "channels of an area's token"] = 96
    layers: Annotated[int, "of attention between areas"] = 2
    guess_weight: Annotated[
        float, "of the cross-entropy of areas' colours, against the distance to the true picture"
    ] = 0.02
    share_weight: Annotated[float, "of the cross-entropy of whose colour areas share"] = 0.02

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        check_number("size", self.size, 32, 4096)
        check_number("width", self.width, 4, 1024)
        check_number("tokens", self.tokens, HEADS, 4096)
        for name, step in {"size": DEEPEST, "width": 2, "tokens": HEADS}.items():
            if getattr(self, name) % step:
                raise SettingsError(f"{name} = {getattr(self, name)} is out of range", hint=f"Use a multiple of {step}")
        check_number("layers", self.layers, 0, 64)
        check_number("guess_weight", self.guess_weight, 0)
        check_number("share_weight", self.share_weight, 0)


OUTPUTS = (Output("fill", is_picture=True), Output("ink"), Output("colour_logits"), Output("copy_logits"))
"""What `FillNet.outputs` gives, in its order."""

PRESETS = {"standard": Params()}
RECIPES: dict[str, dict[str, object]] = {
    "standard": {
        "batch_size": 16,
        "learning_rate": 1e-3,
        "beta1": 0.9,
        "beta2": 0.999,
        "epochs": 60,
        "constant": 0.4,
        "ema": 0.999,
        "hue": 0.5,
        "jitter": 0.12,
        "vary_hints": True,
        "vary_lines": 0.4,
    },
}


def network_spec(params: Params) -> NetworkSpec:
    """What the network reads and gives."""
    return NetworkSpec(
        encoding=FILLED,
        size=params.size,
        size_multiple=DEEPEST,
        least_size=DEEPEST,
        outputs=OUTPUTS,
        hint_preset="fills",
        least_hint=0.0,
        can_vary=True,
        finds_line_colour=True,
        is_light=True,
        is_exact=True,  # in bf16 up to 1.6 % of a drawing without hints took another colour, by up to 64 levels
    )


def build_network(params: Params) -> "FillNet":
    """The network with initial weights, in training mode."""
    from pipelines.models.fillnet.network import FillNet

    return FillNet(params)


def build_task(params: Params) -> "TrainingTask":
    """How the network learns."""
    from pipelines.models.fillnet.task import Task

    return Task(params)


def training_examples(
    pairs: "PairDataset", augmentation: "Augmentation", *, seed: int, cache_bytes: int
) -> "ExampleSource":
    """What the network learns from: pictures that are filled once and kept.

    Decoded pictures are needed for that alone, so they get an eighth of the memory, the filled ones the rest; all of it
    where pictures are filled anew each time.
    """
    from pipelines.models.fillnet.precomputed import PrecomputedFills, draws_each_time

    decoded = cache_bytes if draws_each_time(pairs, augmentation) else cache_bytes // 8
    pairs.resize_cache(decoded)
    return PrecomputedFills(pairs, augmentation, seed=seed, cache_bytes=cache_bytes - decoded)
