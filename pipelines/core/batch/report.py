"""What happened to every input of a run: one record each, counted so that inputs = done + skipped + failed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from pipelines.core.exit_codes import BY_STOP, ExitCode
from pipelines.core.json_text import to_json

Status = Literal["done", "skipped", "failed"]
StopReason = Literal["", "failure", "interrupt", "termination"]
"""Why a run ended before all inputs were reached; empty where it did not."""


@dataclass(frozen=True, slots=True)
class Record:
    """What happened to one input."""

    input: str  # path as given, "-" for standard input
    outputs: tuple[str, ...]  # paths of the files written (or that would be written)
    status: Status
    reason: str = ""  # why it was skipped or failed, with the way out
    milliseconds: float = 0.0  # time in the worker
    warnings: tuple[str, ...] = ()  # what the user should look at although it was done
    facts: Mapping[str, Any] = field(default_factory=dict)  # what a stage says of it; such values as JSON has

    def as_json(self) -> str:
        """One line of JSON, ASCII only, so that any file name survives."""
        return to_json(
            {
                "input": self.input,
                "outputs": list(self.outputs),
                "status": self.status,
                "reason": self.reason,
                "milliseconds": self.milliseconds,
                "warnings": list(self.warnings),
                **({"facts": dict(self.facts)} if self.facts else {}),
            }
        )


class Observer(Protocol):
    """Is told of a run as it goes: a front end shows progress with it."""

    def started(self, total: int) -> None:
        """Called once, before the first record, with the number of inputs."""

    def recorded(self, record: Record) -> None:
        """Called once per input, in the order in which they end."""


@dataclass(frozen=True)
class Report:
    """The outcome of a run."""

    command: str
    settings: Mapping[str, Any]
    records: tuple[Record, ...] = ()  # in the order of the inputs
    seconds: float = 0.0
    dry_run: bool = False
    stopped_by: StopReason = ""
    output: str = ""
    notes: tuple[str, ...] = ()  # about the run as a whole
    passed_over: Mapping[str, int] = field(default_factory=dict)  # kinds of files beside the inputs that are none
    checked: bool = False  # a dry run that asked whether all results are there and fresh

    @property
    def counts(self) -> dict[str, int]:
        """How many inputs were done, skipped and failed; they add up to the number of inputs."""
        counts = Counter(record.status for record in self.records)
        return {"done": counts["done"], "skipped": counts["skipped"], "failed": counts["failed"]}

    @property
    def exit_code(self) -> int:
        """0 all done or skipped, 1 some failed or something is unmet, 130 interrupted, 143 terminated."""
        is_failed = bool(self.counts["failed"] or self.unmet)
        return BY_STOP[self.stopped_by] or (ExitCode.FAILED if is_failed else ExitCode.DONE)

    @property
    def unmet(self) -> tuple[str, ...]:
        """What was asked of the run as a whole and not kept, such as a limit, each in one line."""
        stale = self.counts["done"] if self.checked else 0
        return (f"{stale} results are missing or stale: run the same command without --check",) if stale else ()

    @property
    def facts(self) -> dict[str, Any]:
        """What is said of the inputs, summed up (`sum_up`)."""
        return sum_up([record.facts for record in self.records if record.facts])

    def summary(self) -> dict[str, Any]:
        """The run in one dictionary, without the records of what went well."""
        return {
            "command": self.command,
            "output": self.output,
            "inputs": len(self.records),
            **self.counts,
            "seconds": round(self.seconds, 3),
            "dry_run": self.dry_run,
            "stopped_by": self.stopped_by,
            "exit_code": self.exit_code,
            "failures": {record.input: record.reason for record in self.of("failed")},
            "warnings": {record.input: list(record.warnings) for record in self.records if record.warnings},
            **({"facts": self.facts} if any(record.facts for record in self.records) else {}),
            **({"passed_over": dict(self.passed_over)} if self.passed_over else {}),
            "notes": list(self.notes),
            "settings": dict(self.settings),
        }

    def as_json(self) -> str:
        """The whole run with one record per input."""
        records = ",\n    ".join(record.as_json() for record in self.records)
        head = to_json(self.summary(), indent=2)[:-2]
        return f'{head},\n  "records": [\n    {records}\n  ]\n}}\n'

    def of(self, status: Status) -> tuple[Record, ...]:
        """The records of one status."""
        return tuple(record for record in self.records if record.status == status)


def sum_up(facts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One mapping of many: yes is counted, whole numbers add up, of fractions the greatest is kept.

    Texts are counted by what they say, mappings are summed up in turn, and lists, which tell of one input, left out.
    """
    together: dict[str, list[Any]] = {}
    for one in facts:
        for name, value in one.items():
            together.setdefault(name, []).append(value)
    return {name: _sum(values) for name, values in together.items() if not isinstance(values[0], list | tuple)}


def _sum(values: Sequence[Any]) -> Any:
    if isinstance(values[0], Mapping):
        return sum_up(values)
    if isinstance(values[0], str):
        return dict(Counter(values))
    return max(values) if isinstance(values[0], float) else sum(values)
