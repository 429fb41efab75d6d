"""Stage: coloured pictures -> a dataset of pairs to learn from: colour, lines, hints and composite of each picture.

Three passes at most, each through `batch.runner.run`: measuring, where pictures are to be left out; making, one job a
picture; packing, where shards are wanted. Between them only small files are read that the jobs left, one at a time, so
that memory does not grow with the pictures.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from pipelines.build_dataset.candidates import Candidate, job_of, list_candidates, note_split_folders
from pipelines.build_dataset.manifest import (
    RowReader,
    Tally,
    group_into_shards,
    pack_shards,
    read_shard_rows,
    write_shard_rows,
)
from pipelines.build_dataset.options import Recipe, Splitting, Storing, make_methods_ready, resolve_methods
from pipelines.build_dataset.records import compare_splits, remove_damaged
from pipelines.build_dataset.sample import SampleTask
from pipelines.core.batch.inputs import Sources
from pipelines.core.batch.plan import BatchSettings, Plan, check, find
from pipelines.core.batch.report import Observer, Record, Report
from pipelines.core.batch.runner import NullObserver, run
from pipelines.core.batch.workers import SingleTask
from pipelines.core.data.attribution import Attributions
from pipelines.core.data.curation import Curation, curate
from pipelines.core.data.layout import DatasetLayout
from pipelines.core.data.manifest import MANIFEST, check_folder, write_description, write_rows
from pipelines.core.data.name_rules import NameRule
from pipelines.core.data.pairing import InputLayout, Mismatch, PairingResult, find_pairs
from pipelines.core.data.stale_files import Contents, StaleFiles, clear_stale
from pipelines.core.errors import UsageError
from pipelines.core.files import show_path
from pipelines.core.settings import identity, plain

__all__ = ["Recipe", "Splitting", "Storing", "build_dataset"]

_LISTED = 8  # names that a message or a note holds at most


def build_dataset(
    inputs: Sequence[str],
    output: str | None,
    *,
    reading: InputLayout = "pictures",
    lines: str | None = None,
    rule: NameRule | None = None,
    strict: bool = False,
    recipe: Recipe | None = None,
    curation: Curation | None = None,
    splitting: Splitting | None = None,
    storing: Storing | None = None,
    batch: BatchSettings | None = None,
    observer: Observer | None = None,
) -> Report:
    """Build a dataset in the folder `output` from the coloured pictures in `inputs`.

    Line art is read from the folder `lines` by name, or by a `rule` of names, or as `reading` says, or extracted. The
    dataset is what this call says: pictures of earlier calls that are not in `inputs` leave its manifest. With
    `strict`, pictures that have no partner, or one of another shape, raise UsageError before any work; else they are
    listed. Raises UsageError and SettingsError before any work too where options or paths cannot work together.
    """
    settings, recipe, storing = batch or BatchSettings(), recipe or Recipe(), storing or Storing()
    observer = observer or NullObserver()
    sources, folder = _find_sources(inputs, output, settings, lines)
    has_own_lines = lines is not None or rule is not None or reading != "pictures"
    methods = resolve_methods(recipe, has_own_lines=has_own_lines)
    layout = DatasetLayout(storing.layout, storing.domain, several=len(methods.lines) * len(methods.hints) > 1)
    task = SampleTask(reading, recipe.framing, methods.lines, methods.hints, recipe.saturation_boost, layout)
    line_folder = Path(lines) if lines else None
    usable = [source for source in sources if source.problem is None]
    pairing = find_pairs(usable, reading, lines=line_folder, rule=rule, selection=settings.selection)
    refused, passed_over = _refused(sources), sources.passed_over
    del sources, usable  # each takes as much memory as its pair
    if strict and pairing.mismatches:
        raise UsageError(
            _list_mismatches(pairing.mismatches), hint="Mend them, or leave out --strict to go on without them"
        )
    building = _Building(folder, task, settings, splitting or Splitting(), storing, Attributions())
    if pairing.pairs or not refused:
        report = building.run(pairing, curation or Curation(), observer, notes=methods.notes)
    else:  # what there is of the dataset stays as it is
        report = Report("build-dataset", building.shown_settings(curation or Curation()), output=str(folder))
    for record in refused:
        observer.recorded(record)
    return replace(report, records=(*report.records, *refused), passed_over=passed_over)


def _find_sources(
    inputs: Sequence[str], output: str | None, settings: BatchSettings, lines: str | None
) -> tuple[Sources, Path]:
    """The pictures, all of them since of pairs the limit counts and not of files, and the dataset's folder."""
    every = replace(settings, selection=replace(settings.selection, limit=None))
    sources, destination = find(inputs, output, every, exclude=(lines,))
    if destination.folder is None or destination.file is not None:
        raise UsageError("a dataset is a folder", hint="Give a folder after -o")
    check_folder(destination.folder)
    return sources, destination.folder


def _refused(sources: Sources) -> tuple[Record, ...]:
    """The failed records of inputs that have a problem before any work."""
    return tuple(
        Record(str(source.path), (), "failed", str(source.problem)) for source in sources if source.problem is not None
    )


@dataclass(frozen=True)
class _Building:
    """What all passes over one dataset know."""

    folder: Path
    task: SampleTask
    settings: BatchSettings
    splitting: Splitting
    storing: Storing
    attributions: Attributions

    def run(self, pairing: PairingResult, curation: Curation, observer: Observer, *, notes: Sequence[str]) -> Report:
        """Measure, make, write the manifest, pack."""
        shown_settings = self.shown_settings(curation)
        chosen = curate(
            pairing.pairs,
            curation,
            reading=self.task.reading,
            folder=self.folder,
            settings=self.settings,
            attributions=self.attributions,
        )
        candidates = list_candidates(
            pairing,
            chosen,
            self.task,
            splitting=self.splitting,
            attributions=self.attributions,
            settings=self.settings,
        )
        if chosen.stopped_by:
            records = tuple(_skipped(item.pair.picture, "not reached") for item in candidates)
            return Report(
                "build-dataset", shown_settings, records, stopped_by=chosen.stopped_by, output=str(self.folder)
            )
        report = self._make(candidates, pairing.mismatches, observer)
        notes = [*notes, *chosen.notes, *note_split_folders(pairing.pairs, self.splitting)]
        if pairing.mismatches:
            notes.append(_list_mismatches(pairing.mismatches))
        report = replace(report, settings=shown_settings, notes=(*notes, *report.notes))
        if self.settings.dry_run or report.stopped_by:
            return report
        mismatches = [[str(item.name), item.kind] for item in pairing.mismatches]
        facts: dict[str, Any] = {"settings": shown_settings, "mismatches": mismatches}
        if chosen.counts:
            facts["left_out"] = chosen.counts
        return self._finish(candidates, report, facts)

    def _make(self, candidates: Sequence[Candidate], mismatches: Sequence[Mismatch], observer: Observer) -> Report:
        """Make the files; the report has a record for every candidate, then for what matches none of them."""
        layout, hints = self.task.place, self.task.hint_labels
        kept = (item for item in candidates if not item.skip_reason)
        jobs = tuple(job_of(item, layout, hints, folder=self.folder) for item in kept)
        plan = Plan("build-dataset", jobs, self.folder, identity(self.task), results=None)
        check(plan)
        if not self.settings.dry_run:
            remove_damaged(self.folder, (item for item in candidates if not item.skip_reason), layout, hints)
            write_description(self.folder, {"complete": False, **self._shape()})
        left_out = [_skipped(item.pair.picture, item.skip_reason) for item in candidates if item.skip_reason]
        paired = {str(item.pair.picture) for item in candidates} if mismatches else set()
        unpaired = [_skipped(item.path, item.reason) for item in mismatches if str(item.path) not in paired]
        make_ready = partial(make_methods_ready, self.task.lines)
        report = run(
            plan,
            SingleTask(self.task, make_ready=make_ready),
            self.settings,
            observer=_LeftOutObserver(observer, [*left_out, *unpaired]),
        )
        recorded, skipped = iter(report.records), iter(left_out)
        records = [next(skipped if item.skip_reason else recorded) for item in candidates]
        return replace(report, records=(*records, *unpaired))

    def _finish(self, candidates: Sequence[Candidate], report: Report, facts: dict[str, Any]) -> Report:
        """Write the manifest, and the shards where they are wanted; then say in the description that all is there."""
        outcomes = zip(candidates, report.records, strict=False)
        complete = [item for item, record in outcomes if record.status == "done" or record.reason == "unchanged"]
        is_packed = self.storing.layout == "webdataset"
        hints = self.task.hint_labels
        members = group_into_shards(complete, hints, self.storing.shard_size) if is_packed else {}
        stale = self._clear_stale(candidates, complete, members)
        report = replace(report, records=(*report.records, *_misleading(stale, self.folder)))
        reader, tally = RowReader(self.folder, self.task, self.attributions), Tally()
        if is_packed:
            write_shard_rows(reader, members, complete)
            packing = pack_shards(self.folder, members, self.settings)
            report = replace(report, records=(*report.records, *packing.of("failed")), stopped_by=packing.stopped_by)
            rows = read_shard_rows(self.folder, members)
            is_complete = not packing.of("failed") and not packing.stopped_by
        else:
            rows = (row for item in complete for row in reader.rows_of(item))
            is_complete = True
        write_rows(self.folder, MANIFEST, tally.counted(rows))
        copies, copy_notes = compare_splits(complete, reader.looks)
        write_description(self.folder, {"complete": is_complete, **self._shape(), **facts, **tally.as_json(), **copies})
        counts = tally.notes(self.task, self.splitting.shares)
        return replace(report, notes=(*report.notes, *counts, *copy_notes, *stale.notes(), *self.attributions.problems))

    def _clear_stale(
        self, candidates: Sequence[Candidate], complete: Sequence[Candidate], shards: Iterable[str]
    ) -> StaleFiles:
        """Deal with what earlier runs left; files of pictures that fail today are none of it."""
        kept = (item for item in candidates if not item.skip_reason)
        files = {file for item in kept for file in item.files(self.task.place, self.task.hint_labels)}
        splits = {item.name: item.split for item in complete}
        contents = Contents(self.storing.layout, files | set(shards), splits)
        return clear_stale(self.folder, contents, prune=self.storing.prune)

    def _shape(self) -> dict[str, Any]:
        """What readers look at first in the description."""
        size = self.task.framing.size
        kind = {"input": "picture"} if self.task.has_pictures else {}
        return {"layout": self.storing.layout, "size": list(size) if size else None, **kind}

    def shown_settings(self, curation: Curation) -> dict[str, Any]:
        """The settings as the report and the description show them."""
        more = {"curation": curation, "splitting": self.splitting}
        return {**plain(self.task), **plain(more), "seed": self.settings.seed}


class _LeftOutObserver:
    """Tells an observer also of pictures that are left out before the work."""

    def __init__(self, observer: Observer, left_out: Sequence[Record]) -> None:
        self._observer, self._left_out = observer, left_out

    def started(self, total: int) -> None:
        """Count those left out too, and say so at once."""
        self._observer.started(total + len(self._left_out))
        for record in self._left_out:
            self._observer.recorded(record)

    def recorded(self, record: Record) -> None:
        """Pass a record on."""
        self._observer.recorded(record)


def _misleading(stale: StaleFiles, folder: Path) -> list[Record]:
    """A failure for each file that would mislead other programs and that is not ours to remove."""
    reason = (
        "it was changed or put here by somebody and is no part of the dataset, but programs that read this folder "
        "would take it for a pair. Move it away"
    )
    return [Record(str(folder / path), (), "failed", reason) for path in stale.misleading]


def _skipped(path: Path, reason: str) -> Record:
    return Record(str(path), (), "skipped", reason)


def _list_mismatches(mismatches: Sequence[Mismatch]) -> str:
    """What does not match, in one sentence: each kind with the first few names."""
    names_by_kind: dict[str, list[str]] = {}
    for item in mismatches:
        names_by_kind.setdefault(item.kind, []).append(show_path(item.name))
    parts = []
    for kind, names in names_by_kind.items():
        rest = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
        parts.append(f"{kind}: {', '.join(names[:_LISTED])}{rest}")
    pictures = "1 picture does" if len(mismatches) == 1 else f"{len(mismatches)} pictures do"
    return f"{pictures} not match; {'; '.join(parts)}"
