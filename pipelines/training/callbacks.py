"""Who is told of a training run as it goes: front ends, TensorBoard, nobody."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

from pipelines.core.errors import MissingPackageError
from pipelines.core.imaging.arrays import U8
from pipelines.training.distributed import ProcessGroup
from pipelines.training.run_folder import SAMPLES

Stop = Literal["", "interrupt", "termination"]


class TrainCallback(Protocol):
    """Is told of a run as it goes, and asked whether to stop."""

    def began(self, about: Mapping[str, Any], *, step: int) -> None:
        """Called once with the resolved settings, before the first step; `step` are behind already."""

    def noted(self, note: str) -> None:
        """Called with what people should know before the first step."""

    def stepped(self, step: int, progress: float) -> None:
        """Called after every step; progress is the share of the run that is done."""

    def logged(self, row: Mapping[str, Any]) -> None:
        """Called with every line of metrics.jsonl."""

    def stop_wanted(self) -> Stop:
        """Asked before every step."""


class NullCallback:
    """A callback that looks away."""

    def began(self, about: Mapping[str, Any], *, step: int) -> None:
        """Nothing to show."""

    def noted(self, note: str) -> None:
        """Nothing to show."""

    def stepped(self, step: int, progress: float) -> None:
        """Nothing to show."""

    def logged(self, row: Mapping[str, Any]) -> None:
        """Nothing to show."""

    def stop_wanted(self) -> Stop:
        """Never."""
        return ""


class FollowerCallback(NullCallback):
    """What the processes but the first have: it only passes on the question whether to stop."""

    def __init__(self, callback: TrainCallback) -> None:
        self._callback = callback

    def stop_wanted(self) -> Stop:
        """What the callback says."""
        return self._callback.stop_wanted()


def agree_to_stop(callback: TrainCallback, group: ProcessGroup) -> Stop:
    """Whether the callback of any process wants to stop, the same in all of them."""
    codes: tuple[Stop, ...] = ("", "interrupt", "termination")
    return codes[group.all_reduce_max(codes.index(callback.stop_wanted()))]


class TensorBoardLogger:
    """TensorBoard's event file, where it is wanted."""

    def __init__(self, folder: Path, step: int, *, wanted: bool) -> None:
        self._writer: Any = None
        if wanted:
            self._writer = import_event_writer()(str(folder / "tensorboard"), purge_step=step + 1)

    def log(self, row: Mapping[str, Any]) -> None:
        """Write a line of figures; its `step` says where."""
        if self._writer is not None:
            for name, value in row.items():
                if name != "step":
                    self._writer.add_scalar(name, value, row["step"])

    def log_samples(self, sheet: U8, step: int) -> None:
        """Write a sample sheet, RGB (H, W, 3)."""
        if self._writer is not None:
            self._writer.add_image(SAMPLES, sheet, step, dataformats="HWC")

    def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.close()


def import_event_writer() -> Any:
    """TensorBoard's writer class; raises MissingPackageError where it is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingPackageError(
            "--tensorboard needs TensorBoard", hint="pip install 'colorize-cli[tensorboard]'"
        ) from error
    return SummaryWriter
