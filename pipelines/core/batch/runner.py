"""Runs one task over many files: skipping what is unchanged, workers, one record per input.

A stage hands over a plan (which files are read, which are written) and a *task*: a picklable callable from the bytes of
the files read to the bytes of the files written. Everything that touches the disk happens here, once for all stages.
"""

import contextlib
import errno
import os
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pipelines
from pipelines.core.batch.backends import notes_on_workers, run_tasks
from pipelines.core.batch.changed_files import ChangedFiles
from pipelines.core.batch.journal import Journal, JournalEntry
from pipelines.core.batch.plan import BatchSettings, Job, Plan, check, path_from
from pipelines.core.batch.pruning import prune
from pipelines.core.batch.report import Observer, Record, Report, StopReason
from pipelines.core.batch.standing import look_at
from pipelines.core.batch.workers import (
    Outcome,
    Pipes,
    Task,
    TaskFn,
    as_batch_task,
    explain,
    may_be_replaced,
    perform,
    read,
    record_of,
)
from pipelines.core.errors import NothingMatchedError, UsageError
from pipelines.core.files import STATE_FOLDER, fingerprint_all, scratch_folder, show_path
from pipelines.core.imaging.picture import pixel_limit
from pipelines.core.settings import digest

_MAKE_AGAIN = "Use --overwrite to make it again"


class NullObserver:
    """An observer that looks away."""

    def started(self, total: int) -> None:
        """Nothing to show."""

    def recorded(self, record: Record) -> None:
        """Nothing to show."""


class Terminated(KeyboardInterrupt):
    """The process was asked to end by SIGTERM."""


def run(
    plan: Plan,
    task_fn: TaskFn,
    settings: BatchSettings,
    *,
    observer: Observer | None = None,
    pipes: Pipes | None = None,
) -> Report:
    """Do the work of a plan and report on every input.

    A file that fails is a row of the report, never the end of the run. On Ctrl-C and SIGTERM finished files stay and
    the inputs not reached are reported as skipped. Raises UsageError where outputs collide or a limit in the
    environment is no number.
    """
    check(plan)
    pixel_limit()  # a limit that is no number is said once, not of every picture
    if settings.changed is not None:
        plan = _only_touched(plan, settings.changed)
    observer = observer or NullObserver()
    began = time.perf_counter()
    observer.started(len(plan.jobs))
    records: dict[int, Record] = {}
    stopped_by: StopReason = ""
    batch = _BatchRun(plan, task_fn, settings, pipes)
    try:
        with contextlib.closing(batch.records()) as stream:
            for index, record in stream:
                records[index] = record
                observer.recorded(record)
                if settings.fail_fast and record.status == "failed":
                    stopped_by = "failure"
                    break
    except Terminated:
        stopped_by = "termination"
    except KeyboardInterrupt:
        stopped_by = "interrupt"
    pruned = prune(plan, dry_run=settings.dry_run) if settings.prune and not stopped_by else ()
    return Report(
        plan.command,
        _reported_settings(plan),
        tuple(records.get(index) or _not_reached(job) for index, job in enumerate(plan.jobs)),
        seconds=time.perf_counter() - began,
        dry_run=settings.dry_run,
        stopped_by=stopped_by,
        output=_shown_output(plan),
        notes=(*batch.notes, *plan.notes, *pruned),
        passed_over=plan.passed_over,
    )


def _only_touched(plan: Plan, changed: ChangedFiles) -> Plan:
    """The plan without jobs that no changed file touches; raises NothingMatchedError where none is left."""
    jobs = changed.touched(plan.jobs)
    if not jobs:
        raise NothingMatchedError(
            f"none of {len(plan.jobs)} pictures is touched by the list of changed files",
            hint="Add --allow-empty where that is no error",
        )
    note = f"{len(jobs)} of {len(plan.jobs)} pictures are touched by the list of changed files"
    return replace(plan, jobs=jobs, notes=(*plan.notes, note))


def report_stopped(plan: Plan, stopped_by: StopReason) -> Report:
    """The report of a plan of which nothing was begun, since something before it was stopped."""
    records = tuple(_not_reached(job) for job in plan.jobs)
    return Report(plan.command, _reported_settings(plan), records, stopped_by=stopped_by, output=str(plan.output))


class _BatchRun:
    """One run of a plan on its way."""

    def __init__(self, plan: Plan, task_fn: TaskFn, settings: BatchSettings, pipes: Pipes | None) -> None:
        self.plan, self.settings, self.pipes = plan, settings, pipes
        self.task_fn = as_batch_task(task_fn)
        self.settings_digest = digest([pipelines.__version__, plan.command, plan.settings, settings.seed])
        self.notes: tuple[str, ...] = ()

    def records(self) -> Generator[tuple[int, Record], None, None]:
        """Each job's index and record, as they come."""
        return self._piped() if self.plan.output is None else self._written(self.plan.output)

    def _piped(self) -> Generator[tuple[int, Record], None, None]:
        """To standard output, in this process; nothing is remembered."""
        task_fn = self.task_fn
        if not self.settings.dry_run and any(job.problem is None for job in self.plan.jobs):
            task_fn, _ = task_fn.prepare(self.settings.jobs)
        for index, job in enumerate(self.plan.jobs):
            if job.problem is not None:
                yield index, record_of(job, "failed", str(job.problem))
            elif self.settings.dry_run:
                yield index, record_of(job, "done", "would be written")
            else:
                yield index, perform(task_fn, self._task(index, job), pipes=self.pipes).record

    def _written(self, folder: Path) -> Generator[tuple[int, Record], None, None]:
        """Into a folder, by all workers; what is unchanged is skipped."""
        journal = _open_journal(folder)
        if not self.settings.dry_run:
            journal.recover()
        scratch = scratch_folder(folder)
        try:
            tasks = []
            for index, job in enumerate(self.plan.jobs):
                key = "" if job.problem is not None else job.key(folder)
                record = self._record_without_work(job, key, journal)
                if record is not None:
                    yield index, record
                else:
                    tasks.append(self._task(index, job, key=key, entry=journal.get(key), scratch=scratch))
            if tasks:
                _make_scratch(scratch)
                yield from self._worked_on(tasks, journal)
        finally:
            if not self.settings.dry_run:
                journal.close(scratch)

    def _worked_on(self, tasks: Sequence[Task], journal: Journal) -> Iterator[tuple[int, Record]]:
        """The records of tasks that workers do, as they come."""
        task_fn, workers = self.task_fn.prepare(self.settings.jobs)
        self.notes += notes_on_workers(task_fn, tasks, workers)
        with contextlib.closing(run_tasks(task_fn, tasks, workers, pipes=self.pipes)) as outcomes:
            for outcome in outcomes:
                if outcome.record.status == "done":
                    self._remember(journal, outcome)
                yield outcome.index, outcome.record

    def _task(
        self, index: int, job: Job, *, key: str = "", entry: JournalEntry | None = None, scratch: Path = Path()
    ) -> Task:
        settings, replaceable = self.settings, self._replaceable(entry)
        overwrite = settings.overwrite or (bool(replaceable) and not self.plan.trusting)
        return Task(index, job, key, self.plan.command, replaceable, overwrite, settings.seed, scratch)

    def _replaceable(self, entry: JournalEntry | None) -> tuple[str, ...]:
        """Digests of the outputs that a job may replace: those that this command made."""
        return entry.output_digests if entry is not None and entry.command == self.plan.command else ()

    def _record_without_work(self, job: Job, key: str, journal: Journal) -> Record | None:
        """The record of a job that needs no work or, in a dry run, gets none; else None."""
        if job.problem is not None:
            return record_of(job, "failed", str(job.problem))
        entry = journal.get(key)
        if entry is not None and entry.settings_digest == self.settings_digest and not self.settings.overwrite:
            record = self._record_of_current(job, key, entry, journal)
            if record is not None:
                return record
        if self.settings.dry_run:
            return _foreseen(job, self._replaceable(entry), overwrite=self.settings.overwrite)
        return None

    def _record_of_current(self, job: Job, key: str, entry: JournalEntry, journal: Journal) -> Record | None:
        """The record of a job whose outputs are there and would be made again from the same files in the same way.

        None where that is not so. Outputs that somebody changed are kept and named; broken ones are made again.
        """
        try:
            if job.reads_stdin:
                return None
            standing = look_at(tuple(job.outputs), entry, trusting=self.plan.trusting)
            if standing.is_broken or (standing.changed and not self.plan.trusting):
                return None
            if fingerprint_all((name, read(path)) for name, path in job.reads) != entry.inputs_digest:
                return None
        except OSError:
            return None  # the worker meets the same error and reports it
        if standing.changed:
            kept = tuple(f"{show_path(path)} was changed since: kept. {_MAKE_AGAIN}" for path in standing.changed)
            return replace(record_of(job, "skipped", "changed since: kept"), warnings=kept)
        if standing.stamps != entry.stamps and not self.settings.dry_run:
            with contextlib.suppress(OSError):  # then the outputs are compared again the next time
                journal.add(key, self._with_places(replace(entry, stamps=standing.stamps), job))
        return record_of(job, "skipped", "unchanged")

    def _with_places(self, entry: JournalEntry, job: Job) -> JournalEntry:
        """An entry with what it was made from, and where it went."""
        folder, outputs = Path(str(self.plan.output)), tuple(job.outputs)
        _, source = next(iter(job.reads))
        return replace(
            entry,
            source="" if source is None else path_from(folder, source),
            beside=tuple(path_from(folder, output) for output in outputs[1:] if output is not None),
            results=self.plan.results,
        )

    def _remember(self, journal: Journal, outcome: Outcome) -> None:
        """Add to the journal; where that fails the run goes on, since the next one finds the outputs equal."""
        job = self.plan.jobs[outcome.index]
        key = job.key(Path(str(self.plan.output)))
        digests = self.plan.command, outcome.inputs_digest, self.settings_digest, outcome.output_digests
        try:
            journal.add(key, self._with_places(JournalEntry(*digests, outcome.stamps), job))
        except OSError as error:
            note = f"the journal cannot be written ({error.strerror}): the next run will do all this again"
            self.notes = tuple(dict.fromkeys((*self.notes, note)))


def _open_journal(folder: Path) -> Journal:
    try:
        return Journal(folder)
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


def _foreseen(job: Job, replaceable: tuple[str, ...], *, overwrite: bool) -> Record:
    """What a dry run can tell of a job that would be worked on."""
    missing = [path for _, path in job.reads if path is not None and not path.exists()]
    if missing:
        return record_of(job, "failed", f"{show_path(missing[0])} does not exist. Check the path")
    for output in job.outputs:
        if output is None or not os.path.lexists(output):
            continue
        try:
            content = output.read_bytes()
        except OSError as error:  # such as a folder
            return record_of(job, "failed", explain(error))
        if not overwrite and not may_be_replaced(output, content, replaceable):
            return record_of(job, "failed", f"{show_path(output)} is in the way. Move it away or use --overwrite")
    return record_of(job, "done", "would be written")


def _not_reached(job: Job) -> Record:
    return record_of(job, "skipped", "not reached")


def _reported_settings(plan: Plan) -> dict[str, object]:
    return dict(plan.settings if plan.reported_settings is None else plan.reported_settings)


def _shown_output(plan: Plan) -> str:
    """Where the results are: the folder, or the one file."""
    if len(plan.jobs) == 1 and plan.output is not None:
        outputs = tuple(plan.jobs[0].outputs)
        if len(outputs) == 1:
            return str(outputs[0])
    return str(plan.output or "-")
