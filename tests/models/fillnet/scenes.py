"""Small drawings and networks that the tests of fillnet share."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipelines.inference.encoding import to_floats
from pipelines.models import fillnet
from pipelines.models.fillnet import Params
from pipelines.models.fillnet.inputs import FILLED, GUESSED, HINTED
from pipelines.models.fillnet.network import FillNet
from tests import drawings

Bytes = NDArray[np.uint8]
SIZE = 64
TINY = Params(size=SIZE, width=8, tokens=16)


def fresh(seed: int = 0) -> FillNet:
    torch.manual_seed(seed)
    return fillnet.build_network(TINY)


def lived_in(seed: int = 0) -> FillNet:
    """A network none of whose weights and averages are those of the start, for use."""
    network = fresh(seed)
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=chance))
        for name, buffer in network.named_buffers():
            if name.endswith(("running_mean", "running_var")):
                buffer += 0.1 * torch.rand(buffer.shape, generator=chance)
    return network.eval().requires_grad_(False)


def inputs_of(*cases: tuple[Bytes, Bytes]) -> Tensor:
    return torch.from_numpy(np.stack([FILLED.encode(lines, hints) for lines, hints in cases]))


def half_hinted() -> tuple[Bytes, Bytes]:
    """Two circles, of which the left one has a hint."""
    hints = drawings.two_hints(SIZE)
    hints[:, SIZE // 2 :] = 0
    return drawings.two_circles(SIZE), hints


def unhinted() -> tuple[Bytes, Bytes]:
    return drawings.two_circles(SIZE), np.zeros((SIZE, SIZE, 4), np.uint8)


def squares(ranks: tuple[int, int]) -> Tensor:
    """Two squares of whole cells on an area of rank 1 without lines, (1, 7, S, S); the upper one is hinted."""
    picture = np.full((SIZE, SIZE, 7), 255, np.uint8)
    picture[..., 4:] = (GUESSED, 0, 1)
    picture[8:24, 8:24, 6], picture[32:48, 40:56, 6] = ranks
    picture[8:24, 8:24, 1:5] = (200, 100, 50, HINTED)
    return torch.from_numpy(to_floats(picture)[None])


def to_ranks(inputs: Tensor) -> Tensor:
    return ((inputs[0, 6] + 1) * 127.5).round()
