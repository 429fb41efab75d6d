"""Says in one line that training needs more memory than there is, and what makes it need less."""

import contextlib
from collections.abc import Iterator

import torch

from pipelines.core.errors import ColorizeError
from pipelines.core.memory import is_out_of_memory
from pipelines.training.config import TrainConfig


class MemoryShortageError(ColorizeError):
    """A step of training needs more memory than there is."""


@contextlib.contextmanager
def memory_shortage_told(
    config: TrainConfig, frame: tuple[int, int], device: torch.device, *, goes_on: bool = False
) -> Iterator[None]:
    """Turn what is raised for want of memory into MemoryShortageError; everything else goes through.

    frame: px, width and height of the pictures that are learned from. goes_on: whether the run was begun before, so
    that another configuration is another run.
    """
    try:
        yield
    except ColorizeError:
        raise
    except Exception as error:  # those of OpenCV, torch and Python have no common class
        if not is_out_of_memory(error):
            raise
        size = f"{frame[0]} px" if frame[0] == frame[1] else f"{frame[0]}x{frame[1]} px"
        raise MemoryShortageError(
            f"a step needs more memory than there is ({device.type}, batch {config.batch_size}, {size})",
            hint=f"Use {_ways_out(config)}" + ("; in a new folder, as another run" if goes_on else ""),
        ) from error


def _ways_out(config: TrainConfig) -> str:
    """The options that need less memory than a configuration does."""
    ways = []
    if config.batch_size > 1:
        half = config.batch_size // 2
        ways.append(f"--batch-size {half} --accumulate {config.accumulate * 2} (about the same steps)")
    if not config.gradient_checkpointing:
        ways.append("--gradient-checkpointing")
    smaller = "a smaller network (--preset, --set)"
    return ", ".join([*ways, f"or {smaller}"]) if ways else smaller
