"""Says what came of a training run."""

from dataclasses import dataclass, field
from typing import Any

from pipelines.core.exit_codes import BY_STOP
from pipelines.training.callbacks import Stop


@dataclass
class TrainReport:
    """What came of a run."""

    folder: str
    step: int = 0  # optimizer steps in all
    seconds: float = 0.0  # in training, in all
    figures: dict[str, float] = field(default_factory=dict)  # of the last validation
    best: dict[str, float] = field(default_factory=dict)  # of the best one
    stopped_by: Stop = ""
    notes: tuple[str, ...] = ()
    reads_pictures: bool = False  # whether what was trained turns pictures into others, instead of colouring line art
    estimate: dict[str, Any] = field(default_factory=dict)  # of a dry run

    lead: bool = True  # whether this is the first of the processes: the one that tells people

    @property
    def exit_code(self) -> int:
        """0 at the end of the run, 130 interrupted, 143 terminated."""
        return BY_STOP[self.stopped_by]
