"""A run with everything that can happen to a picture, as formats are tested on it."""

from dataclasses import dataclass, field

from pipelines.core.batch.report import Record, Report

BAD_NAME = "art/50%,a:b\n::stop-commands::x\udc80<é>.png"

RECORDS = (
    Record("art/a.png", ("out/a.png",), "done", milliseconds=1500.0, warnings=("it is dark", "it is small")),
    Record("art/deep/b.png", ("out/deep/b.png",), "skipped", "unchanged"),
    Record(BAD_NAME, (), "failed", 'it is "empty" & cut\noff: 100 %'),
)


@dataclass(frozen=True)
class LimitedReport(Report):
    """A report of a run that was asked to keep limits."""

    limits: tuple[str, ...] = field(default=())

    @property
    def unmet(self) -> tuple[str, ...]:
        """The limits."""
        return self.limits


def report(*, limits: tuple[str, ...] = ()) -> Report:
    return LimitedReport("colorize", {}, RECORDS, seconds=2.25, output="out", notes=("9 areas",), limits=limits)
