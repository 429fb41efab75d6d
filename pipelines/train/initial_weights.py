"""Begins a run with the weights of another one, of a checkpoint, of a reference file or of a shipped model.

What has the same name and shape is taken, the rest keeps its initial weights, and a note says what that is. Optimizers
and the count of steps begin anew.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from pipelines.core.errors import UsageError
from pipelines.core.files import sha256_of_file, show_path
from pipelines.inference.checkpoint import TRAINING_TENSORS, read_tensors
from pipelines.inference.checkpoint_info import WEIGHTS, check_weights, find_checkpoint, read_info, recover
from pipelines.inference.reference_files import normalise_weights, read_layout, read_weights
from pipelines.nn.spectral import as_learned

_NAMED = 4  # weights that did not fit are named up to so many
_OWN = ".safetensors"


@dataclass(frozen=True)
class Start:
    """Where a run begins: its record is kept in `run.json`."""

    source: str  # as it was typed
    label: str  # for people
    weights: Path  # of the network that colours
    sha256: str
    training: Path | None = None  # all networks of the run that it was, where they are there
    training_sha256: str = ""

    @property
    def record(self) -> dict[str, Any]:
        """What `run.json` says of it."""
        return {"from": self.source, "sha256": self.sha256, "training_sha256": self.training_sha256}


class WeightsTaken(NamedTuple):
    """What of a network's weights and buffers were taken."""

    taken: int
    named: int  # that the network has, but for frozen ones
    misfits: Sequence[str]  # what was not taken, with the reason


def find_start(source: str) -> Start:
    """Find what a run, checkpoint, file or name of a shipped model means; raises UsageError for anything else.

    Of a run: its best checkpoint, and its other networks as its last one keeps them.
    """
    path = Path(source)
    if path.is_file():
        return Start(source, show_path(path.name), path, sha256_of_file(path))
    folder = find_checkpoint(source)
    check_weights(folder)
    info = read_info(folder)
    recover(path / "last")
    tensors = next((at for at in (folder, path / "last") if (at / TRAINING_TENSORS).is_file()), None)
    training = tensors / TRAINING_TENSORS if tensors is not None else None
    return Start(
        source,
        f"{show_path(folder)} ({show_path(info.model)}, step {info.step})",
        folder / WEIGHTS,
        info.weights_sha256,
        training,
        sha256_of_file(training) if training is not None else "",
    )


def choose_start(
    source: str | None, before: Mapping[str, Any] | None, *, has_last: bool, run: str | Path
) -> tuple[Start | None, dict[str, Any] | None]:
    """The weights that a run has still to take, if any, and what `run.json` says of its start.

    source: what was asked for now. before: what `run.json` says already, None for a new run. has_last: whether the run
    has a checkpoint to go on from. Raises UsageError where a run that is there began otherwise.
    """
    if before is None:
        start = find_start(source) if source is not None else None
        return start, start.record if start is not None else None
    record: dict[str, Any] | None = before.get("start")
    if source is None:
        if has_last or record is None:
            return None, record
        source = str(record.get("from", ""))
    start = find_start(source)
    if record is None or any(record.get(name) != start.record[name] for name in ("sha256", "training_sha256")):
        raise UsageError(
            f"{show_path(Path(run))} did not begin with {start.label} as it is now",
            hint="Leave out --from to go on with it, or give a new folder after -o",
        )
    return None if has_last else start, record


def begin_with(start: Start, networks: nn.ModuleDict, generator: str, *, frozen: Collection[str]) -> str:
    """Give networks the weights of a start, in place; returns a note of what fitted and what did not.

    frozen: names in the networks' state that are left as they are. Raises UsageError where nothing of the network that
    colours fits, and for weights that are no numbers.
    """
    own = _weights_of(start)
    fits = {generator: _take(networks[generator], own, _below(frozen, generator))}
    if not fits[generator].taken:
        raise UsageError(
            f"nothing in {start.label} fits the network '{generator}'",
            hint="Give a checkpoint of the same networks: the same --model, --preset and --set",
        )
    kept = read_tensors(start.training) if start.training is not None else {}
    for name, network in networks.items():
        within = f"networks.{name}."
        weights = {key.removeprefix(within): value for key, value in kept.items() if key.startswith(within)}
        if name != generator and weights:
            fits[name] = _take(network, weights, _below(frozen, name))
    anew = [name for name in networks if name not in fits or not fits[name].taken]
    return _note(start, fits, anew)


def _weights_of(start: Start) -> Mapping[str, Tensor]:
    """The weights of the network that colours, by the names that it has here."""
    if start.weights.suffix.lower() == _OWN:
        return read_tensors(start.weights)
    weights = read_weights(start.weights)
    try:
        return normalise_weights(weights, read_layout(weights, source=start.label).norm)
    except UsageError:
        return weights  # of a network that the reference implementation does not have: names decide


def _take(network: nn.Module, weights: Mapping[str, Tensor], frozen: Collection[str]) -> WeightsTaken:
    """Copy what has the name and the shape of something in the network."""
    misfits, taken, weights = [], 0, as_learned(network, weights)
    expected = {name: tensor for name, tensor in network.state_dict().items() if name not in frozen}
    with torch.no_grad():
        for name, tensor in expected.items():
            other = weights.get(name)
            if other is None or other.shape != tensor.shape:
                is_like = "is missing" if other is None else f"is {_shape(other)}, not {_shape(tensor)}"
                misfits.append(f"{name} {is_like}")
                continue
            if other.is_floating_point() and not bool(other.isfinite().all()):
                raise UsageError(f"the weights {name} to begin with are no numbers", hint="Give another --from")
            tensor.copy_(other)
            taken += tensor.dim() > 0  # a count of batches is no fit
    return WeightsTaken(taken, sum(tensor.dim() > 0 for tensor in expected.values()), misfits)


def _note(start: Start, fits: Mapping[str, WeightsTaken], anew: Sequence[str]) -> str:
    counts = ", ".join(f"{fit.taken} of {fit.named} tensors of {name}" for name, fit in fits.items() if fit.taken)
    note = f"began with {start.label}: {counts}"
    misfits = [f"{name}.{misfit}" for name, fit in fits.items() if fit.taken for misfit in fit.misfits]
    if misfits:
        more = f" and {len(misfits) - _NAMED} more" if len(misfits) > _NAMED else ""
        note += f"; initial weights stay where {', '.join(misfits[:_NAMED])}{more}"
    return note + (f"; {', '.join(anew)} begin anew" if anew else "")


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape))


def _below(names: Collection[str], network: str) -> set[str]:
    return {name.removeprefix(f"{network}.") for name in names if name.startswith(f"{network}.")}
