"""From a command's options to one run of a stage, and from its report to what is printed and the exit code."""

import contextlib
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Protocol

import typer

from colorize_cli import output_formats
from colorize_cli.console import Screen, say, say_note
from colorize_cli.options import BatchOptions
from colorize_cli.path_lists import read_list
from colorize_cli.report_file import ReportFile
from colorize_cli.settings_files import read_tables
from pipelines.core.batch.changed_files import ChangedFiles
from pipelines.core.batch.inputs import Selection
from pipelines.core.batch.plan import BatchSettings
from pipelines.core.batch.report import Observer, Report
from pipelines.core.batch.runner import Terminated
from pipelines.core.errors import ColorizeError, NothingMatchedError, UsageError
from pipelines.core.files import show_path
from pipelines.core.settings import assignments

_PICTURE_BY_PICTURE = ("extract-lines", "make-hints", "regions", "colorize", "translate", "blend")
"""Commands whose results each depend on one picture and its partners."""


class Stage(Protocol):
    """A stage whose own arguments are given already."""

    def __call__(self, *, batch: BatchSettings, observer: Observer) -> Report:
        """Run it."""


def run_batch(
    options: BatchOptions,
    stage: Stage,
    *,
    inputs: list[str] | None,
    output: str | None,
    prune: bool = False,
) -> None:
    """Run a stage, show it, and end the command with the report's exit code."""
    is_piped = output == "-" or (output is None and inputs == ["-"])
    if is_piped and options.format != "text":
        raise UsageError(f"a picture and {options.format} cannot share standard output", hint="Use --report FILE")
    _check_changed_files(options, prune=prune)
    output_format = output_formats.load(options.format)
    settings = replace(batch_settings(options), prune=prune)
    screen = Screen(quiet=options.quiet, verbose=options.verbose, of_record=output_format.of_record)
    report_file = None if options.report is None else ReportFile(options.report)
    if is_piped and report_file is not None and report_file.is_standard_output:
        raise UsageError("a picture and a report cannot share standard output", hint="Give a file after --report")
    if options.settings is not None and not options.quiet:
        say_note(f"settings: {show_path(options.settings)}")
    _take_signals()
    try:
        report = stage(batch=settings, observer=screen)
    except NothingMatchedError as error:
        if not options.allow_empty:
            say(output_format.of_error(error))
            raise
        report = Report(options.command, {}, dry_run=settings.dry_run, output=output or "-", notes=(error.message,))
    except ColorizeError as error:
        say(output_format.of_error(error))
        raise
    report = replace(report, checked=options.check)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done: Ctrl-C from here on could only disturb the leaving
    screen.finished(report)
    with contextlib.ExitStack() as results:  # the one is written although the other cannot be
        results.callback(say, output_format.of_report(report))
        if report_file is not None:
            results.callback(report_file.write, report)
    raise typer.Exit(report.exit_code)


def batch_settings(options: BatchOptions) -> BatchSettings:
    """The library's settings for the shared options."""
    return BatchSettings(
        jobs=options.jobs,
        seed=options.seed,
        overwrite=options.overwrite,
        dry_run=options.dry_run or options.check,
        fail_fast=options.fail_fast,
        selection=Selection(
            recursive=options.recursive,
            include=tuple(options.include or ()),
            exclude=tuple(options.exclude or ()),
            limit=options.limit,
        ),
        listed=tuple(read_list(options.files_from)) if options.files_from is not None else None,
        listed_from_stdin=options.files_from == "-",
        changed=_changed_files(options),
        root=options.root,
        keep_extension=options.keep_extension,
    )


def _changed_files(options: BatchOptions) -> ChangedFiles | None:
    if options.changed_files is None:
        return None
    settings = [] if options.settings is None else [str(options.settings)]
    try:
        return ChangedFiles(tuple(read_list(options.changed_files)), (*options.decisive, *settings))
    except UsageError as error:
        raise UsageError(error.message, hint="Check --changed-files") from error


def _check_changed_files(options: BatchOptions, *, prune: bool) -> None:
    """Refuse a list of changed files where all pictures count together, and two lists on standard input."""
    if options.changed_files is not None and options.command not in _PICTURE_BY_PICTURE:
        raise UsageError(
            f"{options.command} looks at all pictures together",
            hint="Leave out --changed-files: it skips unchanged ones",
        )
    if options.changed_files is not None and prune:
        raise UsageError("--prune looks at all pictures", hint="Leave out --changed-files: it skips unchanged ones")
    if options.changed_files == options.files_from == "-":
        raise UsageError("two lists cannot share standard input", hint="Write one of them to a file")


def method_values(options: BatchOptions, command: str, texts: list[str] | None) -> Mapping[str, object]:
    """The method's settings: the table `settings` of the settings file, then `--set` on top."""
    return values_of(options.settings, command, texts)


def values_of(file: Path | None, command: str, texts: list[str] | None) -> Mapping[str, object]:
    """The same for a command without the options of a batch."""
    table = {} if file is None else read_tables(file).get(command, {}).get("settings", {})
    return {**{name.replace("-", "_"): value for name, value in table.items()}, **assignments(texts or [])}


def _take_signals() -> None:
    """Let SIGTERM and Ctrl-C end the run in order."""
    signal.signal(signal.SIGTERM, _terminate)
    signal.signal(signal.SIGINT, _interrupt)
    threading.excepthook = _hush_cancelled(threading.excepthook)


def _hush_cancelled(loud: Callable[[threading.ExceptHookArgs], object]) -> Callable[[threading.ExceptHookArgs], object]:
    """Keep quiet the thread of loky that may meet a cancelled work item (KeyError) after an interrupt."""

    def hook(call: threading.ExceptHookArgs) -> object:
        is_cancelled = call.exc_type is KeyError and call.thread is not None and "ExecutorManager" in call.thread.name
        return None if is_cancelled else loud(call)

    return hook


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C would disturb the ending of the workers
    raise KeyboardInterrupt


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise Terminated
