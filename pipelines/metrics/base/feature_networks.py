"""Networks whose features metrics compare, by path: VGG and Inception-v3 by their weights, or any TorchScript file.

Weights are read and never run. A TorchScript file is a program that runs with all rights of the user (`is_program`).

Like all metrics of networks it loads torch only when one of them is asked for: importing this file does not.
"""

import base64
import importlib.util
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.core.errors import MethodError, MissingPackageError, UsageError
from pipelines.core.files import show_path
from pipelines.core.imaging.arrays import F64, U8

if TYPE_CHECKING:
    from torch import Tensor

_HINT = "Check --weights"


@cache
def vgg_layers(path: str) -> "tuple[tuple[Tensor, Tensor, bool], ...]":
    """Convolutions of a VGG: weight, bias, and whether pooling comes before it.

    The file is a state dict with torchvision's names, "features.N.weight" and "features.N.bias", as .pth (read without
    running code) or .safetensors. Channels are whatever the file has; where pooling is, the gaps in the numbers tell.
    """
    state = read_state_dict(path)
    numbers = sorted(int(name.split(".")[1]) for name in state if name.startswith("features.") and "weight" in name)
    if not numbers or any(f"features.{number}.bias" not in state for number in numbers):
        raise _unusable(path, "a VGG: it needs features.N.weight and features.N.bias")
    pooled = [False] + [after - before == 3 for before, after in pairwise(numbers)]
    return tuple(
        (state[f"features.{number}.weight"].float(), state[f"features.{number}.bias"].float(), pool)
        for number, pool in zip(numbers, pooled, strict=True)
    )


def fits_vgg(path: str, picture: U8) -> bool:
    """Whether a picture (H, W, 3) has a pixel left after all pooling."""
    return bool(min(picture.shape[:2]) >= 1 << sum(pool for _, _, pool in vgg_layers(path)))


def vgg_features(path: str, pictures: "Tensor") -> "list[Tensor]":
    """Return the last activation of each block, (B, C, H, W) each, of pictures (B, 3, H, W), normalised already."""
    from torch.nn.functional import conv2d, max_pool2d, relu

    blocks, current = [], pictures
    for weight, bias, pool in vgg_layers(path):
        if pool:
            blocks.append(current)
            current = max_pool2d(current, 2)
        current = relu(conv2d(current, weight, bias, padding=1))
    return [*blocks, current]


def to_batch(*pictures: U8) -> "Tensor":
    """Pictures uint8 (H, W, 3) of one size as float32 (B, 3, H, W) in 0..1."""
    import torch

    return torch.from_numpy(np.stack(pictures).transpose(0, 3, 1, 2).copy()).float() / 255


def normalise(pictures: "Tensor", mean: Sequence[float], deviation: Sequence[float]) -> "Tensor":
    """Return (x - mean) / deviation, channel by channel."""
    import torch

    return (pictures - torch.tensor(mean)[:, None, None]) / torch.tensor(deviation)[:, None, None]


def read_state_dict(path: str) -> "Mapping[str, Tensor]":
    """Read a state dict, .safetensors or torch's own; code in a file is never run. Raises UsageError for others."""
    from pipelines.nn.pretrained import state_dicts

    return state_dicts.read_state_dict(path, hint=_HINT)


def is_program(path: str) -> bool:
    """Whether a file is a TorchScript archive, which holds code beside its weights, and that code runs."""
    if path.endswith(".safetensors") or not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/constants.pkl") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def picture_features(path: str, *pictures: U8) -> F64:
    """Features (B, D) of pictures uint8 (H, W, 3) of one size, by a TorchScript file or by weights of Inception-v3.

    Raises UsageError for any other file.
    """
    if is_program(path):
        return torchscript_features(path, *pictures)
    import torch

    from pipelines.metrics.base.inception import inception_features

    state = _inception(path)
    batch = torch.from_numpy(np.stack(pictures).transpose(0, 3, 1, 2).copy())
    try:
        with torch.no_grad():
            features = inception_features(state, batch)
    except (KeyError, RuntimeError) as error:
        lacking = f": {error.args[0]} is missing" if isinstance(error, KeyError) else ""
        raise _unusable(path, f"a whole Inception-v3{lacking}") from error
    return np.asarray(features.double().numpy(), np.float64)


@cache
def _inception(path: str) -> "Mapping[str, Tensor]":
    from pipelines.metrics.base.inception import FIRST

    state = read_state_dict(path)
    if FIRST not in state:
        raise _unusable(path, f"a network of features: neither TorchScript nor Inception-v3, which has {FIRST}")
    return state


@cache
def _script(path: str) -> Any:
    import torch

    load: Callable[..., Any] = torch.jit.load  # which torch leaves without types
    try:
        with warnings.catch_warnings():  # deprecated or not, public feature networks come in this format
            warnings.simplefilter("ignore", DeprecationWarning)
            return load(path, map_location="cpu").eval()
    except RuntimeError as error:
        raise _unusable(path, "a TorchScript file") from error


def torchscript_features(path: str, *pictures: U8) -> F64:
    """Return what a TorchScript network gives for pictures uint8 (H, W, 3) of one size: (B, D).

    The network takes uint8 (B, 3, H, W) and gives (B, D); one whose `forward` has an argument `return_features`, as the
    public Inception file has, is called with it.
    """
    import torch

    network = _script(path)
    batch = torch.from_numpy(np.stack(pictures).transpose(0, 3, 1, 2).copy())
    names = [argument.name for argument in network.forward.schema.arguments]
    try:
        with torch.no_grad():
            features = network(batch, return_features=True) if "return_features" in names else network(batch)
    except RuntimeError as error:
        height, width = pictures[0].shape[:2]
        hint = "Check --weights: uint8 (B, 3, H, W) in, (B, D) out"
        raise MethodError(f"the network of features cannot take a picture of {width}x{height}", hint=hint) from error
    if not isinstance(features, torch.Tensor) or features.dim() != 2:
        raise _unusable(path, "a network of features: it must give (B, D)")
    return np.asarray(features.double().numpy(), np.float64)


def encode_features(features: F64) -> str:
    """Features (2, D), of result and truth, as a text."""
    return base64.b64encode(features.astype("<f4").tobytes()).decode("ascii")


def decode_features(texts: Sequence[str]) -> F64:
    """Features (n, 2, D) of such texts."""
    rows = [np.frombuffer(base64.b64decode(text), "<f4") for text in texts]
    return np.stack(rows).reshape(len(rows), 2, -1).astype(np.float64)


def torchmetrics_file(name: str) -> str:
    """The path of a file in the package torchmetrics; raises MissingPackageError where it is not installed."""
    spec = importlib.util.find_spec("torchmetrics")
    if spec is None or not spec.submodule_search_locations:
        raise MissingPackageError("torchmetrics is not installed", hint="pip install 'colorize-cli[evaluate]'")
    return f"{spec.submodule_search_locations[0]}/{name}"


def _unusable(path: str, wanted: str) -> UsageError:
    return UsageError(f"{show_path(path)} is not {wanted}", hint=_HINT)
