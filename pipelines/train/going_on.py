"""Says what people should know of a run that goes on: at another rate, or from a checkpoint that is damaged."""

import contextlib
import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipelines.core.errors import UsageError
from pipelines.core.files import show_path
from pipelines.core.memory import is_out_of_memory
from pipelines.training.config import TrainConfig
from pipelines.training.progress import Progress, RunLength
from pipelines.training.run_folder import new_run_hint
from pipelines.training.schedules import lr_factor

_LENGTHS = ("steps", "epochs", "minutes")


def rate_note(
    config: TrainConfig,
    before: Mapping[str, Any],
    progress: Progress,
    length_of: Callable[[TrainConfig], RunLength],
) -> str:
    """What happens to the learning rate where a run goes on with another length; empty where nothing does.

    before: what `run.json` said of the run until now. A rate that falls over the run has come further in a shorter one:
    it jumps up again, and what comes out is not what the same length gives from the beginning.
    """
    length, previous = length_of(config), _length_before(config, before)
    if previous is None or length.is_over(progress):
        return ""
    previous_length = length_of(previous)
    factors = [
        lr_factor(config, ends.share(progress), plateaus=progress.plateaus) for ends in (previous_length, length)
    ]
    if math.isclose(*factors, abs_tol=1e-9):
        return ""
    was, now = (f"{config.learning_rate * factor:.3g}" for factor in factors)
    asked = " ".join(f"--{name} {getattr(config, name):g}" for name in _LENGTHS if getattr(config, name) is not None)
    how = "had ended" if previous_length.is_over(progress) else "stood"
    return (
        f"the run {how} at step {progress.step} with a learning rate of {was}; with {asked} it goes on at {now}: "
        f"this is not the run that {asked} makes from the beginning"
    )


def _length_before(config: TrainConfig, before: Mapping[str, Any]) -> TrainConfig | None:
    """The configuration with the length that the run had; None where it has none or the same."""
    settings = before.get("settings")
    if not isinstance(settings, Mapping):
        return None
    lengths: dict[str, Any] = {name: settings.get(name) for name in _LENGTHS}
    known = [value for value in lengths.values() if value is not None]
    if not known or not all(isinstance(value, int | float) and value >= 0 for value in known):
        return None
    previous = dataclasses.replace(config, **lengths)
    return None if previous == config else previous


@contextlib.contextmanager
def damaged_last_told(run: Path) -> Iterator[None]:
    """Turn what is raised for a checkpoint that cannot be gone on from into one line that says how to go on."""
    try:
        yield
    except UsageError as error:
        raise UsageError(error.message, hint=new_run_hint(run)) from error
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
        if is_out_of_memory(error):
            raise
        raise UsageError(f"{show_path(run / 'last')} is damaged", hint=new_run_hint(run)) from error
