"""A network of one line, to be run by torch."""

from torch import Tensor, nn

from pipelines.inference.encoding import COMPOSITE
from pipelines.inference.network import Network
from pipelines.inference.torch_engine import TorchEngine
from pipelines.inference.types import NetworkSpec


class Mean(nn.Module):
    """A network that paints each picture in the mean of its first three channels; `scale` breaks it."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, pictures: Tensor) -> Tensor:
        return pictures[:, :3].mean((2, 3), keepdim=True).expand(-1, -1, *pictures.shape[2:]) * self.scale


def network(scale: float = 1.0) -> Network:
    spec = NetworkSpec(encoding=COMPOSITE, size=32, size_multiple=1, least_size=1)
    return Network(TorchEngine(Mean(scale), "cpu"), spec)
