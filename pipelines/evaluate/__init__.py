"""Stage: folders of results beside the truth -> scores with intervals, tables, pages to look at."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from pipelines.core.batch.plan import BatchSettings, Job, Plan
from pipelines.core.batch.report import Observer, Report
from pipelines.core.batch.runner import run
from pipelines.core.batch.workers import Produced
from pipelines.core.errors import OutputExistsError, UsageError
from pipelines.core.settings import digest, plain
from pipelines.evaluate.baseline import read_baselines
from pipelines.evaluate.options import (
    GALLERY,
    EvaluateOptions,
    References,
    check_options,
    choose_metrics,
    describe_programs,
    describe_unmeasured,
    name_methods,
    weight_digests,
)
from pipelines.evaluate.pictures import PICTURES, PictureSet, find_pictures
from pipelines.evaluate.task import MeasureTask, read_row
from pipelines.metrics.base.aggregate import aggregate, compare
from pipelines.metrics.base.limits import Baseline, judge, judge_against, split_limit
from pipelines.metrics.base.metric import describe
from pipelines.metrics.base.results import Evaluation, MethodResult, PictureScores
from pipelines.reports import ballot, data, page, spreadsheet, table
from pipelines.reports.base.gallery import choose_pictures, gallery_entry
from pipelines.reports.base.wording import describe_verdict

__all__ = ["GALLERY", "PICTURES", "EvaluateOptions", "EvaluationReport", "References", "evaluate"]

_REPORT = "report.json"


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

    Pictures are matched by relative path without suffix; one without a partner is a failed row, unless the options say
    that what is there is enough. Raises UsageError for paths, labels, metrics or a baseline that do not exist or do not
    fit together and NothingMatchedError where there is no truth.
    """
    settings, options = batch or BatchSettings(), options or EvaluateOptions()
    places = name_methods(results)
    metrics = choose_metrics(options, references)
    check_options(options, metrics, tuple(places))
    baselines = _read_baselines(options, Path(output), tuple(places))
    weights = {name: str(options.weights[name]) for name in metrics if name in options.weights}
    task = MeasureTask(metrics, options.resize, weights)
    pictures = find_pictures(places, references, Path(output), settings, partial=options.partial)
    deciding = plain(task) | {"files": weight_digests(weights)}
    sources = {"methods": {label: str(place) for label, place in places.items()}, "beside": plain(references)}
    plan = Plan(
        "evaluate",
        tuple(picture.job for picture in pictures.jobs),
        Path(output),
        deciding,
        trusting=False,
        reported_settings={**deciding, **sources},
        passed_over=pictures.passed_over,
    )
    report = _evaluation_report(run(plan, task, settings, observer=observer), output)
    if report.dry_run or report.stopped_by:
        return report
    rows = [read_row(*pair) for pair in zip(pictures.jobs, report.records, strict=True)]
    evaluation = _judge(_aggregate(places, references, metrics, rows, pictures), options, baselines)
    _write(evaluation, Path(output), options, settings)
    programs = tuple(describe_programs(weights))
    return replace(report, evaluation=evaluation, notes=(*report.notes, *programs, *evaluation.notes))


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
        passed_over=run_report.passed_over,
        checked=run_report.checked,
    )


# what they come to


def _read_baselines(options: EvaluateOptions, output: Path, labels: Sequence[str]) -> Mapping[str, Baseline]:
    """The earlier report, by method; raises UsageError where this run's would take its place: gates would drift."""
    if options.baseline is None:
        return {}
    if os.path.realpath(options.baseline) == os.path.realpath(output / _REPORT):
        raise UsageError("this run would replace its baseline", hint="Copy the baseline, or give another -o")
    metrics = list(dict.fromkeys(split_limit(name)[0] for name in options.no_worse))
    return read_baselines(options.baseline, metrics, labels)


def _aggregate(
    places: Mapping[str, Path],
    references: References,
    metrics: Sequence[str],
    rows: Sequence[PictureScores],
    pictures: PictureSet,
) -> Evaluation:
    """What the rows come to, method by method."""
    methods, notes = [], []
    for label, place in places.items():
        own_rows = [row for row in rows if row.method == label]
        missing = pictures.missing.get(label, ())
        aggregates = {name: aggregate(name, own_rows, missing=len(missing)) for name in metrics}
        failed = sum(bool(row.problem) for row in own_rows)
        methods.append(MethodResult(label, str(place), aggregates, failed, missing))
        notes += [f"{label}: {each.caution}" for each in aggregates.values() if each.caution]
    notes += [*pictures.notes(), *_describe_resized(methods, rows), *_describe_lacking(references, methods, rows)]
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


def _judge(evaluation: Evaluation, options: EvaluateOptions, baselines: Mapping[str, Baseline]) -> Evaluation:
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
            *judge_against(evaluation, baselines, options.no_worse),
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
    names = [_REPORT, "report.csv", "report.html", *(["ab.html"] if pairs is not None else [])]
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
