"""Runs one piece of work over many files: skipping what is unchanged, workers, one record per input.

A stage hands over a plan (which files are read, which are written) and a *work*: a picklable callable from the bytes of
the files read to the bytes of the files written. Everything that touches the disk happens here, once for all stages.
"""

import contextlib
import os
import shutil
import time
from collections.abc import Generator
from pathlib import Path

import pipelines
from pipelines.core import state as states
from pipelines.core.plans import BatchSettings, Job, Plan, check
from pipelines.core.report import Observer, Record, Report
from pipelines.core.settings import digest
from pipelines.core.workers import Pipes, Task, Work, outcomes, perform, read, record_of


class Silent:
    """An observer that looks away."""

    def started(self, total: int) -> None:
        """Nothing to show."""

    def recorded(self, record: Record) -> None:
        """Nothing to show."""


class Terminated(KeyboardInterrupt):
    """The process was asked to end by SIGTERM."""


def run(
    plan: Plan, work: Work, settings: BatchSettings, *, observer: Observer | None = None, pipes: Pipes | None = None
) -> Report:
    """Do the work of a plan and report on every input.

    A file that fails is a row of the report, never the end of the run. On Ctrl-C and SIGTERM finished files stay and
    the inputs not reached are reported as skipped. Raises UsageError where outputs collide.
    """
    check(plan)
    watching = observer or Silent()
    report = Report(plan.command, dict(plan.settings), dry_run=settings.dry_run, output=str(plan.output or "-"))
    began = time.perf_counter()
    watching.started(len(plan.jobs))
    records: dict[int, Record] = {}
    try:
        with contextlib.closing(_records(plan, work, settings, pipes)) as stream:
            for index, record in stream:
                records[index] = record
                watching.recorded(record)
                if settings.fail_fast and record.status == "failed":
                    report.stopped_by = "failure"
                    break
    except Terminated:
        report.stopped_by = "termination"
    except KeyboardInterrupt:
        report.stopped_by = "interrupt"
    for index, job in enumerate(plan.jobs):
        report.records.append(records.get(index) or record_of(job, "skipped", "not reached"))
    report.seconds = time.perf_counter() - began
    return report


def _records(
    plan: Plan, work: Work, settings: BatchSettings, pipes: Pipes | None
) -> Generator[tuple[int, Record], None, None]:
    """Each job's index and record, as they come."""
    if plan.output is None or any(path is None for job in plan.jobs for _, path in job.reads):
        yield from _piped(plan, work, settings, pipes or Pipes())
        return
    memory = states.State(plan.output)
    scratch = states.scratch_folder(plan.output)
    stale = digest([pipelines.__version__, plan.command, plan.settings, settings.seed])
    tasks = []
    for index, job in enumerate(plan.jobs):
        record, known = _before_work(job, memory, stale, plan.output, settings)
        if record is not None:
            yield index, record
        else:
            tasks.append(Task(index, job, known, settings.overwrite, settings.seed, scratch))
    if not tasks:
        return
    states.sweep(plan.output)
    try:
        with contextlib.closing(outcomes(work, tasks, settings.jobs)) as stream:
            for outcome in stream:
                if outcome.record.status == "done":
                    entry = states.Entry(outcome.sources, stale, outcome.outputs)
                    with contextlib.suppress(OSError):  # a full disk: the next run finds the output equal
                        memory.add(_key(plan.jobs[outcome.index], plan.output), entry)
                yield outcome.index, outcome.record
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        with contextlib.suppress(OSError):
            memory.compact()


def _before_work(
    job: Job, memory: states.State, stale: str, folder: Path, settings: BatchSettings
) -> tuple[Record | None, tuple[str, ...]]:
    """The record of a job that needs no work, or else the digests of the outputs that it may replace."""
    if job.problem is not None:
        return record_of(job, "failed", str(job.problem)), ()
    entry = memory.get(_key(job, folder))
    if entry is not None and entry.settings == stale and not settings.overwrite and _unchanged(job, entry):
        return record_of(job, "skipped", "unchanged"), ()
    if settings.dry_run:
        return record_of(job, "done", "would be written"), ()
    return None, entry.outputs if entry else ()


def _unchanged(job: Job, entry: states.Entry) -> bool:
    try:
        if not all(output.exists() for output in job.outputs if output is not None):
            return False
        return states.fingerprint(read(path) for _, path in job.reads) == entry.sources
    except OSError:
        return False  # the worker meets the same error and reports it


def _piped(plan: Plan, work: Work, settings: BatchSettings, pipes: Pipes) -> Generator[tuple[int, Record], None, None]:
    """From standard input, to standard output, or both, in this process; nothing is remembered."""
    scratch = states.scratch_folder(plan.output or Path())
    for index, job in enumerate(plan.jobs):
        if job.problem is not None:
            yield index, record_of(job, "failed", str(job.problem))
        elif settings.dry_run:
            yield index, record_of(job, "done", "would be written")
        else:
            task = Task(index, job, (), settings.overwrite, settings.seed, scratch)
            yield index, perform(work, task, pipes=pipes).record
    if plan.output is not None:
        shutil.rmtree(scratch, ignore_errors=True)


def _key(job: Job, folder: Path) -> str:
    first = job.outputs[0]
    return "" if first is None else Path(os.path.relpath(first, folder)).as_posix()
