"""Reads and writes generators in the files of the public reference implementation, such as `latest_net_G.pth`.

They are state dicts, pickled by torch: read as weights only, so that code in a pickle is refused and never run. Files
of old versions differ: names begin with `module.`, instance norms have running statistics that nothing reads, batch
norms have no count of batches.

Layout: J.-Y. Zhu, T. Park and others, "pytorch-CycleGAN-and-pix2pix", `models/networks.py`.
"""

import os
import re
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from pipelines.core import registry
from pipelines.core.errors import ColorizeError, UsageError
from pipelines.core.files import replace_file, show_path
from pipelines.nn.blocks import Norm
from pipelines.nn.pretrained.state_dicts import read_state_dict

_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
_COLOURS = 3  # channels of the result
_ANTIALIASING = ".filt"  # of fixed blurs around each change of scale: T. Park, "contrastive-unpaired-translation"


class GeneratorLayout(NamedTuple):
    """What a file shows of its generator."""

    architecture: str  # unet_256 and so on; may be one that is not supported
    inputs: int  # channels
    outputs: int  # channels
    width: int  # ngf
    norm: Norm
    dropout: bool | None  # None: the file does not show it, as in U-Nets


def architectures() -> dict[str, str]:
    """The generators that files of the reference implementation may hold, and the models here that have them."""
    return {
        generator: model
        for model in registry.names_with("models", "reference_params")
        for generator in registry.load("models", model).REFERENCE_GENERATORS
    }


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a reference file by name, without prefixes, on the CPU, of any precision.

    Raises UsageError for what is missing, damaged, no state dict, or a pickle with code in it, which is not run.
    """
    return read_state_dict(os.fspath(path), hint="Give a *_net_G.pth or *_net_G_A.pth")


def read_layout(weights: Mapping[str, Tensor], *, source: str) -> GeneratorLayout:
    """Find out which generator the weights are of; raises UsageError for anything else, naming the `source`."""
    if any(name.endswith(_ANTIALIASING) for name in weights):
        raise UsageError(
            f"{source} holds the antialiased ResNet of CUT, which is not known here: it has {_ANTIALIASING[1:]} layers",
            hint="Give one that was trained with --no_antialias --no_antialias_up",
        )
    filters = {name: tensor for name, tensor in weights.items() if tensor.ndim == 4}
    if filters and all(name.startswith("model.model.") for name in weights):
        return _unet_layout(weights, len(filters), source=source)
    blocks = sum(".conv_block." in name for name in filters) // 2
    if blocks:
        return _resnet_layout(weights, blocks, source=source)
    judge = "model.0.weight" in filters
    what = "holds a discriminator, which does not colour" if judge else "holds no generator of a known layout"
    raise UsageError(f"{source} {what}", hint=_give())


def describe_params(
    layout: GeneratorLayout, architecture: str | None, *, source: str, dropout: bool = True, size: int | None = None
) -> tuple[str, dict[str, Any]]:
    """The model and its Params, as plain values, for a file's generator.

    architecture: what the file should hold, None: anything. dropout: whether a U-Net, whose file does not tell, is to
    have dropout when it is trained on. size: px at which a ResNet is to work; a U-Net's size is fixed. Raises
    UsageError for another architecture, or for channels that no model here has.
    """
    held, models = layout.architecture, architectures()
    if held not in models or (architecture is not None and held != architecture):
        choices = tuple(models)
        hint = f"Use --arch {held}" if held in choices else registry.suggestion(held, choices)
        raise UsageError(f"{source} holds a {held}" + (f", not a {architecture}" if architecture else ""), hint=hint)
    module = registry.load("models", models[held])
    _check_channels(layout, tuple(module.REFERENCE_INPUTS), source=source)
    params: dict[str, Any] = {"generator": held, "ngf": layout.width, "norm": layout.norm}
    params["dropout"] = dropout if layout.dropout is None else layout.dropout
    return models[held], params | module.reference_params(layout, size=size)


def normalise_weights(weights: Mapping[str, Tensor], norm: Norm) -> dict[str, Tensor]:
    """Bring weights of any version to this one: statistics only where the norm is batch, and there with a count."""
    if norm != "batch":
        return {name: value for name, value in weights.items() if not name.endswith(_STATISTICS)}
    means = [name for name in weights if name.endswith("running_mean")]
    counts = {name.replace("running_mean", "num_batches_tracked"): torch.tensor(0) for name in means}
    return {**counts, **weights}


def write_weights(path: Path, network: nn.Module) -> None:
    """Write a generator's state dict as the reference implementation reads it; ColorizeError where that fails."""
    state = OrderedDict(
        (name, value.detach().cpu().contiguous().clone()) for name, value in network.state_dict().items()
    )

    def save(unfinished: Path) -> None:
        with unfinished.open("wb") as file:  # given a path, torch writes the unfinished file's name into it
            torch.save(state, file)

    try:
        replace_file(path, save)
    except (OSError, RuntimeError) as error:  # torch's own writer raises RuntimeError
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise ColorizeError(f"{show_path(path)} cannot be written: {reason}", hint="Check -o and the space") from error


def _give() -> str:
    return "Give a *_net_G.pth or *_net_G_A.pth of " + ", ".join(architectures())


def _unet_layout(weights: Mapping[str, Tensor], filters: int, *, source: str) -> GeneratorLayout:
    first, last = _filters(weights, "model.model.0", source=source), _filters(weights, "model.model.3", source=source)
    norm = _norm(weights, biased="model.model.0.bias" in weights)
    return GeneratorLayout(f"unet_{2 ** (filters // 2)}", first.shape[1], last.shape[1], first.shape[0], norm, None)


def _resnet_layout(weights: Mapping[str, Tensor], blocks: int, *, source: str) -> GeneratorLayout:
    first = _filters(weights, "model.1", source=source)
    end = 10 + blocks + 7  # 2 x up, norm, ReLU; then a padding
    last = _filters(weights, f"model.{end}", source=source)
    if any(int(number) > end for number in re.findall(r"^model\.(\d+)\.", "\n".join(weights), re.MULTILINE)):
        raise UsageError(f"{source} holds a ResNet whose layers are none known here", hint=_give())
    dropout = any(name.endswith("conv_block.6.weight") and weights[name].ndim == 4 for name in weights)
    norm = _norm(weights, biased="model.1.bias" in weights)
    return GeneratorLayout(f"resnet_{blocks}blocks", first.shape[1], last.shape[0], first.shape[0], norm, dropout)


def _norm(weights: Mapping[str, Tensor], *, biased: bool) -> Norm:
    if any(name.endswith(".weight") and tensor.ndim == 1 for name, tensor in weights.items()):
        return "batch"
    return "instance" if biased else "none"


def _filters(weights: Mapping[str, Tensor], layer: str, *, source: str) -> Tensor:
    tensor = weights.get(f"{layer}.weight")
    if tensor is None or tensor.ndim != 4:
        raise UsageError(f"{source} is no whole generator: {layer}.weight is missing", hint="Give another file")
    return tensor


def _check_channels(layout: GeneratorLayout, allowed: tuple[int, ...], *, source: str) -> None:
    if layout.inputs not in allowed or layout.outputs != _COLOURS:
        raise UsageError(
            f"{source} turns {layout.inputs} channels into {layout.outputs}",
            hint=f"Give a generator that turns {' or '.join(map(str, allowed))} into {_COLOURS}",
        )
