"""Stage: folders of results beside the truth -> scores with intervals, tables, pages to look at."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from pipelines.core.batch.inputs import CompanionFiles, Selection, Source, find_sources
from pipelines.core.batch.plan import BatchSettings, Job, Plan
from pipelines.core.batch.report import Observer, Report
from pipelines.core.batch.runner import run
from pipelines.core.batch.workers import Produced
from pipelines.core.errors import OutputExistsError, UsageError
from pipelines.core.files import show_path
from pipelines.core.settings import digest, plain
from pipelines.evaluate.options import (
    GALLERY,
    EvaluateOptions,
    References,
    check_options,
    choose_metrics,
    describe_unmeasured,
    name_methods,
    weight_digests,
)
from pipelines.evaluate.task import MeasureTask, PictureJob, read_row
from pipelines.metrics.base.aggregate import aggregate, compare, judge
from pipelines.metrics.base.metric import describe
from pipelines.metrics.base.results import Evaluation, MethodResult, PictureScores
from pipelines.reports import ballot, data, page, spreadsheet, table
from pipelines.reports.base.gallery import choose_pictures, gallery_entry
from pipelines.reports.base.wording import describe_verdict

__all__ = ["GALLERY", "PICTURES", "EvaluateOptions", "EvaluationReport", "References", "evaluate"]

PICTURES = "pictures"
"""The folder of the report that holds a small file of scores for each picture of each method."""


@dataclass(frozen=True)
class EvaluationReport(Report):
    """The outcome of an evaluation: a row for each picture of each method, and what they come to."""

    evaluation: Evaluation | None = None

    @property
    def table(self) -> str:
        """The summary as plain text; empty where nothing was evaluated."""
        return "" if self.evaluation is None else table.write(self.evaluation)

    @property
    def unmet(self) -> tuple[str, ...]:
        """As of any run, and the limits that were not kept."""
        if self.evaluation is None:
            return super().unmet
        failed = [verdict for verdict in self.evaluation.verdicts if not verdict.passed]
        limits = (describe_verdict(verdict, self.evaluation.metric(verdict.metric)) for verdict in failed)
        return (*super().unmet, *limits)

    def summary(self) -> dict[str, Any]:
        """The run in one dictionary, with the scores of each method."""
        written = json.loads(data.write(self.evaluation)) if self.evaluation else {}
        return super().summary() | {name: written.get(name) for name in ("metrics", "methods", "comparisons", "limits")}


def evaluate(
    results: Sequence[str],
    references: References,
    output: str,
    *,
    options: EvaluateOptions | None = None,
    batch: BatchSettings | None = None,
    observer: Observer | None = None,
) -> EvaluationReport:
    """Measure `results`, folders (or files) written PATH or LABEL=PATH, against the truth; write a report to `output`.

    Pictures are matched by relative path without suffix; one without a partner is a failed row. Raises UsageError for
    paths, labels or metrics that do not exist or do not fit together and NothingMatchedError where there is no truth.
    """
    settings, options = batch or BatchSettings(), options or EvaluateOptions()
    places = name_methods(results)
    metrics = choose_metrics(options, references)
    check_options(options, metrics, tuple(places))
    weights = {name: str(options.weights[name]) for name in metrics if name in options.weights}
    task = MeasureTask(metrics, options.resize, weights)
    pictures = list(_find_pictures(places, references, Path(output), settings))
    deciding = plain(task) | {"files": weight_digests(weights)}
    sources = {"methods": {label: str(place) for label, place in places.items()}, "beside": plain(references)}
    plan = Plan(
        "evaluate",
        tuple(picture.job for picture in pictures),
        Path(output),
        deciding,
        trusting=False,
        reported_settings={**deciding, **sources},
    )
    report = _evaluation_report(run(plan, task, settings, observer=observer), output)
    if report.dry_run or report.stopped_by:
        return report
    rows = [read_row(*pair) for pair in zip(pictures, report.records, strict=True)]
    evaluation = _judge(_aggregate(places, references, metrics, rows), options)
    _write(evaluation, Path(output), options, settings)
    return replace(report, evaluation=evaluation, notes=(*report.notes, *evaluation.notes))


def _evaluation_report(run_report: Report, output: str) -> EvaluationReport:
    """The report of the run that measured, as one of the whole evaluation, whose output is a folder in any case."""
    return EvaluationReport(
        command=run_report.command,
        settings=run_report.settings,
        records=run_report.records,
        seconds=run_report.seconds,
        dry_run=run_report.dry_run,
        stopped_by=run_report.stopped_by,
        output=output,
        notes=run_report.notes,
    )


# which pictures


def _find_pictures(
    places: Mapping[str, Path], references: References, output: Path, settings: BatchSettings
) -> Iterator[PictureJob]:
    """Each picture of the truth, and each result without a truth, method by method; raises UsageError as above."""
    truth = Path(references.truth)
    _check_places(places, truth, output, settings)
    truths = find_sources([references.truth], settings.selection, exclude=[output])
    companions = _find_companions(references, truths)
    for label, place in places.items():
        results = CompanionFiles(place, "the results")
        if results.single == truth.is_dir():
            raise UsageError("one of results and --truth is a file, the other a folder", hint="Give two of a kind")
        for source in truths:
            yield _picture_job(label, source, results, companions, output)
        if settings.selection == Selection() and truth.is_dir():
            yield from _without_truth(label, place, results, output)


def _check_places(places: Mapping[str, Path], truth: Path, output: Path, settings: BatchSettings) -> None:
    if settings.listed is not None:
        raise UsageError("the truth says which pictures are evaluated", hint="Use --include instead of --files-from")
    if not truth.exists():
        raise UsageError(f"{show_path(truth)} does not exist", hint="Check --truth")
    if any(os.path.realpath(place) == os.path.realpath(output) for place in (truth, *places.values())):
        raise UsageError(f"{show_path(output)} is both input and output", hint="Give another folder after -o")


def _find_companions(references: References, truths: Sequence[Source]) -> dict[str, CompanionFiles]:
    """The folders of lines and hints; raises UsageError for one that has nothing to do with the truth."""
    places = {"lines": references.lines, "hints": references.hints}
    folders = {name: Path(place) for name, place in places.items() if place is not None}
    companions = {name: CompanionFiles(folder, f"--{name}") for name, folder in folders.items()}
    for name, files in companions.items():
        if files.single and Path(references.truth).is_dir():
            raise UsageError(f"--{name} is one file, --truth a folder", hint="Give a folder of them, by name")
        if not any(files.of(source.relative) for source in truths):
            raise UsageError(f"nothing in --{name} has the name of a truth", hint=f"Check --{name}")
    return companions


def _picture_job(
    label: str, source: Source, results: CompanionFiles, companions: Mapping[str, CompanionFiles], output: Path
) -> PictureJob:
    stem = source.relative.with_suffix("")
    paths = {"result": results.of(source.relative), "truth": source.path}
    paths |= {name: files.of(source.relative) for name, files in companions.items()}
    reads = tuple((name, path) for name, path in paths.items() if path is not None)
    problem = None if paths["result"] else results.missing(source.relative)
    scores = output / PICTURES / label / stem.with_name(stem.name + ".json")
    return PictureJob(label, str(stem), Job(reads, (scores,) if problem is None else (), source.relative, problem))


def _without_truth(label: str, place: Path, results: CompanionFiles, output: Path) -> Iterator[PictureJob]:
    """A failed job for each result that no truth asks for."""
    for path in results.unused():
        if output.resolve() not in path.resolve().parents:
            stem = PurePosixPath(path.relative_to(place).as_posix()).with_suffix("")
            missing = UsageError(f"there is no truth '{show_path(stem)}' for it", hint="Check --truth")
            yield PictureJob(label, str(stem), Job((("result", path),), (), stem, missing))


# what they come to


def _aggregate(
    places: Mapping[str, Path], references: References, metrics: Sequence[str], rows: Sequence[PictureScores]
) -> Evaluation:
    """What the rows come to, method by method."""
    methods, notes = [], []
    for label, place in places.items():
        own_rows = [row for row in rows if row.method == label]
        aggregates = {name: aggregate(name, own_rows) for name in metrics}
        methods.append(MethodResult(label, str(place), aggregates, sum(bool(row.problem) for row in own_rows)))
        notes += [f"{label}: {each.caution}" for each in aggregates.values() if each.caution]
    notes += [*_describe_resized(methods, rows), *_describe_lacking(references, methods, rows)]
    shown_rows = tuple(replace(row, features={}) for row in rows)  # which are aggregated and would only fill memory
    return Evaluation(references.truth, tuple(map(describe, metrics)), tuple(methods), shown_rows, notes=tuple(notes))


def _describe_resized(methods: Sequence[MethodResult], rows: Sequence[PictureScores]) -> Iterator[str]:
    """Say of how many pictures of each method something was brought to the truth's size."""
    for method in methods:
        own_rows = [row for row in rows if row.method == method.label]
        count = sum(bool(row.warnings) for row in own_rows)
        if count:
            yield f"{method.label}: {count} of {len(own_rows)} pictures were resized (--resize)"


def _describe_lacking(
    references: References, methods: Sequence[MethodResult], rows: Sequence[PictureScores]
) -> Iterator[str]:
    """Say of how many pictures there is no line art or no hints, so that they count in fewer metrics."""
    for option, folder in (("lines", references.lines), ("hints", references.hints)):
        for method in methods if folder is not None else ():
            measured = [row for row in rows if row.method == method.label and not row.problem]
            count = sum(option not in row.files for row in measured)
            pictures = f"{count} of {len(measured)} pictures"
            if count:
                yield f"{method.label}: {pictures} have nothing in --{option}: n is lower there"


def _judge(evaluation: Evaluation, options: EvaluateOptions) -> Evaluation:
    """Add comparisons, verdicts, and notes on what was not measured and not compared."""
    comparisons = [tuple(compare(evaluation, first, second)) for first, second in options.compare]
    nothing_shared = [
        f"{first} and {second} have no picture in common: there is nothing to compare"
        for (first, second), by_metric in zip(options.compare, comparisons, strict=True)
        if not by_metric
    ]
    unmeasured = describe_unmeasured(options, [metric.name for metric in evaluation.metrics])
    return replace(
        evaluation,
        notes=(*unmeasured, *evaluation.notes, *nothing_shared),
        comparisons=tuple(comparison for by_metric in comparisons for comparison in by_metric),
        verdicts=(
            *judge(evaluation, options.fail_under, under=True),
            *judge(evaluation, options.fail_over, under=False),
        ),
    )


# writing


@dataclass(frozen=True)
class _ReportTask:
    """The work of writing the report files: what was found, and the pictures that are shown."""

    evaluation: Evaluation
    gallery: tuple[str, ...]  # names of pictures
    paths: tuple[str, ...]  # of the files read, which are named by their place here
    ballot: tuple[ballot.BallotPair, ...] | None

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """Pictures in; report.json, report.csv, report.html and, where wanted, ab.html out."""
        contents = {path: files[str(at)] for at, path in enumerate(self.paths)}
        rows: dict[str, list[PictureScores]] = {name: [] for name in self.gallery}
        for row in self.evaluation.rows:
            rows.get(row.name, []).append(row)
        entries = [gallery_entry(name, rows[name], contents) for name in self.gallery]
        reports = [
            data.write(self.evaluation),
            spreadsheet.write(self.evaluation),
            page.write(self.evaluation, entries),
        ]
        if self.ballot is not None:
            reports.append(ballot.write(self.ballot, contents, rng))
        return Produced(tuple(reports))


def _write(evaluation: Evaluation, output: Path, options: EvaluateOptions, settings: BatchSettings) -> None:
    """Write the report files; raises OutputExistsError where something else is in their way."""
    gallery = tuple(choose_pictures(evaluation, options.gallery))
    pairs = _draw_pairs(evaluation, options.ballot, settings.seed)
    paths = _files_shown(evaluation, gallery, pairs)
    reads = tuple((str(at), Path(path)) for at, path in enumerate(paths))
    names = ["report.json", "report.csv", "report.html", *(["ab.html"] if pairs is not None else [])]
    content = digest([json.loads(data.write(evaluation)), gallery, plain(pairs)])
    job = Job(reads, tuple(output / name for name in names), PurePosixPath("report"))
    plan = Plan("evaluate-report", (job,), output, {"content": content})
    task = _ReportTask(evaluation, gallery, paths, pairs)
    report = run(plan, task, BatchSettings(jobs=1, seed=settings.seed, overwrite=settings.overwrite))
    for record in report.of("failed"):
        raise OutputExistsError(record.reason)


def _draw_pairs(evaluation: Evaluation, count: int | None, seed: int) -> tuple[ballot.BallotPair, ...] | None:
    """The pairs to vote on, None where no page for votes is wanted; raises UsageError where there is no pair."""
    if count is None:
        return None
    pairs = ballot.draw(evaluation.rows, count, np.random.default_rng(seed))
    if not pairs:
        raise UsageError("no picture has results of two methods", hint="Leave out --ab")
    return pairs


def _files_shown(
    evaluation: Evaluation, gallery: Sequence[str], pairs: Sequence[ballot.BallotPair] | None
) -> tuple[str, ...]:
    """Paths of the pictures that the pages show; where they show none, of some, since a job has to read a file."""
    paths = {path for row in evaluation.rows if row.name in set(gallery) for path in row.files.values()}
    paths |= {path for pair in pairs or () for path in pair.files} or set(evaluation.rows[0].files.values())
    return tuple(path for path in sorted(paths) if Path(path).is_file())
