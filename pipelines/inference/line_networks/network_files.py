"""Opens a network from a file of another program, TorchScript or ONNX, as something that runs.

What kind of file it is its content says, not its name. Weights without their network (a state dict, safetensors) cannot
be run; a whole model in a pickle, and the archives of torch.export, which are read as pickles too, could run any code
while they are opened, and are refused.
"""

import os
import zipfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from pipelines.core.errors import UsageError
from pipelines.core.files import sha256_of_file, show_path
from pipelines.core.imaging.arrays import F32

Kind = Literal["torchscript", "onnx"]

FILES = "TorchScript or ONNX"
_KEPT = 4  # networks that a process keeps open
_TO_EXPORT = (
    "Save the network with it, in Python: torch.jit.trace(network.eval(), torch.zeros(1, 3, 512, 512)).save(FILE)"
)


class OpenNetwork(NamedTuple):
    """A network ready to run, and what its file says of its input."""

    run: Callable[[F32], list[F32]]  # float32 (1, C, H, W) to its outputs, each (1, C, H, W) or (1, H, W)
    channels: int | None = None  # that it reads; None: the file does not say
    size: tuple[int, int] | None = None  # (height, width) that it reads alone; None: any, or not said


def digest_of(path: str) -> str:
    """The sha256 of a network's file; raises UsageError for what is missing or no file."""
    try:
        return sha256_of_file(Path(path))
    except OSError as error:
        raise UsageError(
            f"{show_path(path)} cannot be read: {error.strerror}", hint=f"Give the file of a network, {FILES}"
        ) from error


def kind_of(path: str) -> Kind:
    """Which kind of network a file holds; raises UsageError for kinds of files that hold none or are not run."""
    with Path(path).open("rb") as file:
        start = file.read(16)
    if zipfile.is_zipfile(path):
        _check_archive(path)
        return "torchscript"
    if start[8:10] == b'{"' or start[:1] == b"\x80":
        raise UsageError(f"{show_path(path)} holds weights alone, without their network", hint=_TO_EXPORT)
    return "onnx"


@lru_cache(maxsize=_KEPT)
def open_network(path: str, digest: str, device: str) -> OpenNetwork:
    """Open the network in a file, once in a process, on a device ("auto", "cpu", "cuda", "cuda:1" ...).

    `digest` is the file's sha256. Raises UsageError for a file that is another by now, that holds no network or one
    that cannot be opened, or a device that is not there; MissingPackageError where ONNX cannot be run.
    """
    if digest_of(path) != digest:
        raise UsageError(f"{show_path(path)} is another file than that with sha256 {digest}", hint="Check weights")
    if kind_of(path) == "torchscript":
        from pipelines.inference.line_networks.torchscript import open_torchscript
        from pipelines.nn.devices import choose_device

        return OpenNetwork(open_torchscript(path, str(choose_device(device))))
    if device not in ("auto", "cpu"):
        raise UsageError("onnxruntime runs networks on the CPU", hint="Leave device out, or give TorchScript")
    from pipelines.inference.line_networks.onnx_network import OnnxNetwork

    network = OnnxNetwork(Path(path).read_bytes(), source=show_path(path))
    return OpenNetwork(network, network.channels, network.size)


def _check_archive(path: str) -> None:
    """Refuse zip archives but TorchScript's, which hold code beside the weights."""
    with zipfile.ZipFile(path) as archive:
        names = [name.partition("/")[2] for name in archive.namelist()]
    if any(name.startswith("code/") for name in names) and "constants.pkl" in names:
        return
    shown = show_path(os.fspath(path))
    if "archive_format" in names or "models/model.json" in names:
        raise UsageError(
            f"{shown} is of torch.export, which is read as a pickle that may hold code", hint="Give TorchScript or ONNX"
        )
    if "data.pkl" in names:
        raise UsageError(f"{shown} holds weights alone, without their network", hint=_TO_EXPORT)
    raise UsageError(f"{shown} is neither {FILES.replace(' or ', ' nor ')}", hint="Give the file of a network")
