"""Runs one piece of work over many files: skipping what is unchanged, workers, one record per input.

A stage hands over a plan (which files are read, which are written) and a *work*: a picklable callable from the bytes of
the files read to the bytes of the files written. Everything that touches the disk happens here, once for all stages.
"""

import contextlib
import errno
import os
import shutil
import time
from collections.abc import Generator, Sequence
from pathlib import Path

import pipelines
from pipelines.core.batch import journal as states
from pipelines.core.batch.plan import BatchSettings, Job, Plan, check
from pipelines.core.batch.report import Observer, Record, Report
from pipelines.core.batch.workers import BatchTaskFn, Outcome, Pipes, Task, TaskFn, outcomes, perform, read, record_of
from pipelines.core.errors import UsageError
from pipelines.core.files import STATE_FOLDER, fingerprint, fingerprint_all, scratch_folder, show_path
from pipelines.core.settings import digest


class NullObserver:
    """An observer that looks away."""

    def started(self, total: int) -> None:
        """Nothing to show."""

    def recorded(self, record: Record) -> None:
        """Nothing to show."""


class Terminated(KeyboardInterrupt):
    """The process was asked to end by SIGTERM."""


def run(
    plan: Plan, work: TaskFn, settings: BatchSettings, *, observer: Observer | None = None, pipes: Pipes | None = None
) -> Report:
    """Do the work of a plan and report on every input.

    A file that fails is a row of the report, never the end of the run. On Ctrl-C and SIGTERM finished files stay and
    the inputs not reached are reported as skipped. Raises UsageError where outputs collide.
    """
    check(plan)
    watching = observer or NullObserver()
    report = Report(plan.command, dict(plan.settings), dry_run=settings.dry_run, output=_shown_output(plan))
    began = time.perf_counter()
    watching.started(len(plan.jobs))
    records: dict[int, Record] = {}
    try:
        with contextlib.closing(_records(plan, work, settings, pipes, report)) as stream:
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
    plan: Plan, work: TaskFn, settings: BatchSettings, pipes: Pipes | None, report: Report
) -> Generator[tuple[int, Record], None, None]:
    """Each job's index and record, as they come."""
    if plan.output is None:
        yield from _piped(plan, work, settings, pipes)
        return
    memory = _memory_of(plan.output)
    scratch = scratch_folder(plan.output)
    stale = digest([pipelines.__version__, plan.command, plan.settings, settings.seed])
    if not settings.dry_run:
        states.recover(plan.output, memory)
    tasks = []
    for index, job in enumerate(plan.jobs):
        record, known = _before_work(plan, job, memory, stale, settings)
        if record is not None:
            yield index, record
        else:
            key = _key(job, plan.output)
            tasks.append(Task(index, job, key, plan.command, known, settings.overwrite, settings.seed, scratch))
    if not tasks:
        return
    _make_scratch(scratch)
    try:
        work, workers = _begun(work, settings)
        with contextlib.closing(_done(work, tasks, workers, pipes)) as stream:
            for outcome in stream:
                if outcome.record.status == "done":
                    entry = states.JournalEntry(plan.command, outcome.sources, stale, outcome.outputs)
                    _remember(memory, _key(plan.jobs[outcome.index], plan.output), entry, report)
                yield outcome.index, outcome.record
    finally:
        with contextlib.suppress(OSError):
            memory.adopt(scratch)
            memory.compact()
        shutil.rmtree(scratch, ignore_errors=True)


def _memory_of(folder: Path) -> states.Journal:
    try:
        return states.Journal(folder)
    except OSError as error:
        raise UsageError(
            f"the journal of {show_path(folder)} cannot be read: {error.strerror}",
            hint=f"Check the permissions of {STATE_FOLDER} in it",
        ) from error


def _make_scratch(scratch: Path) -> None:
    """Find out before the work whether the output folder can be written to."""
    try:
        scratch.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return  # then each picture says so; what is there already may be all that is wanted
        folder = scratch.parent.parent
        raise UsageError(
            f"nothing can be written to {show_path(folder)}: {error.strerror}", hint="Give another folder after -o"
        ) from error


def _begun(work: TaskFn, settings: BatchSettings) -> tuple[TaskFn, int | None]:
    """The work ready to be done, and how many workers do it."""
    return work.begun(settings.jobs) if isinstance(work, BatchTaskFn) else (work, settings.jobs)


def _done(
    work: TaskFn, tasks: Sequence[Task], workers: int | None, pipes: Pipes | None
) -> Generator[Outcome, None, None]:
    """Outcomes of the tasks; what reads standard input stays in this process."""
    if any(path is None for task in tasks for _, path in task.job.reads):
        yield from (perform(work, task, pipes=pipes) for task in tasks)
    else:
        yield from outcomes(work, tasks, workers)


def _remember(memory: states.Journal, key: str, entry: states.JournalEntry, report: Report) -> None:
    """Write the journal; where that fails the run goes on, since the next one finds the outputs equal."""
    try:
        memory.add(key, entry)
    except OSError as error:
        report.notes = (f"the journal cannot be written ({error.strerror}): the next run will do all this again",)


def _before_work(
    plan: Plan, job: Job, memory: states.Journal, stale: str, settings: BatchSettings
) -> tuple[Record | None, tuple[str, ...]]:
    """The record of a job that needs no work, or else the digests of the outputs that it may replace."""
    if job.problem is not None:
        return record_of(job, "failed", str(job.problem)), ()
    assert plan.output is not None
    entry = memory.get(_key(job, plan.output))
    if entry is not None and entry.settings == stale and not settings.overwrite and _unchanged(plan, job, entry):
        return record_of(job, "skipped", "unchanged"), ()
    known = entry.outputs if entry is not None and entry.command == plan.command else ()
    if settings.dry_run:
        return _foreseen(job, known, overwrite=settings.overwrite), ()
    return None, known


def _foreseen(job: Job, known: tuple[str, ...], *, overwrite: bool) -> Record:
    """What a dry run can tell of a job that would be worked on."""
    missing = [path for _, path in job.reads if path is not None and not path.exists()]
    if missing:
        return record_of(job, "failed", f"{show_path(missing[0])} does not exist. Check the path")
    for output in job.outputs:
        if output is not None and not overwrite and output.is_file():
            content = output.read_bytes()
            if content and fingerprint(content) not in known:
                return record_of(job, "failed", f"{show_path(output)} is in the way. Move it away or use --overwrite")
    return record_of(job, "done", "would be written")


def _unchanged(plan: Plan, job: Job, entry: states.JournalEntry) -> bool:
    try:
        if any(path is None for _, path in job.reads):
            return False
        if not all(output.stat().st_size for output in job.outputs if output is not None):
            return False
        outputs = [output for output in job.outputs if output is not None]
        if not plan.trusting and any(fingerprint(read(output)) not in entry.outputs for output in outputs):
            return False
        return fingerprint_all((name, read(path)) for name, path in job.reads) == entry.sources
    except OSError:
        return False  # the worker meets the same error and reports it


def _piped(
    plan: Plan, work: TaskFn, settings: BatchSettings, pipes: Pipes | None
) -> Generator[tuple[int, Record], None, None]:
    """To standard output, in this process; nothing is remembered."""
    if not settings.dry_run and any(job.problem is None for job in plan.jobs):
        work, _ = _begun(work, settings)
    for index, job in enumerate(plan.jobs):
        if job.problem is not None:
            yield index, record_of(job, "failed", str(job.problem))
        elif settings.dry_run:
            yield index, record_of(job, "done", "would be written")
        else:
            task = Task(index, job, "", plan.command, (), settings.overwrite, settings.seed, Path())
            yield index, perform(work, task, pipes=pipes).record


def _key(job: Job, folder: Path) -> str:
    first = job.outputs[0]
    return "" if first is None else Path(os.path.relpath(first, folder)).as_posix()


def _shown_output(plan: Plan) -> str:
    """Where the results are: the folder, or the one file."""
    if len(plan.jobs) == 1 and len(plan.jobs[0].outputs) == 1 and plan.output is not None:
        return str(plan.jobs[0].outputs[0])
    return str(plan.output or "-")
