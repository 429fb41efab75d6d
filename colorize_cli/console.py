"""What people see on standard error: progress, warnings, failures and a summary. The only file that imports rich."""

import os
import sys
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from pipelines.core.inputs import show_path
from pipelines.core.report import Record, Report

_PLAIN_LINE_EVERY = 10.0  # seconds between progress lines where standard error is not a terminal
_FAILURES_SHOWN = 20


class Screen:
    """Shows a run as it goes: a bar on a terminal, a plain line now and then elsewhere."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False, json_lines: bool = False) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._quiet, self._verbose, self._json_lines = quiet, verbose, json_lines
        self._live = self._console.is_terminal and not quiet and not os.environ.get("CI")
        self._progress: Progress | None = None
        self._total = self._count = 0
        self._began = self._spoke = time.monotonic()

    def started(self, total: int) -> None:
        """Open the bar; a stage that runs in several passes starts anew with each."""
        if self._progress is not None:
            self._progress.stop()
        self._progress, self._total, self._count = None, total, 0
        self._began = self._spoke = time.monotonic()
        if self._live and total > 1:
            columns = ("{task.percentage:>3.0f}%", BarColumn(), MofNCompleteColumn())
            rate = TextColumn("{task.fields[rate]}")
            self._progress = Progress(*columns, rate, TimeRemainingColumn(), console=self._console, transient=True)
            self._progress.start()
            self._progress.add_task("", total=total, rate="")

    def recorded(self, record: Record) -> None:
        """Show one record, and how far the run is."""
        self._count += 1
        if self._json_lines:
            print(record.as_json(), flush=True)
        if self._verbose or (record.status == "failed" and not self._live and not self._quiet):
            self._console.print(_record_line(record))
        if self._progress is not None:
            task = self._progress.task_ids[0]
            self._progress.update(task, completed=self._count, rate=f"{self._rate():.1f} pictures/s")
        elif not self._quiet and time.monotonic() - self._spoke > _PLAIN_LINE_EVERY:
            self._spoke = time.monotonic()
            left = (self._total - self._count) / max(self._rate(), 1e-9)
            self._console.print(f"{self._count}/{self._total}, {self._rate():.1f} pictures/s, {left:.0f} s left")

    def finished(self, report: Report) -> None:
        """Close the bar and say what came of the run."""
        if self._progress is not None:
            self._progress.stop()
        if self._quiet or self._live:
            self._failures(report)
        if self._quiet:
            return
        for record in report.records:
            for warning in record.warnings:
                self._console.print(Text(f"warning: {show_path(record.input)}: {warning}", style="yellow"))
        for note in report.notes:
            self._console.print(Text(note))
        self._console.print(_summary(report))

    def _failures(self, report: Report) -> None:
        failed = report.of("failed")
        for record in failed[:_FAILURES_SHOWN]:
            self._console.print(_record_line(record))
        if len(failed) > _FAILURES_SHOWN:
            self._console.print(f"... and {len(failed) - _FAILURES_SHOWN} more: see --report or --json")

    def _rate(self) -> float:
        return self._count / max(time.monotonic() - self._began, 1e-3)


def say_error(message: str) -> None:
    """One line for an error that ends the command."""
    line = Text("error: ", style="bold red")
    line.append(message, style="not bold default")
    Console(stderr=True, highlight=False, soft_wrap=True).print(line)


def say(message: str) -> None:
    """One line of data on standard output."""
    sys.stdout.write(message + "\n")
    sys.stdout.flush()


def _record_line(record: Record) -> Text:
    style = {"done": "green", "skipped": "dim", "failed": "bold red"}[record.status]
    line = Text(f"{record.status:8}", style=style)
    line.append(f"{show_path(record.input)}", style="not bold default")
    if record.reason:
        line.append(f": {record.reason}", style="not bold default")
    elif record.status == "done":
        line.append(f" -> {show_path(record.outputs[0])} ({record.milliseconds:.0f} ms)", style="dim")
    return line


def _summary(report: Report) -> Text:
    counts = report.counts
    total = sum(counts.values())
    parts = [f"{count} {name}" for name, count in counts.items() if count or name == "done"]
    line = Text(f"{report.command}: {total} pictures: " if total != 1 else f"{report.command}: 1 picture: ")
    line.append(", ".join(parts), style="red" if counts["failed"] else "green")
    line.append(f" in {report.seconds:.1f} s")
    if report.dry_run:
        line.append(" (dry run: nothing was written)")
    if report.stopped_by:
        line.append(f", stopped by {report.stopped_by}: run the same command again to go on", style="yellow")
    elif report.output != "-":
        line.append(f" -> {show_path(report.output)}")
    return line
