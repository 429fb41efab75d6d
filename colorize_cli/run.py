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

from colorize_cli.console import Screen, say
from colorize_cli.options import BatchOptions
from colorize_cli.path_lists import read_list
from colorize_cli.report_file import ReportFile
from pipelines.core.batch.inputs import Selection
from pipelines.core.batch.plan import BatchSettings
from pipelines.core.batch.report import Observer, Report
from pipelines.core.batch.runner import Terminated
from pipelines.core.errors import UsageError
from pipelines.core.json_text import to_json
from pipelines.core.settings import assignments, read_settings_file


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
    if is_piped and (options.json or options.json_lines):
        raise UsageError("a picture and JSON cannot share standard output", hint="Use --report FILE")
    settings = replace(batch_settings(options), prune=prune)
    screen = Screen(quiet=options.quiet, verbose=options.verbose, json_lines=options.json_lines)
    report_file = None if options.report is None else ReportFile(options.report)
    if is_piped and report_file is not None and report_file.is_standard_output:
        raise UsageError("a picture and a report cannot share standard output", hint="Give a file after --report")
    _take_signals()
    report = stage(batch=settings, observer=screen)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done: Ctrl-C from here on could only disturb the leaving
    screen.finished(report)
    with contextlib.ExitStack() as results:  # the one is written although the other cannot be
        if options.json:
            results.callback(say, to_json(report.summary(), indent=2))
        if report_file is not None:
            results.callback(report_file.write, report)
    raise typer.Exit(report.exit_code)


def batch_settings(options: BatchOptions) -> BatchSettings:
    """The library's settings for the shared options."""
    return BatchSettings(
        jobs=options.jobs,
        seed=options.seed,
        overwrite=options.overwrite,
        dry_run=options.dry_run,
        fail_fast=options.fail_fast,
        selection=Selection(
            recursive=options.recursive,
            include=tuple(options.include or ()),
            exclude=tuple(options.exclude or ()),
            limit=options.limit,
        ),
        listed=tuple(read_list(options.files_from)) if options.files_from is not None else None,
        listed_from_stdin=options.files_from == "-",
        root=options.root,
        keep_extension=options.keep_extension,
    )


def method_values(options: BatchOptions, command: str, texts: list[str] | None) -> Mapping[str, object]:
    """The method's settings: the table `settings` of the settings file, then `--set` on top."""
    return values_of(options.settings, command, texts)


def values_of(file: Path | None, command: str, texts: list[str] | None) -> Mapping[str, object]:
    """The same for a command without the options of a batch."""
    table = {} if file is None else read_settings_file(file).get(command, {}).get("settings", {})
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
