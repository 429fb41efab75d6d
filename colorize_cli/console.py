"""What people see on standard error: progress, warnings, failures and a summary. The only file that imports rich."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any, Literal

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from pipelines.core.batch.report import Record, Report
from pipelines.core.files import show_path

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


class TrainScreen:
    """Shows a training run as it goes, and takes requests to stop: Ctrl-C and SIGTERM end it after the step."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._quiet = quiet
        self._live = self._console.is_terminal and not quiet and not os.environ.get("CI")
        self._progress: Progress | None = None
        self._stop: Literal["", "interrupt", "termination"] = ""
        self._share = self._share_before = 0.0
        self._began = self._spoke = time.monotonic()

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """Take Ctrl-C and SIGTERM as requests to stop; a second Ctrl-C ends at once, the last checkpoint stays."""
        before = {one: signal.signal(one, self._ask_to_stop) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            if self._progress is not None:
                self._progress.stop()
            for one, handler in before.items():
                signal.signal(one, handler)

    def began(self, about: Mapping[str, Any], *, step: int) -> None:
        """Print the resolved settings, then open the bar."""
        if self._quiet:
            return
        for title, values in ((about["model"], about["params"]), ("training", about["settings"])):
            listed = " ".join(f"{name}={value}" for name, value in values.items() if value is not None)
            self._console.print(Text(f"{title}: {listed}", style="dim"))
        if step:
            self._console.print(f"going on after step {step}")
        if self._live:
            columns = ("{task.percentage:>5.1f}%", BarColumn(), TextColumn("{task.description}"))
            self._progress = Progress(*columns, TimeRemainingColumn(), console=self._console, transient=True)
            self._progress.start()
            self._progress.add_task(f"step {step}", total=1.0)

    def stepped(self, step: int, progress: float) -> None:
        """Move the bar."""
        if not self._share_before:
            self._share_before, self._began = progress, time.monotonic()
        self._share = progress
        if self._progress is not None:
            self._progress.update(self._progress.task_ids[0], completed=progress)

    def logged(self, row: Mapping[str, Any]) -> None:
        """Show losses and speed: in the bar, or as a line now and then."""
        judged = "val_psnr" in row
        if self._progress is not None and not judged:
            self._progress.update(self._progress.task_ids[0], description=_row_line(row))
        elif not self._quiet and (judged or time.monotonic() - self._spoke > _PLAIN_LINE_EVERY):
            self._spoke = time.monotonic()
            gained = max(self._share - self._share_before, 1e-9)
            left = (1 - self._share) / gained * (self._spoke - self._began) if self._share > self._share_before else 0
            self._console.print(Text(f"{_row_line(row)}, {self._share:.1%} done, {_duration(left)} left"))

    def stop_wanted(self) -> Literal["", "interrupt", "termination"]:
        """Whether Ctrl-C or SIGTERM came."""
        return self._stop

    def finished(self, report: Any) -> None:
        """Say what came of the run."""
        if self._quiet:
            return
        for note in report.notes:
            self._console.print(Text(f"note: {note}", style="yellow"))
        if report.estimate:
            for name, value in report.estimate.items():
                self._console.print(f"{name.replace('_', ' ')}: {_estimate_line(value)}")
            self._console.print("dry run: nothing was written")
            return
        line = Text(f"train: {report.step} steps in {_duration(report.seconds)}")
        if report.best:
            line.append(
                f", best validation {report.best['val_psnr']:.2f} dB at step {report.best['step']:.0f}", "green"
            )
        if report.stopped_by:
            line.append(f", saved and stopped by {report.stopped_by}: the same command goes on", style="yellow")
        line.append(f" -> {show_path(report.folder)}")
        self._console.print(line)
        self._console.print(Text(f"next: colorize-cli colorize LINES -o COLOUR --hints HINTS --model {report.folder}"))

    def _ask_to_stop(self, number: int, _frame: FrameType | None) -> None:
        if self._stop and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._stop = "interrupt" if number == signal.SIGINT else "termination"


def _row_line(row: Mapping[str, Any]) -> str:
    """A line of metrics.jsonl in words."""
    if "val_psnr" in row:
        return f"step {row['step']}: validation {row['val_psnr']:.2f} dB, {row['val_l1']:.2f} levels off"
    other = ("step", "epoch", "learning_rate", "pictures_a_second", "data_share", "seconds")
    losses = " ".join(f"{name}={value:.3g}" for name, value in row.items() if name not in other)
    return f"step {row['step']}, epoch {row['epoch']:.2f}: {row['pictures_a_second']:.1f} pictures/s {losses}"


def _estimate_line(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {number / 1e6:.2f} million" for name, number in value.items())
    return str(value)


def _duration(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours} h {rest // 60} min" if hours else f"{rest // 60} min {rest % 60} s"


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
