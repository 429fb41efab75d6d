"""Small files of the public feature networks."""

from pathlib import Path

import torch
from torch import Tensor

from pipelines.nn.pretrained.feature_networks import FeatureNetwork


def weights_of(kind: type[FeatureNetwork], *, width: int = 4, prefix: str = "features.") -> dict[str, Tensor]:
    """Weights of a whole network, drawn at random, by the names of torchvision."""
    network = kind(convolutions=len(kind.positions()), width=width)
    weights = {name.replace("features.", prefix): tensor.clone() for name, tensor in network.state_dict().items()}
    return weights | {"classifier.0.weight": torch.zeros(2, 2)}  # public files have a classifier too


def feature_file(path: Path, kind: type[FeatureNetwork], *, width: int = 4) -> str:
    """The same as a file of torch."""
    torch.save(weights_of(kind, width=width), path)
    return str(path)
