"""Reads the weights of feature networks from files given by path: VGG16, VGG19, Illustration2Vec.

A file is a state dict with torchvision's names (`features.0.weight`; `0.weight` and `model.0.weight` are taken too), as
.safetensors or torch's own. Weights of 16 bits are made float32 ones, which loses nothing; quantised ones are refused.
"""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from pipelines.core.errors import UsageError
from pipelines.core.files import show_path
from pipelines.nn.pretrained.feature_networks import FeatureNetwork, Illustration2Vec, Vgg16, Vgg19
from pipelines.nn.pretrained.state_dicts import read_state_dict

_NAME = re.compile(r"(?:features\.|model\.)?(\d+)\.(weight|bias)")
_PRECISIONS = (torch.float64, torch.float32, torch.float16, torch.bfloat16)  # of weights that are not quantised
_KINDS: tuple[type[FeatureNetwork], ...] = (Vgg16, Vgg19, Illustration2Vec)


def load_features(path: str, *networks: FeatureNetwork, setting: str) -> None:
    """Fill feature networks of one kind and width with the weights of one file.

    setting: how the file is given, for what errors say; the width is given as the setting `{setting}_width`. Raises
    UsageError for a file that is missing, damaged, of another network or width, or whose weights are no numbers.
    """
    kind = type(networks[0])
    most = max(len(_positions(network)) for network in networks)
    weights = _read_layers(path, kind, most, setting=setting)
    width = len(weights[0, "weight"])
    for network in networks:
        if network.width != width:
            raise UsageError(
                f"the {kind.label} in {show_path(path)} has {width} channels in its first block instead of "
                f"{network.width}",
                hint=f"--set {setting}_width={width}",
            )
        with torch.no_grad():
            for position in _positions(network):
                layer = network.features[position]
                for part in ("weight", "bias"):
                    getattr(layer, part).copy_(weights[position, part])


def read_width(path: str, kind: type[FeatureNetwork], *, setting: str) -> int:
    """How many channels the first block of a network of this kind has in a file; raises as `load_features` does."""
    return len(_read_layers(path, kind, 1, setting=setting)[0, "weight"])


def _positions(network: FeatureNetwork) -> tuple[int, ...]:
    return tuple(position for position in network.positions() if position < len(network.features))


def _read_layers(
    path: str, kind: type[FeatureNetwork], convolutions: int, *, setting: str
) -> dict[tuple[int, str], Tensor]:
    """Weight and bias of the first convolutions, by their place in the sequence, float32."""
    hint = f"Give a file of {kind.label}'s weights: --set {setting}=FILE"
    if not path:
        raise UsageError(f"the weights '{setting}' are needed", hint=hint)
    layers = _layers(read_state_dict(path, hint=hint))
    held = sorted(position for position, part in layers if part == "weight")
    problem = _misfit(kind, held, layers, convolutions)
    if problem is not None:
        raise UsageError(f"{show_path(path)} {problem}", hint=hint)
    return {name: tensor.float() for name, tensor in layers.items()}


def _layers(state: Mapping[str, Tensor]) -> dict[tuple[int, str], Tensor]:
    """Weights and biases of the convolutions; heads of classifiers and of metrics are left out."""
    matches = ((_NAME.fullmatch(name), tensor) for name, tensor in state.items())
    layers = {(int(match[1]), match[2]): tensor for match, tensor in matches if match is not None}
    filters = {position for (position, part), tensor in layers.items() if part == "weight" and tensor.ndim == 4}
    return {name: tensor for name, tensor in layers.items() if name[0] in filters}


def _misfit(
    kind: type[FeatureNetwork], held: list[int], layers: Mapping[tuple[int, str], Tensor], convolutions: int
) -> str | None:
    """What is wrong with the layers of a file, or None."""
    if not held:
        return f"holds no {kind.label}: it needs features.0.weight and so on"
    if not _is_start(held, kind):
        other = next((known.label for known in _KINDS if _is_start(held, known)), "another network")
        return f"holds {other}, no {kind.label}"
    if len(held) < convolutions:
        return f"holds {len(held)} of the {convolutions} convolutions of {kind.label} that are needed"
    width, before = len(layers[0, "weight"]), 3
    for position, times in list(zip(held, kind.widths(), strict=False))[:convolutions]:
        shape = (times * width, before, 3, 3)
        weight, bias = layers[position, "weight"], layers.get((position, "bias"))
        if weight.shape != shape or bias is None or bias.shape != shape[:1]:
            return f"holds no {kind.label}: features.{position} does not have the shape {shape} and a bias"
        if weight.dtype not in _PRECISIONS or bias.dtype not in _PRECISIONS:
            return f"holds quantised weights: features.{position} is {str(weight.dtype).removeprefix('torch.')}"
        if not bool(weight.isfinite().all() and bias.isfinite().all()):
            return f"holds weights that are no numbers, in features.{position}"
        before = times * width
    return None


def _is_start(held: list[int], kind: type[FeatureNetwork]) -> bool:
    """Whether the convolutions of a file stand where those of a network do, all of them or the first ones."""
    positions = kind.positions()
    compared = held if kind.is_whole else held[: len(positions)]
    return tuple(compared) == positions[: len(compared)]
