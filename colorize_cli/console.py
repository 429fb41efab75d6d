"""What people see on standard error: progress, warnings, failures and a summary. The only file that imports rich."""

import contextlib
import errno
import io
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal, TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.segment import Segment
from rich.text import Text

from pipelines.core.batch.folders import passed_over_note
from pipelines.core.batch.report import Record, Report
from pipelines.core.errors import StreamError
from pipelines.core.files import show_path, show_text

if TYPE_CHECKING:
    from pipelines.train.report import TrainReport

_PLAIN_LINE_EVERY = 10.0  # seconds between progress lines where standard error is not a terminal
_FAILURES_SHOWN = 20
_NO_OUTPUT = "What was made is in place; use --report FILE"


class _Bar:
    """A bar on a terminal, and elsewhere the times at which a plain line is due."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self.live = console.is_terminal and not quiet and not os.environ.get("CI")
        self._console = console
        self._progress: Progress | None = None
        self._last_line = time.monotonic()

    @property
    def is_open(self) -> bool:
        """Whether there is a bar."""
        return self._progress is not None

    def open(self, *columns: ProgressColumn | str, total: float, text: str = "") -> None:
        """Show the bar, the time left behind its columns."""
        self._progress = Progress(*columns, TimeRemainingColumn(), console=self._console, transient=True)
        self._progress.start()
        self._progress.add_task(text, total=total)

    def move(self, *, completed: float | None = None, text: str | None = None) -> None:
        """Move the bar, change its text."""
        if self._progress is not None:
            self._progress.update(self._progress.task_ids[0], completed=completed, description=text)

    def close(self) -> None:
        """Take the bar away; the next one and the next line wait anew."""
        if self._progress is not None:
            self._progress.stop()
        self._progress, self._last_line = None, time.monotonic()

    def line_is_due(self, *, at_once: bool = False) -> bool:
        """Whether it is time for a plain line; then the next one waits anew."""
        now = time.monotonic()
        due = at_once or now - self._last_line > _PLAIN_LINE_EVERY
        if due:
            self._last_line = now
        return due


class Screen:
    """Shows a run as it goes: a bar on a terminal, a plain line now and then elsewhere."""

    def __init__(
        self, *, quiet: bool = False, verbose: bool = False, of_record: Callable[[Record], str] | None = None
    ) -> None:
        """of_record: what is said of a record on standard output, as data."""
        self._console = _standard_error()
        self._quiet, self._verbose, self._of_record = quiet, verbose, of_record
        self._bar = _Bar(self._console, quiet=quiet)
        self._total = self._count = 0
        self._began = time.monotonic()

    def started(self, total: int) -> None:
        """Open the bar; a stage that runs in several passes starts anew with each."""
        self._bar.close()
        self._total, self._count, self._began = total, 0, time.monotonic()
        if self._bar.live and total > 1:
            rate = TextColumn("{task.description}")
            self._bar.open("{task.percentage:>3.0f}%", BarColumn(), MofNCompleteColumn(), rate, total=total)

    def recorded(self, record: Record) -> None:
        """Show one record, and how far the run is."""
        self._count += 1
        if self._of_record is not None:
            say(self._of_record(record))
        if self._verbose or (record.status == "failed" and not self._bar.live and not self._quiet):
            self._console.print(_record_line(record))
        if self._bar.is_open:
            self._bar.move(completed=self._count, text=f"{self._rate():.1f} pictures/s")
        elif not self._quiet and self._bar.line_is_due():
            left = (self._total - self._count) / max(self._rate(), 1e-9)
            self._console.print(f"{self._count}/{self._total}, {self._rate():.1f} pictures/s, {left:.0f} s left")

    def finished(self, report: Report) -> None:
        """Close the bar and say what came of the run."""
        self._bar.close()
        if self._quiet or self._bar.live:
            self._failures(report)
        for line in report.unmet:
            self._console.print(Text(line, style="bold red"))
        if self._quiet:
            return
        for record in report.records:
            for warning in record.warnings:
                self._console.print(Text(f"warning: {show_path(record.input)}: {warning}", style="yellow"))
        for note in report.notes:
            self._console.print(Text(note))
        if report.passed_over:
            self._console.print(Text(show_path(passed_over_note(report.passed_over))))
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
        self._console = _standard_error()
        self._quiet = quiet
        self._bar = _Bar(self._console, quiet=quiet)
        self._stop: Literal["", "interrupt", "termination"] = ""
        self._notes: set[str] = set()  # that were shown
        self._share = self._first_share = 0.0  # of the run that is done: now, and after the first step here
        self._began = time.monotonic()

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """Take Ctrl-C and SIGTERM as requests to stop; a second Ctrl-C ends at once, the last checkpoint stays."""
        handlers = {number: signal.signal(number, self._ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            self._bar.close()
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def began(self, about: Mapping[str, Any], *, step: int) -> None:
        """Print the resolved settings, then open the bar."""
        if self._quiet:
            return
        for title, values in ((about["model"], about["params"]), ("training", about["settings"])):
            settings = " ".join(f"{name}={value}" for name, value in values.items() if value is not None)
            self._console.print(Text(f"{title}: {settings}", style="dim"))
        if step:
            self._console.print(f"going on after step {step}")
        if self._bar.live:
            losses = TextColumn("{task.description}")
            self._bar.open("{task.percentage:>5.1f}%", BarColumn(), losses, total=1.0, text=f"step {step}")

    def noted(self, note: str) -> None:
        """Print a note, once."""
        if not self._quiet and note not in self._notes:
            self._console.print(Text(f"note: {note}", style="yellow"))
        self._notes.add(note)

    def stepped(self, step: int, progress: float) -> None:
        """Move the bar."""
        if not self._first_share:
            self._first_share, self._began = progress, time.monotonic()
        self._share = progress
        self._bar.move(completed=progress)

    def logged(self, row: Mapping[str, Any]) -> None:
        """Show losses and speed: in the bar, or as a line now and then."""
        is_validation = "val_psnr" in row
        if self._bar.is_open and not is_validation:
            self._bar.move(text=_row_line(row))
        elif not self._quiet and self._bar.line_is_due(at_once=is_validation):
            done = f"{self._share:.1%} done, {_duration(self._seconds_left())} left"
            self._console.print(Text(f"{_row_line(row)}, {done}"))

    def stop_wanted(self) -> Literal["", "interrupt", "termination"]:
        """Whether Ctrl-C or SIGTERM came."""
        return self._stop

    def finished(self, report: "TrainReport") -> None:
        """Say what came of the run."""
        if self._quiet:
            return
        for note in report.notes:
            self.noted(note)
        if report.estimate:
            for name, value in report.estimate.items():
                self._console.print(f"{name.replace('_', ' ')}: {_estimate_line(value)}")
            self._console.print("dry run: nothing was written")
            return
        self._console.print(_train_summary(report))
        use = "translate IN -o OUT" if report.reads_pictures else "colorize LINES -o COLOUR --hints HINTS"
        self._console.print(Text(f"next: colorize-cli {use} --model {report.folder}"))

    def _seconds_left(self) -> float:
        gained = self._share - self._first_share
        return (1 - self._share) / gained * (time.monotonic() - self._began) if gained > 0 else 0.0

    def _ask_to_stop(self, number: int, _frame: FrameType | None) -> None:
        if self._stop and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._stop = "interrupt" if number == signal.SIGINT else "termination"


def say_error(message: str) -> None:
    """One line for an error that ends the command."""
    line = Text("error: ", style="bold red")
    line.append(message, style="not bold default")
    _standard_error().print(line)


def say_note(message: str) -> None:
    """One line that people should know of, on standard error."""
    _standard_error().print(Text(message, style="dim"))


def say(message: str) -> None:
    """One line of data on standard output, nothing in it steers a terminal; nothing where the message is empty.

    Raises StreamError where it is closed or full, BrokenPipeError.
    """
    if not message:
        return
    if sys.stdout is None:  # the program was started without it
        raise StreamError("nothing can be printed: standard output is closed", hint=_NO_OUTPUT)
    try:
        encoding = sys.stdout.encoding or "utf-8"  # may not have every letter of a name
        sys.stdout.write(show_text(message).encode(encoding, "backslashreplace").decode(encoding) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else (error.strerror or str(error)).lower()
        raise StreamError(f"cannot write to standard output: {reason}", hint=_NO_OUTPUT) from error


class _Whatever(io.TextIOBase):
    """Standard error as far as it can be written to: a run does not end because nobody can be told of it."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8" if self._stream is None else self._stream.encoding

    def isatty(self) -> bool:
        return self._stream is not None and self._stream.isatty()

    def fileno(self) -> int:
        return -1 if self._stream is None else self._stream.fileno()

    def write(self, text: str) -> int:
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._stream.flush()


class _PlainTextConsole(Console):
    """A console on which no text moves the cursor or changes colours, wherever it comes from: it is shown escaped."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=show_text(segment.text))


def _standard_error() -> Console:
    return _PlainTextConsole(file=_Whatever(sys.stderr), highlight=False, soft_wrap=True)  # type: ignore[arg-type]


def _row_line(row: Mapping[str, Any]) -> str:
    """A line of metrics.jsonl in words."""
    if "val_psnr" in row:
        return f"step {row['step']}: validation {row['val_psnr']:.2f} dB, {row['val_l1']:.2f} levels off"
    no_losses = ("step", "epoch", "learning_rate", "pictures_a_second", "data_share", "seconds")
    losses = " ".join(f"{name}={value:.3g}" for name, value in row.items() if name not in no_losses)
    return f"step {row['step']}, epoch {row['epoch']:.2f}: {row['pictures_a_second']:.1f} pictures/s {losses}"


def _estimate_line(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {number / 1e6:.2f} million" for name, number in value.items())
    return str(value)


def _duration(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours} h {rest // 60} min" if hours else f"{rest // 60} min {rest % 60} s"


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


def _train_summary(report: "TrainReport") -> Text:
    line = Text(f"train: {report.step} steps in {_duration(report.seconds)}")
    if report.best:
        psnr, l1 = report.best["val_psnr"], report.best["val_l1"]
        line.append(f", best validation at step {report.best['step']:.0f}: {psnr:.2f} dB, L1 {l1:.2f}", "green")
    if report.stopped_by:
        line.append(f", saved and stopped by {report.stopped_by}: the same command goes on", style="yellow")
    return line.append(f" -> {show_path(report.folder)}")
