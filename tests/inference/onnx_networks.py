"""Tiny networks of each kind, what they are given, and what they make of it."""

from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pipelines.flatting.reading import LineReading
from pipelines.inference.model_source import ModelSource
from pipelines.inference.types import ColorGuide, Drawing
from pipelines.models import csa, cyclegan, fillnet, paintstorch, pix2pix
from pipelines.models.fillnet.inputs import AREAS
from tests import drawings

Floats = NDArray[np.float32]


KINDS: dict[str, tuple[ModuleType, Any]] = {
    "fillnet": (fillnet, fillnet.Params(size=64, width=8, tokens=16)),
    "layers": (pix2pix, pix2pix.Params(generator="unet_128", ngf=2, ndf=2, input="layers")),
    "composite": (pix2pix, pix2pix.Params(generator="unet_128", ngf=2, ndf=2, input="composite", norm="instance")),
    "resnet": (cyclegan, cyclegan.Params(generator="resnet_6blocks", ngf=2, ndf=2, size=64)),
    "paintstorch": (  # with an Illustration2Vec in it, and both generators
        paintstorch,
        paintstorch.Params(size=64, width=8, blocks=2, features_width=2, keep_sketcher=True),
    ),
    "csa": (  # with a VGG19 in it; one map of attention, as the mean of many hardly changes
        csa,
        csa.Params(size=64, width=8, blocks=2, ndf=2, layers_d=1, vgg_width=4, attention_channels="one"),
    ),
}


def lived_in(module: ModuleType, params: Any) -> torch.nn.Module:
    """A network with random weights in which every layer counts: those that begin at zero do so no longer."""
    torch.manual_seed(3)
    network: torch.nn.Module = module.build_network(params).eval()
    with torch.no_grad():
        for weight in network.parameters():
            weight += 0.05 * torch.randn_like(weight)
    return network


def inputs(kind: str, *shape: int) -> Floats:
    """Random pictures in [-1, 1]; those of filled drawings have areas."""
    rng = np.random.default_rng(5)
    batch, height, width = shape
    module, params = KINDS[kind]
    made = rng.uniform(-1, 1, (batch, module.network_spec(params).encoding.channels, height, width)).astype(np.float32)
    if kind == "fillnet":
        made[:, 6] = rng.integers(0, AREAS + 1, shape) / 127.5 - 1
        made[:, 4] = rng.choice([-1, 0, 1], shape)
    return made


def by_torch(network: Any, given: Floats) -> list[Floats]:
    with torch.inference_mode():
        made = (
            network.outputs(torch.from_numpy(given)) if hasattr(network, "outputs") else [network(torch.tensor(given))]
        )
    return [one.numpy() for one in made]


def canvas(size: int, *, hinted: bool = True) -> Drawing:
    lines = drawings.two_circles(size)
    hints = drawings.two_hints(size) if hinted else np.zeros((size, size, 4), np.uint8)
    guide = ColorGuide(hints, None)
    return Drawing(LineReading(lines), {"fills": guide, "discs": guide}, np.random.default_rng(0))


def painted(painter: ModelSource, count: int, size: int) -> list[NDArray[np.int16]]:
    made = painter.predict([canvas(size, hinted=number != 1) for number in range(count)], "cpu")
    return [one.colour.astype(np.int16) for one in made]
